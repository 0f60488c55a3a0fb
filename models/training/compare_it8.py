"""Compare the simulator with real film: the IT8 chart on Ektar 100 and Portra 160.

    python -m training.compare_it8 --data DATA [--out REPORT.json]

The chart's 288 patches are simulated on the matching stock with every camera and light of the
simulator and with the rig that the chart's author names. A rig is fitted by the exposure, the
gain of each channel and the taking lens' flare; then the layers' contrasts are freed, then the
inter-layer effect. Printed is the residual density error. This measures the simulator and sets
the range of its parameters; nothing is trained on the charts.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares  # type: ignore[import-untyped]

from training.films import Array, Stock, default_data, load_stock, read_json
from training.lights import (
    FLUORESCENTS,
    PHOSPHOR_LEDS,
    WHITE_LEDS,
    colour,
    daylight,
    incandescent,
    lamp,
    scanning_lights,
    to_wavelengths,
)
from training.negative import (
    GREY,
    Development,
    film_transmittance,
    layer_tables,
    log_exposure_to_amounts,
)
from training.rigs import SCANNER_PEAKS, balanced_rgb, bands, load_cameras, rgb_lamps

READINGS = {"ektar100-0": "Ektar100", "ektar100-2": "Ektar100", "portra160-0": "Portra160"}
FULL_SCALE = 16383.0  # code of the 14-bit camera
CHART_LIGHT = 5400.0  # K, sunlight; the author's note on the shots
# The author's rig: Sony A7R IV behind an Edmund Optics 87-254 filter before an RGB lamp. Three
# pass bands in nm; their widths are an assumption, the simulator's grid is 10 nm.
AUTHOR_CAMERA = "Sony_ILCE-7RM4"
TRIBAND_PEAKS, TRIBAND_WIDTH = (628.0, 530.0, 457.0), 25.0
# Raw codes of film base over exposure time, which the author notes; only ratios are used.
AUTHOR_BASE = {
    "Ektar100": np.asarray([305900.0, 473780.0, 446880.0]),
    "Portra160": np.asarray([256724.0, 396539.0, 338117.0]),
}
PAPER_COMPONENTS = 3  # of the paper's density: its dyes
NEWTON_STEPS = 12
FLARE_LIMIT = 0.05  # of the mean exposure
STAGES = ("nominal", "gamma", "inter-layer")


@dataclass(frozen=True, slots=True)
class Match:
    """How near one rig comes to one reading.

    Attributes
    ----------
    rms : tuple of 3 float
        Residual density of red, green and blue in D.
    range_ratios : tuple of 2 float
        Density range (2nd to 98th percentile) of red and of blue over green's, simulated.
    ev : float
        Exposure in stops above the normal one.
    flare : float
        Share of the mean exposure added to each.
    gamma : tuple of 3 float
        Factor on each layer's contrast.
    inter_layer : tuple of 9 float
        K, row by row; rows sum to 1.
    """

    rms: tuple[float, ...]
    range_ratios: tuple[float, ...]
    ev: float
    flare: float
    gamma: tuple[float, ...]
    inter_layer: tuple[float, ...]

    @property
    def error(self) -> float:
        """Root mean square over the channels in D."""
        return float(np.sqrt(np.mean(np.square(self.rms))))


def load_reading(data: Path, name: str) -> tuple[Array, Array]:
    """Return a reading's densities (288, 3) in D and its patches' XYZ (288, 3) under D50."""
    path = data / f"negatives/it8-ektar100/{name}-r190808_train.txt"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    codes = np.asarray([[float(row[c]) for c in "rgb"] for row in rows]) / FULL_SCALE
    xyz = np.asarray([[float(row[f"ref{c}"]) for c in "XYZ"] for row in rows]) / 100.0
    if codes.min() <= 0.0:
        message = f"{path.name}: a patch reads 0"
        raise ValueError(message)
    return -np.log10(codes), xyz


@cache
def observer() -> Array:
    """Return the CIE 1931 observer times D50 as (31, 3) weights; Y of white is 1."""
    table = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    matching = np.stack([to_wavelengths(table.wavelengths, c) for c in table.values.T], axis=1)
    weights = daylight(5003.0)[:, None] * matching
    return np.asarray(weights / weights[:, 1].sum())


def paper_reflectances(data: Path, xyz: Array) -> Array:
    """Return reflectances (n, 31) of photographic paper that have the colours `xyz` (n, 3).

    The densities of a measured IT8.7/2 of another maker span the paper's three dyes; Newton's
    method finds the amounts. XYZ alone would leave the spectrum open.
    """
    table = read_json(data / "film/standards/reflectance/agfa_it872.json")
    known = np.asarray([entry["values"] for entry in table.values()], dtype=np.float64)
    density = -np.log10(np.maximum(known, 1e-4))
    mean = density.mean(axis=0)
    components = np.linalg.svd(density - mean, full_matrices=False)[2][:PAPER_COMPONENTS]
    weights = observer()
    seen = -np.log10(10.0**-density @ weights)
    target = -np.log10(np.maximum(xyz, 1e-4))
    # Start at the least-squares line from colorimetric density to the amounts.
    line = np.linalg.lstsq(
        np.column_stack([seen, np.ones(len(seen))]), (density - mean) @ components.T, rcond=None
    )[0]
    amounts = np.column_stack([target, np.ones(len(target))]) @ line
    for _ in range(NEWTON_STEPS):
        reflected = 10.0 ** -(mean + amounts @ components)
        received = reflected @ weights
        error = -np.log10(received) - target
        jacobian = np.einsum("nw,wc,kw->nck", reflected, weights, components)
        step = np.linalg.solve(jacobian / received[:, :, None], error[:, :, None])[:, :, 0]
        amounts = amounts - np.clip(step, -1.0, 1.0)
    return np.asarray(10.0 ** -(mean + amounts @ components))


def layer_exposures(stock: Stock, reflectances: Array) -> Array:
    """Return exposures (n, 3) in lux seconds at 0 EV under `CHART_LIGHT`, grey card normal."""
    weights = stock.sensitivity * daylight(CHART_LIGHT)[:, None]
    return np.asarray(10.0**stock.grey / GREY * reflectances @ (weights / weights.sum(axis=0)))


def rigs(data: Path, stock: Stock) -> dict[str, Array]:
    """Return responses (31, 3) of all cameras before all lights and of a scanner, by name.

    Of red, green and blue light there is one of equal peaks and one set for grey film base.
    """
    lights = {name: lamp(name) for name in (*WHITE_LEDS, *PHOSPHOR_LEDS, *FLUORESCENTS)}
    lights |= {f"D{cct:.0f}": daylight(cct) for cct in (5000.0, 6000.0)}
    lights |= {"P3000": incandescent(3000.0), "W100": scanning_lights(data)["W100"]}
    lamps, filtered = rgb_lamps(data), bands(TRIBAND_PEAKS, TRIBAND_WIDTH)
    lights |= {"RGB": (lamps / lamps.max(axis=0)).sum(axis=1), "triband": filtered.sum(axis=1)}
    cameras = load_cameras(data, held_out=False) | load_cameras(data, held_out=True)
    found = {"scanner": bands(SCANNER_PEAKS, 30.0)}
    for camera, sensitivity in cameras.items():
        for light, spectrum in lights.items():
            found[f"{camera}, {light}"] = spectrum[:, None] * sensitivity
        for light, three in (("RGB", lamps), ("triband", filtered)):
            found[f"{camera}, {light} for base"] = balanced_rgb(
                stock.d_min, sensitivity, AUTHOR_BASE[stock.name], three
            )
    return {name: response / response.sum(axis=0) for name, response in found.items()}


def mixing(off_diagonal: Array) -> Array:
    """Return K (3, 3) whose rows sum to 1 from its 6 off-diagonals, row by row."""
    matrix = np.zeros((3, 3))
    matrix[~np.eye(3, dtype=bool)] = off_diagonal
    return np.asarray(matrix + np.diag(1.0 - matrix.sum(axis=1)))


def chart_density(
    stock: Stock, exposures: Array, response: Array, ev: float, flare: float, film: Development
) -> Array:
    """Return the density (n, 3) a rig reads of the chart, to within a constant per channel."""
    light = 2.0**ev * (exposures + flare * exposures.mean(axis=0))
    tables = layer_tables(stock, film)
    amounts = log_exposure_to_amounts(np.log10(np.maximum(light, 1e-9)), tables)
    return -np.log10(film_transmittance(amounts, stock, film, response).astype(np.float64))


def density_ranges(density: Array) -> tuple[float, float]:
    """Return the density range of red over green's and of blue over green's."""
    low, high = np.percentile(density, (2.0, 98.0), axis=0)
    red, green, blue = high - low
    return float(red / green), float(blue / green)


def match(
    stock: Stock, exposures: Array, response: Array, real: Array, stage: str, ev: float = 0.0
) -> Match:
    """Return the best fit of a rig to a reading's densities `real` (n, 3).

    Each channel's gain is free: means are taken off. `stage` is one of `STAGES`: later ones
    free more.
    """
    wanted = real - real.mean(axis=0)
    free = {"nominal": 2, "gamma": 5, "inter-layer": 11}[stage]
    first = np.concatenate([[ev, 0.005], np.ones(3), np.full(6, -0.1)])[:free]
    low = np.concatenate([[-6.0, 0.0], np.full(3, 0.4), np.full(6, -1.0)])[:free]
    high = np.concatenate([[6.0, FLARE_LIMIT], np.full(3, 2.0), np.full(6, 0.5)])[:free]

    def film(numbers: Array) -> Development:
        gamma = numbers[2:5] if free > 2 else np.ones(3)
        k = mixing(numbers[5:11]) if free > 5 else np.eye(3)
        return Development(gamma, np.zeros(3), np.ones(3), np.zeros(3), 1.0, 0.0, k)

    def residual(numbers: Array) -> Array:
        found = chart_density(
            stock, exposures, response, float(numbers[0]), float(numbers[1]), film(numbers)
        )
        return np.asarray((found - found.mean(axis=0) - wanted).ravel())

    # Tables are read in float32 at 0.01 steps: smaller differences than 1e-3 are noise.
    best = least_squares(residual, first, bounds=(low, high), diff_step=1e-3, x_scale="jac").x
    errors = residual(best).reshape(-1, 3)
    developed = film(best)
    return Match(
        tuple(np.sqrt(np.mean(errors**2, axis=0)).round(4).tolist()),
        tuple(round(value, 3) for value in density_ranges(errors + wanted)),
        round(float(best[0]), 3),
        round(float(best[1]), 4),
        tuple(developed.gamma.round(3).tolist()),
        tuple(developed.inter_layer.round(3).ravel().tolist()),
    )


def rank(
    data: Path, names: tuple[str, ...], tell: Callable[[str], None] = print
) -> dict[str, dict[str, Any]]:
    """Return for each reading the real ranges, the order of the rigs and their best fits."""
    author = f"{AUTHOR_CAMERA}, triband for base"
    report: dict[str, dict[str, Any]] = {}
    for name in names:
        stock = load_stock(data, READINGS[name])
        responses = rigs(data, stock)
        real, xyz = load_reading(data, name)
        exposures = layer_exposures(stock, paper_reflectances(data, xyz))
        nominal = {
            rig: match(stock, exposures, response, real, "nominal")
            for rig, response in responses.items()
        }
        order = sorted(nominal, key=lambda rig: nominal[rig].error)
        ratios = [round(value, 3) for value in density_ranges(real)]
        tell(f"{name}: real range ratios {ratios}")
        own = [rig for rig in order if rig.startswith(AUTHOR_CAMERA)]
        shown = dict.fromkeys([*order[:5], author, own[0], f"{AUTHOR_CAMERA}, W100"])
        rows: dict[str, Any] = {}
        for rig in shown:
            rows[rig] = {"place": order.index(rig) + 1}
            for stage in STAGES:
                found = match(stock, exposures, responses[rig], real, stage, nominal[rig].ev)
                rows[rig][stage] = asdict(found)
                tell(f"  {rows[rig]['place']:4d} {rig} {stage}: {found.error:.4f} {found}")
        report[name] = {"range_ratios": ratios, "rigs": rows}
    return report


def main() -> None:
    """Print the comparison and, with --out, write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data(), help="data folder")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--chart", choices=READINGS, action="append")
    options = parser.parse_args()
    if options.data is None:
        parser.error("no data folder; give --data or set ORANGEMASK_DATA")
    report = rank(options.data, tuple(options.chart or READINGS))
    if options.out:
        options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
