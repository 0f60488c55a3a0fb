"""Spectra of lights: of the scene, and of the rigs that photograph the film."""

from __future__ import annotations

import csv
import warnings
from functools import cache
from pathlib import Path

import numpy as np

from training.films import C2, WAVELENGTHS, Array

with warnings.catch_warnings():  # colour-science warns of its optional parts at import
    warnings.simplefilter("ignore")
    import colour as colour  # imported from here by the others

FILM_BALANCE = 5500.0  # K, daylight film
DAYLIGHT_SIGMA, DAYLIGHT_RANGE = 700.0, (4000.0, 7500.0)  # K
SCENE_LIGHTS = {"daylight": 0.74, "tungsten": 0.09, "fluorescent": 0.08, "led": 0.09}
CORRECTED, CORRECTION = 0.6, (0.3, 1.0)  # chance, weight of daylight
DARK = 1e-3  # of the light at 560 nm: an LED without light there would make the logarithm endless
GREEN = int(np.argmin(abs(WAVELENGTHS - 560.0)))

# Lamps tabulated by colour-science (CIE 15:2018 and NIST CQS), by family.
WHITE_LEDS = ("LED-B3", "LED-B4", "LED-B5", "LED-V1")
PHOSPHOR_LEDS = ("PHOS-1", "PHOS-2", "PHOS-3", "Phosphor LED YAG")
FLUORESCENTS = ("FL7", "FL8", "FL9", "FL10", "FL3.14", "FL3.15")


def unit_green(spectrum: Array) -> Array:
    """Return a spectrum divided by its value at 560 nm."""
    return np.asarray(spectrum / spectrum[GREEN])


def to_wavelengths(wavelengths: Array, values: Array) -> Array:
    """Return the means of a spectrum over the 10 nm around each of `WAVELENGTHS`."""
    fine = np.arange(WAVELENGTHS[0] - 5, WAVELENGTHS[-1] + 5) + 0.5
    return np.asarray(np.interp(fine, wavelengths, values).reshape(-1, 10).mean(axis=1))


@cache
def mallett_basis() -> Array:
    """Return the reflectances (31, 3) that linear sRGB weighs, Mallett and Yuksel 2019."""
    basis = colour.recovery.MSDS_BASIS_FUNCTIONS_sRGB_MALLETT2019
    columns = [to_wavelengths(basis.wavelengths, basis.values[:, c]) for c in range(3)]
    return np.stack(columns, axis=1)


@cache
def daylight(cct: float) -> Array:
    """Return CIE daylight of a correlated colour temperature in kelvin, 4000 to 25000."""
    xy = colour.temperature.CCT_to_xy_CIE_D(cct)
    spectrum = colour.sd_CIE_illuminant_D_series(xy)
    return unit_green(to_wavelengths(spectrum.wavelengths, spectrum.values))


def incandescent(temperature: float) -> Array:
    """Return a black body, Planck's law, of a temperature in kelvin."""
    return unit_green(WAVELENGTHS**-5 / np.expm1(C2 / (WAVELENGTHS * temperature)))


@cache
def lamp(name: str) -> Array:
    """Return a tabulated lamp of colour-science by its name there."""
    tables = colour.SDS_ILLUMINANTS if name in colour.SDS_ILLUMINANTS else colour.SDS_LIGHT_SOURCES
    spectrum = tables[name]
    return unit_green(to_wavelengths(spectrum.wavelengths, spectrum.values))


@cache
def scanning_lights(data: Path) -> dict[str, Array]:
    """Return the measured film scanning lights, columns of the equipment table, by name."""
    path = data / "film/equipment/film_scanner_SPD_combined.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    table = np.asarray(rows[1:], dtype=float)
    return {
        name: to_wavelengths(table[:, 0], table[:, column])
        for column, name in enumerate(rows[0])
        if column
    }


def draw_daylight(rng: np.random.Generator) -> float:
    """Return a CCT in kelvin: half about the film's balance, half anywhere in 4000 to 7500."""
    near = rng.normal(FILM_BALANCE, DAYLIGHT_SIGMA)
    cct = near if rng.random() < 0.5 else rng.uniform(*DAYLIGHT_RANGE)
    return round(float(np.clip(cct, *DAYLIGHT_RANGE)) / 100.0) * 100.0  # for the cache's sake


def draw_lamp(rng: np.random.Generator, kind: str) -> tuple[str, Array]:
    """Return the name and spectrum of a light of `SCENE_LIGHTS` that is not daylight."""
    if kind == "tungsten":
        temperature = float(rng.uniform(2700.0, 3400.0))
        return f"P{temperature:.0f}", incandescent(temperature)
    name = str(rng.choice(FLUORESCENTS if kind == "fluorescent" else WHITE_LEDS + PHOSPHOR_LEDS))
    return name, lamp(name)


def draw_scene_light(rng: np.random.Generator) -> tuple[str, Array]:
    """Return a light a photograph may be taken in: mostly daylight near the film's balance.

    Photographers mend other lights with a filter or a flash: with the chance `CORRECTED` the
    spectrum is blended in its logarithm with daylight at the film's balance, whose weight is
    0.3 to 1. The name then ends in "+" and that weight.
    """
    kind = str(rng.choice(list(SCENE_LIGHTS), p=list(SCENE_LIGHTS.values())))
    if kind == "daylight":
        cct = draw_daylight(rng)
        return f"D{cct:.0f}", daylight(cct)
    name, spectrum = draw_lamp(rng, kind)
    if rng.random() < CORRECTED:
        weight = float(rng.uniform(*CORRECTION))
        blend = np.log(np.maximum(spectrum, DARK)) * (1.0 - weight)
        blend += weight * np.log(daylight(FILM_BALANCE))
        return f"{name}+{weight:.2f}", unit_green(np.exp(blend))
    return name, spectrum
