"""Film Emulate: a photograph gets the look of a film, placed in its window by nine numbers.

x    = linear light of the picture, in its own primaries; a camera's tone curve is undone first
e    = log2((x + f) / (g + f))               exposure in EV from grey, per layer
z    = (e − S) / (H − S)                     S: shadows, H: highlights of that layer
e'   = S₀ + g(z; m) (H₀ − S₀)                m: midtones; with S₀, 0 and H₀ nothing moves
out  = stock(e')                             film, and print, scan or projection: one cube

Halation is laid on x and grain on e', where they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from orangemask.analysis import Analysis
from orangemask.curves import Affine, Chain, Curve, Floats
from orangemask.errors import ParameterError
from orangemask.filters import Choice, Context, Filter, Option, Param, Prediction, SourceLight
from orangemask.nine import CHANNELS
from orangemask.spaces import Matrix3, space
from orangemask.transforms import Curves, Operation, Transform
from orangemask_filters.film_emulate.bake import film_cube
from orangemask_filters.film_emulate.exposure import (
    DARKEST,
    HIGHLIGHTS,
    RANGE,
    SHADOWS,
    Scene,
    ToEV,
)
from orangemask_filters.film_emulate.grain import FORMATS, film_grain, film_halation
from orangemask_filters.film_emulate.heuristics import MODELS, predict_by_rule
from orangemask_filters.film_emulate.material import Stock
from orangemask_filters.film_emulate.prediction import NETWORK, predict_placing
from orangemask_filters.film_emulate.stock import broken_stocks, find_stock, stocks
from orangemask_filters.midtone import Midtone

MAX_SEED = 2**31 - 1
MIN_SPAN = 1.0  # EV between shadows and highlights; less is no picture
PRIMARIES = "linear-rec2020"  # of the light that a stock's cube gives
OWN_FINISH = "auto"  # the stock's first
FINISHES = (
    Option(OWN_FINISH, "As usual", "print of a negative, projection of a reversal film"),
    Option("print", "Print", "negative on colour paper"),
    Option("projection", "Projection", "reversal film as it is looked at"),
    Option("scan", "Scan", "film scanned directly"),
    Option("fitted", "Fitted", "a stock that was fitted to pictures of one finish"),
)


@dataclass(frozen=True, slots=True)
class Cubed:
    """x³: the light whose signed cube root a stock's cube holds."""

    def __call__(self, x: Floats) -> Floats:
        """Return x³."""
        return x * x * x


def transform(values: Mapping[str, float], context: Context) -> Transform:
    """Return the rendering of nine values on the stock of the settings.

    Raises
    ------
    ParameterError
        A channel's highlights do not lie above its shadows, or the stock is unknown or has no
        such finish.
    """
    settings = context.settings
    stock, finish = _stock_and_finish(settings)
    to_rec2020, scene = _to_rec2020(context.light), context.light.scene
    frame = FORMATS[str(settings["film_format"])]
    halation, grain = float(settings["halation"]), float(settings["grain"])
    operations: list[Operation] = [] if scene else [_alike(Scene())]
    if halation:
        operations.append(film_halation(stock, halation, frame, scene=scene))
    red, green, blue = (_exposure(values, channel) for channel in CHANNELS)
    operations.append(Curves((red, green, blue)))
    cube = film_cube(
        stock,
        stock.finishes[0] if finish == OWN_FINISH else finish,
        float(settings["colour"]),
        float(settings["tone"]),
        to_rec2020,
    )
    if grain:
        seed = int(settings["seed"])
        operations.append(film_grain(stock, grain, frame, seed, cube, to_rec2020))
    return Transform.of([*operations, cube, _alike(Cubed())])


def _stock_and_finish(settings: Mapping[str, float | str]) -> tuple[Stock, str]:
    stock, finish = find_stock(str(settings["stock"])), str(settings["finish"])
    return stock, stock.finishes[0] if finish == OWN_FINISH else finish


def _alike(curve: Curve) -> Curves:
    return Curves((curve, curve, curve))


