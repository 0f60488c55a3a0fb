"""How far each stock's cube is from direct spectral evaluation, and the picture from a real scene.

    python tests/benchmarks/stocks.py --data DATA [--size 33] [--stock NAME] [--json]

2,000 reflectances (the 289 of a measured IT8.7/2, 100 of skin, 109 of colour-science's charts,
and mixtures of two of them by random weights) under 3 lights (D65, A, a white LED) at 5 exposures
(−2 to +2 EV). Needs the film data (ORANGEMASK_DATA) and colour-science.

cube    the picture's linear RGB, balanced as a camera does, through the cube; against the same
        RGB's spectrum through the whole chain in float64
scene   the cube's result against the chain exposed by the real reflectance under the film's own
        light; best: the same with the least-squares 3 × 3 in the place of the stock's
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models"))

from orangemask.spaces import conversion, space  # noqa: E402
from orangemask_filters.film_emulate import bake, chain  # noqa: E402
from orangemask_filters.film_emulate.exposure import BRIGHTEST, DARKEST, ToEV  # noqa: E402
from orangemask_filters.film_emulate.stock import stocks  # noqa: E402
from training.films import WAVELENGTHS, read_json, to_grid  # noqa: E402
from training.lights import (  # noqa: E402
    colour,
    daylight,
    incandescent,
    lamp,
    to_wavelengths,
)
from training.neutral import to_lab  # noqa: E402
from training.stock_facts import STOCKS  # noqa: E402
from training.stock_films import load_film  # noqa: E402

COUNT = 2000
EXPOSURES = 2.0 ** np.arange(-2.0, 3.0)
LIGHTS = {"D65": daylight(6504.0), "A": incandescent(2856.0), "LED-B3": lamp("LED-B3")}
CHARTS = ("BabelColor Average", "ColorChecker N Ohta", "PMC", "ISO 17321-1")
SPACES = ("linear-rec2020", "srgb")
MEAN_BAR, P99_BAR = 0.5, 2.0


def reflectances(data: Path, rng: np.random.Generator) -> np.ndarray:
    """Return `COUNT` real reflectances (n, 31), 400 to 700 nm."""
    rows = []
    for name in ("agfa_it872", "nist_skin"):
        table = read_json(data / f"film/standards/reflectance/{name}.json")
        for sample in table.values():
            if isinstance(sample, dict) and "values" in sample:
                waves = np.linspace(sample["wl_start"], sample["wl_end"], len(sample["values"]))
                rows.append(to_grid(waves.tolist(), sample["values"]))
    for name in CHARTS:
        for sample in colour.SDS_COLOURCHECKERS[name].values():
            rows.append(np.interp(WAVELENGTHS, sample.wavelengths, sample.values))
    real = np.clip(np.stack(rows), 0.0, None)
    pairs = rng.integers(0, len(real), (COUNT - len(real), 2))
    weights = rng.random((len(pairs), 1))
    mixed = weights * real[pairs[:, 0]] + (1.0 - weights) * real[pairs[:, 1]]
    return np.concatenate([real, mixed])


def balanced(reflectance: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Return linear Rec. 2020 (n, 3) of reflectances, the light's white adapted to D65."""
    cmfs = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    matching = [to_wavelengths(cmfs.wavelengths, column) for column in cmfs.values.T]
    weights = light[:, None] * np.stack(matching, axis=1)
    xyz = reflectance @ weights / weights[:, 1].sum()
    white = weights.sum(axis=0) / weights[:, 1].sum()
    target = space("linear-rec2020").rgb_to_xyz
    adapt = colour.adaptation.matrix_chromatic_adaptation_VonKries(
        white, target.sum(axis=1), transform="Bradford"
    )
    return np.asarray(xyz @ adapt.T @ np.linalg.inv(target).T)


def spread(a: np.ndarray, b: np.ndarray) -> list[float]:
    """Return mean and 99th percentile of ΔE2000 of two sets of linear Rec. 2020."""
    error = colour.delta_E(to_lab(a), to_lab(b), method="CIE 2000")
    return [float(np.mean(error)), float(np.percentile(error, 99.0))]


