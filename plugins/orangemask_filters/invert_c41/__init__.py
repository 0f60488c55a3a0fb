"""Invert C41: a colour negative becomes a positive by nine numbers (DESIGN §3).

D   = −log10 T                        density of the scan, per channel
D'  = B + A (D − B)                   cross-talk of dyes and sensor; rows of A sum to 1
z_c = (D'_c − S_c) / (H_c − S_c)      S prints black, H prints white
v_c = g(z_c; m_c)                     the layer's own contrast
y_c = P(v_c)                          the shared print curve
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from orangemask.analysis import Analysis
from orangemask.curves import Affine, Chain, Density
from orangemask.errors import ParameterError
from orangemask.filters import Context, Filter, Model, Param, Prediction
from orangemask.nine import CHANNELS
from orangemask.transforms import Curves, Matrix, Operation, Transform
from orangemask_filters.invert_c41.prediction import FILMS, predict_parametric
from orangemask_filters.invert_c41.print_curve import PRIMARIES, PRINT
from orangemask_filters.invert_c41.rigs import RIGS
from orangemask_filters.midtone import Midtone

MIN_SPAN = 0.02  # D between shadows and highlights; less is no picture
# Where nothing is predicted: the film base of published data sheets (Status M), and the mean of
# the best nine numbers on simulated film below and above it (models/training/form.json).
_TYPICAL_SHADOWS = (-0.11, 0.23, 0.43)
_TYPICAL_SPANS = (1.34, 1.50, 1.74)


def density_to_corrected(context: Context) -> list[Operation]:
    """Return the operations T → D', shared by every way to invert."""
    matrix, base = np.asarray(context.rig.crosstalk), np.asarray(context.base.density)
    return [
        Curves((Density(), Density(), Density())),
        Matrix.of(matrix, base - matrix @ base),
    ]


def transform(values: Mapping[str, float], context: Context) -> Transform:
    """Return the inversion for nine values.

    Raises
    ------
    ParameterError
        A channel's highlights do not lie above its shadows.
    """
    prints = []
    for channel in CHANNELS:
        shadows, highlights = values[f"{channel}_shadows"], values[f"{channel}_highlights"]
        if highlights - shadows < MIN_SPAN:
            raise ParameterError(
                f"{channel}_highlights is {highlights:g}; it must exceed {channel}_shadows, "
                f"{shadows:g}, by {MIN_SPAN:g} D at least"
            )
        slope = 1.0 / (highlights - shadows)
        prints.append(
            Chain((Affine(slope, -shadows * slope), Midtone(values[f"{channel}_midtones"]), PRINT))
        )
    red, green, blue = prints
    return Transform.of([*density_to_corrected(context), Curves((red, green, blue))])


def _params() -> tuple[Param, ...]:
    params: list[Param] = []
    for channel, shadows, span in zip(CHANNELS, _TYPICAL_SHADOWS, _TYPICAL_SPANS, strict=True):
        label = channel.capitalize()
        params += [
            Param(
                f"{channel}_shadows", f"{label} shadows", "D", channel,
                shadows, -3.0, 7.0, -1.0, 2.0, 0.01,
                f"density of the {channel} channel that prints black; 0.30 D is a stop",
            ),
            Param(
                f"{channel}_midtones", f"{label} midtones", "", channel,
                0.0, -4.0, 4.0, -1.5, 1.5, 0.01,
                f"contrast of the {channel} layer between black and white; 0 is straight",
            ),
            Param(
                f"{channel}_highlights", f"{label} highlights", "D", channel,
                round(shadows + span, 2), -2.0, 12.0, 0.0, 4.0, 0.01,
                f"density of the {channel} channel that prints white; 0.30 D is a stop",
            ),
        ]  # fmt: skip
    return tuple(params)


def predict(analysis: Analysis, context: Context, model: str) -> Prediction:
    """Return the nine values of a negative.

    Parameters
    ----------
    analysis : Analysis
    context : Context
    model : str
        Name of one of the filter's models.
    """
    return predict_parametric(analysis, context, FILTER.model(model).file)


FILTER = Filter(
    name="invert-c41",
    label="Invert C41",
    doc="scan of a colour negative to a positive",
    verb="invert",
    params=_params(),
    models=(
        Model("parametric", "invert-c41", "network that predicts the nine values"),
        Model("physical", None, "film base, densities and a middle brightness; no network"),
    ),
    rigs=tuple(RIGS.values()),
    films=FILMS[:-1],
    primaries=PRIMARIES,
    predict=predict,
    transform=transform,
)
