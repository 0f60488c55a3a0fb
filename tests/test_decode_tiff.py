"""TIFF: files written by tifffile and by libtiff (OpenCV, Pillow), read by ours."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pyexiv2
import pytest
import tifffile
from PIL import Image as Pillow

from orangemask.curves import LINEAR, SRGB
from orangemask.decode import open_image
from orangemask.errors import InputError

RNG = np.random.default_rng(7)
RGB16 = RNG.integers(0, 65536, (37, 53, 3), np.uint16)
RGB8 = RNG.integers(0, 256, (37, 53, 3), np.uint8)
GREY16 = RNG.integers(0, 65536, (37, 53), np.uint16)
SMOOTH8 = np.uint8(np.linspace(0, 255, 64)[:, None, None] * np.ones((64, 64, 3)))

ADOBE_EXIF = {"Exif.Photo.ColorSpace": "65535", "Exif.Iop.InteroperabilityIndex": "R03"}


def written(tmp_path, samples, name="a.tif", **options):
    path = tmp_path / name
    options.setdefault("photometric", "rgb")
    tifffile.imwrite(path, samples, metadata=None, **options)
    return path


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (16, 32)])
def test_every_layout_gives_the_same_codes(tmp_path, byteorder, bigtiff, planar, tile):
    samples = np.moveaxis(RGB16, 2, 0) if planar == "separate" else RGB16
    path = written(
        tmp_path, samples, byteorder=byteorder, bigtiff=bigtiff, planarconfig=planar, tile=tile
    )
    pixels = open_image(path).pixels
    assert pixels.dtype == np.uint16 and pixels.flags.c_contiguous
    assert np.array_equal(pixels, RGB16)


@pytest.mark.parametrize("compression", ["lzw", "deflate", "zstd", "packbits", "lzma", "lerc"])
@pytest.mark.parametrize("predictor", [False, True])
def test_every_lossless_compression_gives_the_same_codes(tmp_path, compression, predictor):
    if predictor and compression in ("packbits", "lerc"):
        pytest.skip("has no predictor")
    path = written(tmp_path, RGB16, compression=compression, predictor=predictor, rowsperstrip=8)
    assert np.array_equal(open_image(path).pixels, RGB16)


@pytest.mark.parametrize("predictor", [False, True])
def test_float_predictor_and_size(tmp_path, predictor):
    samples = RNG.random((20, 30, 3)).astype(np.float32) * 3 - 1
    path = written(tmp_path, samples, compression="deflate", predictor=predictor)
    assert np.array_equal(open_image(path).pixels, samples)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_are_linear_and_keep_their_values(tmp_path, kind):
    samples = (RNG.random((5, 7, 3)) * 3 - 1).astype(kind)
    image = open_image(written(tmp_path, samples))
    assert image.pixels.dtype == np.float32
    assert np.array_equal(image.pixels, samples.astype(np.float32))
    assert image.encoding == "linear" and not image.warnings


def test_eight_bits_are_widened_exactly(tmp_path):
    image = open_image(written(tmp_path, RGB8))
    assert np.array_equal(image.pixels, RGB8.astype(np.uint16) * 257)
    assert image.encoding == "srgb" and image.transfer == (SRGB,) * 3


def test_32_bit_integers_become_floats(tmp_path):
    samples = np.uint32([[[0, 1 << 31, (1 << 32) - 1]]])
    pixels = open_image(written(tmp_path, samples)).pixels
    assert pixels.dtype == np.float32
    assert pixels[0, 0].tolist() == [0.0, 0.5, 1.0]


def test_12_bits_reach_the_whole_range(tmp_path):
    samples = np.uint16([[[0, 2048, 4095], [1, 2, 3]]])
    path = written(tmp_path, samples, bitspersample=12)
    expected = np.rint(samples * (65535 / 4095))
    assert np.array_equal(open_image(path).pixels, expected)


@pytest.mark.parametrize("samples", [RGB16, RGB16.astype(np.float32) / 65535], ids=["u2", "f4"])
def test_uncompressed_native_pixels_are_mapped(tmp_path, samples):
    pixels = open_image(written(tmp_path, samples, byteorder="<")).pixels
    base = pixels
    while base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    assert not pixels.flags.writeable and pixels.flags.aligned
    assert np.array_equal(pixels, samples)


def test_24_megapixels_open_at_once(tmp_path):
    path = written(tmp_path, np.zeros((4000, 6000, 3), np.uint16))
    open_image(written(tmp_path, RGB16, "warm.tif"))
    start = time.perf_counter()
    open_image(path)
    assert time.perf_counter() - start < 0.1  # measured 3 ms; reading it takes 50 and more


def test_opencv_and_pillow_files(tmp_path):
    cv2.imwrite(str(tmp_path / "cv.tif"), RGB16[..., ::-1])
    assert np.array_equal(open_image(tmp_path / "cv.tif").pixels, RGB16)
    Pillow.fromarray(RGB8).save(tmp_path / "p.tif", compression="tiff_lzw")
    assert np.array_equal(open_image(tmp_path / "p.tif").pixels, RGB8.astype(np.uint16) * 257)


def test_jpeg_in_tiff(tmp_path):
    path = written(tmp_path, SMOOTH8, compression="jpeg", compressionargs={"level": 98})
    found = open_image(path).pixels / 257 - SMOOTH8
    assert np.abs(found).max() < 6


def test_alpha_is_kept_and_colour_left(tmp_path):
    samples = np.dstack([RGB16, GREY16])
    image = open_image(written(tmp_path, samples, extrasamples=["unassalpha"]))
    assert np.array_equal(image.pixels, RGB16) and np.array_equal(image.alpha, GREY16)


def test_associated_alpha_is_divided_out(tmp_path):
    alpha = np.full((4, 5), 32768, np.uint16)
    alpha[0, 0] = 0
    colour = np.full((4, 5, 3), (60000, 20000, 1000))
    stored = np.rint(colour * (alpha[..., None] / 65535)).astype(np.uint16)
    image = open_image(written(tmp_path, np.dstack([stored, alpha]), extrasamples=["assocalpha"]))
    assert np.abs(image.pixels[1].astype(int) - colour[1]).max() <= 1
    assert image.pixels[0, 0].tolist() == [0, 0, 0]


def test_a_fourth_sample_is_infrared(tmp_path):
    samples = np.dstack([RGB16, GREY16])
    image = open_image(written(tmp_path, samples, extrasamples=["unspecified"]))
    assert np.array_equal(image.infrared, GREY16) and image.alpha is None
    assert np.array_equal(image.pixels, RGB16)


def test_a_grey_page_after_the_picture_is_infrared_and_thumbnails_are_skipped(tmp_path):
    path = tmp_path / "hdri.tif"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(RGB8[::4, ::4], photometric="rgb", subfiletype=1, metadata=None)
        tiff.write(RGB16, photometric="rgb", metadata=None)
        tiff.write(GREY16, photometric="minisblack", metadata=None)
    image = open_image(path)
    assert np.array_equal(image.pixels, RGB16)
    assert np.array_equal(image.infrared, GREY16)
    assert not any("page" in warning for warning in image.warnings)


def test_further_pages_are_told(tmp_path):
    path = tmp_path / "two.tif"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(RGB16, photometric="rgb", metadata=None)
        tiff.write(RGB16 // 2, photometric="rgb", metadata=None)
    image = open_image(path)
    assert np.array_equal(image.pixels, RGB16)
    assert "1 further page is ignored" in image.warnings


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_grey_is_repeated_with_a_warning(tmp_path, photometric):
    image = open_image(written(tmp_path, GREY16, photometric=photometric))
    expected = 65535 - GREY16 if photometric == "miniswhite" else GREY16
    assert np.array_equal(image.pixels, np.dstack([expected] * 3))
    assert any("grey" in warning for warning in image.warnings)


def test_bilevel(tmp_path):
    samples = RNG.random((9, 13)) > 0.5
    image = open_image(written(tmp_path, samples, photometric="minisblack"))
    assert np.array_equal(image.pixels[..., 0], samples * np.uint16(65535))


def test_palette_is_expanded(tmp_path):
    table = RNG.integers(0, 65536, (3, 256), np.uint16)
    path = written(tmp_path, RGB8[..., 0], photometric="palette", colormap=table)
    assert np.array_equal(open_image(path).pixels, table.T[RGB8[..., 0]])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_as_pillow_turns(tmp_path, orientation):
    from PIL import ImageOps

    path = written(tmp_path, RGB8, extratags=[(274, "H", 1, orientation, True)])
    with Pillow.open(path) as file:
        expected = np.asarray(ImageOps.exif_transpose(file))
    pixels = open_image(path).pixels
    assert pixels.flags.c_contiguous
    assert np.array_equal(pixels // 257, expected)


@pytest.mark.parametrize("shape", [(1, 1), (1, 20000), (20000, 1)])
def test_thin_pictures(tmp_path, shape):
    samples = RNG.integers(0, 65536, (*shape, 3), np.uint16)
    path = written(tmp_path, samples, planarconfig="contig")
    assert np.array_equal(open_image(path).pixels, samples)


@pytest.mark.parametrize(
    ("samples", "options", "words"),
    [
        (np.zeros((8, 8, 4), np.uint8), {"photometric": "separated"}, "CMYK; convert it to RGB"),
        (np.zeros((8, 8, 3), np.uint8), {"photometric": "cielab"}, "CIELab; convert it to RGB"),
        (np.zeros((8, 8, 3), np.int16), {}, "signed integers"),
        (np.zeros((8, 8), np.complex64), {"photometric": "minisblack"}, "complex numbers"),
    ],
)
def test_other_colours_and_samples_are_refused(tmp_path, samples, options, words):
    with pytest.raises(InputError, match=words):
        open_image(written(tmp_path, samples, **options))


def test_sixteen_bits_without_profile_are_guessed_linear_and_told(tmp_path):
    image = open_image(written(tmp_path, RGB16))
    assert image.transfer == (LINEAR,) * 3
    assert image.notes["encoding"].startswith("guessed linear (16-bit TIFF without profile)")
    assert any("guessed linear" in warning for warning in image.warnings)


@pytest.mark.parametrize(
    ("encoding", "name"), [("srgb", "srgb"), ("gamma:2.2", "gamma:2.2"), ("linear", "linear")]
)
def test_an_encoding_asked_for_is_taken(tmp_path, encoding, name):
    image = open_image(written(tmp_path, RGB16), encoding=encoding)
    assert image.encoding == name and not image.warnings


@pytest.mark.parametrize(
    ("exif", "name"),
    [
        ({"Exif.Photo.ColorSpace": "1"}, "srgb"),
        (
            ADOBE_EXIF,
            "gamma:2.19921875",
        ),
    ],
)
def test_exif_colour_space(tmp_path, exif, name):
    path = written(tmp_path, RGB16)
    with pyexiv2.Image(str(path)) as file:
        file.modify_exif(exif)
    image = open_image(path)
    assert image.notes["encoding"] == "Exif" and image.encoding == name and not image.warnings


def test_not_a_number_is_counted_and_kept(tmp_path):
    samples = np.zeros((6, 6, 3), np.float32)
    samples[0, 0, 0], samples[1, 1] = np.nan, np.inf
    image = open_image(written(tmp_path, samples))
    assert "4 samples are not-a-number or infinite" in image.warnings
    assert np.isnan(image.pixels[0, 0, 0])
