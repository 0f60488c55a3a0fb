"""Colour negative stocks: published curves read into what the simulator needs.

Data: OwlMightyCh/film-scan-calibration, CC-BY-4.0, digitised from the makers' data sheets.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WAVELENGTHS: Array = np.arange(400.0, 701.0, 10.0)  # nm; the film data ends at 700
LAYERS = ("cyan", "magenta", "yellow")  # the red, green and blue sensitive layers

# ISO speed as sold; the simulator's normal exposure follows from it.
TRAIN_STOCKS = {
    "Ektar100": 100.0,
    "Fujicolor100": 100.0,
    "Gold200": 200.0,
    "Portra160": 160.0,
    "ProImage100": 100.0,
    "SuperiaPremium400": 400.0,
    "Ultramax400": 400.0,
}
# Fujifilm 400 has the same published dyes and sensitivities as Fujifilm 200, so training on
# one would not hold out the other: both stay out.
HELD_OUT_STOCKS = {"Portra400": 400.0, "Fujifilm200": 200.0, "Fujifilm400": 400.0}

GREY_EXPOSURE = 10.0  # lux seconds times ISO speed at mid grey: H = 10 / S, ISO 2721:2013
SHOULDER = 0.7  # log10 exposure over which a curve levels off beyond its printed end
NEWTON_STEPS = 12  # far more than needed for 1e-6 D


@dataclass(frozen=True, slots=True)
class Stock:
    """A colour negative stock.

    Attributes
    ----------
    name : str
    iso : float
    d_min : (31,) float64
        Spectral density of the unexposed, developed film in D.
    dyes : (31, 3) float64
        Spectral density of cyan, magenta and yellow, peak 1.
    sensitivity : (31, 3) float64
        Linear, of the red, green and blue sensitive layer; 0 where none is published.
    log_exposure : (n,) float64
        Even grid, log10 lux seconds.
    amounts : (n, 3) float64
        Dye amounts after each exposure, such that neutral steps have the published
        Status M densities.
    density : (n, 3) float64
        The published Status M densities on the same grid.
    """

    name: str
    iso: float
    d_min: Array
    dyes: Array
    sensitivity: Array
    log_exposure: Array
    amounts: Array
    density: Array

    @property
    def grey(self) -> float:
        """Log exposure of an 18 % grey at normal exposure, log10 lux seconds."""
        return float(np.log10(GREY_EXPOSURE / self.iso))


def default_data() -> Path | None:
    """Return the data folder named by the variable ORANGEMASK_DATA, if it is set."""
    named = os.environ.get("ORANGEMASK_DATA")
    return Path(named) if named else None


def read_json(path: Path) -> Any:
    """Return the parsed content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def to_grid(
    wavelengths: Sequence[float], values: Sequence[float | None], outside: float | None = None
) -> Array:
    """Return a spectrum on `WAVELENGTHS`; `outside` replaces what is not published.

    Without `outside` the ends are repeated.
    """
    known = [(w, v) for w, v in zip(wavelengths, values, strict=True) if v is not None]
    x, y = np.asarray(known, dtype=np.float64).T
    return np.asarray(np.interp(WAVELENGTHS, x, y, left=outside, right=outside))


def status_m(data: Path) -> Array:
    """Return the Status M responses, ISO 5-3, as (31, 3) weights that sum to 1 per channel.

    The red response reaches 770 nm but film data ends at 700: it is cut there.
    """
    table = read_json(data / "film/standards/StatusM_ISO5-3.json")
    response = table["responsivity_linear_peak1"]
    columns = [to_grid(table["wavelength_nm"], response[c], 0.0) for c in ("red", "green", "blue")]
    weights = np.stack(columns, axis=1)
    return np.asarray(weights / weights.sum(axis=0))


def spectral_to_status(density: Array, weights: Array) -> Array:
    """Return integral densities (…, 3) of spectral densities (…, 31) through `weights` (31, 3)."""
    return np.asarray(-np.log10(10.0**-density @ weights))


def amounts_of_neutral(target: Array, d_min: Array, dyes: Array, weights: Array) -> Array:
    """Return the dye amounts that give the integral densities `target`.

    Newton's method: the derivative of an integral density by an amount is the mean of
    that dye's density weighted by the transmitted light.

    Parameters
    ----------
    target : (n, 3) float64
        Integral densities above those of `d_min`.
    d_min : (31,) float64
    dyes : (31, 3) float64
    weights : (31, 3) float64

    Returns
    -------
    (n, 3) float64
    """
    base = spectral_to_status(d_min, weights)
    amounts = np.zeros_like(target)
    for _ in range(NEWTON_STEPS):
        transmitted = 10.0 ** -(d_min + amounts @ dyes.T)
        received = transmitted @ weights  # (n, 3)
        error = -np.log10(received) - base - target
        jacobian = np.einsum("nw,wc,wk->nck", transmitted, weights, dyes) / received[:, :, None]
        amounts = amounts - np.linalg.solve(jacobian, error[:, :, None])[:, :, 0]
    return amounts


def load_stock(data: Path, name: str) -> Stock:
    """Return a stock from the folder `film/films` of the data.

    The curves are taken above their own lowest density, because the spectral d_min and the
    characteristic curves are two drawings of a data sheet and differ by some hundredths.
    """
    iso = (TRAIN_STOCKS | HELD_OUT_STOCKS)[name]
    folder = data / "film/films"
    sheet = read_json(folder / f"{name}_datasheet_curves.json")
    dye = read_json(folder / f"{name}_dye_density.json")["shared_full_curves"]
    sensitivity = read_json(folder / f"{name}_spectral_sensitivity.json")
    spectral, curves = sheet["spectral"], sheet["char_curves"]

    d_min = to_grid(spectral["wavelength_nm"], spectral["dmin"])
    dyes = np.stack([to_grid(dye["wavelength_nm"], dye[layer]) for layer in LAYERS], axis=1)
    # Unpublished wavelengths get log10 = -9: no response.
    layers = [
        10.0 ** to_grid(sensitivity["wavelength_nm"], sensitivity["log_sensitivity"][layer], -9.0)
        for layer in LAYERS
    ]
    printed = curves["statusM_density"]
    density = np.stack([np.asarray(printed[c], dtype=float) for c in ("R", "G", "B")], axis=1)
    log_exposure = np.asarray(curves["log_exposure"], dtype=float)
    amounts = amounts_of_neutral(density - density.min(axis=0), d_min, dyes, status_m(data))
    return Stock(name, iso, d_min, dyes, np.stack(layers, axis=1), log_exposure, amounts, density)


def extend_curve(log_exposure: Array, amounts: Array, above: float) -> tuple[Array, Array]:
    """Return the curves continued by `above` log10 units with a soft shoulder.

    Data sheets stop while the curves still rise; the slope decays over `SHOULDER`.
    """
    step = log_exposure[1] - log_exposure[0]
    slope = (amounts[-1] - amounts[-11]) / (log_exposure[-1] - log_exposure[-11])
    x = np.arange(1, round(above / step) + 1) * step
    rise = SHOULDER * -np.expm1(-x / SHOULDER)
    return (
        np.concatenate([log_exposure, log_exposure[-1] + x]),
        np.concatenate([amounts, amounts[-1] + rise[:, None] * slope]),
    )
