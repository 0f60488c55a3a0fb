"""ICC profiles: the transfer function and the primaries of a matrix profile."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import LINEAR, SRGB, Curve, Floats, Table, Transfer
from orangemask.decode.primaries import REC_2020, primaries_to_xyz

TABLE_STEP = 1 / 65535  # rounding of a 16-bit table
FIXED_STEP = 1 / 65536  # rounding of s15Fixed16
MAX_TAGS = 1000


@dataclass(frozen=True, slots=True)
class Parametric:
    """(a·x + b)^gamma + e above `cut`, c·x + f below (ICC.1:2022, 10.18, types 1 to 4)."""

    gamma: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    cut: float = 0.0
    e: float = 0.0
    f: float = 0.0

    def __call__(self, x: Floats) -> Floats:
        """Return light for codes `x`."""
        kind = x.dtype.type
        base = np.maximum(x * kind(self.a) + kind(self.b), kind(0))
        power = base ** kind(self.gamma) + kind(self.e)
        return np.where(x >= self.cut, power, x * kind(self.c) + kind(self.f))


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What decoding needs of a profile.

    Attributes
    ----------
    space : str
        Colour space of its device side: ``RGB``, ``GRAY``, ``CMYK`` …
    name : str
        Its description, may be empty.
    transfer : tuple of 3 curves or None
        Codes to linear light; None if it has look-up tables only.
    rgb_to_xyz : (3, 3) float64 or None
        Linear light to XYZ D50.
    """

    space: str
    name: str = ""
    transfer: tuple[Curve, Curve, Curve] | None = None
    rgb_to_xyz: NDArray[np.float64] | None = None


def read_profile(icc: bytes) -> Profile:
    """Return the curves and the matrix of a profile.

    Raises
    ------
    ValueError
        If it is damaged or has neither curves nor tables.
    """
    if len(icc) < 132 or icc[36:40] != b"acsp":
        raise ValueError("not an ICC profile")
    (count,) = struct.unpack_from(">I", icc, 128)
    if count > MAX_TAGS or len(icc) < 132 + 12 * count:
        raise ValueError("its tag table is damaged")
    tags: dict[bytes, bytes] = {}
    for n in range(count):
        signature, offset, size = struct.unpack_from(">4sII", icc, 132 + 12 * n)
        if offset + size > len(icc):
            raise ValueError("it is truncated")
        tags[signature] = icc[offset : offset + size]
    space = icc[16:20].decode("ascii", "replace").strip()
    name = _description(tags.get(b"desc", b""))
    if space != "RGB":
        return Profile(space, name)
    needed = (b"rTRC", b"gTRC", b"bTRC", b"rXYZ", b"gXYZ", b"bXYZ")
    if all(tag in tags for tag in needed):
        try:
            red, green, blue = (_curve(tags[tag]) for tag in needed[:3])
            matrix = np.stack([_xyz(tags[tag]) for tag in needed[3:]], axis=1)
        except struct.error as error:
            raise ValueError("one of its tags is truncated") from error
        if abs(np.linalg.det(matrix)) < 1e-6:
            raise ValueError("its primaries lie on one line")
        return Profile(space, name, (red, green, blue), matrix)
    if b"A2B0" in tags:
        return Profile(space, name)
    raise ValueError("it has neither curves nor tables")


def to_rec_2020(pixels: NDArray[np.generic], icc: bytes) -> NDArray[np.float32]:
    """Return (h, w, 3) codes through a table profile as linear Rec. 2020, by littleCMS.

    Raises
    ------
    ValueError, RuntimeError
        If littleCMS refuses the profile.
    """
    import imagecodecs

    target = imagecodecs.cms_profile(
        "rgb", whitepoint=[0.3127, 0.3290, 1.0], primaries=_flat_primaries(), gamma=1.0
    )
    light = np.empty(pixels.shape, np.float32)
    for top in range(0, len(pixels), 256):
        rows = np.ascontiguousarray(pixels[top : top + 256])
        light[top : top + 256] = imagecodecs.cms_transform(
            rows,
            icc,
            target,
            colorspace="rgb",
            outcolorspace="rgb",
            outdtype="float32",
            # The perceptual intent would move black.
            intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
        )
    return light


def rec_2020_to_xyz() -> NDArray[np.float64]:
    """Return the matrix that goes with `to_rec_2020`."""
    return primaries_to_xyz(REC_2020)


def _flat_primaries() -> list[float]:
    return [value for x, y in REC_2020 for value in (x, y, 1.0)]


def _xyz(tag: bytes) -> NDArray[np.float64]:
    if tag[:4] != b"XYZ ":
        raise ValueError("a colorant is not of type XYZ")
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes) -> Curve:
    if tag[:4] == b"para":
        return _parametric(tag)
    if tag[:4] != b"curv":
        raise ValueError("a transfer curve is of an unknown type")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return LINEAR
    if len(tag) < 12 + 2 * count:
        raise ValueError("a transfer curve is truncated")
    if count == 1:
        return _gamma(struct.unpack_from(">H", tag, 12)[0] / 256)
    samples = np.frombuffer(tag, ">u2", count, 12) / 65535
    grid = np.linspace(0, 1, count)
    for known in (LINEAR, SRGB):
        if np.abs(samples - known(grid)).max() <= 1.01 * TABLE_STEP:
            return known
    return Table(samples)


def _gamma(gamma: float) -> Curve:
    if not gamma > 0:
        raise ValueError("a transfer curve has gamma 0")
    return LINEAR if gamma == 1.0 else Transfer(gamma)


def _parametric(tag: bytes) -> Curve:
    (kind,) = struct.unpack_from(">H", tag, 8)
    if kind > 4:
        raise ValueError("a transfer curve is of an unknown type")
    values = np.array(struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12)) / 65536
    gamma, *rest = (float(value) for value in values)
    if kind == 0:
        return _gamma(gamma)
    a, b, *rest = rest
    if not gamma > 0 or a == 0:
        raise ValueError("a transfer curve is constant")
    if kind == 1:
        return Parametric(gamma, a, b, cut=-b / a)
    if kind == 2:
        return Parametric(gamma, a, b, cut=-b / a, e=rest[0], f=rest[0])
    c, cut, *rest = rest
    e, f = rest or (0.0, 0.0)
    if e == f == 0 and c > 0 and abs(a + b - 1) < 4 * FIXED_STEP:
        if _is_srgb(gamma, a, c, cut):
            return SRGB
        return Transfer(gamma, b / a, 1 / c, cut)
    return Parametric(gamma, a, b, c, cut, e, f)


def _is_srgb(gamma: float, a: float, c: float, cut: float) -> bool:
    standard = (2.4, 1 / 1.055, 1 / 12.92, 0.04045)
    return all(
        abs(x - y) < 8 * FIXED_STEP for x, y in zip((gamma, a, c, cut), standard, strict=True)
    )


def _description(tag: bytes) -> str:
    try:
        if tag[:4] == b"desc":
            (size,) = struct.unpack_from(">I", tag, 8)
            return tag[12 : 12 + size].split(b"\0")[0].decode("latin-1")
        if tag[:4] == b"mluc":
            size, offset = struct.unpack_from(">II", tag, 20)
            return tag[offset : offset + size].decode("utf-16-be", "replace").strip("\0")
    except struct.error:
        pass
    return ""
