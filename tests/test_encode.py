"""Saving, read back by other programs' readers."""

from __future__ import annotations

import warnings

import imagecodecs
import numpy as np
import OpenEXR
import pytest
import tifffile
from PIL import Image

from orangemask.encode import (
    FORMATS,
    SaveOptions,
    create_image,
    format_of,
    pixel_dtype,
    profile,
    tiff,
    write_image,
)
from orangemask.errors import OutputError, ParameterError
from orangemask.spaces import SPACES

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it misses matplotlib
    import colour

SRGB = SPACES["srgb"]
HALF = 2.0**-11  # half a step of binary16 just below 1
BLOCK = 24  # a JPEG at quality 95 of smooth colour, largest error of a code

COMBINATIONS = [
    (suffix, depth, compression)
    for known in FORMATS
    for suffix in known.suffixes[:1]
    for depth in known.depths
    for compression in known.compressions
]


def encoded_by_colour(name, light):
    if SPACES[name].is_linear:
        return light
    if name == "rec2020":
        return colour.models.oetf_BT2020(light, is_12_bits_system=True)
    theirs = {
        "srgb": "sRGB",
        "display-p3": "Display P3",
        "adobe-rgb": "Adobe RGB (1998)",
        "prophoto": "ROMM RGB",
    }
    return colour.RGB_COLOURSPACES[theirs[name]].cctf_encoding(light)


def picture(dtype, h=61, w=47, seed=0):
    noise = np.random.default_rng(seed).random((h, w, 3))
    ramp = np.linspace(0, 1, h * w * 3).reshape(h, w, 3)
    both = (ramp + 0.2 * noise) / 1.2
    if dtype == np.float32:
        return both.astype(np.float32)
    return np.rint(both * np.iinfo(dtype).max).astype(dtype)


def read(path):
    if path.suffix == ".tif":
        return tifffile.imread(path)
    if path.suffix == ".exr":
        with OpenEXR.File(str(path)) as file:
            return next(iter(file.channels().values())).pixels.copy()
    data = path.read_bytes()
    return imagecodecs.png_decode(data) if path.suffix == ".png" else imagecodecs.jpeg8_decode(data)


def icc_in(path):
    if path.suffix == ".tif":
        with tifffile.TiffFile(path) as file:
            return file.pages[0].tags[34675].value
    with Image.open(path) as image:
        return image.info["icc_profile"]


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("suffix", [".tif", ".png", ".exr"])
def test_a_linear_ramp_comes_back_as_colour_encodes_it(tmp_path, name, suffix):
    light = np.linspace(0, 1, 3 * 4096).reshape(64, 64, 3)
    path = tmp_path / f"ramp{suffix}"
    if suffix == ".exr":
        pixels, options = light.astype(np.float32), SaveOptions(depth="float")
        expected, most = light, 1
    else:
        pixels = np.rint(SPACES[name].encode(light) * 65535).astype(np.uint16)
        expected, most, options = encoded_by_colour(name, light), 65535, SaveOptions()
    assert write_image(path, pixels, space=SPACES[name], options=options) == ()
    np.testing.assert_allclose(read(path) / most, expected, 0, 1 / 65535)
    if suffix == ".exr":
        with OpenEXR.File(str(path)) as file:
            stored = file.header()["chromaticities"]
        wanted = [c for xy in (*SPACES[name].primaries, SPACES[name].white) for c in xy]
        np.testing.assert_allclose(stored, wanted, 0, 1e-6)
    else:
        assert icc_in(path) == profile(SPACES[name])


@pytest.mark.parametrize("with_alpha", [False, True])
@pytest.mark.parametrize(("suffix", "depth", "compression"), COMBINATIONS)
def test_every_combination_keeps_the_pixels(tmp_path, suffix, depth, compression, with_alpha):
    path = tmp_path / f"picture{suffix}"
    options = SaveOptions(depth, compression)
    pixels = picture(pixel_dtype(path, options))
    alpha = picture(np.dtype(np.uint16), seed=1)[..., 0] if with_alpha else None
    told = write_image(path, pixels, space=SRGB, options=options, alpha=alpha)
    back = read(path)
    if suffix == ".jpg":
        assert back.shape == pixels.shape
        assert told == (("JPEG has no alpha; it is left out",) if with_alpha else ())
        return
    assert told == ()
    assert back.shape == (61, 47, 4 if with_alpha else 3)
    if depth in ("8", "16"):
        expected, tolerance = pixels, 0
    else:
        share = (alpha / 65535)[..., np.newaxis] if suffix == ".exr" and with_alpha else 1
        expected = pixels * share  # OpenEXR's alpha is premultiplied
        tolerance = HALF if depth == "half" else 1e-6
    np.testing.assert_allclose(back[..., :3], expected, 0, tolerance)
    if with_alpha:
        most = {"8": 255, "16": 65535}.get(depth, 1)
        np.testing.assert_allclose(back[..., 3] / most, alpha / 65535, 0, 1 / most / 2 + HALF)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (3, 5)])
