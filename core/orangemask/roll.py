"""A roll: what its frames share, and how far each frame may differ.

Film, process and rig are the same for all frames of a roll, so in density a grey scene lies on one
line for all of them, whatever its exposure e (straight parts of the layers' characteristic
curves)::

    D_c = B_c + a_c + g_c e           a sums to 0, g has mean 1

and black and white of a frame are two points of that line a common range apart. A frame's nine
numbers are rewritten as distances from that line: exposure e, balance b, contrast k, ratios r of
the layers' contrasts, midtones m. Those of the roll are robust means over its frames; a frame
keeps its own exposure and a part λ of each other distance. An exposure shift therefore moves a
layer in proportion to its contrast.

λ = F q w / (1 − F + F q w), with the freedom F, the odds q of signal against noise found on
simulated rolls (models/training/fit_roll.py), and w the odds of the frame's confidence beside the
roll's. It is the shrinkage of a normal mean with known variances, F moving the odds. The balance
has two odds: lights differ from red to blue, hardly from magenta to green.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangemask.errors import ParameterError
from orangemask.film_base import DOUBTFUL, FilmBase
from orangemask.filters import Filter
from orangemask.image import Triple
from orangemask.nine import CHANNELS, ZONES
from orangemask.roll_base import APART, odd_base, weighted_quantile

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Odds:
    """Signal against noise in one frame's distances from its roll, as variances.

    Attributes
    ----------
    temperature, tint : float
        Of the balance, from red to blue, along which lights differ, and from magenta to green,
        along which they hardly do: there it is mostly the scene that misled the network.
    contrast, ratios, midtones : float
    lamp : float
        D; a balance of this size has twice the odds of a small one, of m times it 1 + m² times,
        and so have the ratios that come with it: few frames are lit by a lamp, but those are far
        from the others.
    """

    temperature: float = 2.5
    tint: float = 0.7
    contrast: float = 4.0
    ratios: float = 1.5
    midtones: float = 2.5
    lamp: float = 0.04


FITTED = Odds()
"""Near the least mean ΔE2000 at a freedom of ½, over rolls in one daylight and rolls whose frames
each have a light of their own (models/training/fit_roll.py --tune --light mixed). Half or twice of
any changes less than 0.05. Rolls in one light alone would ask for a fifth of the first two."""

# Chosen on simulated rolls of 12 by least mean ΔE2000; the error is flat about all of them.
PIVOT = 0.75
"""Where between S, 0, and H, 1, a frame's exposure is read: about middle grey of the print."""
ALONG = (0.5, 0.75, 1.0)
"""Points between S and H of every frame through which the line of greys is laid."""
DEFAULT_FREEDOM = 0.5
SURE = 0.98  # confidence beyond this, or below 1 − SURE, weighs no more (or less)
LEAST_RANGE = 0.02  # D from S to H: less is no picture

LEAST_SCALE = 0.03  # D: balances nearer to the line than this all count in full
CAUCHY = 2.0  # scales at which a frame's weight has fallen to a half
ROUNDS = 30

# Spread within simulated rolls (1.4826 · median absolute deviation) of balance towards blue and
# towards green, of ratios likewise; a frame farther than `FAR` of these is another film or light.
BALANCE_SIGMA = (0.043, 0.015)
RATIOS_SIGMA = (0.053, 0.025)
FAR = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one frame before the roll is.

    Attributes
    ----------
    base : FilmBase
        Found in this frame alone.
    nine : 3 rows of 3 floats
        Rows S, m, H; columns red, green, blue; S and H in D, predicted with the roll's base.
    confidence : float
        0…1, of that prediction.
    negative : float
        0…1, how much it looks like a colour negative.
    """

    base: FilmBase
    nine: tuple[Triple, Triple, Triple]
    confidence: float
    negative: float


@dataclass(frozen=True, slots=True)
class Film:
    """What all frames of a roll share.

    Attributes
    ----------
    base : FilmBase
        B.
    offset : 3 floats
        a, in D; they sum to 0.
    slope : 3 floats
        g, contrast of a layer over the mean of the three.
    span : float
        Mean of H − S over the channels, in D.
    midtones : 3 floats
    confidence : float
        Middle confidence of its frames.
    """

    base: FilmBase
    offset: Triple
    slope: Triple
    span: float
    midtones: Triple
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a frame lies beside its film.

    Attributes
    ----------
    exposure : float
        Density above base of the frame's middle grey, mean of the channels, in D; 0.3 · 0.65 D is
        about a stop.
    balance : (3,) float64
        Sums to 0; in D of a layer of mean contrast.
    contrast : float
        log of the frame's range of density over the roll's.
    ratios : (3,) float64
        Sums to 0; log of the layers' ranges over what the roll's slopes say.
    midtones : (3,) float64
        Less the roll's.
    """

    exposure: float
    balance: Floats
    contrast: float
    ratios: Floats
    midtones: Floats


