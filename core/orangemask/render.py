"""From an image and values to the whole transform, and from an image to values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from orangemask.analysis import Analysis, analyse, analyse_photograph
from orangemask.curves import Curve
from orangemask.film_base import DOUBTFUL, NO_BASE, FilmBase
from orangemask.filters import (
    AUTO,
    AUTO_RIG,
    Context,
    Filter,
    Prediction,
    Rig,
    SourceLight,
)
from orangemask.image import Image
from orangemask.spaces import Target, conversion, space
from orangemask.transforms import Curves, Matrix, Operation, Transform
from orangemask.values import Values, from_prediction


def full_transform(
    transfer: tuple[Curve, Curve, Curve],
    one: Filter,
    values: Values,
    target: Target,
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
    values : Values
        Of a photograph, `read_as` what the image is.
    target : Target
        Space of the output.
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
    if linear or target.is_linear:
        return Transform.of(operations)  # between a cube's nodes, light is not linear in exposure
    operations.append(Curves(target.encoders))
    return Transform.of(operations).folded()


def read_as(image: Image, one: Filter, values: Values) -> Values:
    """Return `values` for an image as it was read: what its codes and, of a photograph, light are.

    A photograph's light is the file's own matter, as its transfer function is, so values that were
    predicted on one file are right for another that has other primaries.
    """
    context = replace(values.context, encoding=image.encoding)
    if not one.of_film:
        light = light_of(image)
        if image.scene is None and image.encoding == values.context.encoding:
            light = replace(light, scene=values.context.light.scene)  # read as it was then
        context = replace(context, light=light)
    return replace(values, context=context)


def light_of(image: Image) -> SourceLight:
    """Return what the light of a photograph means, by how it was read."""
    matrix = image.rgb_to_xyz
    if matrix is None:
        return SourceLight(image.is_scene)
    red, green, blue = ((float(x), float(y), float(z)) for x, y, z in matrix)
    return SourceLight(image.is_scene, (red, green, blue))


def photograph_context(image: Image, settings: Mapping[str, float | str]) -> Context:
    """Return the context of a photograph; `settings` are all of a filter's, checked."""
    return Context(NO_BASE, encoding=image.encoding, settings=settings, light=light_of(image))


def predict_values(
    image: Image,
    one: Filter,
    *,
    model: str | None = None,
    base: FilmBase | None = None,
    rig: Rig = AUTO_RIG,
    film: str = AUTO,
    settings: Mapping[str, object] | None = None,
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
    settings : mapping, optional
        Of the filter's settings; the default of those left out.

    Raises
    ------
    ModelError
        The model is unknown, missing or damaged.
    ParameterError
        A setting is unknown or not allowed.
    """
    chosen = one.model(model)
    checked = one.checked_settings(settings or {})
    if one.of_film:
        analysis = analyse(image, base)
        context = Context(analysis.base, rig, image.encoding, film=film, settings=checked)
    else:
        analysis = analyse_photograph(image)
        context = photograph_context(image, checked)
    prediction = predict_analysed(analysis, one, context, chosen.name)
    return from_prediction(one, prediction), prediction, analysis


def predict_analysed(analysis: Analysis, one: Filter, context: Context, model: str) -> Prediction:
    """Return what a model predicts within what may be set, with all the user should know."""
    prediction = within_range(one, one.predict(analysis, context, model))
    if not one.of_film:
        return prediction
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


def with_settings(one: Filter, values: Values, settings: Mapping[str, object]) -> Values:
    """Return `values` with some settings changed.

    Raises
    ------
    ParameterError
        A setting is unknown or not allowed.
    """
    checked = one.checked_settings({**values.context.settings, **settings})
    return replace(values, context=replace(values.context, settings=checked))
