"""From an analysed negative to numbers: the physical estimate, corrected by a network or not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from orangemask.analysis import Analysis
from orangemask.filters import Context
from orangemask_filters.invert_c41.features import Features, make_features

CHANNELS = ("red", "green", "blue")
LEAST_RANGE = 0.1  # of the estimate's range: what a correction leaves of it at least
TOLERABLE_DELTA_E = 12.0  # expected mean ΔE at which confidence in the network is a half
PHYSICAL_CONFIDENCE = 0.5  # the estimator does not know its own error


def predict_parametric(
    analysis: Analysis, context: Context, model: str | None
) -> tuple[dict[str, float], float]:
    """Return the nine values and a confidence; `model` None is the physical estimate itself."""
    features = make_features(analysis, context.rig.crosstalk)
    if model is None:
        corrections, confidence = np.zeros((3, 3)), PHYSICAL_CONFIDENCE
    else:
        corrections, confidence = _corrections(features, model)
    spread = features.highlights - features.shadows
    shadows = features.shadows + corrections[0] * spread
    new_spread = np.maximum(1.0 + corrections[2] - corrections[0], LEAST_RANGE) * spread
    rows = {
        "shadows": shadows,
        "midtones": corrections[1],
        "highlights": shadows + new_spread,
    }
    values = {
        f"{channel}_{zone}": float(rows[zone][c])
        for c, channel in enumerate(CHANNELS)
        for zone in rows
    }
    return values, confidence


def predict_matrix(
    analysis: Analysis, context: Context, model: str
) -> tuple[NDArray[np.float64], float]:
    """Return the (3, 3) matrix on density above base, and a confidence."""
    features = make_features(analysis, context.rig.crosstalk)
    corrections, confidence = _corrections(features, model)
    spread = features.highlights - np.asarray(context.base.density)
    return (np.eye(3) + corrections) / spread @ np.asarray(context.rig.crosstalk), confidence


def _corrections(features: Features, model: str) -> tuple[NDArray[np.float64], float]:
    from orangemask.networks import run_model

    inputs: Mapping[str, NDArray[np.float32]] = {
        "planes": features.planes,
        "facts": features.facts,
    }
    outputs = run_model(model, inputs)
    expected = float(outputs["expected_delta_e"][0])
    confidence = 1.0 / (1.0 + (expected / TOLERABLE_DELTA_E) ** 2)
    return np.asarray(outputs["corrections"], np.float64).reshape(3, 3), confidence
