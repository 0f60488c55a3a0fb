"""From an image and values to the whole transform, and from an image to values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from orangemask.analysis import Analysis, analyse
from orangemask.curves import Curve
from orangemask.film_base import FilmBase
from orangemask.filters import Context, Filter, Prediction, Rig
from orangemask.image import Image
from orangemask.spaces import Space, conversion, space
from orangemask.transforms import Curves, Matrix, Operation, Transform
from orangemask.values import Values, from_prediction


def full_transform(
    transfer: tuple[Curve, Curve, Curve],
    one: Filter,
    values: Values,
    target: Space,
    *,
    linear: bool = False,
) -> Transform:
    """Return the transform from an image's codes to codes of the output space.

    Parameters
    ----------
    transfer : tuple of 3 curves
        Of the image (`Image.transfer`): codes to light. No pixel is looked at.
    one : Filter
        The filter `values` belong to.
    target : Space
        Output space.
    linear : bool
        End in linear light of `target` instead of its codes (OpenEXR).

    Raises
    ------
    ParameterError
        The values do not go together.
    """
    source = space(one.primaries)
    operations: list[Operation] = [Curves(transfer)]
    operations += one.transform(values.values, values.context).operations
    if source is not target:
        operations.append(Matrix.of(conversion(source, target)))
    if not (linear or target.is_linear):
        operations.append(Curves((target.encode, target.encode, target.encode)))
    return Transform.of(operations)


def predict_values(
    image: Image,
    one: Filter,
    *,
    model: str | None = None,
    base: FilmBase | None = None,
    rig: Rig | None = None,
) -> tuple[Values, Prediction, Analysis]:
    """Return what the filter predicts for an image, and what it was predicted from.

    Raises
    ------
    ModelError
        The model is unknown, missing or damaged.
    """
    chosen = one.model(model)
    analysis = analyse(image, base)
    context = Context(analysis.base, rig or one.rig, image.encoding)
    prediction = within_range(one, one.predict(analysis, context, chosen.name))
    return from_prediction(one, prediction), prediction, analysis


def within_range(one: Filter, prediction: Prediction) -> Prediction:
    """Return the prediction with each value moved to the nearest that may be set."""
    values = {
        param.name: float(np.clip(prediction.values[param.name], param.minimum, param.maximum))
        for param in one.params
    }
    return replace(prediction, values=values)


def with_changes(one: Filter, values: Values, changes: Mapping[str, float]) -> Values:
    """Return `values` with some parameters set by hand.

    Raises
    ------
    ParameterError
        A name is unknown or a value out of range.
    """
    return replace(values, values=one.checked({**values.values, **changes}))
