"""PNG files: pixels by libpng, what they mean from the chunks."""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from orangemask.curves import LINEAR, SRGB, Transfer
from orangemask.decode.encoding import Said
from orangemask.decode.failures import LIBRARY_FAILURES, native_output, one_line, refusal
from orangemask.decode.limits import DEFLATE_RATIO, check_size
from orangemask.decode.primaries import REC_709, primaries_to_xyz
from orangemask.decode.stored import Stored, contiguous, grey_to_rgb, to_codes, upright

SIGNATURE = b"\x89PNG\r\n\x1a\n"
REMEDY = "is it a complete PNG file?"
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type → samples
MAX_PROFILE = 64 << 20


@dataclass(slots=True)
class Chunks:
    """The chunks that matter, with the bytes of picture data counted."""

    header: bytes = b""
    data: int = 0
    ended: bool = False
    kept: dict[bytes, bytes] = field(default_factory=dict)


def read_png(path: Path) -> Stored:
    """Return the picture of a PNG file, palette and transparency expanded.

    Raises
    ------
    InputError
        If it is truncated or damaged.
    """
    import imagecodecs

    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            chunks = _walk(whole)
            width, height, bits, colour_type = _header(path, chunks)
            with native_output("PNG warning"):
                samples = imagecodecs.png_decode(whole)
    except MemoryError as error:
        raise refusal(path, "there is not enough memory for it") from error
    except LIBRARY_FAILURES as error:
        raise refusal(path, error, REMEDY) from error
    if samples.shape[:2] != (height, width):
        raise refusal(path, "libpng finds another size than its header says", REMEDY)

    depth = samples.dtype.itemsize * 8
    stored = Stored(np.empty((0, 0, 3), np.uint16), bits)
    samples = upright(samples, _orientation(chunks.kept.get(b"eXIf", b"")))
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    if channels in (2, 4):
        stored.alpha = contiguous(to_codes(samples[..., -1], depth))
    if channels <= 2:
        grey = samples if samples.ndim == 2 else samples[..., 0]
        samples = grey_to_rgb(grey)
        stored.warnings.append("it is grey; red, green and blue are the same")
    stored.pixels = contiguous(to_codes(samples[..., :3], depth))
    if colour_type == 3:
        stored.notes["palette"] = "expanded"
        stored.bits = 8
    _colour(chunks.kept, stored)
    return stored


def _walk(whole: mmap.mmap) -> Chunks:
    """Return the chunks of a file up to its end or the first that is cut."""
    chunks = Chunks()
    for name, start, size in _each(whole):
        if name == b"IHDR" and not chunks.header:
            chunks.header = whole[start : start + size]
        elif name == b"IDAT":
            chunks.data += size
        elif name == b"IEND":
            chunks.ended = True
        elif name in (b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"eXIf"):
            chunks.kept.setdefault(name, whole[start : start + size])
    return chunks


def _each(whole: mmap.mmap) -> Iterator[tuple[bytes, int, int]]:
    at = len(SIGNATURE)
    while at + 12 <= len(whole):
        size, name = struct.unpack_from(">I4s", whole, at)
        if at + 12 + size > len(whole):
            return
        yield name, at + 8, size
        if name == b"IEND":
            return
        at += 12 + size


def _header(path: Path, chunks: Chunks) -> tuple[int, int, int, int]:
    if len(chunks.header) != 13:
        raise refusal(path, "its header is missing", REMEDY)
    width, height, bits, colour_type = struct.unpack(">IIBB", chunks.header[:10])
    samples = SAMPLES.get(colour_type)
    if samples is None or bits not in (1, 2, 4, 8, 16):
        raise refusal(path, "its header is damaged", REMEDY)
    if not chunks.ended:
        raise refusal(path, "it ends before its IEND chunk", "is it truncated?")
    check_size(
        path,
        width,
        height,
        stored=chunks.data,
        ratio=DEFLATE_RATIO,
        bytes_per_pixel=samples * bits / 8,
    )
    return width, height, bits, colour_type


def _colour(kept: dict[bytes, bytes], stored: Stored) -> None:
    """Read the colour chunks in the order of precedence of PNG's third edition, 4.3."""
    if b"cICP" in kept and kept[b"cICP"][:2] in (b"\x01\x0d", b"\x01\x08"):
        curve = SRGB if kept[b"cICP"][1] == 13 else LINEAR  # ITU-T H.273: 13 sRGB, 8 linear
        stored.said = Said(curve, "cICP chunk", primaries_to_xyz(REC_709))
        return
    if b"iCCP" in kept:
        _, _, packed = kept[b"iCCP"].partition(b"\0")
        try:
            # Bounded: a profile of a few kilobytes may unpack to any size.
            stored.icc = zlib.decompressobj().decompress(packed[1:], MAX_PROFILE)
            return
        except zlib.error as error:
            stored.warnings.append(f"the embedded profile is ignored: {one_line(error)}")
    if b"sRGB" in kept:
        stored.said = Said(SRGB, "sRGB chunk", primaries_to_xyz(REC_709))
    elif len(kept.get(b"gAMA", b"")) == 4:
        (gamma,) = struct.unpack(">I", kept[b"gAMA"])
        if gamma:
            curve = LINEAR if gamma == 100000 else Transfer(100000 / gamma)
            stored.said = Said(curve, "gAMA chunk", _chromaticities(kept.get(b"cHRM", b"")))


def _chromaticities(chunk: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
    if len(chunk) != 32:
        return None
    numbers = [value / 100000 for value in struct.unpack(">8I", chunk)]
    white, *primaries = zip(numbers[0::2], numbers[1::2], strict=True)
    try:
        return primaries_to_xyz(primaries, white)
    except (ValueError, np.linalg.LinAlgError):
        return None


def _orientation(exif: bytes) -> int:
    """Return the Orientation of an eXIf chunk, 1 where there is none."""
    if not exif:
        return 1
    from PIL import Image as Pillow

    try:
        tags = Pillow.Exif()
        tags.load(exif)
        return int(tags.get(0x0112, 1))
    except LIBRARY_FAILURES:
        return 1
