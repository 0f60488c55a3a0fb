"""The few TIFF files that the plain back end exchanges: baseline RGB of 8 or 16 bits, alpha or not.

TIFF 6.0 (Adobe, 1992), sections 2, 6 and 18; tag 34675 by ICC.1:2022, annex B.4.
"""

from __future__ import absolute_import, division, print_function

import array
import struct
import sys

MYPY = False
if MYPY:
    from typing import Any, BinaryIO, Dict, List, Optional, Tuple

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIPS, ORIENTATION, SAMPLES, ROWS, SIZES, PLANAR, EXTRA = 273, 274, 277, 278, 279, 284, 338
PROFILE = 34675
SHORT, LONG, UNDEFINED = 3, 4, 7
UNASSOCIATED = 2  # alpha, of ExtraSamples
TYPECODES = {8: "B", 16: "H"}  # of array
FORMATS = {1: "B", 2: "s", 3: "H", 4: "I", 6: "b", 7: "s", 8: "h", 9: "i"}  # of struct, by type


def write_tiff(path, width, height, channels, samples, profile=None):
    # type: (str, int, int, int, array.array[int], Optional[bytes]) -> None
    """Write an uncompressed TIFF of one strip, in this machine's byte order.

    Parameters
    ----------
    path : str
    width, height : int
        px.
    channels : int
        3, or 4 with unassociated alpha last.
    samples : array of typecode ``B`` or ``H``
        Rows from the top, interleaved.
    profile : bytes or None
        ICC.
    """
    order = "<" if sys.byteorder == "little" else ">"
    bits = samples.itemsize * 8
    pixels = samples.tobytes() if hasattr(samples, "tobytes") else samples.tostring()  # type: ignore[attr-defined]
    tags = [
        (WIDTH, LONG, [width]),
        (HEIGHT, LONG, [height]),
        (BITS, SHORT, [bits] * channels),
        (COMPRESSION, SHORT, [1]),
        (PHOTOMETRIC, SHORT, [2]),
        (STRIPS, LONG, [8]),
        (SAMPLES, SHORT, [channels]),
        (ROWS, LONG, [height]),
        (SIZES, LONG, [len(pixels)]),
        (PLANAR, SHORT, [1]),
    ]  # type: List[Tuple[int, int, Any]]
    if channels == 4:
        tags.append((EXTRA, SHORT, [UNASSOCIATED]))
    if profile is not None:
        tags.append((PROFILE, UNDEFINED, profile))
    start = 8 + len(pixels) + len(pixels) % 2
    beside = start + 2 + 12 * len(tags) + 4
    directory, rest = struct.pack(order + "H", len(tags)), b""
    for tag, kind, value in tags:
        form = {SHORT: "H", LONG: "I"}.get(kind)
        packed = value if form is None else struct.pack(order + form * len(value), *value)
        directory += struct.pack(order + "HHI", tag, kind, len(value))
        if len(packed) <= 4:
            directory += packed.ljust(4, b"\0")
        else:
            directory += struct.pack(order + "I", beside + len(rest))
            rest += packed + b"\0" * (len(packed) % 2)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    with open(path, "wb") as file:
        file.write(mark + struct.pack(order + "I", start) + pixels + b"\0" * (len(pixels) % 2))
        file.write(directory + b"\0\0\0\0" + rest)


def read_tiff(path):
    # type: (str) -> Tuple[int, int, int, array.array[int], Optional[bytes]]
    """Return width, height, channels, samples and profile of a TIFF's first picture.

    Raises
    ------
    RuntimeError
        It is no uncompressed, interleaved, upright RGB of 8 or 16 bits.
    """
    with open(path, "rb") as file:
        head = file.read(8)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
        if order is None or len(head) < 8:
            raise RuntimeError("%s is no TIFF of less than 4 GB" % path)
        tags = _tags(file, order, *struct.unpack(order + "I", head[4:]))
        width, height, channels = tags[WIDTH][0], tags[HEIGHT][0], tags.get(SAMPLES, (1,))[0]
        bits = set(tags.get(BITS, (1,)))
        plain = (
            tags.get(COMPRESSION, (1,))[0] == 1
            and tags.get(PHOTOMETRIC, (0,))[0] == 2
            and tags.get(PLANAR, (1,))[0] == 1
            and tags.get(ORIENTATION, (1,))[0] == 1
        )
        if not plain or channels not in (3, 4) or bits not in ({8}, {16}):
            raise RuntimeError("%s is no plain RGB of 8 or 16 bits" % path)
        samples = array.array(TYPECODES[bits.pop()])
        for offset, size in zip(tags[STRIPS], tags[SIZES]):
            file.seek(offset)
            _extend(samples, file.read(size))
    if (order == "<") != (sys.byteorder == "little"):
        samples.byteswap()
    if len(samples) != width * height * channels:
        raise RuntimeError("%s is not complete" % path)
    profile = b"".join(tags[PROFILE]) if PROFILE in tags else None
    return width, height, channels, samples, profile


def _extend(samples, content):
    # type: (array.array[int], bytes) -> None
    if hasattr(samples, "frombytes"):
        samples.frombytes(content)
    else:  # Python 2.7
        samples.fromstring(content)  # type: ignore[attr-defined]


def _tags(file, order, start):
    # type: (BinaryIO, str, int) -> Dict[int, Tuple[Any, ...]]
    """Return the values of a directory's tags; of bytes, one in a tuple."""
    file.seek(start)
    (count,) = struct.unpack(order + "H", file.read(2))
    tags = {}
    for entry in [file.read(12) for _ in range(count)]:
        tag, kind, number = struct.unpack(order + "HHI", entry[:8])
        if kind not in FORMATS:
            continue
        letter = FORMATS[kind]
        form = order + "%d%s" % (number, letter)
        size = struct.calcsize(form)
        if size > 4:
            file.seek(*struct.unpack(order + "I", entry[8:]))
        tags[tag] = struct.unpack(form, file.read(size) if size > 4 else entry[8 : 8 + size])
    return tags
