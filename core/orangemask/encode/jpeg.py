"""JPEG: libjpeg-turbo's picture, with our segments put in front of it.

References
----------
ITU-T T.81, annex B; Exif 2.32 (CIPA DC-008), 4.5.4; ICC.1:2022, annex B.4.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orangemask.metadata import Packets

FULL_COLOUR_FROM = 90
"""Quality from which colour is not subsampled."""

_PIECE = 65000  # of a profile; a segment holds 65533 bytes


def write(
    part: Path,
    samples: NDArray[np.uint8],
    *,
    quality: int,
    icc: bytes = b"",
    packets: Packets | None = None,
) -> None:
    """Write a JPEG file.

    Parameters
    ----------
    part : Path
        An existing, empty file.
    samples : (h, w, 3) uint8
        RGB.
    quality : int
        1 to 100; 4:4:4 from `FULL_COLOUR_FROM`, 4:2:0 below.
    icc : bytes
        Profile, or empty.
    packets : Packets
        Metadata.
    """
    import imagecodecs

    packets = packets or Packets()
    subsampling = "444" if quality >= FULL_COLOUR_FROM else "420"
    jpeg = imagecodecs.jpeg8_encode(
        np.ascontiguousarray(samples), level=quality, subsampling=subsampling
    )
    # SOI and JFIF's APP0 stay first.
    start = 4 + struct.unpack_from(">H", jpeg, 4)[0] if jpeg[2:4] == b"\xff\xe0" else 2
    with part.open("r+b") as file:
        file.write(jpeg[:start])
        file.write(_segment(0xE1, b"Exif\0\0", packets.exif))
        file.write(_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0", packets.xmp))
        file.write(_segment(0xED, b"Photoshop 3.0\0", packets.iptc))
        pieces = [icc[i : i + _PIECE] for i in range(0, len(icc), _PIECE)]
        for i, piece in enumerate(pieces, start=1):
            file.write(_segment(0xE2, b"ICC_PROFILE\0" + bytes([i, len(pieces)]), piece))
        file.write(memoryview(jpeg)[start:])


def _segment(marker: int, head: bytes, content: bytes) -> bytes:
    if not content:
        return b""
    return struct.pack(">BBH", 0xFF, marker, 2 + len(head) + len(content)) + head + content
