"""From images to a roll, and from an image and its roll to the values of one frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from orangemask.analysis import Analysis, analyse
from orangemask.errors import ParameterError
from orangemask.film_base import FilmBase
from orangemask.filters import (
    AUTO,
    AUTO_RIG,
    MIXED,
    Context,
    Filter,
    Found,
    Prediction,
    Rig,
    Rows,
    UsedRoll,
    mixed_rig,
)
from orangemask.image import Image
from orangemask.nine import nine_to_values, values_to_nine
from orangemask.render import predict_analysed, predict_values, within_range
from orangemask.roll import (
    DEFAULT_FREEDOM,
    Film,
    Seen,
    analyse_frames,
    flaws,
    nine_at,
    not_negative,
    place_of,
    require_zones,
    shrink,
)
from orangemask.roll_base import odd_base, roll_base
from orangemask.roll_file import FrameReport, Roll
from orangemask.values import Values, from_prediction


@dataclass(frozen=True, slots=True)
class RollChoice:
    """A roll to render with.

    Attributes
    ----------
    roll : Roll
    used : UsedRoll
        What the values file says of it, the freedom among it.
    """

    roll: Roll
    used: UsedRoll


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A frame that is to be part of a roll.

    Attributes
    ----------
    file : str
    sha256 : str
    analysis : Analysis
    """

    file: str
    sha256: str
    analysis: Analysis


class _Looked(NamedTuple):
    """What was predicted of a roll's frames, and what is known of the roll by that."""

    predictions: list[Prediction]
    seen: list[Seen]
    film: Film
    flaws: tuple[tuple[str, ...], ...]


def analyse_roll(
    sources: Sequence[Source],
    one: Filter,
    *,
    model: str | None = None,
    rig: Rig = AUTO_RIG,
    film: str = AUTO,
    base: FilmBase | None = None,
    encoding: str = "auto",
) -> Roll:
    """Return the roll of some analysed frames.

    Parameters
    ----------
    sources : sequence of Source
        Their order is kept in the report and does not matter otherwise.
    one : Filter
    model : str, optional
        Of the filter; default its first.
    rig : Rig
        ``auto`` is the mean of what the frames say, each alone.
    film : str
        Kind of film, or ``auto``.
    base : FilmBase, optional
        Of the roll, where it is known.
    encoding : str
        How the files were asked to be read.

    Raises
    ------
    ParameterError
        The filter has no rolls, or no frame is a usable negative.
    ModelError
        The model is unknown, missing or damaged.
    """
    require_zones(one)
    chosen = one.model(model)
    alone = [
        predict_analysed(
            each.analysis, one, Context(each.analysis.base, rig, encoding, film=film), chosen.name
        )
        for each in sources
    ]
    analyses = [each.analysis for each in sources]
    looks = [seen_of(*pair, one) for pair in zip(analyses, alone, strict=True)]
    negatives = [i for i, look in enumerate(looks) if not not_negative(look.negative)]
    if not negatives:
        raise ParameterError("none of the files looks like a negative: no roll to analyse")
    level = base or _agreed_base([looks[i].base for i in negatives])
    if rig.name == AUTO:
        rig = _mean_rig([alone[i].assumed or one.rigs[0] for i in negatives])
    if film == AUTO and _most([alone[i].film for i in negatives], AUTO) == "bw":
        film = "bw"  # which all frames must be; the others are alike
    context = Context(level, rig, encoding, film=film)

    def look(context: Context) -> _Looked:
        predictions = [predict_with(each, one, chosen.name, context) for each in analyses]
        seen = [seen_of(*pair, one) for pair in zip(analyses, predictions, strict=True)]
        return _Looked(predictions, seen, *analyse_frames(seen, level))

    looked = look(context)
    pairs = zip(looked.predictions, looked.flaws, strict=True)
    heard = _mean([each.tells for each, odd in pairs if not odd])
    if heard:  # once more, each having heard of the others that belong to the roll
        looked = look(replace(context, heard=heard))
    predictions, seen, shared, found = looked
    frames = []
    for source, frame, flawed in zip(sources, seen, found, strict=True):
        place = shrink(place_of(frame, shared), shared, frame.confidence, DEFAULT_FREEDOM)
        frames.append(
            FrameReport(
                source.file,
                source.sha256,
                flawed,
                frame.confidence,
                frame.base,
                place.exposure,
                place.contrast,
                (float(place.balance[0]), float(place.balance[1]), float(place.balance[2])),
            )
        )
    sha256 = predictions[0].sha256
    return Roll(one.name, chosen.name, sha256, rig, film, encoding, shared, heard, tuple(frames))


