"""PNG and JPEG: files written by Pillow, OpenCV and imagecodecs, read by ours."""

from __future__ import annotations

import struct
import zlib

import cv2
import imagecodecs
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from orangemask.curves import LINEAR, SRGB
from orangemask.decode import open_image
from orangemask.decode.encoding import parse_encoding
from orangemask.errors import InputError

RNG = np.random.default_rng(11)
RGB16 = RNG.integers(0, 65536, (31, 45, 3), np.uint16)
RGB8 = RNG.integers(0, 256, (31, 45, 3), np.uint8)
SMOOTH8 = np.stack(np.meshgrid(np.arange(64) * 4, np.arange(48) * 5), -1).astype(np.uint8)
SMOOTH8 = np.dstack([SMOOTH8, SMOOTH8[..., 0] // 2 + 60])
JPEG_TOLERANCE = 8  # of 255, quality 95 with subsampled colour on ramps


def wide(samples) -> np.ndarray:
    return np.asarray(samples).astype(np.uint16) * 257


def with_chunk(png: bytes, name: bytes, data: bytes) -> bytes:
    chunk = struct.pack(">I", len(data)) + name + data
    chunk += struct.pack(">I", zlib.crc32(name + data))
    return png[:33] + chunk + png[33:]  # after the signature and IHDR


def png_with(tmp_path, samples, *chunks):
    png = imagecodecs.png_encode(samples)
    for name, data in chunks:
        png = with_chunk(png, name, data)
    path = tmp_path / "a.png"
    path.write_bytes(png)
    return path


def test_16_bit_png_keeps_its_codes(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), RGB16[..., ::-1])
    image = open_image(tmp_path / "a.png")
    assert np.array_equal(image.pixels, RGB16) and image.pixels.flags.c_contiguous
    assert image.encoding == "srgb"
    assert any("guessed srgb (16-bit PNG" in warning for warning in image.warnings)


def test_8_bit_png_is_widened_and_srgb(tmp_path):
    Pillow.fromarray(RGB8).save(tmp_path / "a.png")
    image = open_image(tmp_path / "a.png")
    assert np.array_equal(image.pixels, wide(RGB8))
    assert image.encoding == "srgb" and not image.warnings


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA"])
def test_every_mode_as_pillow_expands_it(tmp_path, mode):
    if mode == "RGBA":
        picture = Pillow.fromarray(np.dstack([RGB8, RGB8[..., 0]]))
    elif mode == "LA":
        picture = Pillow.merge("LA", [Pillow.fromarray(RGB8[..., c]) for c in (0, 1)])
    else:
        picture = Pillow.fromarray(RGB8).convert(mode)
    picture.save(tmp_path / "a.png")
    image = open_image(tmp_path / "a.png")
    # Pillow's conversion of LA and RGBA to RGB drops alpha as ours does.
    assert np.array_equal(image.pixels, wide(picture.convert("RGB")))
    if mode in ("LA", "RGBA"):
        assert np.array_equal(image.alpha, wide(picture.getchannel("A")))
    assert any("grey" in w for w in image.warnings) == (mode in ("1", "L", "LA"))


def test_transparent_colour_becomes_alpha(tmp_path):
    samples = RGB8.copy()
    samples[3, 4] = 1, 2, 3
    Pillow.fromarray(samples).save(tmp_path / "a.png", transparency=(1, 2, 3))
    alpha = open_image(tmp_path / "a.png").alpha
    assert alpha[3, 4] == 0 and (alpha == 65535).sum() == alpha.size - 1


def test_gama_chunk_is_the_inverse_exponent(tmp_path):
    image = open_image(png_with(tmp_path, RGB16, (b"gAMA", struct.pack(">I", 45455))))
    assert image.encoding.startswith("gamma:2.19997") and not image.warnings
    assert parse_encoding(image.encoding) == image.transfer[0]
    image = open_image(png_with(tmp_path, RGB16, (b"gAMA", struct.pack(">I", 100000))))
    assert image.transfer == (LINEAR,) * 3


def test_srgb_chunk_stands_above_gama(tmp_path):
    gama = (b"gAMA", struct.pack(">I", 100000))
    image = open_image(png_with(tmp_path, RGB16, (b"sRGB", b"\0"), gama))
    assert image.transfer == (SRGB,) * 3
    # ICC colorants of sRGB, as the ICC publishes them for IEC 61966-2-1.
    expected = [[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]]
    assert np.allclose(image.rgb_to_xyz, expected, atol=2e-4)


def test_chromaticities_chunk(tmp_path):
    numbers = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
    chrm = (b"cHRM", struct.pack(">8I", *(round(n * 100000) for n in numbers)))
    gama = (b"gAMA", struct.pack(">I", 45455))
    image = open_image(png_with(tmp_path, RGB16, chrm, gama))
    assert image.rgb_to_xyz.sum(axis=1) == pytest.approx([0.9642, 1, 0.8249], abs=1e-4)


def test_jpeg_of_pillow(tmp_path):
    Pillow.fromarray(SMOOTH8).save(tmp_path / "a.jpg", quality=95)
    image = open_image(tmp_path / "a.jpg")
    with Pillow.open(tmp_path / "a.jpg") as file:
        assert np.array_equal(image.pixels, wide(file))
    assert np.abs(image.pixels / 257 - SMOOTH8).max() <= JPEG_TOLERANCE
    assert image.encoding == "srgb" and image.kind == "jpeg"


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}])
def test_jpeg_variants_as_libjpeg(tmp_path, options):
    Pillow.fromarray(SMOOTH8).save(tmp_path / "a.jpg", quality=95, **options)
    expected = imagecodecs.jpeg8_decode((tmp_path / "a.jpg").read_bytes())
    found = open_image(tmp_path / "a.jpg").pixels // 257
    assert np.abs(found.astype(int) - expected).max() <= 2  # two versions of libjpeg-turbo