@dataclass(frozen=True, slots=True)
class Parts:
    """How much of each of its distances a frame keeps, λ, 0…1.

    Attributes
    ----------
    temperature, tint : float
        Of the balance, along `APART`.
    contrast, ratios, midtones : float
    """

    temperature: float
    tint: float
    contrast: float
    ratios: float
    midtones: float


def require_zones(one: Filter) -> None:
    """Refuse a filter whose parameters are not shadows, midtones and highlights of the channels.

    Raises
    ------
    ParameterError
        It has other parameters, so that frames cannot be compared.
    """
    names = {f"{channel}_{zone}" for channel in CHANNELS for zone in ZONES}
    if names != {param.name for param in one.params}:
        raise ParameterError(
            f"{one.name} has no shadows, midtones and highlights, so it has no rolls; "
            "leave out --model or --roll"
        )


def fit_film(frames: Sequence[Seen], base: FilmBase) -> Film:
    """Return what frames of one film share.

    Parameters
    ----------
    frames : sequence of Seen
        At least one, in any order.
    base : FilmBase
        Of the roll, which the frames were predicted with.

    Returns
    -------
    Film
        The line by weighted least squares, reweighted by a Cauchy law of the frames' distance
        from it, so that one odd frame counts little.

    Raises
    ------
    ParameterError
        No frame is given.
    """
    if not frames:
        raise ParameterError("no frame of the roll is left to learn from")
    shadows, midtones, ranges = _above(frames, base)
    points = shadows[:, None] + np.array(ALONG)[:, None] * ranges[:, None]  # (n, 3 points, 3)
    exposure = points.mean(axis=2)
    trust = np.array([_odds(frame.confidence) for frame in frames])
    weights = trust / trust.max()
    offset, slope = np.zeros(3), np.ones(3)
    for _ in range(ROUNDS):
        share = np.repeat(weights[:, None], len(ALONG), axis=1)
        share /= share.sum()
        middle_e = float((share * exposure).sum())
        middle = (share[..., None] * points).sum(axis=(0, 1))
        moved = share * (exposure - middle_e)
        slope = (moved[..., None] * (points - middle)).sum(axis=(0, 1))
        slope /= (moved * (exposure - middle_e)).sum()
        offset = middle - slope * middle_e
        apart = ((points - offset - slope * exposure[..., None]) / slope).mean(axis=1)
        distance = np.linalg.norm(apart, axis=1)
        scale = max(LEAST_SCALE, float(weighted_quantile(distance, trust, 0.5)))
        weights = trust / trust.max() / (1.0 + (distance / (CAUCHY * scale)) ** 2)
    logs = np.log(ranges / slope).mean(axis=1)
    return Film(
        base,
        _triple(offset),
        _triple(slope),
        float(np.exp(weighted_quantile(logs, weights, 0.5))),
        _triple([weighted_quantile(midtones[:, c], weights, 0.5) for c in range(3)]),
        float(np.median([frame.confidence for frame in frames])),
    )


def place_of(frame: Seen, film: Film) -> Place:
    """Return where a frame lies beside its film."""
    shadows, midtones, ranges = (rows[0] for rows in _above([frame], film.base))
    slope = np.array(film.slope)
    grey = (shadows + PIVOT * ranges - film.offset) / slope
    logs = np.log(ranges / slope / film.span)
    return Place(
        float(grey.mean()),
        grey - grey.mean(),
        float(logs.mean()),
        logs - logs.mean(),
        midtones - film.midtones,
    )