def predict_in_roll(
    image: Image, one: Filter, choice: RollChoice
) -> tuple[Values, Prediction, Analysis, tuple[str, ...]]:
    """Return a frame's values as part of a roll, and what they were predicted from.

    Up to a freedom of ½ the frame is predicted with the roll's film base alone. From there on
    what it would be with its own is mixed in, so that with 1 it is exactly the picture alone; so
    is a frame that does not belong to the roll.

    Returns
    -------
    values : Values
    prediction : Prediction
        Of the picture alone.
    analysis : Analysis
    warnings : tuple of str

    Raises
    ------
    ParameterError, ModelError
        The roll is of another filter or its model is not installed.
    """
    roll, freedom = choice.roll, choice.used.freedom
    if roll.filter != one.name:
        raise ParameterError(f"the roll belongs to the filter {roll.filter}, not to {one.name}")
    rig = AUTO_RIG if roll.rig.name == MIXED else roll.rig  # of each its own, if it was found so
    alone, prediction, analysis = predict_values(
        image, one, model=roll.model, rig=rig, film=roll.kind
    )
    alone = replace(alone, context=replace(alone.context, roll=choice.used))
    same = prediction.sha256 == roll.model_sha256
    heard = roll.heard if same else ()  # another version would not understand it
    context = Context(roll.film.base, roll.rig, image.encoding, film=roll.kind, heard=heard)
    inside = predict_with(analysis, one, roll.model, context)
    frame = seen_of(analysis, inside, one)
    warnings = []
    if not same:
        warnings.append("the roll was analysed with another version of the model; analyse it again")
    odd = flaws(frame, roll.film)
    if odd:
        warnings.append(f"not rendered as part of the roll: {'; '.join(odd)}")
    if odd or freedom == 1.0:
        return alone, prediction, analysis, tuple(warnings)
    place = shrink(place_of(frame, roll.film), roll.film, frame.confidence, freedom)
    nine = np.array(nine_at(place, roll.film))  # (3, 3)
    crosstalk = inside.context.rig.crosstalk
    own = _moved(values_to_nine(alone.values), crosstalk, analysis.base, roll.film.base)
    nine += max(0.0, 2.0 * freedom - 1.0) * (own - frame.nine)
    shrunk = within_range(one, replace(inside, values=nine_to_values(nine.tolist())))
    values = from_prediction(one, shrunk)
    values = replace(values, context=replace(values.context, roll=choice.used))
    return values, prediction, analysis, tuple(warnings)


def analyse_source(image: Image, file: str, sha256: str) -> Source:
    """Return what a roll needs of an image; the image itself may go."""
    return Source(file, sha256, analyse(image))


def _agreed_base(bases: Sequence[FilmBase]) -> FilmBase:
    """Return the base of most frames: once of all, then of those that it suits."""
    first = roll_base(bases)
    return roll_base([base for base in bases if not odd_base(base, first)] or bases)


def predict_with(analysis: Analysis, one: Filter, model: str, context: Context) -> Prediction:
    """Return what a model predicts of a frame with the roll's film base, rig and kind of film."""
    return predict_analysed(replace(analysis, base=context.base), one, context, model)


def _mean(told: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Return the mean of what frames tell, nothing where a frame would only hear itself."""
    return tuple(np.mean(told, axis=0).tolist()) if len(told) > 1 and told[0] else ()


def _mean_rig(rigs: Sequence[Rig]) -> Rig:
    """Return the rig that all frames were taken to be from, or that of their mean cross-talk."""
    if all(rig == rigs[0] for rig in rigs):
        return rigs[0]
    return mixed_rig(rigs, [1.0 / len(rigs)] * len(rigs))


def _most(found: Sequence[Found | None], otherwise: str) -> str:
    """Return the name that is found with the most confidence in all."""
    votes: dict[str, float] = {}
    for each in found:
        if each is not None:
            votes[each.name] = votes.get(each.name, 0.0) + each.confidence
    return max(votes, key=lambda name: votes[name]) if votes else otherwise


def seen_of(analysis: Analysis, prediction: Prediction, one: Filter) -> Seen:
    """Return what is known of a frame from its analysis and a prediction of it."""
    found, film = prediction.film, prediction.context.film
    negative = analysis.negative  # 0 of a blank frame
    if prediction.refusal:
        negative = 0.0
    elif found is not None and negative > 0.0:  # `film` is what was said, else what was found
        negative = 1.0 if film in one.films else 1.0 - found.confidence
    nine = values_to_nine(prediction.values)
    return Seen(analysis.base, nine, prediction.confidence, negative)


def _moved(
    nine: tuple[tuple[float, ...], ...], crosstalk: Rows, own: FilmBase, other: FilmBase
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return S and H about another base: D' = B + A (D − B), so they move by (I − A) ΔB."""
    moved = np.array(nine)
    shift = (np.eye(3) - np.array(crosstalk)) @ (np.array(other.density) - own.density)
    moved[[0, 2]] += shift
    return moved