@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg", ".exr"])
def test_odd_sizes_can_be_saved(tmp_path, suffix, shape):
    path = tmp_path / f"small{suffix}"
    pixels = picture(pixel_dtype(path, SaveOptions()), *shape)
    write_image(path, pixels, space=SRGB)
    assert read(path).shape == (*shape, 3)


@pytest.mark.parametrize(("suffix", "compression"), [(".tif", "lzw"), (".png", "deflate")])
def test_many_strips_are_joined_in_order(tmp_path, suffix, compression):
    path = tmp_path / f"large{suffix}"
    pixels = picture(np.dtype(np.uint16), 1501, 1400)
    write_image(path, pixels, space=SRGB, options=SaveOptions(compression=compression))
    np.testing.assert_array_equal(read(path), pixels)
    with Image.open(path) as image:  # a second reader; it checks every checksum of a PNG
        image.load()


def test_an_uncompressed_tiff_is_filled_in_as_a_map(tmp_path):
    path = tmp_path / "mapped.tif"
    pixels = picture(np.dtype(np.uint16), 800, 700)
    with create_image(path, 800, 700, np.uint16, space=SRGB) as sink:
        assert not sink.pixels.any()
        assert sink.pixels.flags.c_contiguous
        assert type(sink.pixels) is np.ndarray
        for y in range(0, 800, 100):
            sink.pixels[y : y + 100] = pixels[y : y + 100]
    np.testing.assert_array_equal(tifffile.memmap(path, mode="r"), pixels)


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_a_big_tiff_is_read_back(tmp_path, compression):
    path = tmp_path / "big.tif"
    path.touch()
    pixels = picture(np.dtype(np.uint16))
    layout = tiff.Layout(pixels.shape, pixels.dtype, compression, profile(SRGB), big=True)
    if compression == "none":
        tiff.mapped(path, layout)[...] = pixels
    else:
        tiff.write(path, pixels, layout)
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff
    np.testing.assert_array_equal(tifffile.imread(path), pixels)


def test_four_gigabytes_need_a_big_tiff():
    dtype = np.dtype(np.uint16)
    assert not tiff.Layout((20000, 30000, 3), dtype).is_big  # 3.6 GB
    assert tiff.Layout((25000, 30000, 3), dtype).is_big  # 4.5 GB
    assert tiff.Layout((20000, 30000, 3), dtype, "lzw").is_big


def test_quality_changes_the_size_and_the_colour_sampling(tmp_path):
    pixels = imagecodecs.jpeg8_decode(
        imagecodecs.jpeg8_encode(picture(np.dtype(np.uint8), 256, 256))
    )
    sizes = {}
    for quality in (60, 89, 90, 95):
        path = tmp_path / f"{quality}.jpg"
        write_image(path, pixels, space=SRGB, options=SaveOptions(quality=quality))
        with Image.open(path) as image:
            sizes[quality] = path.stat().st_size
            sampling = image.layer[0][1:3]
        assert sampling == ((1, 1) if quality >= 90 else (2, 2))
    assert sizes[60] < sizes[89] < sizes[90] < sizes[95]
    assert np.abs(read(tmp_path / "95.jpg").astype(int) - pixels).max() <= BLOCK


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.png", SaveOptions("float"), "PNG has no depth 'float': use one of 16, 8"),
        ("a.jpg", SaveOptions("16"), "JPEG has no depth '16'"),
        ("a.exr", SaveOptions("16"), "OpenEXR has no depth '16'"),
        ("a.tif", SaveOptions(compression="piz"), "TIFF has no compression 'piz'"),
        ("a.tif", SaveOptions(quality=90), "TIFF has no quality"),
        ("a.jpg", SaveOptions(quality=0), "quality 0 is not allowed: use 1 to 100"),
        ("a.jpg", SaveOptions(quality=101), "quality 101"),
    ],
)
def test_options_the_format_does_not_have_are_refused(tmp_path, name, options, words):
    with pytest.raises(ParameterError, match=words):
        pixel_dtype(tmp_path / name, options)


def test_pixels_of_another_depth_are_refused(tmp_path):
    with pytest.raises(ParameterError, match="depth 16 needs uint16"):
        write_image(tmp_path / "a.tif", picture(np.dtype(np.uint8)), space=SRGB)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a", "a.bmp", "a.dng", "-", ".tif"])
def test_an_unknown_ending_is_refused_with_the_list(tmp_path, name):
    path = tmp_path / name if name != "-" else type(tmp_path)("-")
    with pytest.raises(OutputError, match=r"\.tif \.tiff \.png|standard output"):
        format_of(path)


def test_endings_are_read_in_any_case(tmp_path):
    assert {format_of(tmp_path / f"a{s}").name for s in (".TIF", ".Tiff")} == {"TIFF"}


def test_a_picture_too_wide_for_jpeg_is_refused(tmp_path):
    with pytest.raises(OutputError, match="65500"):
        write_image(tmp_path / "a.jpg", np.zeros((1, 65501, 3), np.uint8), space=SRGB)
