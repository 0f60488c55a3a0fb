"""What the network sees: the photograph's exposure in EV, and what the stock makes of greys.

A change of exposure, balance or contrast before the camera moves or stretches all of it in the
units of the parameters. What tells that something is wrong is where a photograph ends (at a
camera's white, or below it; neutral there, or not), how its colours lie over its tones, where in
the frame it is light and how steep its edges are. A stock is described by its tones, so that one
that is dropped in is described as ours are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask_filters.film_emulate.bake import look
from orangemask_filters.film_emulate.exposure import DARKEST, RANGE, FromEV, Scene, ToEV
from orangemask_filters.film_emulate.material import Stock

Numbers: TypeAlias = NDArray[np.float32]

SIDE = 32  # px of the planes
STRIDE = 2  # of the thumbnail's pixels that ends and colours are told of: an average has no ends
GREYS = (-4.0, -2.0, 1.0, 2.0, 3.0)  # EV whose lightness tells one stock from another

# Ends, EV. A camera's white lies at 3.5 EV, its code 1 near −6.
BRIGHT, DARK = (3.499, 3.4, 3.2, 3.0, 2.5), (-6.9, -6.0, -5.0, -4.0)
WHITE, BLACK = 3.4, -6.0  # beyond them a channel counts as cut off
BELOW_TOP = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)  # from the brightest of a channel
ABOVE_BOTTOM = (0.05, 0.2, 0.5, 1.0)
BELOW_BRIGHTEST = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)  # from the brightest mean of the channels
FEW_BRIGHT, FEW_DARK = 0.011, 0.022  # shares of the pixels whose colour is told
ENDS = (
    3 * (len(BRIGHT) + len(DARK) + len(BELOW_TOP) + len(ABOVE_BOTTOM))
    + (4 + len(BELOW_BRIGHTEST))
    + (8 + 13 + 8)
)

# Colours: red − green and blue − green, finer about grey, in three tones.
CHROMAS, FARTHEST, POWER = 13, 2.0, 0.6  # bins; EV and exponent of their places
TONES, TONE_FROM, TONE_WIDTH = 3, -4.0, 2.0  # EV
COLOURS = TONES * CHROMAS * CHROMAS

# The same as means over finer tones.
STEPS, STEP_FROM, STEP_WIDTH = 13, -5.0, 2.0 / 3.0  # EV
RARE = 1 / 275  # share of the pixels below which a tone's mean is drawn to 0
BY_TONE = 6 * STEPS

# Layout: means over parts of the frame; edges on a picture of that size.
ROWS, COLUMNS = 64, 96  # px
DOWN, ACROSS = 4, 6
EDGES, EDGE_FROM, EDGE_WIDTH = 12, -8.0, 11.0 / 12.0  # log2 of EV a pixel
EDGE_TINY = 1e-3  # EV a pixel
LAYOUT = 4 * DOWN * ACROSS + 12 + 2 * EDGES

# Steepness by tone: a finished photograph is flat near its black and its white.
LEVELS, LEVEL_FROM, LEVEL_WIDTH = 18, -5.0, 0.5  # EV
FEW = 0.01  # share of the pixels below which a tone is drawn to what all are like
FLAT = 0.15  # EV a pixel
LEAST, NO_EDGE = 0.02, 1e-4  # of the mean; EV a pixel
STEEPNESS = 5 * (LEVELS + 1) + LEVELS

PICTURE_FACTS = ENDS + COLOURS + BY_TONE + LAYOUT + STEEPNESS + 1
FACTS = PICTURE_FACTS + len(GREYS)


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Network input.

    Attributes
    ----------
    planes : (3, 32, 32) float32
        Exposure of red, green, blue, 0…1 from `DARKEST` to `BRIGHTEST`.
    facts : (FACTS,) float32
        Ends, colours, colours by tone, layout, steepness by tone, whether it is scene-linear, and
        the lightness of `GREYS` on the stock, 0…1. Shares are given as their roots.
    """

    planes: Numbers
    facts: Numbers


def light_to_unit(light: Numbers, *, scene: bool) -> Numbers:
    """Return the exposure of linear light, 0…1 from `DARKEST` to `BRIGHTEST`.

    `scene` is whether the light is the scene's; else a camera's tone curve is undone.
    """
    exposure = ToEV()(light if scene else Scene()(light))
    unit = (exposure - np.float32(DARKEST)) / np.float32(RANGE)
    return np.asarray(np.clip(unit, 0.0, 1.0), np.float32)


