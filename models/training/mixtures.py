"""Films that nobody made: between two training stocks in curves, dyes, sensitivities and base."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from training.films import GREY_EXPOSURE, Array, Stock, amounts_of_neutral

MIXED = 0.35  # share of the rolls drawn for training
# log10 exposure from mid grey on which mixed curves are kept; beyond it they are extended.
STEPS: Array = np.arange(-2.4, 2.7, 0.1)
FINE: Array = np.arange(-2.4, 2.6, 0.02)  # curves turn slowly: 0.1 is enough for the solver


def draw_pair(stocks: Sequence[Stock], rng: np.random.Generator) -> tuple[Stock, Stock, float]:
    """Return two different stocks and the weight of the second, 0 to 1."""
    one, other = rng.choice(len(stocks), 2, replace=False)
    return stocks[one], stocks[other], float(rng.uniform(0.0, 1.0))


def blend(one: Array, other: Array, weight: float) -> Array:
    """Return (1 − weight) one + weight other."""
    return np.asarray(one + weight * (other - one))


@lru_cache(maxsize=64)
def curve_about_grey(density: bytes, log_exposure: bytes, grey: float) -> Array:
    """Return Status M densities above their lowest on `STEPS`, ends carried on level or straight.

    Data sheets that stop early go on with the slope of their last 0.2.
    """
    x = np.frombuffer(log_exposure) - grey
    y = np.frombuffer(density).reshape(-1, 3)
    columns = []
    for c in range(3):
        column = np.interp(STEPS, x, y[:, c] - y[:, c].min())
        slope = (y[-1, c] - np.interp(x[-1] - 0.2, x, y[:, c])) / 0.2
        columns.append(column + max(slope, 0.0) * np.maximum(STEPS - x[-1], 0.0))
    return np.stack(columns, axis=1)


def stock_curve(stock: Stock) -> Array:
    """Return `curve_about_grey` of a stock."""
    return curve_about_grey(stock.density.tobytes(), stock.log_exposure.tobytes(), stock.grey)


def mix_stocks(stocks: Sequence[Stock], rng: np.random.Generator, weights: Array) -> Stock:
    """Return a film whose curves, dyes, sensitivities and base each lie between two stocks.

    Each takes a pair and a weight of its own, so that colour is not tied to contrast; the base
    goes with the dyes, since the mask is made of couplers. The amounts are solved anew: neutral
    steps have the mixed Status M densities.

    Parameters
    ----------
    stocks : sequence of Stock
        At least two.
    rng : Generator
    weights : (31, 3) float64
        Status M responses, `films.status_m`.
    """
    one, other, weight = draw_pair(stocks, rng)
    density = blend(stock_curve(one), stock_curve(other), weight)
    names, iso = [one.name, other.name], one.iso
    one, other, weight = draw_pair(stocks, rng)
    # In the logarithm, as sheets are drawn, each layer at its peak 1; 1e-3 of it is darkness.
    logs = [
        np.log10(np.maximum(stock.sensitivity / stock.sensitivity.max(axis=0), 1e-3))
        for stock in (one, other)
    ]
    sensitivity = 10.0 ** blend(logs[0], logs[1], weight)
    names += [one.name, other.name]
    one, other, weight = draw_pair(stocks, rng)
    dyes = blend(one.dyes, other.dyes, weight)
    dyes = dyes / dyes.max(axis=0)
    d_min = blend(one.d_min, other.d_min, weight)
    names += [one.name, other.name]

    solved = np.maximum(amounts_of_neutral(density, d_min, dyes, weights, steps=5), 0.0)
    grey = float(np.log10(GREY_EXPOSURE / iso))
    fine = np.stack([np.interp(FINE, STEPS, solved[:, c]) for c in range(3)], axis=1)
    printed = np.stack([np.interp(FINE, STEPS, density[:, c]) for c in range(3)], axis=1)
    name = "mix of " + ", ".join(names)
    return Stock(name, iso, d_min, dyes, sensitivity, FINE + grey, fine, printed)


def draw_stock(stocks: Sequence[Stock], rng: np.random.Generator, mixing: Array | None) -> Stock:
    """Return one of `stocks`, or with the chance `MIXED` a mixture of them.

    Parameters
    ----------
    stocks : sequence of Stock
    rng : Generator
    mixing : (31, 3) float64, optional
        Status M responses; without them nothing is mixed, as in all held-out measurements.
    """
    if mixing is not None and len(stocks) > 1 and rng.random() < MIXED:
        return mix_stocks(stocks, rng, mixing)
    return stocks[int(rng.integers(len(stocks)))]
