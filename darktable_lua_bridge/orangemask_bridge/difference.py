"""CIE ΔE2000, by which what a conversion leaves is told.

Reference
---------
Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula: Implementation Notes", Color Research
and Application 30 (2005), 21-30. CIELAB: CIE 15:2018, 8.2.1.
"""

from __future__ import annotations

import numpy as np

from orangemask.curves import Floats
from orangemask.spaces import PCS_WHITE, Space

_EPSILON, _KAPPA = 216 / 24389, 24389 / 27  # CIE 15:2018
_25_TO_7 = 25.0**7


def light_to_lab(light: Floats, primaries: Space) -> Floats:
    """Return CIELAB (…, 3) under D50 of linear light in the primaries of a space."""
    ratio = (light @ primaries.rgb_to_pcs.T) / np.array(PCS_WHITE)
    f = np.where(ratio > _EPSILON, np.cbrt(ratio), (_KAPPA * ratio + 16.0) / 116.0)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def delta_e_2000(one: Floats, other: Floats) -> Floats:
    """Return CIE ΔE2000 (…) of two arrays of CIELAB (…, 3), with all k = 1.

    Equation numbers are those of Sharma et al.
    """
    lightness1, lightness2 = one[..., 0], other[..., 0]
    mean_c7 = ((np.hypot(*_ab(one)) + np.hypot(*_ab(other))) / 2.0) ** 7
    g = 0.5 * (1.0 - np.sqrt(mean_c7 / (mean_c7 + _25_TO_7)))  # 4
    c1, h1 = _chroma_and_hue(one, g)
    c2, h2 = _chroma_and_hue(other, g)
    grey = c1 * c2 == 0.0
    turn = h2 - h1
    turn = np.where(grey, 0.0, turn - 360.0 * np.round(turn / 360.0))  # 10
    apart = np.abs(h1 - h2) > 180.0
    mean_h = np.where(grey, h1 + h2, (h1 + h2) / 2.0)  # 14
    mean_h = np.where(apart & ~grey, (mean_h + 180.0) % 360.0, mean_h)
    mean_l, mean_c = (lightness1 + lightness2) / 2.0, (c1 + c2) / 2.0
    t = (
        1.0
        - 0.17 * _cos(mean_h - 30.0)
        + 0.24 * _cos(2.0 * mean_h)
        + 0.32 * _cos(3.0 * mean_h + 6.0)
        - 0.20 * _cos(4.0 * mean_h - 63.0)
    )  # 15
    from_50 = (mean_l - 50.0) ** 2
    s_l = 1.0 + 0.015 * from_50 / np.sqrt(20.0 + from_50)  # 18
    s_c = 1.0 + 0.045 * mean_c  # 19
    s_h = 1.0 + 0.015 * mean_c * t  # 20
    rotation = np.radians(60.0 * np.exp(-(((mean_h - 275.0) / 25.0) ** 2)))  # 16
    r_t = -2.0 * np.sqrt(mean_c**7 / (mean_c**7 + _25_TO_7)) * np.sin(rotation)  # 17, 21
    lightness = (lightness2 - lightness1) / s_l
    chroma = (c2 - c1) / s_c
    hue = 2.0 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2.0)) / s_h  # 11
    return np.asarray(np.sqrt(lightness**2 + chroma**2 + hue**2 + r_t * chroma * hue))  # 22


def _chroma_and_hue(lab: Floats, g: Floats) -> tuple[Floats, Floats]:
    a, b = _ab(lab)
    a = (1.0 + g) * a  # 5
    return np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360.0  # 6, 7


def _ab(lab: Floats) -> tuple[Floats, Floats]:
    return lab[..., 1], lab[..., 2]


def _cos(degrees: Floats) -> Floats:
    return np.asarray(np.cos(np.radians(degrees)))