@pytest.mark.parametrize("orientation", range(1, 9))
def test_jpeg_is_turned_as_pillow_turns_it(tmp_path, orientation):
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.fromarray(SMOOTH8).save(tmp_path / "a.jpg", exif=exif)
    with Pillow.open(tmp_path / "a.jpg") as file:
        expected = wide(ImageOps.exif_transpose(file))
    image = open_image(tmp_path / "a.jpg")
    assert np.array_equal(image.pixels, expected) and image.pixels.flags.c_contiguous


def test_grey_jpeg(tmp_path):
    Pillow.fromarray(SMOOTH8[..., 0]).save(tmp_path / "a.jpg")
    image = open_image(tmp_path / "a.jpg")
    assert image.pixels.shape == (48, 64, 3)
    assert np.ptp(image.pixels, axis=2).max() == 0


def test_cmyk_jpeg_is_refused(tmp_path):
    Pillow.fromarray(SMOOTH8).convert("CMYK").save(tmp_path / "a.jpg")
    with pytest.raises(InputError, match=r"a\.jpg: its colours are CMYK; convert it to RGB"):
        open_image(tmp_path / "a.jpg")


@pytest.mark.parametrize(("index", "name"), [("R03", "gamma:2.19921875"), ("R98", "srgb")])
def test_exif_colour_space(tmp_path, index, name):
    exif = Pillow.Exif()
    block = exif.get_ifd(0x8769)
    block[0xA001] = 0xFFFF if index == "R03" else 1
    block[0xA005] = {1: index}
    Pillow.fromarray(SMOOTH8).save(tmp_path / "a.jpg", exif=exif)
    image = open_image(tmp_path / "a.jpg")
    assert image.encoding == name and image.notes["encoding"] == "Exif"
    assert image.rgb_to_xyz is not None


def test_type_follows_content_not_name(tmp_path):
    Pillow.fromarray(RGB8).save(tmp_path / "a.jpg", format="PNG")
    assert open_image(tmp_path / "a.jpg").kind == "png"
    Pillow.fromarray(RGB8).save(tmp_path / "b.tif", format="JPEG")
    assert open_image(tmp_path / "b.tif").kind == "jpeg"
