"""TIFF: the Exif block first, as exiv2 made it, then the strips, then one directory over both.

The Exif block is a small TIFF file itself. Kept at the start, every offset in it stays true, also
those hidden in a MakerNote; only the header is pointed at the new directory, which takes over its
entries. The strips of an uncompressed file are one block, which is mapped and rendered into.

References
----------
TIFF Revision 6.0 (1992), sections 2, 7, 8, 14; BigTIFF as in libtiff 4; Adobe Photoshop TIFF
Technical Notes (2002: deflate) and 3 (2005: floating point predictor).
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.encode.destination import reserve
from orangemask.encode.directory import (
    BYTE,
    LONG,
    LONG8,
    SHORT,
    UNDEFINED,
    Entry,
    block,
    in_place,
    loose,
    numbers,
    packed,
)
from orangemask.metadata import Packets

Samples: TypeAlias = NDArray[Any]

CLASSIC_LIMIT = 2**32 - 2**24
"""Largest sample block in a file with 32-bit offsets; the rest is room for the directory."""

STRIP_BYTES = 2**20
DEFLATE_LEVEL = 1  # of libdeflate: scans are noise to it, level 6 is slower and no smaller
ALIGNMENT = 4096  # of the mapped strips: a page

_COMPRESSIONS = {"none": 1, "lzw": 5, "deflate": 8, "zstd": 50000}


@dataclass(frozen=True, slots=True)
class Layout:
    """What the file will hold.

    Attributes
    ----------
    shape : (h, w, channels)
        Three channels, or four with alpha (not premultiplied) last.
    dtype : dtype
        uint8, uint16, float16 or float32, in the file.
    compression : {"none", "lzw", "deflate", "zstd"}
        With the predictor where there is one.
    icc : bytes
        Profile, or empty.
    packets : Packets
        Metadata.
    big : bool
        64-bit offsets; used in any case where the file might not fit in 32.
    """

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    compression: str = "none"
    icc: bytes = b""
    packets: Packets = field(default_factory=Packets)
    big: bool = False

    @property
    def row(self) -> int:
        """Bytes of a row, uncompressed."""
        _, w, channels = self.shape
        return w * channels * self.dtype.itemsize

    @property
    def is_big(self) -> bool:
        """Whether the file is a BigTIFF; compression may make noise half as large again."""
        size = self.row * self.shape[0]
        worst = size if self.compression == "none" else size * 3 // 2
        return self.big or worst > CLASSIC_LIMIT

    @property
    def strip_rows(self) -> int:
        """Rows that make about `STRIP_BYTES`."""
        return max(1, min(self.shape[0], STRIP_BYTES // self.row))

    @property
    def start(self) -> int:
        """Where the samples begin."""
        head = len(_head(self))
        return -(-head // ALIGNMENT) * ALIGNMENT


def mapped(part: Path, layout: Layout) -> Samples:
    """Return the samples of a new uncompressed file as an array to fill in.

    Parameters
    ----------
    part : Path
        An existing, empty file. It is complete at once but for its samples, which are 0.
    layout : Layout
        Uncompressed.

    Returns
    -------
    (h, w, channels) array
        A map of the file.
    """
    h = layout.shape[0]
    tops = range(0, h, layout.strip_rows)
    offsets = [layout.start + layout.row * y for y in tops]
    counts = [layout.row * min(layout.strip_rows, h - y) for y in tops]
    end = layout.start + layout.row * h
    with part.open("r+b") as file:
        directory = _directory(layout, offsets, counts, end + end % 2)
        reserve(file.fileno(), end + end % 2 + len(directory))
        _finish(file, layout, directory, end + end % 2)
    return np.asarray(np.memmap(part, layout.dtype, "r+", layout.start, layout.shape))


def write(part: Path, samples: Samples, layout: Layout, *, threads: int = 2) -> None:
    """Write a file that is compressed, or whose samples are narrowed to `layout.dtype`.

    Parameters
    ----------
    part : Path
        An existing, empty file.
    samples : (h, w, channels) array
        Of `layout.dtype`, or float32 to be narrowed to float16.
    layout : Layout
        What to write.
    threads : int
        Strips compressed at a time.
    """
    encode = _encoder(layout)
    offsets: list[int] = []
    counts: list[int] = []

    def append(strip: bytes) -> None:
        offsets.append(file.tell())
        counts.append(len(strip))
        file.write(strip)

    with part.open("r+b") as file, ThreadPoolExecutor(threads) as pool:
        file.seek(layout.start)
        waiting: deque[Future[bytes]] = deque()
        for y in range(0, layout.shape[0], layout.strip_rows):
            waiting.append(pool.submit(encode, samples[y : y + layout.strip_rows]))
            if len(waiting) > 2 * threads:
                append(waiting.popleft().result())
        while waiting:
            append(waiting.popleft().result())
        end = file.tell() + file.tell() % 2
        _finish(file, layout, _directory(layout, offsets, counts, end), end)


def _encoder(layout: Layout) -> Callable[[Samples], bytes]:
    import imagecodecs

    is_float = layout.dtype.kind == "f"
    predict = imagecodecs.floatpred_encode if is_float else imagecodecs.delta_encode
    compressors: dict[str, Callable[[Any], Any]] = {
        "lzw": imagecodecs.lzw_encode,
        "deflate": partial(imagecodecs.deflate_encode, level=DEFLATE_LEVEL),
        "zstd": imagecodecs.zstd_encode,
    }
    compress = compressors.get(layout.compression)

    def encode(strip: Samples) -> bytes:
        strip = np.ascontiguousarray(strip, layout.dtype)
        if compress is None:
            return strip.tobytes()
        return bytes(compress(np.ascontiguousarray(predict(strip, axis=-2))))

    return encode


def _head(layout: Layout) -> bytes:
    """Return what stands before the samples; the offset of the directory is still missing."""
    if layout.is_big:
        return struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0)
    return layout.packets.exif or struct.pack("<2sHI", b"II", 42, 0)


def _finish(file: BinaryIO, layout: Layout, directory: bytes, at: int) -> None:
    file.seek(0)
    file.write(_head(layout))
    file.seek(at)
    file.write(directory)
    file.seek(8 if layout.is_big else 4)
    file.write(struct.pack("<Q" if layout.is_big else "<I", at))


def _directory(layout: Layout, offsets: list[int], counts: list[int], at: int) -> bytes:
    h, w, channels = layout.shape
    is_float = layout.dtype.kind == "f"
    kind = LONG8 if layout.is_big else LONG
    entries = [
        numbers(256, LONG, [w]),
        numbers(257, LONG, [h]),
        numbers(258, SHORT, [layout.dtype.itemsize * 8] * channels),
        numbers(259, SHORT, [_COMPRESSIONS[layout.compression]]),
        numbers(262, SHORT, [2]),  # RGB
        numbers(273, kind, offsets),
        numbers(277, SHORT, [channels]),
        numbers(278, LONG, [layout.strip_rows]),
        numbers(279, kind, counts),
        numbers(284, SHORT, [1]),  # channels side by side
        numbers(339, SHORT, [3 if is_float else 1] * channels),
    ]
    if layout.compression != "none":
        entries.append(numbers(317, SHORT, [3 if is_float else 2]))
    if channels == 4:
        entries.append(numbers(338, SHORT, [2]))  # not premultiplied
    if layout.packets.xmp:
        entries.append(block(700, BYTE, layout.packets.xmp))
    if layout.packets.iptc:
        entries.append(block(34377, BYTE, layout.packets.iptc))
    if layout.icc:
        entries.append(block(34675, UNDEFINED, layout.icc))
    return packed(entries + _carried(layout, entries), at, big=layout.is_big)


def _carried(layout: Layout, entries: list[Entry]) -> list[Entry]:
    """Return the entries of the Exif block that say nothing of the samples."""
    exif = layout.packets.exif
    if not exif:
        return []
    taken = {entry.tag for entry in entries}
    return [e for e in (loose if layout.is_big else in_place)(exif) if e.tag not in taken]
