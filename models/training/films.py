"""Colour negative stocks: published curves read into what the simulator needs.

Data: OwlMightyCh/film-scan-calibration, CC-BY-4.0, and JanLohse/spectral_film_lut, MIT, in
stocks_data/spectral_film_lut.json; both digitised from the makers' data sheets.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WAVELENGTHS: Array = np.arange(400.0, 701.0, 10.0)  # nm; the film data ends at 700
LAYERS = ("cyan", "magenta", "yellow")  # the red, green and blue sensitive layers
SHEETS = Path(__file__).parent / "stocks_data/spectral_film_lut.json"
C2 = 1.4388e7  # nm K, second radiation constant

# ISO speed as sold; the simulator's normal exposure follows from it.
TRAIN_STOCKS = {
    "Ektar100": 100.0,
    "Fujicolor100": 100.0,
    "Gold200": 200.0,
    "Portra160": 160.0,
    "ProImage100": 100.0,
    "SuperiaPremium400": 400.0,
    "Ultramax400": 400.0,
    "FujiC200": 200.0,
    "Natura1600": 1600.0,
    "Pro400H": 400.0,
    "Reala100": 100.0,
    "VericolorIII": 160.0,
    "Eastman5247": 125.0,
    "EXR100T": 100.0,
    "Eterna500": 500.0,
    "Vision3_250D": 250.0,
    "Vision3_500T": 500.0,
}
# Fujifilm 400 has the same published dyes and sensitivities as Fujifilm 200, so training on
# one would not hold out the other: both stay out. So with Pro 160C and Pro 160S.
HELD_OUT_STOCKS = {
    "Portra400": 400.0,
    "Fujifilm200": 200.0,
    "Fujifilm400": 400.0,
    "AgfaVista100": 100.0,
    "Portra800": 800.0,
    "Pro160C": 160.0,
    "Pro160S": 160.0,
    "Vision320T": 320.0,
}

GREY_EXPOSURE = 10.0  # lux seconds times ISO speed at mid grey: H = 10 / S, ISO 2721:2013
END_SLOPE = 0.2  # log10 exposure over which a curve's last slope is taken
SHOULDER = 0.7  # log10 exposure over which a curve levels off beyond its printed end
NEWTON_STEPS = 12  # far more than needed for 1e-6 D
DAYLIGHT, TUNGSTEN = 5500.0, 3200.0  # K; what films are balanced for
# Red Status M density of mid grey, D: Kodak e40 asks for 0.75 to 0.95; its own sheets reach 1.07.
GREY_DENSITY = (0.75, 1.07)
NEUTRAL_FIT = (0.5, 2.0)  # how far a dye may depart from the mean dye to make the neutral exact


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
    return densitometer(data, "M")


def densitometer(data: Path, status: str) -> Array:
    """Return the responses (31, 3) of Status "A" or "M", ISO 5-3; they sum to 1 per channel."""
    table = read_json(data / f"film/standards/Status{status}_ISO5-3.json")
    response = table["responsivity_linear_peak1"]
    columns = [to_grid(table["wavelength_nm"], response[c], 0.0) for c in ("red", "green", "blue")]
    weights = np.stack(columns, axis=1)
    return np.asarray(weights / weights.sum(axis=0))


def spectral_to_status(density: Array, weights: Array) -> Array:
    """Return integral densities (…, 3) of spectral densities (…, 31) through `weights` (31, 3)."""
    return np.asarray(-np.log10(10.0**-density @ weights))


def amounts_of_neutral(
    target: Array, d_min: Array, dyes: Array, weights: Array, steps: int = NEWTON_STEPS
) -> Array:
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
    steps : int
        Of Newton's method.

    Returns
    -------
    (n, 3) float64
    """
    base = spectral_to_status(d_min, weights)
    amounts = np.zeros_like(target)
    for _ in range(steps):
        transmitted = 10.0 ** -(d_min + amounts @ dyes.T)
        received = transmitted @ weights  # (n, 3)
        error = -np.log10(received) - base - target
        jacobian = np.einsum("nw,wc,wk->nck", transmitted, weights, dyes) / received[:, :, None]
        amounts = amounts - np.linalg.solve(jacobian, error[:, :, None])[:, :, 0]
    return amounts


def load_stock(data: Path, name: str) -> Stock:
    """Return a stock from the folder `film/films` of the data, or from `SHEETS`.

    The curves are taken above their own lowest density, because the spectral d_min and the
    characteristic curves are two drawings of a data sheet and differ by some hundredths.
    """
    return load_measured(data, name) if is_measured(data, name) else load_sheet(data, name)


@cache
def load_dyes(data: Path, name: str) -> Array:
    """Return the spectral densities (31, 3) of a stock's dyes in the data, peak 1."""
    dye = read_json(data / f"film/films/{name}_dye_density.json")["shared_full_curves"]
    return np.stack([to_grid(dye["wavelength_nm"], dye[layer]) for layer in LAYERS], axis=1)


def load_measured(data: Path, name: str) -> Stock:
    """Return a stock of the data folder."""
    iso = (TRAIN_STOCKS | HELD_OUT_STOCKS)[name]
    folder = data / "film/films"
    sheet = read_json(folder / f"{name}_datasheet_curves.json")
    sensitivity = read_json(folder / f"{name}_spectral_sensitivity.json")
    spectral, curves = sheet["spectral"], sheet["char_curves"]

    d_min = to_grid(spectral["wavelength_nm"], spectral["dmin"])
    dyes = load_dyes(data, name)
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


