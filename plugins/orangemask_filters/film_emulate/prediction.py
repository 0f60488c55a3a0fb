"""From an analysed photograph to the nine numbers that place it in the film's window."""

from __future__ import annotations

import numpy as np

from orangemask.analysis import Analysis
from orangemask.filters import Context, Model, Prediction
from orangemask.nine import nine_to_values
from orangemask_filters.confidence import TOLERABLE_CODES, TOLERABLE_DELTA_E, confidence
from orangemask_filters.film_emulate.exposure import HIGHLIGHTS, SHADOWS
from orangemask_filters.film_emulate.features import make_features, stock_facts
from orangemask_filters.film_emulate.material import Stock

NETWORK = Model("network", "film-emulate", "as the photograph taken well would be")
LEAST_SPAN = 2.0  # EV that a correction leaves between shadows and highlights at least


def predict_placing(analysis: Analysis, context: Context, stock: Stock, finish: str) -> Prediction:
    """Return the nine values that the network gives a photograph on a stock.

    Parameters
    ----------
    analysis : Analysis
    context : Context
        Says what the light of the thumbnail means, and how strong the film's colour and tone are.
    stock : Stock
    finish : str
        One of the stock's.

    Raises
    ------
    ModelError
        The network's file is missing or damaged.
    """
    from orangemask.networks import model_file, run_model

    name = str(NETWORK.file)
    strengths = (float(context.settings[key]) for key in ("colour", "tone"))
    features = make_features(
        analysis.thumbnail,
        scene=context.light.scene,
        stock=stock_facts(stock, finish, *strengths),
    )
    outputs = run_model(name, {"planes": features.planes, "facts": features.facts})
    shadows, midtones, highlights = outputs["corrections"].astype(np.float64).reshape(3, 3)
    shadows = SHADOWS + shadows
    highlights = np.maximum(HIGHLIGHTS + highlights, shadows + LEAST_SPAN)
    red, green, blue = (
        confidence(float(error), TOLERABLE_CODES) for error in outputs["channel_error"]
    )
    return Prediction(
        nine_to_values(np.stack([shadows, midtones, highlights]).tolist()),
        context,
        confidence(float(outputs["expected_delta_e"][0]), TOLERABLE_DELTA_E),
        NETWORK.name,
        model_file(name).sha256,
        (red, green, blue),
    )
