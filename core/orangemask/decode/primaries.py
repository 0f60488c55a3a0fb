"""Chromaticities to matrices into the profile connection space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

D50 = np.array([0.9642, 1.0, 0.8249])  # ICC.1:2022, 7.2.16
D65_XY = (0.3127, 0.3290)

# ICC.1:2022, annex E: the linear Bradford transform.
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)

REC_709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))  # ITU-R BT.709-6, also sRGB's
REC_2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))  # ITU-R BT.2020-2
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))  # Adobe RGB (1998), 2005-05


def primaries_to_xyz(
    primaries: Sequence[Sequence[float]], white: Sequence[float] = D65_XY
) -> NDArray[np.float64]:
    """Return the matrix from linear RGB to XYZ adapted to D50, white to (0.9642, 1, 0.8249).

    Parameters
    ----------
    primaries : 3 pairs
        CIE 1931 xy of red, green, blue.
    white : pair
        CIE 1931 xy.

    Raises
    ------
    ValueError
        If they span no colour space.
    """
    corners = np.stack([_xyz(*xy) for xy in primaries], axis=1)
    if not np.isfinite(corners).all() or abs(np.linalg.det(corners)) < 1e-6:
        raise ValueError("its primaries lie on one line")
    native_white = _xyz(*white)
    to_xyz = corners * np.linalg.solve(corners, native_white)
    cones = BRADFORD @ D50 / (BRADFORD @ native_white)
    adapted: NDArray[np.float64] = np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD @ to_xyz
    if not np.isfinite(adapted).all():
        raise ValueError("its white point is not a colour")
    return adapted


def _xyz(x: float, y: float) -> NDArray[np.float64]:
    if y == 0:  # ACES has one below 0
        raise ValueError("a chromaticity has y = 0")
    return np.array([x / y, 1.0, (1.0 - x - y) / y])
