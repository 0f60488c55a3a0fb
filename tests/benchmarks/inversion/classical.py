"""The usual automatic methods, each told where the picture is.

Percentiles and medians are those of the picture area; `whole_file` takes that knowledge away.
"""

from __future__ import annotations

import numpy as np

from inversion.scan import Codes, Method, Rendering, Scan
from orangemask.curves import SRGB, Density

PERCENTILES = (0.5, 99.5)
MIDDLE = 0.42  # sRGB code of the median luminance, the mean over ordinary photographs
GAMMAS = (0.2, 5.0)
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear sRGB, IEC 61966-2-1
LEAST_RANGE = 1e-6  # of a stretch: a blank picture has none

# RawTherapee, Film Negative: exponents and the light that the medians are brought to.
RT_GREEN, RT_RED_RATIO, RT_BLUE_RATIO = 1.5, 1.36, 0.86
RT_REFERENCE = 1.0 / 24.0
RT_BORDER = 0.2  # of each side that its medians leave out


def encode(linear: Codes) -> Codes:
    """Return sRGB codes, 0…1, of linear light clipped to the display."""
    return np.asarray(SRGB.inverse(np.clip(linear, 0.0, 1.0)))


def complement(_: Scan) -> Rendering:
    """Return 1 − x of the sRGB codes: what "invert" does in a picture editor."""
    return lambda codes: 1.0 - encode(codes)


def stretch_light(scan: Scan) -> Rendering:
    """Return the complement of linear light, stretched per channel between its percentiles.

    The result is shown as sRGB codes: taken as light it is far brighter and farther off.
    """
    low, high = np.percentile(scan.negative[scan.area], PERCENTILES, axis=0)
    span = np.maximum(high - low, LEAST_RANGE)
    return lambda codes: np.clip((high - codes) / span, 0.0, 1.0)


def stretch_density(scan: Scan) -> Rendering:
    """Return density stretched per channel between its percentiles, shown as sRGB codes."""
    low, high = np.percentile(Density()(scan.negative[scan.area]), PERCENTILES, axis=0)
    span = np.maximum(high - low, LEAST_RANGE)
    return lambda codes: np.clip((Density()(np.asarray(codes)) - low) / span, 0.0, 1.0)


def stretch_density_to_middle(scan: Scan) -> Rendering:
    """Return the density stretch with one gamma that brings the median luminance to `MIDDLE`."""
    stretched = stretch_density(scan)
    gamma = middle_gamma(stretched(scan.negative[scan.area]))
    return lambda codes: stretched(codes) ** gamma


def middle_gamma(codes: Codes) -> float:
    """Return g for which the median luminance of codes^g (n, 3) has the sRGB code `MIDDLE`."""
    wanted = float(SRGB(np.array([MIDDLE]))[0])
    low, high = np.log(GAMMAS)
    for _ in range(24):  # halving: the luminance falls with g
        middle = 0.5 * (low + high)
        luminance = float(np.median(SRGB(codes ** np.exp(middle)) @ LUMINANCE))
        low, high = (middle, high) if luminance > wanted else (low, middle)
    return float(np.exp(0.5 * (low + high)))


def median_power(scan: Scan) -> Rendering:
    """Return RawTherapee's power law: out = 1/24 (x / median)^−p, linear light.

    p is 1.5 in green, 2.04 in red and 1.29 in blue; the medians are those of the inner 60 % of
    the picture's rectangle.
    """
    rows, columns = np.flatnonzero(scan.area.any(1)), np.flatnonzero(scan.area.any(0))
    y, x = _inner(rows), _inner(columns)
    median = np.median(scan.negative[y, x].reshape(-1, 3), axis=0)
    power = RT_GREEN * np.array([RT_RED_RATIO, 1.0, RT_BLUE_RATIO])

    def render(codes: Codes) -> Codes:
        relative = np.maximum(codes / np.maximum(median, LEAST_RANGE), LEAST_RANGE)
        return encode(RT_REFERENCE * relative**-power)

    return render


def _inner(indices: np.ndarray) -> slice:
    """Return the rows or columns without `RT_BORDER` at either end."""
    first, count = int(indices[0]), int(indices[-1] - indices[0] + 1)
    cut = int(count * RT_BORDER)
    return slice(first + cut, first + count - cut)


CLASSICAL: dict[str, Method] = {
    "1 − x": complement,
    "percentile stretch of light": stretch_light,
    "percentile stretch of density": stretch_density,
    "density stretch, one gamma to the middle": stretch_density_to_middle,
    "median power law (RawTherapee)": median_power,
}
