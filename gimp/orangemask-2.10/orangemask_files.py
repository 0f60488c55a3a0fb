"""TIFF and ICC: a file's profile, and whose colour space a profile describes."""

from __future__ import absolute_import, division, print_function

import struct

from orangemask_engine import PluginError
from orangemask_lists import CODES, SPACES

MYPY = False
if MYPY:
    from typing import List, Optional, Tuple

ICC = 34675  # the TIFF tag of the profile
PIXEL_TAGS = (256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 338, 339)  # how pixels lie
CLOSE = 0.003  # profiles and the list of spaces are rounded; nobody sees this


def tiff_profile(path, kept=()):
    # type: (str, Tuple[int, ...]) -> Optional[bytes]
    """Return the profile of a TIFF; all tags but those `kept` are removed, none if that is empty.

    GIMP would convert a file that has a profile, or ask, as its preferences say.
    """
    with open(path, "r+b") as file:
        head = file.read(8)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
        if order is None:
            raise PluginError("the layer is too large for a TIFF of 4 GB: use a smaller one")
        (start,) = struct.unpack(order + "I", head[4:])
        file.seek(start)
        (count,) = struct.unpack(order + "H", file.read(2))
        profile, entries = None, []
        for entry in [file.read(12) for _ in range(count)]:
            tag, _kind, size, offset = struct.unpack(order + "HHII", entry)
            if tag == ICC:
                file.seek(offset)
                profile = file.read(size)
            if tag in kept:
                entries.append(entry)
        if kept:
            file.seek(start)
            file.write(struct.pack(order + "H", len(entries)) + b"".join(entries) + b"\0\0\0\0")
        return profile


def light_of(curve, code):
    # type: (bytes, float) -> float
    """Return the light of a code by a curve of ICC.1:2022, 10.6 or 10.18; NaN of a rare kind."""
    if curve[:4] == b"para":
        (kind,) = struct.unpack(">H", curve[8:10])
        if kind not in (0, 3):
            return float("nan")
        size = (4, 0, 0, 20)[kind]
        numbers = [n / 65536 for n in struct.unpack(">%di" % (size // 4), curve[12 : 12 + size])]
        if kind == 0:
            return float(code ** numbers[0])
        gamma, a, b, c, d = numbers
        return float((a * code + b) ** gamma) if code >= d else c * code
    (count,) = struct.unpack(">I", curve[8:12])
    table = struct.unpack(">%dH" % count, curve[12 : 12 + 2 * count])
    if count < 2:
        return float(code ** (table[0] / 256)) if count else code
    at = code * (count - 1)
    low = int(at)
    return float(table[low] + (at - low) * (table[low + 1] - table[low])) / 65535


def space_of(profile):
    # type: (Optional[bytes]) -> Optional[str]
    """Return the command's name of a profile's colour space, None if it has none."""
    if profile is None:
        return "srgb"  # GIMP's own rule
    try:
        tags = {}
        for n in range(*struct.unpack(">I", profile[128:132])):
            name, offset, size = struct.unpack(">4sII", profile[132 + 12 * n : 144 + 12 * n])
            tags[name] = profile[offset : offset + size]
        colorants = []  # type: List[float]
        for name in (b"rXYZ", b"gXYZ", b"bXYZ"):
            colorants += [n / 65536 for n in struct.unpack(">3i", tags[name][8:20])]
        curves = [tags[name] for name in (b"rTRC", b"gTRC", b"bTRC")]
        seen = [colorants + [light_of(curve, code) for code in CODES] for curve in curves]
    except (KeyError, struct.error):
        return None  # made of tables, or damaged
    for space in SPACES:
        if all(abs(x - y) < CLOSE for one in seen for x, y in zip(one, space[1:])):
            return str(space[0])
    return None


def is_linear_space(name):
    # type: (Optional[str]) -> bool
    """Return whether the codes of a space of the command are linear light."""
    return any(space[0] == name and space[-len(CODES) :] == CODES for space in SPACES)