def split_neutral(neutral: Array, typical: Array) -> Array:
    """Return dyes (31, 3) that add up to the spectral density of a neutral, peak 1.

    The typical dyes are fitted by least squares; then each is multiplied by the ratio of the
    neutral to the fit, at most `NEUTRAL_FIT`. A sheet that prints only the neutral does not
    tell its dyes: where two overlap the split is an assumption.

    Parameters
    ----------
    neutral : (31,) float64
        Mid grey above d_min in D.
    typical : (31, 3) float64
        Dyes of a similar film.
    """
    amounts = np.linalg.lstsq(typical, neutral, rcond=None)[0]
    if amounts.min() <= 0.0:
        raise ValueError(f"the neutral is not a sum of typical dyes: amounts {amounts}")
    ratio = np.clip(neutral / (typical @ amounts), *NEUTRAL_FIT)
    dyes = typical * ratio[:, None]
    return np.asarray(dyes / dyes.max(axis=0))


def tungsten_filter() -> Array:
    """Return the transmittance of an ideal filter that turns daylight into 3200 K, peak 1.

    The ratio of two black bodies, Planck's law: a shift of 131 mired (Kodak Wratten 85B).
    """
    ratio = np.expm1(C2 / (WAVELENGTHS * DAYLIGHT)) / np.expm1(C2 / (WAVELENGTHS * TUNGSTEN))
    return np.asarray(ratio / ratio.max())


def load_sheet(data: Path, name: str) -> Stock:
    """Return a stock of `SHEETS`.

    Its curves are made to rise everywhere and, where mid grey at `GREY_EXPOSURE` is outside
    `GREY_DENSITY`, moved along the exposure until it is at the nearer bound. Film for tungsten
    is sensitised as behind a conversion filter, as it is used in daylight.
    """
    sheets = read_json(SHEETS)
    if name not in (stocks := sheets["stocks"] | sheets["twins"]):
        raise ValueError(f"{SHEETS.name} has no stock {name}; it has {', '.join(stocks)}")
    sheet, weights = stocks[name], status_m(data)
    waves = WAVELENGTHS.tolist()
    d_min = to_grid(waves, sheet["d_min"])
    typical = [load_dyes(data, other) for other in TRAIN_STOCKS if is_measured(data, other)]
    if "dyes" in sheet:
        dyes = np.stack([to_grid(waves, sheet["dyes"][layer]) for layer in LAYERS], axis=1)
        dyes = np.maximum(dyes, 0.0) / dyes.max(axis=0)
    else:
        mean = np.maximum(np.mean(typical, axis=0), 0.0)
        dyes = split_neutral(to_grid(waves, sheet["neutral"]), mean)
    printed = [10.0 ** to_grid(waves, sheet["log_sensitivity"][layer], -9.0) for layer in LAYERS]
    sensitivity = np.stack(printed, axis=1)
    if sheet["balance_K"] < DAYLIGHT:
        sensitivity = sensitivity * tungsten_filter()[:, None]

    density = np.stack([np.asarray(sheet["statusM_density"][c]) for c in "RGB"], axis=1)
    lowest = density.argmin(axis=0)
    for c in range(3):
        density[: lowest[c], c] = density[lowest[c], c]
    density = np.maximum.accumulate(density, axis=0)
    first, step = sheet["log_exposure"]["first"], sheet["log_exposure"]["step"]
    log_exposure = first + step * np.arange(len(density))
    red = density[:, 0] - density[0, 0] + spectral_to_status(d_min, weights)[0]
    grey = np.log10(GREY_EXPOSURE / sheet["iso"])
    found = np.interp(grey, log_exposure, red)
    wanted = np.clip(found, *GREY_DENSITY)
    if found != wanted:
        rising = np.flatnonzero(np.diff(red, prepend=-1.0) > 0.0)
        log_exposure = log_exposure + grey - np.interp(wanted, red[rising], log_exposure[rising])
    amounts = np.maximum(amounts_of_neutral(density - density[0], d_min, dyes, weights), 0.0)
    return Stock(name, sheet["iso"], d_min, dyes, sensitivity, log_exposure, amounts, density)


def is_measured(data: Path, name: str) -> bool:
    """Return whether a stock is one of the data folder's."""
    return (data / f"film/films/{name}_spectral_sensitivity.json").is_file()


def extend_curve(log_exposure: Array, amounts: Array, above: float) -> tuple[Array, Array]:
    """Return the curves continued by `above` log10 units with a soft shoulder.

    Data sheets stop while the curves still rise; the slope decays over `SHOULDER`.
    """
    step = log_exposure[1] - log_exposure[0]
    back = round(END_SLOPE / step)
    slope = (amounts[-1] - amounts[-1 - back]) / (log_exposure[-1] - log_exposure[-1 - back])
    x = np.arange(1, round(above / step) + 1) * step
    rise = SHOULDER * -np.expm1(-x / SHOULDER)
    return (
        np.concatenate([log_exposure, log_exposure[-1] + x]),
        np.concatenate([amounts, amounts[-1] + rise[:, None] * slope]),
    )
