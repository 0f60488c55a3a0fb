"""What is a film's own of grain and halation: how strong, how large, in which layer.

Grain is published as one number, the deviation of visual density through an aperture of 48 µm on a
grey of density 1. It is laid on the layers as independent noise of their dyes, whose variance grows
with density (Siedentopf 1937), and reaches the picture as the change of exposure that would have
made the same change of dye: σ_e = σ_D / γ. So print, scan and projection show it as they show
exposure. Greys keep the mean of their light.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orangemask.filters import Option
from orangemask.grain import Grain, pixel_variance, selwyn
from orangemask.halation import Halation
from orangemask.spaces import conversion, space
from orangemask.transforms import Cube
from orangemask_filters.film_emulate.chain import develop, standards, transmit
from orangemask_filters.film_emulate.exposure import (
    CLIPPING,
    DARKEST,
    GREY,
    RANGE,
    FromEV,
)
from orangemask_filters.film_emulate.material import Array, Film, Stock

STEPS = 513  # of the exposures that grain is tabulated at
CLOUD_MM = 0.003  # deviation of a dye cloud: 7 µm wide at half height, 50 % MTF at 62 / mm; assumed
# Red, green, blue. The blue-sensitive layer is the fastest for its light and has the largest
# crystals; by how much is an assumption.
LAYERS = np.asarray([1.0, 1.0, 1.6])
FOG = 0.1  # dye that is there without light, as in the simulator
READ_AT = 1.0  # net visual density at which granularity is measured
LEAST_GAMMA = 0.5  # of the steepest; where the curve is flatter grain fades
PLAIN_GAMMA = 0.6  # D per log10 exposure, of a stock that is only a cube: a colour negative's
LUMINANCE = np.asarray([0.2126, 0.7152, 0.0722])  # of its layers in visual density: Rec. 709
NEAR = 1e-3  # step of differences of dye amounts
USUAL_PER_MM = 6000 / 36  # pixels of 24 MP on 135
BLACK = 0.005  # light below which it matters little
DAMPING = 0.3  # of relative light per unit exposure, squared; its slope is about 15
HALF_EV = 0.5 / RANGE  # in unit exposure

INDEX = 1.48  # of cellulose acetate
GREEN_SHARE = 0.3  # of the red layer's halation; an assumption. Blue ends in the yellow filter


@dataclass(frozen=True, slots=True)
class Format:
    """A film format.

    Attributes
    ----------
    frame_mm : float
        Long side of the exposed frame.
    base_mm : float
        Thickness of the film's base.
    option : Option
    """

    frame_mm: float
    base_mm: float
    option: Option


def _format(name: str, label: str, frame_mm: float, short_mm: float, base_mm: float) -> Format:
    doc = f"{frame_mm:g} × {short_mm:g} mm"
    return Format(frame_mm, base_mm, Option(name, label, doc))


# Frames: ISO 1007 (135), ISO 732 (120); sheets less the rims of the holder. Bases: the usual
# thickness of acetate for 135 and roll film, of polyester for sheets; makers differ by a fifth.
_135_BASE, _120_BASE, _SHEET_BASE = 0.13, 0.10, 0.19
FORMATS = {
    one.option.name: one
    for one in (
        _format("135", "35 mm", 36.0, 24.0, _135_BASE),
        _format("half-frame", "Half frame", 24.0, 18.0, _135_BASE),
        _format("6x4.5", "120, 6 × 4.5", 56.0, 41.5, _120_BASE),
        _format("6x6", "120, 6 × 6", 56.0, 56.0, _120_BASE),
        _format("6x7", "120, 6 × 7", 70.0, 56.0, _120_BASE),
        _format("4x5", "Sheet, 4 × 5 in", 121.0, 97.0, _SHEET_BASE),
    )
}


def film_grain(
    stock: Stock, amount: float, frame: Format, seed: int, cube: Cube, to_rec2020: Array
) -> Grain:
    """Return a stock's grain on unit exposures, the coordinates of `bake.film_cube`.

    Parameters
    ----------
    stock : Stock
    amount : float
        1 is the stock's own.
    frame : Format
    seed : int
    cube : Cube
        Of the stock, `bake.film_cube`.
    to_rec2020 : (3, 3) float64
        Linear light of the source's primaries to linear Rec. 2020.
    """
    unit = np.linspace(0.0, 1.0, STEPS)
    film = stock.film
    dyes = greys(unit, film)
    weights, at = visual_weights(dyes, film)
    layers = LAYERS * amount * stock.granularity / 1000.0
    layers /= np.sqrt(((weights * LAYERS) ** 2).sum())
    # Over an EV: published curves were read from paper and have corners.
    gamma = np.abs(greys(unit + HALF_EV, film) - greys(unit - HALF_EV, film)) / (2.0 * HALF_EV)
    sigma = layers * np.sqrt((np.maximum(dyes, 0.0) + FOG) / (at + FOG))
    strength = selwyn(1.0, CLOUD_MM) * sigma / np.maximum(gamma, LEAST_GAMMA * gamma.max(axis=0))
    layers_of = np.eye(3) if film is None else layers_of_channels(film, to_rec2020)
    mix = np.asarray(np.linalg.inv(layers_of), np.float64)
    drift = drift_of(cube, unit, strength, mix)
    return Grain(
        strength.astype(np.float32),
        drift.astype(np.float32),
        mix,
        CLOUD_MM,
        frame.frame_mm,
        seed,
    )


def film_halation(stock: Stock, amount: float, frame: Format, *, scene: bool) -> Halation:
    """Return a stock's halation on linear light, of which a mid grey is 0.18.

    `scene`: the light is the scene's; else a camera's white hides more.
    """
    share = stock.halation * amount
    ring = 2.0 * frame.base_mm / np.sqrt(INDEX**2 - 1.0)  # 2 t tan θ
    white = None if scene else GREY * 2.0**CLIPPING
    return Halation((share, GREEN_SHARE * share, 0.0), float(ring), frame.frame_mm, white)


def drift_of(cube: Cube, unit: Array, strength: Array, mix: Array) -> Array:
    """Return what keeps the mean light of greys, (n, 3) as `Grain` wants it.

    The mean over each layer's noise is taken by three points (Gauss and Hermite), exact for the
    pixels of `USUAL_PER_MM`; what undoes it follows from the slopes. In black, where light hardly
    moves, nothing is done.
    """
    grey = np.stack([unit] * 3, axis=1)

    def light(at: Array) -> Array:
        return np.asarray(cube(at) ** 3)

    here = light(grey)
    variance = pixel_variance(CLOUD_MM, USUAL_PER_MM)
    gained = np.zeros_like(here)
    for layer in range(3):
        way = np.sqrt(3.0 * variance) * strength[:, layer : layer + 1] * mix[:, layer]
        gained += (light(grey + way) + light(grey - way) - 2.0 * here) / 6.0
    # slopes[:, c, j]: light of channel c by exposure of channel j.
    slopes = np.stack(
        [light(grey + step) - light(grey - step) for step in HALF_EV * np.eye(3)], axis=2
    ) / (2.0 * HALF_EV)
    # As parts of the light there, damped.
    scale = 1.0 / (here + BLACK)
    slopes, gained = slopes * scale[..., None], gained * scale
    turned = slopes.transpose(0, 2, 1)
    back = np.linalg.solve(turned @ slopes + DAMPING * np.eye(3), turned @ gained[..., None])
    return np.asarray(-back[..., 0] / variance)


def greys(unit: Array, film: Film | None) -> Array:
    """Return the dye amounts (n, 3) of greys at unit exposures (n,)."""
    ev = unit * RANGE + DARKEST
    if film is None:
        dyes = PLAIN_GAMMA * np.log10(2.0) * (ev - DARKEST)
        return np.asarray(np.stack([dyes] * 3, axis=1))
    light = np.maximum(FromEV()(ev), 0.0)
    return np.asarray(develop(np.stack([light] * 3, axis=1), film))


def visual_density(dyes: Array, film: Film | None) -> Array:
    """Return the net visual density (n,) of dye amounts (n, 3), in the light of D50."""
    if film is None:
        return np.asarray(dyes @ LUMINANCE)
    seen = standards().xyz[:, 1] * 10.0**-film.d_min
    return np.asarray(-np.log10(transmit(dyes, film.dyes) @ (seen / seen.sum())))


def visual_weights(dyes: Array, film: Film | None) -> tuple[Array, Array]:
    """Return what each dye adds to visual density where granularity is read, and the dyes there.

    Parameters
    ----------
    dyes : (n, 3) float64
        Of a scale of greys. Where it does not reach `READ_AT` the nearest end counts.
    film : Film or None
    """
    density = visual_density(dyes, film)
    order = np.argsort(density)
    at = np.asarray([np.interp(READ_AT, density[order], dyes[order, c]) for c in range(3)])
    around = at + NEAR * np.eye(3)
    change = visual_density(around, film) - visual_density(at[None], film)
    return np.asarray(change / NEAR), at


def layers_of_channels(film: Film, to_rec2020: Array) -> Array:
    """Return how a small change of each channel's exposure of a grey moves the layers' (3, 3)."""
    to_srgb = conversion(space("linear-rec2020"), space("srgb")) @ to_rec2020
    return np.asarray(film.inter_layer @ film.exposure @ to_srgb)
