"""The film: light to layer exposures, exposures to dyes, dyes to transmitted light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from training.films import Array, Stock, extend_curve
from training.lights import FILM_BALANCE, daylight, draw_scene_light, mallett_basis

GREY = 0.18  # reflectance of the exposure reference
TABLE_STEP = 0.01  # log10 exposure
TABLE_FROM, TABLE_TO = -5.0, 4.0  # log10 exposure; beyond it the curves are level
# Range of each layer's contrast over its data sheet's; without the inter-layer effect the charts
# ask for green 0.98 to 1.30 of red on Ektar 100 and blue 0.81 to 1.17 of green.
LAYER_GAMMA = (0.85, 1.15)
# Ranges of the inter-layer off-diagonals, minus sign left out: of the row's layer by the column's
# (red, green, blue). Set to contain what real IT8 charts show (README.md): neighbours in the
# film, red and green, green and blue, act on each other, red and blue hardly.
INTER_LAYER_LOW = np.asarray([[0.0, 0.1, -0.05], [0.1, 0.0, 0.0], [0.05, 0.1, 0.0]])
INTER_LAYER_HIGH = np.asarray([[0.0, 0.6, 0.15], [0.45, 0.0, 0.35], [0.3, 0.55, 0.0]])
WEAKER = 0.3  # share of rolls whose inter-layer effect is any part of that: not all films have it
LN10 = np.float32(np.log(10.0))


@dataclass(frozen=True, slots=True)
class Development:
    """How this roll differs from its data sheet.

    Attributes
    ----------
    gamma : (3,) float64
        Factor on log exposure about normal grey, per layer.
    speed : (3,) float64
        Shift of the layers in log10 exposure.
    strength : (3,) float64
        Factor on the dye amounts: fading below 1.
    fog : (3,) float64
        Dye amounts added everywhere.
    base : float
        Factor on the spectral d_min.
    toe : float
        Dye amount over which the toe is rounded off further.
    inter_layer : (3, 3) float64
        Mixes log exposures; rows sum to 1, off-diagonals negative.
    """

    gamma: Array
    speed: Array
    strength: Array
    fog: Array
    base: float
    toe: float
    inter_layer: Array

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Development:
        """Return a random development: one roll in eight pushed or pulled, one in eight faded."""
        process = rng.uniform(0.85, 1.3) if rng.random() < 0.125 else 1.0
        gamma = process * rng.uniform(*LAYER_GAMMA, 3)
        strength = rng.uniform(0.97, 1.03, 3)
        fog = rng.uniform(0.0, 0.03, 3)
        if rng.random() < 0.125:
            # Dark fading takes the cyan and yellow dyes first and leaves stain.
            strength = strength * (1.0 - rng.uniform(0.0, 0.25) * np.asarray([1.0, 0.4, 0.7]))
            fog = fog + rng.uniform(0.0, 0.08, 3) * np.asarray([0.3, 0.5, 1.0])
        coupling = rng.uniform(INTER_LAYER_LOW, INTER_LAYER_HIGH)
        if rng.random() < WEAKER:
            coupling = coupling * rng.random()
        inter_layer = np.diag(1.0 + coupling.sum(axis=1)) - coupling
        return cls(
            gamma,
            rng.normal(0.0, 0.03, 3),
            strength,
            fog,
            float(rng.uniform(0.95, 1.05)),
            float(rng.uniform(0.0, 0.06)),
            inter_layer,
        )

    @classmethod
    def nominal(cls) -> Development:
        """Return the development of the data sheet."""
        one = np.ones(3)
        return cls(one, np.zeros(3), one, np.zeros(3), 1.0, 0.0, np.eye(3))


@lru_cache(maxsize=256)  # bounded: mixed films are endless
def reference_matrix(name: str, sensitivity: bytes) -> Array:
    """Return layer exposures per linear sRGB under the film's own daylight, not yet scaled."""
    layers = np.frombuffer(sensitivity).reshape(-1, 3)
    return np.asarray(layers.T @ (daylight(FILM_BALANCE)[:, None] * mallett_basis()))


def exposure_weights(
    stock: Stock, rng: np.random.Generator, light: tuple[str, Array] | None = None
) -> tuple[str, Array]:
    """Return a scene light's name and the exposures (31, 3), lux seconds, per reflectance.

    `light`, name and spectrum (31,), is drawn where it is not given.

    Scaled so that 18 % grey under 5500 K daylight gives `stock.grey` in every layer, which is
    how the data sheet's curves were exposed. Another light keeps its power at 560 nm.
    """
    name, spectrum = light or draw_scene_light(rng)
    reference = reference_matrix(stock.name, stock.sensitivity.tobytes())
    scale = 10.0**stock.grey / (GREY * reference.sum(axis=1))
    return name, np.asarray(spectrum[:, None] * stock.sensitivity * scale)


def exposure_matrix(stock: Stock, rng: np.random.Generator) -> tuple[str, Array]:
    """Return a scene light's name and the matrix from linear sRGB to exposures in lux seconds."""
    name, weights = exposure_weights(stock, rng)
    return name, np.asarray(weights.T @ mallett_basis())


def layer_tables(stock: Stock, development: Development) -> tuple[Array, Array]:
    """Return the roll's inter-layer matrix and its curves: amounts (n, 3) on an even grid."""
    log_exposure, amounts = extend_curve(stock.log_exposure, stock.amounts, 3.0)
    grid = np.arange(TABLE_FROM, TABLE_TO, TABLE_STEP)
    columns = []
    for c in range(3):
        x = stock.grey + development.gamma[c] * (grid + development.speed[c] - stock.grey)
        amount = np.interp(x, log_exposure, amounts[:, c])
        if development.toe > 0.0:
            # Rounds the toe: 0 stays 0, and far above it only a constant is lost.
            toe = development.toe
            amount = np.hypot(amount, toe) - toe
        columns.append(development.strength[c] * amount + development.fog[c])
    return development.inter_layer, np.stack(columns, axis=1)


def log_exposure_to_amounts(
    log_exposure: NDArray[np.floating], tables: tuple[Array, Array]
) -> NDArray[np.float32]:
    """Return dye amounts (n, 3) of log exposures (n, 3) by linear interpolation."""
    inter_layer, table = tables
    mixed = log_exposure.astype(np.float32) @ inter_layer.T.astype(np.float32)
    position = (mixed - np.float32(TABLE_FROM)) * np.float32(1.0 / TABLE_STEP)
    position = np.clip(position, 0.0, len(table) - 1.001)
    index = position.astype(np.int32)
    fraction = position - index
    values = table.astype(np.float32)
    amounts = np.empty_like(mixed)
    for c in range(3):
        low = values[:, c].take(index[:, c])
        high = values[:, c].take(index[:, c] + 1)
        amounts[:, c] = low + fraction[:, c] * (high - low)
    return amounts


def film_transmittance(
    amounts: NDArray[np.floating], stock: Stock, development: Development, response: Array
) -> NDArray[np.float32]:
    """Return what a rig with `response` (31, 3) reads of dye amounts (n, 3), as (n, 3).

    Bouguer and Beer: densities of the dyes add up at each wavelength.
    """
    density = amounts.astype(np.float32) @ (stock.dyes.T * -LN10).astype(np.float32)
    np.exp(density, out=density)
    base = 10.0 ** -(development.base * stock.d_min)
    return np.asarray(density @ (base[:, None] * response).astype(np.float32))
