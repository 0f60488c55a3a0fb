"""From an image and values to the whole transform, and from an image to values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from orangemask.analysis import Analysis, analyse
from orangemask.curves import Curve
from orangemask.film_base import DOUBTFUL, FilmBase
from orangemask.filters import AUTO, AUTO_RIG, Context, Filter, Prediction, Rig
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
    rig: Rig = AUTO_RIG,
    film: str = AUTO,
) -> tuple[Values, Prediction, Analysis]:
    """Return what the filter predicts for an image, and what it was predicted from.

    Parameters
    ----------
    image : Image
    one : Filter
    model : str, optional
        Default: the filter's first.
    base : FilmBase, optional
        Instead of the one that would be found.
    rig : Rig
    film : str
        Kind of film, one of `one.films` or ``auto``.

    Raises
    ------
    ModelError
        The model is unknown, missing or damaged.
    """
    chosen = one.model(model)
    analysis = analyse(image, base)
    context = Context(analysis.base, rig, image.encoding, film=film)
    prediction = predict_analysed(analysis, one, context, chosen.name)
    return from_prediction(one, prediction), prediction, analysis


def predict_analysed(analysis: Analysis, one: Filter, context: Context, model: str) -> Prediction:
    """Return what a model predicts within what may be set, with all the user should know."""
    prediction = within_range(one, one.predict(analysis, context, model))
    warnings = [*analysis.base.warnings, *prediction.warnings]
    # A model that tells kinds of film knows better than the rule of thumb, but of a blank picture.
    blank = analysis.negative == 0.0
    if blank or (prediction.film is None and analysis.negative < DOUBTFUL):
        warnings.append("this does not look like a negative")
    return replace(prediction, warnings=tuple(warnings))


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
