"""What the network sees: the picture as the physical estimator would stretch it.

Density is measured from the estimate's shadows in units of its range, so a change of the scan's
exposure, which shifts all densities alike, leaves the features as they are, and the network's
corrections move with the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangemask.analysis import Analysis
from orangemask.curves import Density
from orangemask.filters import Rows
from orangemask_filters.invert_c41.estimate import CONTRAST, estimate
from orangemask_filters.invert_c41.print_curve import BLACK_V, PRINT_FROM_BLACK

SIDE = 64  # px: the picture is laid on a square of this side
PLANES = 4  # red, green, blue density, and where the picture is
FACTS = 24
PLAUSIBLE = (0.55, 2.3)  # a channel's range beside the middle one, over the usual contrasts; wider
# than of any of 1,000 simulated scans
EMPTY = 1e-3  # share of picture below which a square of the planes is empty
QUANTILES = (0.02, 0.25, 0.5, 0.75, 0.98)


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Network input and the estimate its output is relative to.

    Attributes
    ----------
    planes : (4, 64, 64) float32
        z of red, green, blue under the estimate, −1…3, and the picture mask, 0…1.
    facts : (24,) float32
        Differences and ranges in D, unchanged by exposure.
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
    return darkest - BLACK_V / (1 - BLACK_V) * span, darkest + span


def make_features(analysis: Analysis, crosstalk: Rows) -> Features:
    """Return the features of an analysed picture, seen through the rig's `crosstalk`."""
    import cv2

    base = np.asarray(analysis.base.density)
    matrix = np.asarray(crosstalk)
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
    stacked = np.dstack([z * mask[..., None], mask])[window]
    small = cv2.resize(np.ascontiguousarray(stacked), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    weight = np.maximum(small[..., 3:], EMPTY)
    small[..., :3] /= weight

    picture = z[mask > 0] if y.size else z.reshape(-1, 3)
    quantiles = np.quantile(picture, QUANTILES, axis=0)  # (5, 3)
    facts = np.concatenate(
        [
            [base[0] - base[1], base[2] - base[1]],
            shadows - base,
            spread,
            [analysis.base.confidence],
            quantiles.ravel(),
        ]
    ).astype(np.float32)
    return Features(np.ascontiguousarray(small.transpose(2, 0, 1)), facts, shadows, highlights)
