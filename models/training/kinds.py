"""Kinds of film beside the masked colour negative: maskless, silver, slides and prints.

Each is a `Stock` for the same chain. Silver film is one panchromatic layer, written as three
that are alike and form a third of the density each, so that a grey stays a grey.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from orangemask_filters.invert_c41.prediction import FILMS
from training.films import (
    GREY_EXPOSURE,
    LAYERS,
    WAVELENGTHS,
    Array,
    Stock,
    amounts_of_neutral,
    densitometer,
    load_dyes,
)
from training.rigs import Rig
from training.scenes import LUMINANCE, Pixels
from training.sensor import Capture, FallOff

FILM_KINDS = FILMS  # those that the program tells apart
# What a film is exposed with, EV: mean, σ, least, most. Slides forgive little.
EXPOSURES = dict.fromkeys(("c41", "maskless", "bw"), (0.5, 1.1, -2.0, 4.0))
EXPOSURES |= {"positive": (0.0, 0.4, -1.0, 1.0)}

SPEED_POINT, SPEED_DENSITY = 0.8, 0.1  # S = 0.8 / H at 0.1 D above fog, ISO 6:1993
BW_GAMMA, BW_D_MAX, BW_BASE = (0.45, 0.8), (1.8, 2.4), (0.05, 0.35)
CHROMOGENIC = 0.25  # share of black and white films developed as colour film, with a stained base
# Peaks in nm of stain left in a grey base, by how it looks.
STAINS = {"grey": 0.0, "blue": 640.0, "purple": 550.0}

SLIDES = ("EktachromeE100", "Provia100F", "Velvia100", "Velvia50")
SLIDE_D_MAX, SLIDE_GAMMA, SLIDE_GREY = (2.7, 3.4), (1.4, 2.0), 1.0  # D, slope, D of mid grey
SLIDE_STEPS: Array = np.arange(0.0, 4.01, 0.1)  # D

PHOTOGRAPH = "photograph"  # the kind of rig of what is no film at all
PHOTOGRAPH_SHARE = 0.5  # of the positives
LOG_EXPOSURE: Array = np.arange(-5.0, 4.0, 0.02)  # log10 lux seconds, of the curves made here


def bump(peak: float, width: float = 45.0) -> Array:
    """Return a bell over `WAVELENGTHS`, height 1, of a peak and a σ in nm."""
    return np.asarray(np.exp(-0.5 * ((WAVELENGTHS - peak) / width) ** 2))


def draw_maskless(stock: Stock, rng: np.random.Generator) -> Stock:
    """Return a colour negative stock whose mask is gone: clear, or weakly masked for a third.

    The mask is what d_min has above a clear base of 0.05 to 0.2 D with a slight stain. The
    dyes and curves stay, so the unwanted absorptions are no longer made up for.
    """
    clear = rng.uniform(0.05, 0.2) + rng.uniform(0.0, 0.06) * bump(rng.uniform(420.0, 640.0))
    left = rng.uniform(0.1, 0.35) if rng.random() < 1.0 / 3.0 else 0.0
    mask = np.maximum(stock.d_min - clear, 0.0)
    return replace(stock, name=f"{stock.name} maskless", d_min=clear + left * mask)


def silver_curve(grey: float, gamma: float, d_max: float) -> Array:
    """Return the density above base and fog on `LOG_EXPOSURE`.

    A straight line with a rounded toe and shoulder: gamma times the difference of two
    softplus functions; moved so that the speed point of ISO 6:1993 is met.

    Parameters
    ----------
    grey : float
        Log exposure of mid grey, `GREY_EXPOSURE` / S.
    gamma : float
        Slope of the straight line.
    d_max : float
        Highest density above base and fog in D.
    """

    def rounded(x: Array) -> Array:
        return np.logaddexp(0.0, x * 5.0) / 5.0  # a toe of about 0.4 log10 units

    relative = np.arange(-3.0, 9.0, 0.01)
    density = gamma * (rounded(relative) - rounded(relative - d_max / gamma))
    at_speed = float(np.interp(SPEED_DENSITY, density, relative))
    speed_point = grey + np.log10(SPEED_POINT / GREY_EXPOSURE)
    return np.asarray(np.interp(LOG_EXPOSURE - speed_point + at_speed, relative, density))


def draw_silver(stock: Stock, rng: np.random.Generator) -> Stock:
    """Return a black and white stock, panchromatic as the sum of a colour stock's layers."""
    density = silver_curve(stock.grey, rng.uniform(*BW_GAMMA), rng.uniform(*BW_D_MAX))
    base = np.full(len(WAVELENGTHS), rng.uniform(*BW_BASE))
    if rng.random() < CHROMOGENIC:
        name = "chromogenic"
        # Three dyes that make an approximate grey, on a base with part of a colour film's mask.
        image = stock.dyes @ rng.uniform(0.92, 1.08, 3)
        image = image / image.mean()
        base = base + rng.uniform(0.2, 0.7) * (stock.d_min - stock.d_min.min())
    else:
        name = "silver"
        # Fine silver scatters short waves more: density rises slightly towards the blue.
        image = (WAVELENGTHS / 550.0) ** -rng.uniform(0.0, 0.25)
        stain = str(rng.choice(list(STAINS)))
        if stain != "grey":
            base = base + rng.uniform(0.01, 0.08) * bump(STAINS[stain])
    peak = image.max()
    panchromatic = stock.sensitivity / stock.sensitivity.sum(axis=0)
    sensitivity = np.repeat(panchromatic.sum(axis=1, keepdims=True), 3, axis=1)
    amounts = np.repeat(peak * density[:, None], 3, axis=1)
    dyes = np.repeat(image[:, None] / peak / 3.0, 3, axis=1)
    named = f"{name} {stock.name}"
    return Stock(named, stock.iso, base, dyes, sensitivity, LOG_EXPOSURE, amounts, amounts)


