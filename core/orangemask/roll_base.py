"""The film base of a roll, from the bases that its frames show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from orangemask.errors import ParameterError
from orangemask.film_base import FilmBase

ENVELOPE_QUANTILE = 0.2
"""Of the frames' envelopes: a scene without black lies above the base, none but a leak below."""
REBATE_ENOUGH = 0.6  # sum of confidences of rebates from which they alone are believed

BASE_FAR = {"rebate": 0.08, "given": 0.08, "envelope": 0.35}
"""D by which a frame's base may differ in colour from the roll's. Bases of one roll agree within
0.01 D where there is rebate; the 99th percentile of envelopes in simulated rolls is 0.3 D."""

APART = np.array([[-1.0, 0.0, 1.0], [-1.0, 2.0, -1.0]]) / np.sqrt([[2.0], [6.0]])
"""Axes of what sets channels apart: red to blue, and magenta to green."""


def roll_base(bases: Sequence[FilmBase]) -> FilmBase:
    """Return the film base of a roll from what its frames show.

    Parameters
    ----------
    bases : sequence of FilmBase
        One a frame, of one film.

    Returns
    -------
    FilmBase
        The weighted median of the rebates where they deserve it together; otherwise a low
        quantile of all, because a frame without shadows errs upwards only. What was taken for
        rebate but is denser than that quantile is none: no film is clearer than its base.

    Raises
    ------
    ParameterError
        There is none.
    """
    if not bases:
        raise ParameterError("no frame of the roll is left to find its film base in")
    low = float(np.quantile([np.mean(base.density) for base in bases], ENVELOPE_QUANTILE))
    seen = [
        base
        for base in bases
        if base.origin == "given"
        or (base.origin == "rebate" and np.mean(base.density) - low <= BASE_FAR["rebate"])
    ]
    if sum(base.confidence for base in seen) >= REBATE_ENOUGH:
        chosen, at = seen, 0.5
        weights = np.array([base.confidence for base in chosen])
    else:
        chosen = [base for base in bases if base.origin != "prior"] or list(bases)
        at = ENVELOPE_QUANTILE
        weights = np.ones(len(chosen))
    density = np.array([base.density for base in chosen])  # (n, 3)
    red, green, blue = (weighted_quantile(density[:, c], weights, at) for c in range(3))
    confidence = max(base.confidence for base in chosen)
    return FilmBase((red, green, blue), confidence, "roll")


def odd_base(base: FilmBase, roll: FilmBase) -> bool:
    """Return whether a frame's base has another colour than the roll's, as of another film.

    Denser than the roll's in all channels, it was picture that was taken for rebate.
    """
    if base.origin not in BASE_FAR:
        return False
    difference = np.array(base.density) - roll.density
    mistaken = base.origin == "rebate" and difference.min() > BASE_FAR["rebate"]
    far = BASE_FAR["envelope" if mistaken else base.origin]
    return float(np.hypot(*(APART @ difference))) > far


def weighted_quantile(x: NDArray[np.float64], weights: NDArray[np.float64], at: float) -> float:
    """Return the weighted quantile, interpolated between the middles of the weights."""
    order = np.argsort(x, kind="stable")
    share = weights[order] / weights.sum()
    return float(np.interp(at, np.cumsum(share) - share / 2, x[order]))
