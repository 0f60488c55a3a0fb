"""What the network sees: the photograph's exposure in EV, and what the stock makes of greys.

A change of exposure, balance or contrast before the camera moves or stretches all of it in the
units of the parameters. A stock is described by its tones, so that one that is dropped in is
described as ours are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangemask_filters.film_emulate.bake import look
from orangemask_filters.film_emulate.exposure import DARKEST, RANGE, FromEV, Scene, ToEV
from orangemask_filters.film_emulate.material import Stock
from orangemask_filters.moments import MOMENTS, moments

FINE = 64  # px: the picture is laid on a square of this side, of which the moments are
SIDE = 32  # px of the planes
TOP, BOTTOM = 0.05, 0.1  # EV from what is brightest or darkest, where a pixel counts as cut off
GREYS = (-4.0, -2.0, 1.0, 2.0, 3.0)  # EV whose lightness tells one stock from another
LOW, HIGH, BINS = -5.0, 4.0, 45  # EV, of the histograms of exposure; what is beyond is at the ends
WIDEST, SPREAD_BINS = 3.0, 15  # EV, of the histogram of the channels' distance in a pixel
PICTURE_FACTS = MOMENTS + 4 * 3 + 4 * BINS + SPREAD_BINS + 1
FACTS = PICTURE_FACTS + len(GREYS)


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Network input.

    Attributes
    ----------
    planes : (3, 32, 32) float32
        Exposure of red, green, blue, 0…1 from `DARKEST` to `BRIGHTEST`.
    facts : (FACTS,) float32
        Moments of the exposure, brightest and darkest of each channel, the share of each that is
        as bright or as dark as that (3 + 3 + 3 + 3), roots of the histograms of red, green, blue
        and their mean, and of their distance, whether it is scene-linear, and the lightness of
        `GREYS` on the stock, 0…1.
    """

    planes: NDArray[np.float32]
    facts: NDArray[np.float32]


def light_to_unit(light: NDArray[np.float32], *, scene: bool) -> NDArray[np.float32]:
    """Return the exposure of linear light, 0…1 from `DARKEST` to `BRIGHTEST`.

    `scene` is whether the light is the scene's; else a camera's tone curve is undone.
    """
    exposure = ToEV()(light if scene else Scene()(light))
    unit = (exposure - np.float32(DARKEST)) / np.float32(RANGE)
    return np.asarray(np.clip(unit, 0.0, 1.0), np.float32)


def picture_features(light: NDArray[np.float32], *, scene: bool) -> Features:
    """Return the features of a thumbnail (h, w, 3) in linear light, without those of a stock."""
    import cv2

    unit = light_to_unit(light, scene=scene)
    fine, small = (
        cv2.resize(unit, (side, side), interpolation=cv2.INTER_AREA) for side in (FINE, SIDE)
    )
    flat = np.ascontiguousarray(unit.reshape(-1, 3).T)  # (3, n): rows are fast to go through
    most, least = flat.max(axis=1), flat.min(axis=1)
    exposure = flat * np.float32(RANGE) + np.float32(DARKEST)
    facts = np.concatenate(
        [
            moments(fine, np.ones(fine.shape[:2], np.float32)),
            most,
            least,
            (flat > most[:, None] - TOP / RANGE).mean(axis=1),
            (flat < least[:, None] + BOTTOM / RANGE).mean(axis=1),
            *(_histogram(each, LOW, HIGH, BINS) for each in (*exposure, exposure.mean(axis=0))),
            _histogram(exposure.max(axis=0) - exposure.min(axis=0), 0.0, WIDEST, SPREAD_BINS),
            [float(scene)],
        ]
    ).astype(np.float32)
    return Features(np.ascontiguousarray(small.transpose(2, 0, 1)), facts)


def _histogram(values: NDArray[np.float32], low: float, high: float, bins: int) -> NDArray[Any]:
    """Return the roots of the shares of `bins` bins: where a camera cut off there is a peak."""
    place = np.clip((values - np.float32(low)) * np.float32(bins / (high - low)), 0, bins - 1)
    return np.sqrt(np.bincount(place.astype(np.int64), minlength=bins) / values.size)


@lru_cache(maxsize=256)
def stock_facts(stock: Stock, finish: str, colour: float, tone: float) -> NDArray[np.float32]:
    """Return the lightness of `GREYS` on a stock, 0…1 and a little beyond."""
    light = FromEV()(np.asarray(GREYS))[:, None].repeat(3, axis=1)
    shown = look(stock, finish, colour, tone, light, np.eye(3))[:, 1]
    return np.asarray(np.cbrt(np.maximum(shown, 0.0)) * 1.16 - 0.16, np.float32)  # CIE 15, bright


def make_features(
    light: NDArray[np.float32], *, scene: bool, stock: NDArray[np.float32]
) -> Features:
    """Return the features of a thumbnail (h, w, 3); `stock` is what `stock_facts` gives."""
    found = picture_features(light, scene=scene)
    return Features(found.planes, np.concatenate([found.facts, stock]))
