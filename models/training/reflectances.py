"""What a film's layers get of a picture whose spectra are unknown, from real reflectances.

A picture tells linear sRGB. Leaves, skin and dyes reflect more light beyond 650 nm, where the
red layer sees and the eye hardly does, than smooth spectra of the same colour. So the layers'
exposures are fitted to real reflectances.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares  # type: ignore[import-untyped]

from orangemask.spaces import space
from training.films import Array, read_json, to_grid
from training.lights import FILM_BALANCE, colour, daylight, to_wavelengths

CHART = "BabelColor Average"  # a measured ColorChecker
SKIN_WEIGHT = 4.0  # of a skin against another sample: skins leave less room for error
DARK = 1e-3  # of white, added to exposures before their logarithm
MOST = 0.6  # share of a layer's exposure that another primary than its own may give


@cache
def chart_reflectances() -> Array:
    """Return the reflectances (24, 31) of a ColorChecker; the last 6 are greys."""
    samples = colour.SDS_COLOURCHECKERS[CHART].values()
    return np.stack([to_wavelengths(s.wavelengths, s.values) for s in samples])


@cache
def things() -> Array:
    """Return the 99 reflectances (99, 31) of CIE 224:2017: nature, skin, cloth, paint, print."""
    shape = colour.SpectralShape(380, 780, 5)
    table = colour.quality.cfi2017.load_TCS_CIE2017(shape)
    return np.stack([to_wavelengths(table.wavelengths, column) for column in table.values.T])


@cache
def skins(data: Path) -> Array:
    """Return the reflectances (n, 31) of skin that NIST measured."""
    table = read_json(data / "film/standards/reflectance/nist_skin.json")
    rows = []
    for sample in table.values():
        if isinstance(sample, dict) and "values" in sample:
            waves = np.linspace(sample["wl_start"], sample["wl_end"], len(sample["values"]))
            rows.append(to_grid(waves.tolist(), sample["values"]))
    return np.stack(rows)


@cache
def daylight_weights() -> Array:
    """Return CIE 1931 times 5500 K daylight as (31, 3) weights; Y of white is 1."""
    table = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    matching = np.stack([to_wavelengths(table.wavelengths, c) for c in table.values.T], axis=1)
    weights = daylight(FILM_BALANCE)[:, None] * matching
    return np.asarray(weights / weights[:, 1].sum())


def to_srgb(reflectances: Array) -> Array:
    """Return linear sRGB (n, 3) of reflectances (n, 31) in 5500 K daylight, which is its white."""
    weights, target = daylight_weights(), space("srgb").rgb_to_xyz
    adapt = colour.adaptation.matrix_chromatic_adaptation_VonKries(
        weights.sum(axis=0), target.sum(axis=1), transform="Bradford"
    )
    return np.asarray(reflectances @ weights @ adapt.T @ np.linalg.inv(target).T)


def layer_exposures(sensitivity: Array, reflectances: Array) -> Array:
    """Return the layers' exposures (n, 3) in 5500 K daylight, 1 for white."""
    weights = daylight(FILM_BALANCE)[:, None] * sensitivity
    return np.asarray(reflectances @ (weights / weights.sum(axis=0)))


def exposure_rows(data: Path, sensitivity: Array) -> Array:
    """Return layer exposures (3, 3) per linear sRGB in daylight; rows sum to 1, none negative.

    Least squares of log exposures over the skins, `things` and the ColorChecker's colours, in
    5500 K daylight: the sensitivity of film for tungsten has its conversion filter before it.
    """
    other = np.concatenate([things(), chart_reflectances()[:18]])
    samples = np.concatenate([skins(data), other])
    weight = np.sqrt(np.repeat([SKIN_WEIGHT, 1.0], [len(samples) - len(other), len(other)]))
    light = to_srgb(samples)
    wanted = np.log10(layer_exposures(sensitivity, samples) + DARK)

    def row(off: Array, layer: int) -> Array:
        return np.asarray(np.insert(off, layer, 1.0 - off.sum()))

    def error(off: Array, layer: int) -> Array:
        exposure = np.maximum(light @ row(off, layer), 0.0) + DARK
        return np.asarray(weight * (np.log10(exposure) - wanted[:, layer]))

    start, bounds = np.full(2, 0.1), (0.0, MOST)
    return np.stack(
        [row(least_squares(error, start, bounds=bounds, args=(c,)).x, c) for c in range(3)]
    )