def _exposure(values: Mapping[str, float], channel: str) -> Curve:
    """Return the curve from a channel's scene light to its place along the cube, 0…1."""
    shadows, highlights = values[f"{channel}_shadows"], values[f"{channel}_highlights"]
    if highlights - shadows < MIN_SPAN:
        raise ParameterError(
            f"{channel}_highlights is {highlights:g}; it must exceed {channel}_shadows, "
            f"{shadows:g}, by {MIN_SPAN:g} EV at least"
        )
    slope = 1.0 / (highlights - shadows)
    unit = 1.0 / RANGE
    return Chain(
        (
            ToEV(),
            Affine(slope, -shadows * slope),
            Midtone(values[f"{channel}_midtones"]),
            Affine((HIGHLIGHTS - SHADOWS) * unit, (SHADOWS - DARKEST) * unit),
        )
    )


def _to_rec2020(light: SourceLight) -> Matrix3:
    """Return the (3, 3) matrix from the source's linear light to that of `PRIMARIES`."""
    rows = light.rgb_to_xyz
    source = space("srgb").rgb_to_pcs if rows is None else np.array(rows)
    return np.asarray(np.linalg.solve(space(PRIMARIES).rgb_to_pcs, source))


def predict(analysis: Analysis, context: Context, model: str) -> Prediction:
    """Return the nine values that place a photograph in the film's window.

    Parameters
    ----------
    analysis : Analysis
    context : Context
        With the stock among its settings, and what the picture's light means.
    model : str
        Name of one of the filter's models.
    """
    if model != NETWORK.name:
        return predict_by_rule(analysis, context, model)
    stock, finish = _stock_and_finish(context.settings)
    return predict_placing(analysis, context, stock, finish)


def _stock_options() -> tuple[Option, ...]:
    return tuple(
        Option(
            stock.name,
            stock.label,
            stock.doc,
            {
                "process": stock.process,
                "iso": stock.iso,
                "discontinued": stock.discontinued,
            },
            {"finishes": " ".join(stock.finishes), "licence": stock.licence},
        )
        for stock in stocks().values()
    )


def _strength(name: str, doc: str) -> Param:
    return Param(name, name.capitalize(), "", "film", 1.0, 0.0, 1.5, 0.0, 1.5, 0.01, doc)


def _effect(name: str, doc: str) -> Param:
    return Param(name, name.capitalize(), "", "film", 0.0, 0.0, 2.0, 0.0, 2.0, 0.01, doc)


SETTINGS = (
    Choice(
        "stock", "Stock", "film to emulate",
        _stock_options, "kodak-portra-400", "stocks", broken_stocks,
    ),
    Choice("finish", "Finish", "how the film is looked at", FINISHES, OWN_FINISH),
    _strength("colour", "how much of the film's colour; 0 leaves the picture's own"),
    _strength("tone", "how much of the film's tone curve; 0 leaves the picture's own"),
    _effect("grain", "how much of the film's grain; 1 is the stock's own, 0 is none"),
    _effect("halation", "how much of the red glow around lights; 1 is the stock's own, 0 is none"),
    Choice(
        "film_format", "Film format", "frame that the picture fills; scales grain and halation",
        tuple(one.option for one in FORMATS.values()), "135",
    ),
    Param(
        "seed", "Seed", "", "film", 0, 0, MAX_SEED, 0, 1000, 1,
        "which of the possible grains; the same number gives the same grain", whole=True,
    ),
)  # fmt: skip


def _params() -> tuple[Param, ...]:
    params: list[Param] = []
    for channel in CHANNELS:
        label = channel.capitalize()
        params += [
            Param(
                f"{channel}_shadows", f"{label} shadows", "EV", channel,
                SHADOWS, -20.0, 8.0, -9.0, -1.0, 0.05,
                f"exposure in {channel}, from grey, that becomes the film's deep shadow",
            ),
            Param(
                f"{channel}_midtones", f"{label} midtones", "", channel,
                0.0, -4.0, 4.0, -1.5, 1.5, 0.01,
                f"lightens the {channel} layer between shadow and highlight; 0 is straight",
            ),
            Param(
                f"{channel}_highlights", f"{label} highlights", "EV", channel,
                HIGHLIGHTS, -8.0, 20.0, -1.0, 7.0, 0.05,
                f"exposure in {channel}, from grey, that becomes the film's bright highlight",
            ),
        ]  # fmt: skip
    return tuple(params)


FILTER = Filter(
    name="film-emulate",
    label="Film Emulate",
    doc="digital photograph with the look of a film",
    verb="emulate",
    params=_params(),
    models=(NETWORK, *MODELS),
    rigs=(),
    films=(),
    primaries=PRIMARIES,
    predict=predict,
    transform=transform,
    source="photograph",
    settings=SETTINGS,
    together={"strength": ("colour", "tone")},
)
