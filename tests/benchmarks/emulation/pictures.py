"""Photographs with something wrong, and what the program makes of them on a stock.

Each photograph is taken well and then, by the same scene's light, with all that can be wrong at
once, and with each of it alone. The difference is that of the two pictures on film: mean ΔE2000
over an even sample of pixels, both as sRGB shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from inversion.classical import encode
from inversion.metrics import codes_to_lab, delta_e_2000
from numpy.typing import NDArray

from orangemask.analysis import Analysis
from orangemask.film_base import NO_BASE
from orangemask.filters import Context, SourceLight, find_filter
from orangemask.frame import whole_frame
from orangemask.nine import CHANNELS
from orangemask.render import predict_analysed
from orangemask.spaces import conversion, space
from orangemask_filters.film_emulate.heuristics import GREY_WORLD, shifted
from orangemask_filters.film_emulate.prediction import NETWORK
from training.perturb import NOTHING, Perturbation, draw, shown

FILTER = find_filter("film-emulate")
BALANCE = f"{GREY_WORLD}, balance alone"
METHODS = (*(model.name for model in FILTER.models if model != NETWORK), BALANCE, NETWORK.name)
BARE = "none"
HEURISTICS = tuple(name for name in METHODS if name not in (BARE, NETWORK.name))
WRONG: Mapping[str, tuple[bool, bool, bool]] = {
    "together": (True, True, True),
    "exposure": (True, False, False),
    "balance": (False, True, False),
    "contrast": (False, False, True),
}
SCENE, UNTOUCHED = "scene", "untouched"
SETS = (*WRONG, SCENE, UNTOUCHED)
SENSOR_WHITE = 1.0  # where a RAW file's light is cut off
SAMPLE = 1500  # pixels that are compared
TO_SRGB = conversion(space(FILTER.primaries), space("srgb"))

Light: TypeAlias = NDArray[np.float32]
Lab: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """One photograph.

    Attributes
    ----------
    light : (h, w, 3) float32
        Linear sRGB, of the display or the scene.
    is_scene : bool
    well : (h, w, 3) float32
        The same, taken well.
    wrong : Perturbation
    """

    light: Light
    is_scene: bool
    well: Light
    wrong: Perturbation


def take(scene: Light, name: str, rng: np.random.Generator) -> Taken:
    """Return the photograph of a scene's light as a set has it."""
    if name == SCENE:
        wrong = draw(rng, *WRONG["together"])
        return Taken(np.minimum(wrong(scene), np.float32(SENSOR_WHITE)), True, scene, wrong)
    wrong = draw(rng, *WRONG[name]) if name in WRONG else NOTHING
    return Taken(shown(wrong(scene)), False, shown(scene), wrong)


def context_of(stock: str, *, is_scene: bool) -> Context:
    """Return what a photograph, in sRGB's primaries, is rendered with on a stock."""
    settings = FILTER.checked_settings({"stock": stock})
    return Context(NO_BASE, settings=settings, light=SourceLight(is_scene))


def predicted(taken: Taken, context: Context, method: str) -> Mapping[str, float]:
    """Return the nine values of one of `METHODS`."""
    h, w = taken.light.shape[:2]
    analysis = Analysis(taken.light, whole_frame(h, w, 1.0), NO_BASE, 0.0)
    if method != BALANCE:
        return predict_analysed(analysis, FILTER, context, method).values
    values = predict_analysed(analysis, FILTER, context, GREY_WORLD).values
    places = np.array([values[f"{channel}_shadows"] for channel in CHANNELS])
    return shifted(places - places.mean())


def render(light: Light, values: Mapping[str, float], context: Context) -> NDArray[np.float64]:
    """Return the sRGB codes of light (…, 3) on film, clipped to the display."""
    return encode(FILTER.transform(values, context)(light) @ TO_SRGB.T)


def sample(light: Light) -> Light:
    """Return an even sample (n, 3) of the pixels."""
    flat = light.reshape(-1, 3)
    return flat[:: max(1, len(flat) // SAMPLE)]


def measure(
    pictures: Sequence[Mapping[str, Taken]],
    stocks: Sequence[str],
    methods: Sequence[str] = METHODS,
    step: Callable[[], object] = lambda: None,
) -> NDArray[np.float64]:
    """Return the mean differences (stocks, pictures, sets, methods).

    Parameters
    ----------
    pictures : sequence of mapping of set to `Taken`
    stocks : sequence of str
    methods : sequence of str
    step : callable
        Called after each picture on each stock.
    """
    found = np.zeros((len(stocks), len(pictures), len(pictures[0]), len(methods)))
    for s, stock in enumerate(stocks):
        for p, picture in enumerate(pictures):
            truths: dict[bool, Lab] = {}
            for i, taken in enumerate(picture.values()):
                context = context_of(stock, is_scene=taken.is_scene)
                if taken.is_scene not in truths:
                    codes = render(sample(taken.well), FILTER.defaults(), context)
                    truths[taken.is_scene] = codes_to_lab(codes)
                for m, method in enumerate(methods):
                    values = predicted(taken, context, method)
                    lab = codes_to_lab(render(sample(taken.light), values, context))
                    found[s, p, i, m] = delta_e_2000(lab, truths[taken.is_scene]).mean()
            step()
    return found
