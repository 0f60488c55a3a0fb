"""Directories (IFDs) of TIFF files: entries to bytes, and the entries of an Exif block.

References
----------
TIFF Revision 6.0 (1992), section 2; BigTIFF as in libtiff 4; Exif 2.32 (CIPA DC-008), 4.6.3.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

BYTE, SHORT, LONG, UNDEFINED, LONG8 = 1, 3, 4, 7, 16
_CODES = {SHORT: "H", LONG: "I", LONG8: "Q"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}

_POINTERS = (34665, 34853, 40965)  # to the directories of Exif, GPS, interoperability
_MAKER_NOTE = 37500


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a directory.

    Attributes
    ----------
    tag, kind, count : int
        Number, TIFF type, and how many of it.
    value : bytes
        All of it, little-endian; or the four bytes that stand in a classic entry, whatever they
        mean, if what they may point at is already in the file.
    children : tuple of Entry
        Of a pointer to another directory, which is then written behind this one.
    """

    tag: int
    kind: int
    count: int
    value: bytes
    children: tuple[Entry, ...] = ()


def numbers(tag: int, kind: int, values: Sequence[int]) -> Entry:
    """Return an entry of integers, `kind` SHORT, LONG or LONG8."""
    return Entry(tag, kind, len(values), struct.pack(f"<{len(values)}{_CODES[kind]}", *values))


def block(tag: int, kind: int, value: bytes) -> Entry:
    """Return an entry of bytes, `kind` BYTE or UNDEFINED."""
    return Entry(tag, kind, len(value), value)


def packed(entries: Sequence[Entry], at: int, *, big: bool = False) -> bytes:
    """Return a directory and what it points to, as they stand from offset `at` of a file.

    Parameters
    ----------
    entries : sequence of Entry
        In any order, no tag twice.
    at : int
        Even; where the bytes will be.
    big : bool
        As BigTIFF.
    """
    head, entry_code, offset_code = ("<Q", "<HHQ", "<Q") if big else ("<H", "<HHI", "<I")
    room = struct.calcsize(offset_code)
    size = struct.calcsize(head) + len(entries) * (struct.calcsize(entry_code) + room) + room
    table, body = struct.pack(head, len(entries)), b""
    for entry in sorted(entries, key=lambda entry: entry.tag):
        value = entry.value
        if entry.children:
            value = struct.pack(offset_code, at + size + len(body))
            body += packed(entry.children, at + size + len(body), big=big)
        elif len(value) > room:
            body += value + bytes(len(value) % 2)
            value = struct.pack(offset_code, at + size + len(body) - len(value) - len(value) % 2)
        table += struct.pack(entry_code, entry.tag, entry.kind, entry.count)
        table += value.ljust(room, b"\0")
        body += bytes(len(body) % 2)
    return table + bytes(room) + body  # no next directory


def in_place(exif: bytes) -> list[Entry]:
    """Return the first directory of an Exif block that is at the start of the file itself."""
    (start,) = struct.unpack_from("<I", exif, 4)
    (n,) = struct.unpack_from("<H", exif, start)
    found = [struct.unpack_from("<HHI4s", exif, start + 2 + 12 * i) for i in range(n)]
    return [Entry(tag, kind, count, value) for tag, kind, count, value in found]


def loose(exif: bytes) -> list[Entry]:
    """Return the first directory of an Exif block with its values, to be written anywhere.

    A MakerNote is left out, as the offsets in it would not be true elsewhere.
    """
    (start,) = struct.unpack_from("<I", exif, 4)
    return _loose(exif, start)


def _loose(exif: bytes, start: int) -> list[Entry]:
    (n,) = struct.unpack_from("<H", exif, start)
    found: list[Entry] = []
    for i in range(n):
        at = start + 2 + 12 * i
        tag, kind, count, value = struct.unpack_from("<HHI4s", exif, at)
        (offset,) = struct.unpack("<I", value)
        size = _SIZES.get(kind, 1) * count
        if tag in _POINTERS:
            found.append(Entry(tag, LONG8, 1, b"", tuple(_loose(exif, offset))))
        elif tag != _MAKER_NOTE:
            whole = value[:size] if size <= 4 else exif[offset : offset + size]
            found.append(Entry(tag, kind, count, whole))
    return found