def nine_at(place: Place, film: Film) -> tuple[Triple, Triple, Triple]:
    """Return rows S, m, H of a place: the inverse of `place_of`."""
    slope = np.array(film.slope)
    ranges = film.span * slope * np.exp(place.contrast + place.ratios)
    shadows = film.offset + slope * (place.exposure + place.balance) - PIVOT * ranges
    shadows = shadows + film.base.density
    return _triple(shadows), _triple(place.midtones + film.midtones), _triple(shadows + ranges)


def parts_kept(
    place: Place, film: Film, confidence: float, freedom: float, odds: Odds = FITTED
) -> Parts:
    """Return λ of each of a frame's distances.

    Parameters
    ----------
    place : Place
    film : Film
    confidence : float
        0…1, of the frame's prediction; half as much error of the frame as of the roll's middle
        frame counts four times.
    freedom : float
        0: nothing but the exposure is the frame's own; 1: all of it.
    odds : Odds
        q, other than the fitted.
    """
    beside = _odds(confidence) / _odds(film.confidence)
    tail = 1.0 + (float(np.linalg.norm(place.balance)) / odds.lamp) ** 2

    def part(signal: float) -> float:
        free = freedom * signal * beside
        return free / (1.0 - freedom + free)

    return Parts(
        part(odds.temperature * tail),
        part(odds.tint * tail),
        part(odds.contrast),
        part(odds.ratios * tail),
        part(odds.midtones),
    )


def kept(place: Place, parts: Parts) -> Place:
    """Return a place with these parts of its distances and all of its exposure."""
    along = np.array([parts.temperature, parts.tint])
    return Place(
        place.exposure,
        APART.T @ (along * (APART @ place.balance)),
        parts.contrast * place.contrast,
        parts.ratios * place.ratios,
        parts.midtones * place.midtones,
    )


def shrink(
    place: Place, film: Film, confidence: float, freedom: float, odds: Odds = FITTED
) -> Place:
    """Return a place moved towards the film; the parameters are those of `parts_kept`."""
    return kept(place, parts_kept(place, film, confidence, freedom, odds))


def flaws(frame: Seen, film: Film) -> tuple[str, ...]:
    """Return why a frame should not be rendered as one of this film; empty where it should."""
    found = list(not_negative(frame.negative))
    if odd_base(frame.base, film.base):
        found.append("its film base has another colour: another film, or another light")
    if not found and distance(place_of(frame, film)) > FAR:
        found.append("its colours lie far from the roll's: another film, or a strong light")
    return tuple(found)


def not_negative(negative: float) -> tuple[str, ...]:
    """Return the flaw of a picture that is blank or a positive, if it is one."""
    return ("it is blank, or no colour negative",) if negative < DOUBTFUL else ()


def distance(place: Place) -> float:
    """Return how many usual spreads a frame's balance and ratios lie from the roll's, 0 or more."""
    balance = APART @ place.balance / BALANCE_SIGMA
    ratios = APART @ place.ratios / RATIOS_SIGMA
    return float(np.linalg.norm([*balance, *ratios]))


def analyse_frames(
    frames: Sequence[Seen], base: FilmBase
) -> tuple[Film, tuple[tuple[str, ...], ...]]:
    """Return the film of a roll and each frame's flaws; a frame that has any is not averaged in.

    Raises
    ------
    ParameterError
        No frame is without.
    """
    used = [i for i, each in enumerate(frames) if not not_negative(each.negative)]
    used = [i for i in used if not odd_base(frames[i].base, base)]
    film = fit_film([frames[i] for i in used], base)
    good = [i for i in used if not flaws(frames[i], film)]
    if 0 < len(good) < len(used):
        film = fit_film([frames[i] for i in good], base)
    return film, tuple(flaws(frame, film) for frame in frames)


def _above(frames: Sequence[Seen], base: FilmBase) -> tuple[Floats, Floats, Floats]:
    """Return S above base, m and H − S, (n, 3) each."""
    nines = np.array([frame.nine for frame in frames])  # (n, 3 rows, 3)
    ranges = np.maximum(nines[:, 2] - nines[:, 0], LEAST_RANGE)
    return nines[:, 0] - base.density, nines[:, 1], ranges


def _odds(confidence: float) -> float:
    """Return confidence as odds, which go with 1 / expected error², as an inverse variance does."""
    bounded = min(max(confidence, 1.0 - SURE), SURE)
    return bounded / (1.0 - bounded)


def _triple(x: Sequence[float] | Floats) -> Triple:
    return float(x[0]), float(x[1]), float(x[2])
