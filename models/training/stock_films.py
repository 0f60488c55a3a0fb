"""The films of the published data as the stock files need them: one grid of exposures for all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from training.films import (
    GREY_EXPOSURE,
    LAYERS,
    TRAIN_STOCKS,
    WAVELENGTHS,
    Array,
    Stock,
    amounts_of_neutral,
    densitometer,
    extend_curve,
    is_measured,
    load_dyes,
    load_measured,
    load_sheet,
    read_json,
    split_neutral,
    status_m,
    to_grid,
)
from training.import_positives import POSITIVES
from training.reflectances import exposure_rows
from training.stock_facts import Facts

LOG_RANGE, LOG_STEP = 3.2, 0.05  # log10 exposure from normal grey
CLEARING = 0.15  # log10 exposure over which a slide clears beyond its sheet's end


@dataclass(frozen=True, slots=True)
class RawFilm:
    """A film as published.

    Attributes
    ----------
    exposure : (3, 3) float64
        Exposures of the layers per linear sRGB; rows sum to 1.
    amounts : (n, 3) float64
        Dye amounts on the grid -`LOG_RANGE` … `LOG_RANGE`, 0 at normal grey.
    d_min : (31,) float64
        0 for slides.
    dyes : (31, 3) float64
    sensitivity : (31, 3) float64
        Of tungsten film behind the conversion filter to daylight.
    """

    exposure: Array
    amounts: Array
    d_min: Array
    dyes: Array
    sensitivity: Array


def exposure_grid() -> Array:
    """Return the log exposures (n,) of every stock file."""
    return np.asarray(np.arange(-LOG_RANGE, LOG_RANGE + LOG_STEP / 2, LOG_STEP))


def load_film(data: Path, facts: Facts) -> RawFilm:
    """Return the film of `facts`."""
    return load_slide(data, facts) if facts.is_slide else load_negative(data, facts)


def load_negative(data: Path, facts: Facts) -> RawFilm:
    """Return a negative of the data folder or of the second set."""
    load = load_measured if is_measured(data, facts.source) else load_sheet
    stock = load(data, facts.source)
    if facts.split:
        stock = with_typical_dyes(data, stock)
    log_exposure, amounts = extend_curve(stock.log_exposure, stock.amounts, 3.0)
    amounts = np.maximum.accumulate(np.maximum(amounts - amounts[0], 0.0), axis=0)
    at = exposure_grid() + stock.grey
    columns = [np.interp(at, log_exposure, amounts[:, c]) for c in range(3)]
    return RawFilm(
        exposure_rows(data, stock.sensitivity),
        np.stack(columns, axis=1),
        np.maximum(stock.d_min, 0.0),
        np.maximum(stock.dyes, 0.0),
        stock.sensitivity,
    )


def with_typical_dyes(data: Path, stock: Stock) -> Stock:
    """Return a stock of the data folder with its published neutral split by typical dyes.

    As films of the second set that print only their neutral; the curves are solved for anew.
    """
    spectral = read_json(data / f"film/films/{stock.name}_datasheet_curves.json")["spectral"]
    waves = spectral["wavelength_nm"]
    neutral = to_grid(waves, spectral["midscale_neutral"]) - to_grid(waves, spectral["dmin"])
    others = [load_dyes(data, name) for name in TRAIN_STOCKS if is_measured(data, name)]
    dyes = split_neutral(neutral, np.maximum(np.mean(others, axis=0), 0.0))
    density = stock.density - stock.density.min(axis=0)
    amounts = amounts_of_neutral(density, stock.d_min, dyes, status_m(data))
    return replace(stock, dyes=dyes, amounts=amounts)


def load_slide(data: Path, facts: Facts) -> RawFilm:
    """Return a reversal film; 0 is the exposure of a grey as a meter gives it.

    Densities count from the clearest film, to which the curves run on beyond the sheet's end.
    """
    sheet = read_json(POSITIVES)["sheets"][facts.source]
    waves = WAVELENGTHS.tolist()
    if facts.dyes:
        dyes = load_dyes(data, facts.dyes)
    else:
        dyes = np.stack([to_grid(waves, sheet["dyes"][k]) for k in LAYERS], axis=1)
    dyes = np.maximum(dyes, 0.0)
    dyes = dyes / dyes.max(axis=0)
    logs = [to_grid(waves, sheet["log_sensitivity"][k], -9.0) for k in LAYERS]
    sensitivity = 10.0 ** np.stack(logs, axis=1)

    density = np.stack([np.asarray(sheet["statusA_density"][c]) for c in "RGB"], axis=1)
    density = np.minimum.accumulate(density, axis=0)
    first, step = sheet["log_exposure"]["first"], sheet["log_exposure"]["step"]
    slope = (density[-5] - density[-1]) / (4 * step)
    beyond = np.arange(1, 41)[:, None] * step
    clearing = density[-1] - slope * CLEARING * -np.expm1(-beyond / CLEARING)
    density = np.concatenate([density, clearing])
    density = density - density[-1]
    log_exposure = first + step * np.arange(len(density))
    amounts = amounts_of_neutral(
        density, np.zeros(len(dyes)), dyes, densitometer(data, "A"), steps=60
    )
    amounts = np.minimum.accumulate(np.maximum(amounts, 0.0), axis=0)
    at = exposure_grid() + np.log10(GREY_EXPOSURE / facts.iso)
    columns = [np.interp(at, log_exposure, amounts[:, c]) for c in range(3)]
    return RawFilm(
        exposure_rows(data, sensitivity),
        np.stack(columns, axis=1),
        np.zeros(len(dyes)),
        dyes,
        sensitivity,
    )
