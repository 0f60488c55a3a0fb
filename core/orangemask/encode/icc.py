"""ICC profiles of the output spaces, computed when they are needed.

A version 4 matrix profile: three colorants adapted to D50 and one parametric curve, about 700
bytes. The same space always gives the same bytes.

References
----------
ICC.1:2022 (v4.4): header 7.2, tags 9.2, types 10.
"""

from __future__ import annotations

import hashlib
import struct
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Transfer
from orangemask.spaces import PCS_WHITE, SPACES, Matrix3, Space, adaptation

Fixed: TypeAlias = NDArray[np.int32]

_DATE = (2026, 1, 1, 0, 0, 0)  # fixed, so that the bytes are
_COPYRIGHT = "No copyright, use freely"


def profile(space: Space) -> bytes:
    """Return the ICC profile of a space.

    Parameters
    ----------
    space : Space
        One of `orangemask.spaces.SPACES`.

    Returns
    -------
    bytes
        An ICC v4 display profile.
    """
    return _profile(space.name)


@cache
def _profile(name: str) -> bytes:
    space = SPACES[name]
    colorants = _colorants(space)
    white = space.rgb_to_xyz.sum(axis=1)
    curve = _para(space.transfer)
    tags = {
        b"desc": _mluc(space.label),
        b"cprt": _mluc(_COPYRIGHT),
        b"wtpt": _xyz(_fixed(np.array(PCS_WHITE))),
        b"chad": b"sf32\0\0\0\0" + _fixed(adaptation(white, np.array(PCS_WHITE))).tobytes(),
        b"rXYZ": _xyz(colorants[:, 0]),
        b"gXYZ": _xyz(colorants[:, 1]),
        b"bXYZ": _xyz(colorants[:, 2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body = _tags(tags)
    size = 128 + len(table) + len(body)
    # The identifier is the MD5 of the profile with flags, intent and identifier zero (7.2.18).
    digest = hashlib.md5(_header(size, bytes(16)) + table + body, usedforsecurity=False).digest()
    return _header(size, digest) + table + body


def _header(size: int, identifier: bytes) -> bytes:
    head = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI",
        size,
        b"\0\0\0\0",  # no preferred module
        0x04400000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        *_DATE,
        b"acsp",
        b"\0\0\0\0",  # no platform
        0,
        b"\0\0\0\0",
        b"\0\0\0\0",
        0,
        0,  # perceptual
    )
    illuminant = _fixed(np.array(PCS_WHITE)).tobytes()
    return (head + illuminant + bytes(4) + identifier).ljust(128, b"\0")


def _tags(tags: dict[bytes, bytes]) -> tuple[bytes, bytes]:
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    places: dict[bytes, int] = {}
    for signature, element in tags.items():
        if element not in places:
            places[element] = start + len(body)
            body += element.ljust(-(-len(element) // 4) * 4, b"\0")
        table += struct.pack(">4sII", signature, places[element], len(element))
    return table, body


def _colorants(space: Space) -> Fixed:
    """Return (3, 3) s15Fixed16, columns red, green, blue; their sum is D50 to the last bit."""
    colorants = _fixed(space.rgb_to_pcs)
    colorants[:, 1] = _fixed(np.array(PCS_WHITE)) - colorants[:, 0] - colorants[:, 2]
    return colorants


def _fixed(values: Matrix3) -> Fixed:
    return np.rint(values * 65536).astype(">i4")


def _xyz(values: Fixed) -> bytes:
    return b"XYZ \0\0\0\0" + values.astype(">i4").tobytes()


def _mluc(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return struct.pack(">4sIII4sII", b"mluc", 0, 1, 12, b"enUS", len(encoded), 28) + encoded


def _para(curve: Transfer) -> bytes:
    """Return a parametricCurveType: a plain gamma, or (aX + b)^g above d and cX below."""
    if curve.cut == 0:
        kind, numbers = 0, [curve.gamma]
    else:
        scale = 1 / (1 + curve.a)
        kind, numbers = 3, [curve.gamma, scale, curve.a * scale, 1 / curve.slope, curve.cut]
    return struct.pack(">4sIHH", b"para", 0, kind, 0) + _fixed(np.array(numbers)).tobytes()