def through_cube(stock, finish: str, light: np.ndarray, name: str, size: int) -> np.ndarray:
    """Return the cube's linear Rec. 2020 of linear light in the space `name`."""
    matrix = conversion(space(name), space("linear-rec2020"))
    cube = bake.film_cube(stock, finish, 1.0, 1.0, matrix, size)
    unit = (ToEV()(light) - DARKEST) / (BRIGHTEST - DARKEST)
    return cube(np.clip(unit, 0.0, 1.0)) ** 3


def against_chain(stock, finish: str, light: np.ndarray, name: str, size: int) -> list[float]:
    """Return mean and p99 of the cube against the chain, `light` in Rec. 2020."""
    source = np.maximum(light @ conversion(space("linear-rec2020"), space(name)).T, 0.0)
    to_srgb = conversion(space(name), space("srgb"))
    direct = chain.render(source @ to_srgb.T, stock.film, finish)
    return spread(through_cube(stock, finish, source, name, size), direct)


def against_scene(stock, sensitivity, reflectance, light, size: int) -> dict[str, list[float]]:
    """Return cube and best 3 × 3 against the film exposed by the reflectances themselves."""
    finish, film = stock.finishes[0], stock.film
    weights = daylight(5500.0)[:, None] * sensitivity
    exposure = reflectance @ (weights / weights.sum(axis=0))
    real = np.concatenate([exposure * ev for ev in EXPOSURES])
    truth = chain.render(real, replace(film, exposure=np.eye(3)), finish)
    to_srgb = conversion(space("linear-rec2020"), space("srgb"))
    picture = np.concatenate([light @ to_srgb.T * ev for ev in EXPOSURES])
    # Relative errors, and rows that sum to 1.
    rows = []
    base = light @ to_srgb.T
    for c in range(3):
        w = 1.0 / np.maximum(exposure[:, c], 0.01)
        left = (base[:, 1:] - base[:, :1]) * w[:, None]
        fit = np.linalg.lstsq(left, (exposure[:, c] - base[:, 0]) * w, rcond=None)[0]
        rows.append([1.0 - fit.sum(), *fit])
    best = chain.render(picture, replace(film, exposure=np.asarray(rows)), finish)
    wide = np.maximum(np.concatenate([light * ev for ev in EXPOSURES]), 0.0)
    cube = through_cube(stock, finish, wide, "linear-rec2020", size)
    return {"scene": spread(cube, truth), "scene_best": spread(best, truth)}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data", type=Path, default=os.environ.get("ORANGEMASK_DATA"))
    parser.add_argument("--size", type=int, default=33)
    parser.add_argument("--stock", action="append")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.data is None:
        parser.error("name the data folder with --data or ORANGEMASK_DATA")
    data = Path(options.data)
    samples = reflectances(data, np.random.default_rng(1))
    scenes = [balanced(samples, light) for light in LIGHTS.values()]
    light = np.concatenate([scene * ev for scene in scenes for ev in EXPOSURES])
    own = balanced(samples, daylight(5500.0))
    rows = {}
    for name in options.stock or STOCKS:
        stock = stocks()[name]
        row = {
            f"{finish} {s}": against_chain(stock, finish, light, s, options.size)
            for finish in stock.finishes
            for s in SPACES
        }
        sensitivity = load_film(data, STOCKS[name]).sensitivity
        rows[name] = row | against_scene(stock, sensitivity, samples, own, options.size)
    if options.json:
        print(json.dumps(rows))
        return
    print("ΔE2000, mean / 99th percentile\n")
    print("| stock | Rec. 2020 | sRGB | scan, Rec. 2020 | scan, sRGB | scene | best 3 × 3 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(f"{m:.2f} / {p:.2f}" for m, p in row.values()) + " |")
    worst = np.max([list(row.values())[:4] for row in rows.values()], axis=(0, 1))
    print(f"\nworst cube: mean {worst[0]:.2f} (bar {MEAN_BAR}), p99 {worst[1]:.2f} (bar {P99_BAR})")


if __name__ == "__main__":
    main()
