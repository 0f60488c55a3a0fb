"""From an analysed negative to numbers: the physical estimate, corrected by a network or not.

The network is asked once as if the rig were one of white light. Where the user has not said what
rig it was, the density is then unmixed as the rigs that the network thinks likely ask for, each as
much as it is likely, and the network is asked again. What it takes for a positive is not to be
inverted; silver film has one density, which all three channels then share, so that it comes out
grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orangemask.analysis import Analysis
from orangemask.filters import AUTO, Context, Found, Prediction, Rig
from orangemask.image import Triple
from orangemask.nine import CHANNELS, nine_to_values
from orangemask_filters.confidence import TOLERABLE_CODES, TOLERABLE_DELTA_E, confidence
from orangemask_filters.invert_c41.features import Features, make_features, physical
from orangemask_filters.invert_c41.rigs import RIGS, WHITE, likely

FILMS = ("c41", "maskless", "bw", "positive")
"""Masked and maskless colour negative, silver negative, slide or print; the network's order."""

SURE_POSITIVE = 0.8  # probability from which a positive is refused; below it is told as a doubt
LEAST_RANGE = 0.1  # of the estimate's range: what a correction leaves of it at least
PHYSICAL_CONFIDENCE = 0.5  # the estimator does not know its own error

THIRD = 1.0 / 3.0
SILVER = Rig("silver", ((THIRD,) * 3, (THIRD,) * 3, (THIRD,) * 3))
"""All channels see the same silver: their mean density, each about its own base."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a network says of a picture.

    Attributes
    ----------
    corrections : (3, 3) float64
        See `models/training/network.py`.
    confidence : float
        0…1.
    channels : 3 floats
        Confidence in each, 0…1.
    film : Found
    rigs : tuple of float
        Probability of each of `RIGS`.
    tells : tuple of float
        For the other frames of its roll.
    """

    corrections: NDArray[np.float64]
    confidence: float
    channels: Triple
    film: Found
    rigs: tuple[float, ...]
    tells: tuple[float, ...]


def predict_parametric(analysis: Analysis, context: Context, model: str | None) -> Prediction:
    """Return the nine values; `model` None is the physical estimate itself."""
    from orangemask.networks import model_file

    if model is None:
        context = replace(context, rig=_settled(context.rig))
        shadows, highlights = physical(analysis, np.asarray(context.rig.crosstalk))
        nine = np.stack([shadows, np.zeros(3), highlights])
        values, used = _nine_values(nine, context)
        return Prediction(values, used, PHYSICAL_CONFIDENCE, "physical", assumed=context.rig)
    said = context.film != AUTO
    features, context, answer = ask(analysis, context, model)
    spread = features.highlights - features.shadows
    shift, midtones, end = answer.corrections
    shadows = features.shadows + shift * spread
    highlights = shadows + np.maximum(1.0 + end - shift, LEAST_RANGE) * spread
    values, used = _nine_values(np.stack([shadows, midtones, highlights]), context)
    told = _told(values, used, answer, "parametric", model_file(model).sha256, said=said)
    return replace(told, assumed=context.rig)


def predict_matrix(analysis: Analysis, context: Context, model: str) -> Prediction:
    """Return the matrix on density above base, named ``red_from_green``."""
    from orangemask.networks import model_file

    said = context.film != AUTO
    features, context, answer = ask(analysis, context, model)
    spread = features.highlights - np.asarray(context.base.density)
    matrix = (np.eye(3) + answer.corrections) / spread @ np.asarray(context.rig.crosstalk)
    if context.film == "bw":
        matrix = np.full((3, 3), matrix.sum() / 9.0)
    values = {
        f"{to}_from_{of}": float(matrix[i, j])
        for i, to in enumerate(CHANNELS)
        for j, of in enumerate(CHANNELS)
    }
    told = _told(values, context, answer, "matrix", model_file(model).sha256, said=said)
    return replace(told, assumed=context.rig)


def ask(analysis: Analysis, context: Context, model: str) -> tuple[Features, Context, Answer]:
    """Return a network's answer, the features it is relative to, and the context as found.

    The context that comes back has the rig and the kind of film that was said or found.
    """
    rig = _settled(context.rig)
    features = make_features(analysis, rig)
    answer = _answer(features, model, context.heard)
    if context.rig.name == AUTO and (found := likely(answer.rigs)) != rig:
        rig = found
        features = make_features(analysis, rig)
        answer = replace(_answer(features, model, context.heard), rigs=answer.rigs)
    film = answer.film.name if context.film == AUTO else context.film
    return features, replace(context, rig=rig, film=film), answer


def _settled(rig: Rig) -> Rig:
    return WHITE if rig.name == AUTO else rig


def _answer(features: Features, model: str, heard: tuple[float, ...]) -> Answer:
    from orangemask.networks import run_model

    inputs = {"planes": features.planes, "facts": features.facts}
    if heard:
        inputs["roll"] = np.asarray([*heard, 1.0], np.float32)
    outputs = run_model(model, inputs)
    expected = float(outputs["expected_delta_e"][0])
    red, green, blue = (
        confidence(float(error), TOLERABLE_CODES) for error in outputs["channel_error"]
    )
    return Answer(
        np.asarray(outputs["corrections"], np.float64).reshape(3, 3),
        confidence(expected, TOLERABLE_DELTA_E),
        (red, green, blue),
        _most(FILMS, outputs["film"]),
        tuple(outputs["rig"].tolist()),
        tuple(outputs["tells"].tolist()) if "tells" in outputs else (),
    )


def _most(names: Sequence[str], shares: ArrayLike) -> Found:
    told = np.asarray(shares)
    best = int(told.argmax())
    return Found(names[best], float(told[best]))


def _nine_values(nine: NDArray[np.float64], context: Context) -> tuple[dict[str, float], Context]:
    """Return rows S, m, H as values, and their context: silver film's channels become alike."""
    if context.film == "bw":
        base = np.asarray(context.base.density)
        above = np.stack([nine[0] - base, nine[1], nine[2] - base]).mean(axis=1)
        nine = np.stack([base + above[0], np.full(3, above[1]), base + above[2]])
        context = replace(context, rig=SILVER)
    return nine_to_values(nine.tolist()), context


def _told(
    values: dict[str, float],
    context: Context,
    answer: Answer,
    name: str,
    sha256: str,
    *,
    said: bool,
) -> Prediction:
    """Return the prediction with what the user should know of the kind of film.

    `said` is whether the user has named the kind.
    """
    warnings, refusal = [], ""
    film = answer.film
    if context.film == "positive" and film.confidence >= SURE_POSITIVE:
        refusal = (
            f"this looks like a positive, a slide or a print ({film.confidence:.0%}), not like a "
            "negative; if it is one, say which with --film c41, maskless or bw"
        )
    elif context.film == "positive":
        warnings.append("this may be a positive; it is inverted all the same")
    elif context.film == "bw" and not said:
        warnings.append(
            "it looks like black-and-white film and is shown in grey (--film c41 if not)"
        )
    return Prediction(
        values, context, answer.confidence, name, sha256, answer.channels, film,
        _most(tuple(RIGS), answer.rigs), tuple(warnings), refusal, answer.tells,
    )  # fmt: skip
