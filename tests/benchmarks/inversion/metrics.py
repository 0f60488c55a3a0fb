"""What is measured on a picture: ΔE2000, what of it is brightness, contrast and colour, neutrals.

The errors are means of CIE ΔE2000 over the picture area, both pictures clipped to the display:

    delta_e    as it comes
    exposed    after the best one factor on linear light
    colour     after the best one curve a·v^g + b on all sRGB codes, a ≥ 0, 0.2 ≤ g ≤ 5

"Best" is least squares in sRGB codes on an even sample of pixels, so that the fit has one
answer and no start. brightness = delta_e − exposed, contrast = exposed − colour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from inversion.classical import encode
from inversion.scan import Codes
from orangemask.curves import SRGB
from training.lights import colour

Lab: TypeAlias = NDArray[np.float64]

SAMPLE = 3000  # pixels that the two fits look at
NEUTRAL = 5.0  # C*ab of the truth below which a pixel is neutral
ENOUGH = 0.01  # share of the picture that must be neutral
GAMMAS = (0.2, 5.0)
STOPS = (-5.0, 5.0)
GRID, HALVINGS = 33, 20


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The known colours of n pixels.

    Attributes
    ----------
    codes : (n, 3) float64
        sRGB, 0…1.
    lab : (n, 3) float64
        CIELAB of the same under `white`.
    codes_to_lab : callable
        sRGB codes to the CIELAB that `lab` is in.
    """

    codes: Codes
    lab: Lab
    codes_to_lab: Callable[[Codes], Lab]


def codes_to_lab(codes: Codes) -> Lab:
    """Return CIELAB under D65 of sRGB codes (n, 3)."""
    srgb = colour.RGB_COLOURSPACES["sRGB"]
    xyz = SRGB(np.asarray(codes, np.float64)) @ srgb.matrix_RGB_to_XYZ.T
    return np.asarray(colour.XYZ_to_Lab(xyz, srgb.whitepoint))


def truth_of(linear: Codes) -> Truth:
    """Return the truth of linear sRGB (n, 3)."""
    codes = encode(linear.astype(np.float64))
    return Truth(codes, codes_to_lab(codes), codes_to_lab)


def delta_e_2000(one: Lab, other: Lab) -> NDArray[np.float64]:
    """Return CIE ΔE2000 (n,), CIE 142-2001."""
    return np.asarray(colour.difference.delta_E_CIE2000(one, other))


def least(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function is least: the best of a grid, then golden sections beside it."""
    grid = np.linspace(low, high, GRID)
    best = int(np.argmin([function(float(x)) for x in grid]))
    a, b = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, GRID - 1)])
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    for _ in range(HALVINGS):
        inner, outer = b - ratio * (b - a), a + ratio * (b - a)
        a, b = (a, outer) if function(inner) <= function(outer) else (inner, b)
    return 0.5 * (a + b)


def fit_exposure(codes: Codes, wanted: Codes) -> float:
    """Return the factor on the linear light of sRGB codes (n, 3) that is nearest to `wanted`."""
    linear = SRGB(codes)
    stops = least(lambda ev: float(np.mean((encode(linear * 2.0**ev) - wanted) ** 2)), *STOPS)
    return float(2.0**stops)


def fit_curve(codes: Codes, wanted: Codes) -> tuple[float, float, float]:
    """Return a, g and b of the one curve a·v^g + b that is nearest to `wanted` (n, 3).

    For a given g the best a and b are a straight line's; g is searched on a logarithmic scale.
    """

    def line(g: float) -> tuple[float, float, float]:
        bent = codes**g
        mean, mean_wanted = bent.mean(), wanted.mean()
        variance = float(np.mean((bent - mean) ** 2))
        covariance = float(np.mean((bent - mean) * (wanted - mean_wanted)))
        a = max(covariance / variance, 0.0) if variance > 1e-12 else 0.0
        b = float(mean_wanted - a * mean)
        return a, b, float(np.mean((a * bent + b - wanted) ** 2))

    log_g = least(lambda x: line(float(np.exp(x)))[2], *np.log(GAMMAS))
    g = float(np.exp(log_g))
    a, b, _ = line(g)
    return a, g, b


def score(codes: Codes, truth: Truth) -> dict[str, float]:
    """Return the measures of sRGB codes (n, 3) against the truth.

    Returns
    -------
    dict
        "delta_e", "exposed" and "colour" as above; "chroma", "a" and "b": mean C*ab of the
        result, and mean a* and b* less the truth's, over the neutral pixels, not-a-number where
        there are too few.
    """
    codes = np.clip(np.asarray(codes, np.float64), 0.0, 1.0)
    step = max(1, len(codes) // SAMPLE)
    sample, wanted = codes[::step], truth.codes[::step]
    factor = fit_exposure(sample, wanted)
    a, g, b = fit_curve(sample, wanted)
    lab = truth.codes_to_lab(codes)
    exposed = truth.codes_to_lab(encode(SRGB(codes) * factor))
    curved = truth.codes_to_lab(np.clip(a * codes**g + b, 0.0, 1.0))
    return {
        "delta_e": float(delta_e_2000(lab, truth.lab).mean()),
        "exposed": float(delta_e_2000(exposed, truth.lab).mean()),
        "colour": float(delta_e_2000(curved, truth.lab).mean()),
        **neutrals(lab, truth.lab),
    }


def neutrals(lab: Lab, wanted: Lab) -> dict[str, float]:
    """Return "chroma", "a" and "b" of what should be neutral; see `score`."""
    neutral = np.hypot(wanted[:, 1], wanted[:, 2]) < NEUTRAL
    if neutral.mean() < ENOUGH:
        return {"chroma": np.nan, "a": np.nan, "b": np.nan}
    cast = (lab - wanted)[neutral].mean(axis=0)
    chroma = np.hypot(lab[neutral, 1], lab[neutral, 2]).mean()
    return {"chroma": float(chroma), "a": float(cast[1]), "b": float(cast[2])}
