"""What the network sees: the picture as the physical estimator would stretch it.

The planes are densities measured from the estimate's shadows in units of its range; the facts say
where those lie above the film base, so that the network can form absolute densities as well. A
change of the scan's exposure, which shifts all densities alike, leaves the features as they are,
and the network's corrections move with the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangemask.analysis import Analysis
from orangemask.curves import Density
from orangemask.filters import Rig
from orangemask.frame import Region
from orangemask_filters.invert_c41.estimate import CONTRAST, estimate
from orangemask_filters.invert_c41.print_curve import BLACK_V, PRINT_FROM_BLACK
from orangemask_filters.invert_c41.rigs import RIGS, shares_of
from orangemask_filters.moments import MOMENTS, moments

FINE = 64  # px: the picture is laid on a square of this side, of which the moments are
SIDE = 32  # px of the planes
PLANES = 4  # red, green, blue density, and where the picture is
FACTS = 49 + MOMENTS
RIG_FACTS = slice(FACTS - MOMENTS - len(RIGS), FACTS - MOMENTS)  # which rig was assumed
PLAUSIBLE = (0.55, 2.3)  # a channel's range beside the middle one, over the usual contrasts; wider
# than of any of 1,000 simulated scans
MOST_RANGE = 3.2  # D from black to white; no colour negative film gets denser above its base
EMPTY = 1e-3  # share of picture below which a square of the planes is empty
QUANTILES = (0.02, 0.25, 0.5, 0.75, 0.98)
LEAST_VARIANCE = 1e-6  # D²; less is noise, and a picture of it has no direction


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Network input and the estimate its output is relative to.

    Attributes
    ----------
    planes : (4, 32, 32) float32
        z of red, green, blue under the estimate, −1…3, and the picture mask, 0…1.
    facts : (FACTS,) float32
        What is known of the film, unchanged by exposure: differences of the base's channels
        (2, D), the estimate's shadows above base and its range (3 + 3, D), confidence of the base,
        quantiles of z (15) and of density above base (15, D), deviations and direction of the
        picture's main axis (3, D, and 2), share of the scan that is picture, whether rebate shows,
        how much of each class the rig is whose cross-talk was undone (3), and the moments of z.
    shadows, highlights : (3,) float64
        The estimate, D.
    """

    planes: NDArray[np.float32]
    facts: NDArray[np.float32]
    shadows: NDArray[np.float64]
    highlights: NDArray[np.float64]


def physical(
    analysis: Analysis, crosstalk: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the physical estimate of shadows and highlights, (3,) each, D.

    The estimator finds where the picture's darkest tone lies; the print curve's long toe puts the
    parameter S, which prints nothing at all, below that, thinner than the film base.
    """
    start = np.asarray(
        estimate(analysis.thumbnail, analysis.frame, analysis.base, crosstalk, PRINT_FROM_BLACK)
    )
    darkest = start[0]
    # A channel that the scanner cut off has a range no film has.
    ratio = (start[2] - darkest) / CONTRAST
    span = CONTRAST * np.clip(ratio, *(np.median(ratio) * np.array(PLAUSIBLE)))
    # A picture of little but shadows says hardly anything about white.
    span *= min(1.0, MOST_RANGE / span.max())
    return darkest - BLACK_V / (1 - BLACK_V) * span, darkest + span


def make_features(analysis: Analysis, rig: Rig) -> Features:
    """Return the features of an analysed picture, its density unmixed as `rig` says."""
    import cv2

    base = np.asarray(analysis.base.density)
    matrix = np.asarray(rig.crosstalk)
    shadows, highlights = physical(analysis, matrix)
    spread = highlights - shadows
    density = Density()(analysis.thumbnail.astype(np.float64))
    density = base + (density - base) @ matrix.T
    z = np.clip((density - shadows) / spread, -1.0, 3.0).astype(np.float32)
    mask = analysis.frame.picture.astype(np.float32)

    y, x = np.nonzero(mask)
    window = (
        (slice(y.min(), y.max() + 1), slice(x.min(), x.max() + 1)) if y.size else (slice(None),) * 2
    )
    stacked = np.ascontiguousarray(np.dstack([z * mask[..., None], mask])[window])
    fine, small = (
        cv2.resize(stacked, (side, side), interpolation=cv2.INTER_AREA) for side in (FINE, SIDE)
    )
    for each in (fine, small):
        each[..., :3] /= np.maximum(each[..., 3:], EMPTY)

    picture = z[mask > 0] if y.size else z.reshape(-1, 3)
    quantiles = np.quantile(picture, QUANTILES, axis=0)  # (5, 3)
    deviation, direction = main_axis(picture * spread)
    facts = np.concatenate(
        [
            [base[0] - base[1], base[2] - base[1]],
            shadows - base,
            spread,
            [analysis.base.confidence],
            quantiles.ravel(),
            (shadows - base + quantiles * spread).ravel(),
            deviation,
            direction,
            [mask.mean(), float((analysis.frame.labels == Region.REBATE).any())],
            shares_of(rig),
            moments(fine[..., :3], fine[..., 3]),
        ]
    ).astype(np.float32)
    return Features(np.ascontiguousarray(small.transpose(2, 0, 1)), facts, shadows, highlights)


def main_axis(density: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how the densities of a picture are spread: a cloud about the line of its greys.

    Parameters
    ----------
    density : (n, 3)
        D.

    Returns
    -------
    deviation : (3,) float64
        Standard deviations along the principal axes, D, the largest last.
    direction : (2,) float64
        Red and blue along the main axis, green being 1: the layers' contrasts if the scene is
        mostly grey. Between 0 and 3.
    """
    covariance = np.cov(density, rowvar=False) if len(density) > 1 else np.zeros((3, 3))
    variances, axes = np.linalg.eigh(covariance + LEAST_VARIANCE * np.eye(3))
    along = axes[:, -1] / (axes[1, -1] if abs(axes[1, -1]) > 1e-3 else 1e-3)
    return np.sqrt(variances), np.clip(along[[0, 2]], 0.0, 3.0)