@cache
def slide_neutrals(data: Path, name: str) -> tuple[Array, Array]:
    """Return a slide film's dyes (31, 3) and the amounts (n, 3) that make `SLIDE_STEPS` grey.

    Grey by Status A, ISO 5-3, above the base.
    """
    dyes = load_dyes(data, name)
    target = np.repeat(SLIDE_STEPS[:, None], len(LAYERS), axis=1)
    return dyes, amounts_of_neutral(
        target, np.zeros(len(WAVELENGTHS)), dyes, densitometer(data, "A")
    )


def draw_slide(data: Path, stock: Stock, rng: np.random.Generator) -> Stock:
    """Return a reversal stock: published dyes, a falling logistic curve, the layers of `stock`.

    The curve's slope at half of D max is that drawn; mid grey has 1.0 D above the base.
    """
    name = str(rng.choice(SLIDES))
    dyes, neutrals = slide_neutrals(data, name)
    d_max, gamma = rng.uniform(*SLIDE_D_MAX), rng.uniform(*SLIDE_GAMMA)
    rate = 4.0 * gamma / d_max  # the logistic's slope in its middle is d_max rate / 4
    middle = stock.grey - np.log(d_max / SLIDE_GREY - 1.0) / rate
    density = d_max / (1.0 + np.exp(np.clip(rate * (LOG_EXPOSURE - middle), -50.0, 50.0)))
    columns = [np.interp(density, SLIDE_STEPS, neutrals[:, c]) for c in range(3)]
    d_min = rng.uniform(0.04, 0.15) + rng.uniform(0.0, 0.04) * bump(430.0)
    amounts = np.stack(columns, axis=1)
    status = np.repeat(density[:, None], 3, axis=1)
    return Stock(name, stock.iso, d_min, dyes, stock.sensitivity, LOG_EXPOSURE, amounts, status)


def draw_film(kind: str, stock: Stock, data: Path, rng: np.random.Generator) -> Stock:
    """Return a film of one of `FILM_KINDS` made from a colour negative stock.

    Raises
    ------
    ValueError
        If the kind is not one of `FILM_KINDS`.
    """
    if kind == "c41":
        return stock
    if kind == "maskless":
        return draw_maskless(stock, rng)
    if kind == "bw":
        return draw_silver(stock, rng)
    if kind == "positive":
        return draw_slide(data, stock, rng)
    raise ValueError(f"no kind of film {kind!r}: allowed are {', '.join(FILM_KINDS)}")


def photograph_rig() -> Rig:
    """Return the rig of an ordinary photograph: its codes are the picture, bare light is 1."""
    flat = np.full((len(WAVELENGTHS), 3), 1.0 / len(WAVELENGTHS))
    return Rig(PHOTOGRAPH, PHOTOGRAPH, flat, "srgb")


def photograph_capture(how: Capture, rng: np.random.Generator) -> Capture:
    """Return how a photograph or print is stored: sRGB or linear, white at 0.75 to 1."""
    encoded = "srgb" if rng.random() < 0.7 or how.bits == 8 else "linear"
    gain = np.full(3, rng.uniform(0.75, 1.0) if rng.random() < 0.5 else 1.0)
    return replace(how, base=np.ones(3), gain=gain, encoded=encoded, grain=0.0, fall_off=FallOff())


def truth_of(kind: str, photo: Pixels) -> Pixels:
    """Return what a perfect inversion shows of a photograph: for silver film its luminance."""
    if kind != "bw":
        return photo
    return np.repeat((photo @ LUMINANCE)[:, :, None], 3, axis=2)
