"""Invert C41 by a colour matrix: the simple alternative to S, m and H.

    u = M (D − B),  y = P(v), v running from the darkest tone at u = 0 to white at 1

One predicted 3×3 takes densities above the film base to print densities: its diagonal is the
contrast of each layer, the rest unmixes dyes and sensor. The film base prints
the darkest tone, always.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from orangemask.analysis import Analysis
from orangemask.curves import Density
from orangemask.filters import Context, Filter, Model, Param, Prediction
from orangemask.nine import CHANNELS
from orangemask.transforms import Curves, Matrix, Transform
from orangemask_filters.invert_c41.prediction import FILMS, predict_matrix
from orangemask_filters.invert_c41.print_curve import PRIMARIES, PRINT_FROM_BLACK
from orangemask_filters.invert_c41.rigs import RIGS

MODEL = "invert-c41-matrix"


def transform(values: Mapping[str, float], context: Context) -> Transform:
    """Return the inversion by the matrix of nine values."""
    matrix = np.array([[values[_name(to, of)] for of in CHANNELS] for to in CHANNELS])
    offset = -matrix @ np.asarray(context.base.density)
    return Transform.of(
        [
            Curves((Density(), Density(), Density())),
            Matrix.of(matrix, offset),
            Curves((PRINT_FROM_BLACK, PRINT_FROM_BLACK, PRINT_FROM_BLACK)),
        ]
    )


def predict(analysis: Analysis, context: Context, _model: str) -> Prediction:
    """Return the predicted matrix."""
    return predict_matrix(analysis, context, MODEL)


def _name(to: str, of: str) -> str:
    return f"{to}_from_{of}"


def _params() -> tuple[Param, ...]:
    return tuple(
        Param(
            _name(to, of), f"{to.capitalize()} from {of}", "1/D", to,
            0.8 if to == of else 0.0, -20.0, 20.0, -1.0, 2.0, 0.01,
            f"how much of the {of} density above base prints in {to}",
        )
        for to in CHANNELS
        for of in CHANNELS
    )  # fmt: skip


FILTER = Filter(
    name=MODEL,
    label="Invert C41, colour matrix",
    doc="scan of a colour negative to a positive by one 3×3 matrix of densities",
    verb="invert",
    params=_params(),
    models=(Model("matrix", MODEL, "network that predicts one 3×3 matrix of densities"),),
    rigs=tuple(RIGS.values()),
    films=FILMS[:-1],
    primaries=PRIMARIES,
    predict=predict,
    transform=transform,
)
