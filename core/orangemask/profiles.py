"""The space of a picture that brings its own ICC profile, to render for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import LINEAR, Curve, Floats, Transfer
from orangemask.decode.icc import read_profile
from orangemask.errors import OutputError
from orangemask.spaces import SPACES, Matrix3, Target

SAME_MATRIX = 3e-4  # of XYZ: what profiles of one space differ by, who round white differently
SAME_LIGHT = 1.5 / 65535  # of curves: rounding of their numbers
CODES = np.linspace(0.0, 1.0, 65536)


@dataclass(frozen=True, slots=True, eq=False)
class ProfileSpace:
    """The space of a matrix profile that is none of ours; as `orangemask.spaces.Target`."""

    rgb_to_pcs: Matrix3
    encoders: tuple[Curve, Curve, Curve]
    is_linear: bool


@dataclass(frozen=True, slots=True, eq=False)
class Inverse:
    """The inverse of a rising curve of codes: exact at each 16-bit code, linear between.

    Beyond the ends it goes on as it comes, so that nothing is clipped.

    Attributes
    ----------
    light : (n,) float64
        Of codes from 0 to 1 at equal steps, not falling.
    """

    light: NDArray[np.float64]

    def __call__(self, x: Floats) -> Floats:
        """Return the codes of light `x`."""
        light = self.light
        codes = np.interp(x, light, CODES)
        for end, inner, beyond in ((0, 655, x < light[0]), (-1, -656, x > light[-1])):
            slope = (CODES[end] - CODES[inner]) / (light[end] - light[inner])
            codes = np.where(beyond, CODES[end] + slope * (x - light[end]), codes)
        return np.asarray(codes, x.dtype)


@lru_cache(maxsize=8)
def target_of_profile(icc: bytes) -> Target:
    """Return what to render for to fit a profile: the declared space where it is one of ours.

    Raises
    ------
    OutputError
        It is damaged, not for RGB, or a table that has no inverse here.
    """
    try:
        profile = read_profile(icc)
    except ValueError as error:
        raise OutputError(f"the picture's profile cannot be used: {error}") from error
    if profile.space != "RGB":
        raise OutputError(f"the picture's profile is for {profile.space}; convert it to RGB first")
    if profile.transfer is None or profile.rgb_to_xyz is None:
        raise OutputError(
            "the picture's profile is a table, into which a positive cannot be put; convert the "
            "picture to sRGB or another profile with curves and primaries first"
        )
    for known in SPACES.values():
        if np.abs(known.rgb_to_pcs - profile.rgb_to_xyz).max() >= SAME_MATRIX:
            continue
        light = known.transfer(CODES)
        if all(np.abs(c(CODES) - light).max() < SAME_LIGHT for c in profile.transfer):
            return known
    linear = all(curve == LINEAR for curve in profile.transfer)
    red, green, blue = (_inverse(curve) for curve in profile.transfer)
    return ProfileSpace(profile.rgb_to_xyz, (red, green, blue), linear)


def _inverse(curve: Curve) -> Curve:
    if isinstance(curve, Transfer):
        return curve.inverse
    light = np.maximum.accumulate(np.asarray(curve(CODES), np.float64))
    if light[655] <= light[0] or light[-1] <= light[-656]:  # a hundredth of the range at each end
        raise OutputError("the picture's profile has a curve that does not rise; convert it first")
    return Inverse(light)
