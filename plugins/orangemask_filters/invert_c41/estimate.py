"""The nine numbers of a negative by physics alone: where the network starts, and what stands in.

The picture is described by how far its density lies above the film base: a few quantiles and the
mean of each channel, divided by the usual contrast of its layer, so that a grey scene gives three
equal columns. From these, black and the range from black to white follow linearly: one line for
what the channels share (exposure and contrast), one for what sets them apart (light and film).
The coefficients are those with the least colour difference on simulated scans.

Everything is relative to the base, so light that is k times as strong moves S and H by −log10 k
and changes nothing else, channel by channel if there is no cross-talk.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Curve
from orangemask.film_base import FilmBase, block_densities
from orangemask.frame import Frame
from orangemask_filters.invert_c41.tone import Print

Nine: TypeAlias = NDArray[np.float64]

IDENTITY = np.eye(3)

CONTRAST = np.array([0.63, 0.71, 0.73])
"""Contrast of the layers, Status M density per log10 exposure, red, green, blue: the middle of the
straight lines in data sheets of C-41 films; only the ratios count."""

QUANTILES = (0.01, 0.1, 0.5, 0.9, 0.99)
"""Of density above base; the mean is the sixth feature, the constant 1 the last of the shared."""

# Fitted on 1,000 scans of models/training's simulator (training photographs, stocks and cameras,
# half of them with borders, base found as in use), print curve `FITTED_PRINT`, without cross-talk.
SHARED_SHADOWS = np.array([0.26, 0.21, -0.01, 0.11, 0.0, 0.15, -0.288])
SHARED_RANGE = np.array([0.01, -0.43, -0.35, -0.08, 1.63, -0.47, 0.549])
APART_SHADOWS = np.array([0.0, 0.22, -0.08, 0.16, -0.11, 0.10])
APART_RANGE = np.array([0.05, -0.42, 0.12, -1.12, 2.77, -0.59])

LEAST_RANGE = 0.12
"""D from black to white at least: less is grain and not a picture."""

WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
"""Luminance of red, green, blue, Rec. ITU-R BT.709."""

MOST_SAMPLES = 500
"""Samples that are enough for a median luminance."""


FITTED_PRINT = Print(exposure=1.08, span=1.0, gamma=4.0, soft_clip=0.75)
"""The print curve the coefficients were fitted with."""


def estimate(
    thumbnail: NDArray[np.float32],
    frame: Frame,
    base: FilmBase,
    crosstalk: NDArray[np.float64] = IDENTITY,
    print_curve: Curve = FITTED_PRINT,
) -> Nine:
    """Return shadows, midtones and highlights of a negative.

    Parameters
    ----------
    thumbnail : (h, w, 3) float32
        Linear light.
    frame : Frame
        Of that thumbnail; only what is picture counts.
    base : FilmBase
        Of that film.
    crosstalk : (3, 3) float64
        A of D' = B + A (D − B).
    print_curve : Curve
        P, from v to linear light. With another one than `FITTED_PRINT` the whites move together so
        that the picture's median luminance stays.

    Returns
    -------
    (3, 3) float64
        Rows S, m, H; columns red, green, blue; in D. H is above S by about `LEAST_RANGE` at least;
        m is 0.
    """
    level = np.array(base.density)
    samples = block_densities(thumbnail, frame.picture).astype(np.float64)
    excess = (samples - level) @ crosstalk.T  # (n, 3)
    contrast = CONTRAST / np.exp(np.log(CONTRAST).mean())
    features = np.vstack([np.quantile(excess, QUANTILES, axis=0), excess.mean(axis=0)]) / contrast
    shared = features.mean(axis=1)
    apart = features - shared[:, None]  # (6, 3)
    shadows = (SHARED_SHADOWS @ np.append(shared, 1.0) + APART_SHADOWS @ apart) * contrast
    ranges = SHARED_RANGE @ np.append(shared, 1.0) + APART_RANGE @ apart
    ranges = np.maximum(ranges, LEAST_RANGE) * contrast
    if print_curve != FITTED_PRINT:
        some = excess[:: max(1, len(excess) // MOST_SAMPLES)]
        ranges = ranges * _range_factor((some - shadows) / ranges, print_curve)
    return np.stack([level + shadows, np.zeros(3), level + shadows + ranges])


def _range_factor(z: NDArray[np.float64], print_curve: Curve) -> float:
    """Return the factor on H − S with which another curve prints the median as the fitted one."""
    target = float(np.median(FITTED_PRINT(z) @ WEIGHTS))
    low, high = -np.log(2.0), np.log(2.0)
    for _ in range(20):
        middle = (low + high) / 2
        brighter = float(np.median(print_curve(z / np.exp(middle)) @ WEIGHTS)) > target
        low, high = (middle, high) if brighter else (low, middle)
    return float(np.exp((low + high) / 2))
