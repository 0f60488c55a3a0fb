"""Ways to place a picture in the film's window without a network: what a network must beat.

Each shifts exposure and nothing else, by the mean log exposure of the thumbnail: all layers alike,
as an automatic exposure would, or each by its own, as grey-world balance does as well.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from orangemask.analysis import Analysis
from orangemask.filters import Context, Model, Prediction
from orangemask.nine import nine_to_values
from orangemask_filters.film_emulate.exposure import (
    BRIGHTEST,
    DARKEST,
    HIGHLIGHTS,
    SHADOWS,
    Scene,
    ToEV,
)

USUAL = -0.45
"""EV from grey: median over 300 photographs, read as display-referred, of their mean log exposure.
Scenes hold more shadow than light."""

FARTHEST = 4.0  # EV; a picture that is farther off is meant to be dark or bright

NONE, AUTO_EXPOSURE, GREY_WORLD = "none", "auto-exposure", "grey-world"

MODELS = (
    Model(NONE, None, "the picture as its camera exposed and balanced it"),
    Model(AUTO_EXPOSURE, None, "mean log exposure to the usual; no network"),
    Model(GREY_WORLD, None, "mean log exposure of each channel to the usual; no network"),
)


def predict_by_rule(analysis: Analysis, context: Context, model: str) -> Prediction:
    """Return the nine values that one of `MODELS` gives.

    Parameters
    ----------
    analysis : Analysis
    context : Context
        Says what the light of the thumbnail means.
    model : str

    Returns
    -------
    Prediction
        Its confidence is 1 for what does not guess and ½ for what does.
    """
    shift = np.zeros(3)
    if model != NONE:
        mean = mean_exposure(analysis.thumbnail, scene=context.light.scene)
        shift = np.clip(mean - USUAL, -FARTHEST, FARTHEST)
        if model == AUTO_EXPOSURE:
            shift[:] = shift.mean()
    return Prediction(shifted(shift), context, 1.0 if model == NONE else 0.5, model)


def mean_exposure(light: NDArray[np.float32], *, scene: bool) -> NDArray[np.float64]:
    """Return the mean EV from grey of each channel, (3,), of (h, w, 3) linear light."""
    exposed = light if scene else Scene()(light)
    exposure = np.clip(ToEV()(exposed), DARKEST, BRIGHTEST)
    return np.asarray(exposure.reshape(-1, 3).mean(axis=0, dtype=np.float64))


def shifted(shift: NDArray[np.float64]) -> Mapping[str, float]:
    """Return the values whose window lies (3,) `shift` EV above that of the defaults."""
    nine = np.stack([SHADOWS + shift, np.zeros(3), HIGHLIGHTS + shift])
    return nine_to_values(nine.tolist())