def picture_features(light: Numbers, *, scene: bool) -> Features:
    """Return the features of a thumbnail (h, w, 3) in linear light, without those of a stock."""
    import cv2

    unit = light_to_unit(light, scene=scene)
    small = cv2.resize(unit, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    few = unit[::STRIDE, ::STRIDE].reshape(-1, 3)
    flat = np.ascontiguousarray(few.T)  # (3, n): rows are fast to go through
    exposure = flat * np.float32(RANGE) + np.float32(DARKEST)
    mean = exposure.mean(axis=0)
    laid = cv2.resize(unit, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    laid = laid * np.float32(RANGE) + np.float32(DARKEST)
    facts = np.concatenate(
        [
            _ends(exposure, mean),
            _colours(exposure, mean),
            _by_tone(exposure, mean),
            _layout(laid),
            _steepness(laid),
            [float(scene)],
        ]
    ).astype(np.float32)
    return Features(np.ascontiguousarray(small.transpose(2, 0, 1)), facts)


def _chroma(colours: NDArray[Any]) -> NDArray[Any]:
    """Return red − green and blue − green, (2, …), of (3, …)."""
    return np.stack([colours[0] - colours[1], colours[2] - colours[1]])


def _ends(exposure: Numbers, mean: Numbers) -> NDArray[Any]:
    """Return how exposures (3, n) in EV end above and below, (ENDS,)."""
    n = mean.size
    most, least = exposure.max(axis=1), exposure.min(axis=1)
    over, under = exposure > WHITE, exposure < BLACK
    counts = [np.count_nonzero(exposure > level, axis=1) for level in BRIGHT]
    counts += [np.count_nonzero(exposure < level, axis=1) for level in DARK]
    counts += [np.count_nonzero(cut.all(axis=0)) for cut in (over, under)]
    counts += [np.count_nonzero(cut.any(axis=0)) for cut in (over, under)]
    counts += [np.count_nonzero(exposure > most[:, None] - d, axis=1) for d in BELOW_TOP]
    counts += [np.count_nonzero(exposure < least[:, None] + d, axis=1) for d in ABOVE_BOTTOM]
    counts += [np.count_nonzero(mean > mean.max() - d) for d in BELOW_BRIGHTEST]
    few_bright, few_dark = (max(1, round(n * share)) for share in (FEW_BRIGHT, FEW_DARK))
    brightest = exposure[:, np.argpartition(mean, n - few_bright)[n - few_bright :]]
    darkest = exposure[:, np.argpartition(mean, few_dark - 1)[:few_dark]]
    top, white, black = exposure[:, mean.argmax()], brightest.mean(axis=1), darkest.mean(axis=1)
    return np.concatenate(
        [
            np.sqrt(np.hstack(counts) / n),
            *(most, _chroma(most), least),
            *(white, _chroma(white), brightest.std(axis=1), top, _chroma(top)),
            *(black, _chroma(black), darkest.std(axis=1)),
        ]
    )


def _colours(exposure: Numbers, mean: Numbers) -> NDArray[Any]:
    """Return the roots of the histogram of tone, red − green and blue − green, (COLOURS,)."""
    half = np.float32(CHROMAS // 2)
    far = _chroma(exposure)
    size = np.minimum(np.abs(far) / np.float32(FARTHEST), np.float32(1.0)) ** np.float32(POWER)
    red, blue = (np.sign(far) * size * half + half + np.float32(0.5)).astype(np.int64)
    tone = np.clip((mean - TONE_FROM) / TONE_WIDTH, 0, TONES - 1).astype(np.int64)
    place = (tone * CHROMAS + red) * CHROMAS + blue
    return np.sqrt(np.bincount(place, minlength=COLOURS) / mean.size)


def _by_tone(exposure: Numbers, mean: Numbers) -> NDArray[Any]:
    """Return the mean colour and its distance from grey in each tone, and its share, (BY_TONE,)."""
    tone = np.clip((mean - STEP_FROM) / STEP_WIDTH, 0, STEPS - 1).astype(np.int64)
    count = np.bincount(tone, minlength=STEPS)
    chroma = _chroma(exposure)
    spread = exposure.max(axis=0) - exposure.min(axis=0)
    sums = [
        np.bincount(tone, weights=each, minlength=STEPS)
        for each in (*chroma, *np.abs(chroma), spread)
    ]
    return np.concatenate(
        [*(each / (count + RARE * mean.size) for each in sums), np.sqrt(count / mean.size)]
    )


def _layout(laid: Numbers) -> NDArray[Any]:
    """Return what exposures (`ROWS`, `COLUMNS`, 3) are where, and the edges, (LAYOUT,)."""
    mean = laid.mean(axis=2)
    seen = np.stack([mean, *_chroma(laid.transpose(2, 0, 1))])  # (3, rows, columns)
    parts = seen.reshape(3, DOWN, ROWS // DOWN, ACROSS, COLUMNS // ACROSS)
    edges = [np.abs(np.diff(seen, axis=axis)) for axis in (2, 1)]
    return np.concatenate(
        [
            parts.mean(axis=(2, 4)).ravel(),
            parts[0].std(axis=(1, 3)).ravel(),
            *(each.mean(axis=(1, 2)) for each in edges),
            *(np.sqrt(np.square(each).mean(axis=(1, 2))) for each in edges),
            *(_edge_histogram(each[0]) for each in edges),
        ]
    )


def _edge_histogram(edges: Numbers) -> NDArray[Any]:
    """Return the roots of the shares of edges by the logarithm of their steepness, (EDGES,)."""
    steep = (np.log2(edges + np.float32(EDGE_TINY)) - EDGE_FROM) / EDGE_WIDTH
    place = np.clip(steep, 0, EDGES - 1).astype(np.int64).ravel()
    return np.sqrt(np.bincount(place, minlength=EDGES) / edges.size)


def _steepness(laid: Numbers) -> NDArray[Any]:
    """Return how steep edges of exposures (`ROWS`, `COLUMNS`, 3) are in each tone, (STEEPNESS,).

    Of the mean of the channels, of the colours, and of red, green and blue by their own tones:
    log2 over all of the picture's, and that; then which share of each tone is nearly flat.
    """
    mean = laid.mean(axis=2)
    red, blue = _chroma(laid.transpose(2, 0, 1))
    pairs = [(mean, _edges(mean)), (mean, _edges(red) + _edges(blue))]
    pairs += [(each, _edges(each)) for each in laid.transpose(2, 0, 1)]
    found: list[NDArray[Any]] = []
    for level, edges in pairs:
        tone, whole = _level(level), float(edges.mean())
        prior = FEW * edges.size
        count = np.bincount(tone, minlength=LEVELS) + prior
        steep = np.bincount(tone, weights=edges.ravel(), minlength=LEVELS) + prior * whole
        found.append(np.log2(steep / count / (whole + NO_EDGE) + LEAST))
        found.append(np.log2([whole + EDGE_TINY]))
    tone, flat = _level(mean), pairs[0][1].ravel() < FLAT
    flats, all_told = (np.bincount(each, minlength=LEVELS) for each in (tone[flat], tone))
    found.append((flats + 1) / (all_told + 2))
    return np.concatenate(found)


def _edges(channel: Numbers) -> Numbers:
    """Return the length of the gradient, EV a pixel, but for the first row and column."""
    here = channel[1:, 1:]
    return np.asarray(np.hypot(here - channel[1:, :-1], here - channel[:-1, 1:]), np.float32)


def _level(channel: Numbers) -> NDArray[np.int64]:
    """Return the number of the tone of each pixel that has an edge."""
    place = (channel[1:, 1:] - LEVEL_FROM) / LEVEL_WIDTH
    return np.asarray(np.clip(place, 0, LEVELS - 1), np.int64).ravel()


@lru_cache(maxsize=256)
def stock_facts(stock: Stock, finish: str, colour: float, tone: float) -> Numbers:
    """Return the lightness of `GREYS` on a stock, 0…1 and a little beyond."""
    light = FromEV()(np.asarray(GREYS))[:, None].repeat(3, axis=1)
    shown = look(stock, finish, colour, tone, light, np.eye(3))[:, 1]
    return np.asarray(np.cbrt(np.maximum(shown, 0.0)) * 1.16 - 0.16, np.float32)  # CIE 15, bright


def make_features(light: Numbers, *, scene: bool, stock: Numbers) -> Features:
    """Return the features of a thumbnail (h, w, 3); `stock` is what `stock_facts` gives."""
    found = picture_features(light, scene=scene)
    return Features(found.planes, np.concatenate([found.facts, stock]))
