"""Bad files: each is refused in one line that names it, and nothing is printed."""

from __future__ import annotations

import os
import struct
import sys
import zlib

import numpy as np
import OpenEXR
import pytest
import tifffile
from PIL import Image as Pillow

from dng import write_dng
from orangemask.decode import open_image
from orangemask.errors import Cancelled, InputError

RNG = np.random.default_rng(2)
RGB8 = RNG.integers(0, 256, (40, 60, 3), np.uint8)
RGB16 = RNG.integers(0, 65536, (40, 60, 3), np.uint16)


def whole_file(tmp_path, kind):
    path = tmp_path / f"whole.{kind.split('-')[0]}"
    if kind in ("png", "jpg"):
        Pillow.fromarray(RGB8).save(path)
    elif kind == "exr":
        with OpenEXR.File({}, {"RGB": RGB16.astype(np.float32)}) as file:
            file.write(str(path))
    elif kind == "dng":
        write_dng(path, RGB16[..., 0].copy())
    else:
        compression = {"tif": None, "tif-lzw": "lzw", "tif-deflate": "zlib", "tif-jpeg": "jpeg"}
        samples = RGB8 if kind == "tif-jpeg" else RGB16
        tifffile.imwrite(
            path, samples, photometric="rgb", compression=compression[kind], metadata=None
        )
    return path


KINDS = ["png", "jpg", "exr", "dng", "tif", "tif-lzw", "tif-deflate", "tif-jpeg"]


def refused(path, capfd, words=""):
    with pytest.raises(InputError) as caught:
        open_image(path)
    message = str(caught.value)
    assert message.startswith(f"cannot read {path}: ")
    assert "\n" not in message and not message.endswith(".") and len(message) < 300
    assert words in message
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("share", [0.001, 0.05, 0.3, 0.7, 0.98])
@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_file_is_refused(tmp_path, capfd, kind, share):
    path = whole_file(tmp_path, kind)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(2, int(len(whole) * share))])
    refused(path, capfd)


@pytest.mark.parametrize("kind", KINDS)
def test_random_damage_never_escapes(tmp_path, capfd, kind):
    path = whole_file(tmp_path, kind)
    whole = path.read_bytes()
    generator = np.random.default_rng(KINDS.index(kind))
    for _ in range(60):
        damaged = bytearray(whole)
        # Half of the hits in the header, where they hurt most.
        for limit in (min(400, len(whole)), len(whole)):
            for at in generator.integers(4, limit, 3):
                damaged[at] = generator.integers(256)
        path.write_bytes(damaged)
        try:
            image = open_image(path)
        except InputError as error:
            assert "\n" not in str(error)
        else:
            assert image.pixels.dtype in (np.uint16, np.float32)
            assert image.pixels.ndim == 3 and image.pixels.shape[2] == 3
            assert image.pixels.flags.c_contiguous
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["a.tif", "a.dng", "a.fff"])
@pytest.mark.parametrize("rest", [b"", b"\x08", b"\x08\0\0\0", b"\x08\0\0\0\xff\xff", b"\xff" * 40])
@pytest.mark.parametrize("magic", [b"II*\0", b"II+\0", b"MM\0*"])
def test_the_beginning_of_a_tiff_is_refused(tmp_path, capfd, name, rest, magic):
    (tmp_path / name).write_bytes(magic + rest)
    refused(tmp_path / name, capfd)


def test_a_tile_larger_than_its_data_is_refused(tmp_path, capfd):
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, RGB16, tile=(64, 64), photometric="rgb", compression="zlib", metadata=None
    )
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        for name in ("TileWidth", "TileLength"):
            tiff.pages[0].tags[name].overwrite(30000)
    refused(path, capfd, "cannot hold the 30000 × 30000 pixels")


def test_missing_folder_and_empty(tmp_path, capfd):
    refused(tmp_path / "none.tif", capfd, "there is no such file")
    refused(tmp_path, capfd, "it is a folder")
    for name in ("a.tif", "a.nef", "a.png"):
        (tmp_path / name).touch()
        refused(tmp_path / name, capfd, "it is empty")


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg", "a.exr"])
def test_text_with_the_name_of_a_picture(tmp_path, capfd, name):
    (tmp_path / name).write_text("this is not a picture\n" * 20)
    refused(tmp_path / name, capfd, "it is a text file; RAW, TIFF, PNG, JPEG and OpenEXR can be")


def test_text_with_the_name_of_a_raw(tmp_path, capfd):
    (tmp_path / "foo.nef").write_text("this is not a picture\n" * 20)
    refused(tmp_path / "foo.nef", capfd, "LibRaw says: unsupported file format")


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"GIF89a", "a GIF file"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP file"),
        (b"\0\0\0\x18ftypheic", "a HEIF, AVIF or video file"),
        (b"\0\1\2\3\4", "of an unknown type"),
    ],
)
def test_other_types_are_named(tmp_path, capfd, head, words):
    (tmp_path / "a.tif").write_bytes(head + bytes(100))
    refused(tmp_path / "a.tif", capfd, words)


def test_a_name_of_two_lines_stays_on_one(tmp_path):
    with pytest.raises(InputError) as caught:
        open_image(tmp_path / "two\nlines.tif")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
def test_a_pipe_does_not_hang(tmp_path, capfd):
    os.mkfifo(tmp_path / "a.tif")
    refused(tmp_path / "a.tif", capfd, "not a regular file")


def png_bomb(width, height, bits=16):
    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [
        (0, 10, "0 × 10 pixels"),
        (60000, 60000, "1024 megapixels are allowed"),
        (20000, 20000, "cannot hold the 20000 × 20000 pixels"),
    ],
)
def test_png_headers_are_not_believed(tmp_path, capfd, width, height, words):
    (tmp_path / "a.png").write_bytes(png_bomb(width, height))
    refused(tmp_path / "a.png", capfd, words)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
@pytest.mark.parametrize("size", [(0, 40), (30000, 30000), (1 << 24, 1 << 12)])
def test_tiff_headers_are_not_believed(tmp_path, capfd, compression, size):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, RGB16, photometric="rgb", compression=compression, metadata=None)
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tags = tiff.pages[0].tags
        tags["ImageWidth"].overwrite(size[0], dtype="I")
        tags["ImageLength"].overwrite(size[1], dtype="I")
    refused(path, capfd)


def test_jpeg_headers_are_not_believed(tmp_path, capfd):
    path = tmp_path / "a.jpg"
    Pillow.fromarray(RGB8).save(path)
    whole = path.read_bytes()
    at = whole.index(b"\xff\xc0") + 5
    path.write_bytes(whole[:at] + struct.pack(">HH", 30000, 30000) + whole[at + 4 :])
    refused(path, capfd, "cannot hold the 30000 × 30000 pixels")


def test_cancel_stops_before_and_after_reading(tmp_path):
    path = whole_file(tmp_path, "png")
    with pytest.raises(Cancelled):
        open_image(path, cancel=lambda: True)
    answers = iter([False, True])
    with pytest.raises(Cancelled):
        open_image(path, cancel=lambda: next(answers))
    assert open_image(path, cancel=lambda: False).kind == "png"
