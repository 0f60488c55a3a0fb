"""Choose the shared constants of Invert C41 by the oracle's error; writes form.json.

    python -m training.fit_form --data DATA [--out models/training/form.json]

A per class of rig is fitted first and written at once; then the forms of g and P are compared.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from orangemask.curves import MIN_TRANSMITTANCE
from training.compare_it8 import observer
from training.films import Array, default_data, read_json
from training.form import MIDTONES, PRIMARIES, PRINTINGS, Form, Pictures, fit
from training.lights import colour
from training.negative import (
    exposure_weights,
    film_transmittance,
    layer_tables,
    log_exposure_to_amounts,
)
from training.rigs import WHITE_KINDS
from training.simulator import Roll, Simulator, draw_frame, draw_roll, load_simulator

SIZE = (16, 24)  # px: area means of a whole picture; more change the third digit
# The print curve: the oracle's error is flat in gamma from 4 to 8, and m is about 0 near 6.
GAMMA, SOFT, SPAN = 6.0, 0.75, 0.5
PAPER = (8.0, 0.4, 2.2)  # slope, middle and range of an RA-4 paper's curve, to start from
SEED = 20240501
IT8 = ("ektar100-0", "ektar100-2", "portra160-0")
IT8_WHITE = 16383.0  # code of the 14-bit camera
RIGS = {"white": WHITE_KINDS, "narrow": ("rgb",), "scanner": ("scanner",)}
# Of the pictures an A is fitted to: photographs have few saturated colours. By white light half
# cost photographs 0.1.
CHART_SHARE = {"white": 0.25, "narrow": 0.5, "scanner": 0.5}
TRAIN, HELD_OUT = (False, False, False), (True, True, True)


def draw_sensor_roll(simulator: Simulator, rng: np.random.Generator) -> Roll:
    """Return a roll read in the sensor's own primaries."""
    roll = draw_roll(simulator, rng)
    while roll.rig.space != "sensor":
        roll = draw_roll(simulator, rng)
    return roll


def to_pictures(density: list[Array], base: list[Array], truth: list[Array]) -> Pictures:
    """Return lists of density (p, 3), base (3,) and truth (p, 3) as one set."""
    stacked = (torch.tensor(np.asarray(x), dtype=torch.float32) for x in (density, base, truth))
    return Pictures(*stacked)


def join(one: Pictures, two: Pictures) -> Pictures:
    """Return two sets as one."""
    return Pictures(
        torch.cat([one.density, two.density]),
        torch.cat([one.base, two.base]),
        torch.cat([one.truth, two.truth]),
    )


def load_part(data: Path, kinds: tuple[str, ...], held_out: tuple[bool, bool, bool]) -> Simulator:
    """Return a simulator; `held_out` says so of photographs, stocks and cameras."""
    photos, stocks, cameras = held_out
    return load_simulator(
        data,
        held_out_photos=photos,
        held_out_stocks=stocks,
        held_out_cameras=cameras,
        kinds=kinds,
    )


def draw_pictures(simulator: Simulator, n: int, seed: int) -> Pictures:
    """Return `n` simulated photographs, each of a roll of its own."""
    rng = np.random.default_rng(seed)
    density, base, truth = [], [], []
    for _ in range(n):
        frame = draw_frame(simulator, draw_sensor_roll(simulator, rng), rng, SIZE, dressed=False)
        codes = frame.negative.astype(np.float64).reshape(-1, 3)
        density.append(-np.log10(np.maximum(codes, MIN_TRANSMITTANCE)))
        base.append(-np.log10(np.asarray(frame.meta["base"])))
        truth.append(frame.truth.astype(np.float64).reshape(-1, 3))
    return to_pictures(density, base, truth)


def draw_charts(simulator: Simulator, n: int, seed: int) -> Pictures:
    """Return `n` simulated shots of a measured IT8.7/2, as many patches as `SIZE` has pixels.

    Its reflectances are spectra of paper, saturated, and no sums of three as photographs' are.
    """
    rng = np.random.default_rng(seed)
    table = read_json(simulator.data / "film/standards/reflectance/agfa_it872.json")
    reflectances = np.asarray([entry["values"] for entry in table.values()], dtype=np.float64)
    colours = xyz_to_srgb(reflectances @ observer())
    density, base, truth = [], [], []
    for _ in range(n):
        roll = draw_sensor_roll(simulator, rng)
        _, weights = exposure_weights(roll.stock, rng)
        patches = rng.integers(len(reflectances), size=SIZE[0] * SIZE[1])
        exposed = reflectances[patches] @ weights * 2.0 ** rng.uniform(-1.5, 2.0)
        amounts = log_exposure_to_amounts(
            np.log10(np.maximum(exposed, 1e-9)), layer_tables(roll.stock, roll.development)
        )
        light = film_transmittance(amounts, roll.stock, roll.development, roll.rig.response)
        codes = light.astype(np.float64) * roll.capture.gain
        density.append(-np.log10(np.maximum(codes, MIN_TRANSMITTANCE)))
        base.append(-np.log10(roll.capture.base * roll.capture.gain))
        truth.append(colours[patches])
    return to_pictures(density, base, truth)


def xyz_to_srgb(xyz: Array) -> Array:
    """Return linear sRGB (n, 3), clipped to 0 to 1, of XYZ (n, 3) under D50, white Y at 1."""
    white = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D50"]
    return np.asarray(np.clip(colour.XYZ_to_RGB(xyz, "sRGB", white, "Bradford"), 0.0, 1.0))


def load_it8(data: Path, name: str) -> Pictures:
    """Return a real IT8 target on film, 288 patches; the base is taken as the lightest patch."""
    path = data / f"negatives/it8-ektar100/{name}-r190808_train.txt"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    codes = np.asarray([[float(row[c]) for c in "rgb"] for row in rows]) / IT8_WHITE
    xyz = np.asarray([[float(row[f"ref{c}"]) for c in "XYZ"] for row in rows]) / 100.0
    density = -np.log10(codes)
    return Pictures(
        torch.tensor(density[None], dtype=torch.float32),
        torch.tensor(density.min(axis=0)[None], dtype=torch.float32),
        torch.tensor(xyz_to_srgb(xyz)[None], dtype=torch.float32),
    )


def summary(error: Array) -> dict[str, float]:
    """Return mean, median and 95th percentile over pictures of their mean ΔE2000."""
    found = {"mean": error.mean(), "median": np.median(error), "p95": np.percentile(error, 95)}
    return {key: round(float(value), 2) for key, value in found.items()}


def round_rows(matrix: Array, digits: int = 4) -> list[list[float]]:
    """Return rows rounded so that each still sums to 1; the diagonal takes the rest."""
    rounded = np.round(matrix, digits)
    np.fill_diagonal(rounded, 0.0)
    np.fill_diagonal(rounded, np.round(1.0 - rounded.sum(axis=1), digits))
    return [[float(value) for value in row] for row in rounded]


def report_form(form: Form) -> dict[str, Any]:
    """Return a form as plain numbers."""
    found = {
        "primaries": form.primaries,
        "midtone": form.midtone,
        "printing": form.printing,
        "gamma": round(form.gamma, 4),
        "soft": round(form.soft, 4),
        "span": round(form.span, 4),
        "a": round_rows(form.a),
    }
    if form.printing == "negadoctor":
        found["exposure"] = round(form.exposure, 4)
    return found


def fit_rigs(
    data: Path, base: Form, n: int, steps: int
) -> tuple[dict[str, Form], dict[str, dict[str, dict[str, float]]]]:
    """Return a form with its own A per class of `RIGS`, and the held-out errors with each."""
    forms: dict[str, Form] = {}
    for i, (name, kinds) in enumerate(RIGS.items()):
        simulator = load_part(data, kinds, TRAIN)
        charts = round(n * CHART_SHARE[name])
        pictures = join(
            draw_pictures(simulator, n - charts, SEED + i),
            draw_charts(simulator, charts, SEED + 10 + i),
        )
        found, _, _ = fit(base, pictures, fit_a=True, steps=steps)
        forms[name] = replace(base, a=np.asarray(round_rows(found.a)))
        print(name, json.dumps(round_rows(found.a)), flush=True)
    tests: dict[str, Pictures] = {}
    for i, (name, kinds) in enumerate(RIGS.items()):
        simulator = load_part(data, kinds, HELD_OUT)
        tests[f"{name}, photographs, all held out"] = draw_pictures(simulator, n, SEED + 20 + i)
        tests[f"{name}, charts, stocks and cameras held out"] = draw_charts(
            simulator, n // 2, SEED + 30 + i
        )
    tests |= {f"real IT8 {name}": load_it8(data, name) for name in IT8}
    oracle: dict[str, dict[str, dict[str, float]]] = {}
    for name, pictures in tests.items():
        trials = {"I": base} | {f"{rig} A": form for rig, form in forms.items()}
        oracle[name] = {
            label: summary(fit(form, pictures, steps=steps)[2]) for label, form in trials.items()
        }
        oracle[name]["own A"] = summary(fit(base, pictures, fit_a=True, steps=steps)[2])
        means = {label: found["mean"] for label, found in oracle[name].items()}
        print(name, json.dumps(means), flush=True)
    return forms, oracle


def compare_forms(
    data: Path, chosen: Form, primaries: str, n: int, steps: int
) -> list[dict[str, Any]]:
    """Return the table of forms: fitted to training pictures, scored on others and real charts.

    Each has its own A and its own print curve; the first is the form in use.
    """
    simulator = load_part(data, WHITE_KINDS, TRAIN)
    train = draw_pictures(simulator, n, SEED + 40)
    held_out = draw_pictures(load_part(data, WHITE_KINDS, HELD_OUT), n, SEED + 41)
    charts = [load_it8(data, name) for name in IT8]
    trials = [("in use", chosen, False)]
    for printing in PRINTINGS:
        numbers = PAPER if printing == "paper" else (GAMMA, SOFT, SPAN)
        for midtone in MIDTONES:
            start = Form(*numbers, np.eye(3), primaries, midtone, printing)
            trials.append((f"{midtone}, {printing}", start, True))
    for other in PRIMARIES:
        if other != primaries:
            trials.append((f"in use, {other}", replace(chosen, primaries=other), False))
    table: list[dict[str, Any]] = []
    for name, start, shared in trials:
        form, _, error = fit(start, train, shared=shared, fit_span=shared, fit_a=True, steps=steps)
        real = [fit(form, chart, steps=steps)[2].mean() for chart in charts]
        row = {
            "name": name,
            **report_form(form),
            "train": summary(error),
            "held_out": summary(fit(form, held_out, steps=steps)[2]),
            "real_it8": [round(float(value), 2) for value in real],
        }
        table.append(row)
        print(name, row["train"]["mean"], row["held_out"]["mean"], row["real_it8"], flush=True)
    return table


def write(path: Path, report: dict[str, Any]) -> None:
    """Write the report."""
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Fit, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data(), help="data folder")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("form.json"))
    parser.add_argument("--pictures", type=int, default=96)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--primaries", choices=PRIMARIES, default="ITU-R BT.2020")
    options = parser.parse_args()
    if options.data is None:
        parser.error("no data folder; give --data or set ORANGEMASK_DATA")
    torch.set_num_threads(1)
    begun, n, data, steps = time.monotonic(), options.pictures, options.data, options.steps

    base = Form(GAMMA, SOFT, SPAN, np.eye(3), options.primaries, "moebius")
    forms, oracle = fit_rigs(data, base, n, steps)
    # Where the best nine numbers lie, for the estimators' priors.
    white = draw_pictures(load_part(data, WHITE_KINDS, TRAIN), n, SEED + 50)
    _, nine, _ = fit(forms["white"], white, steps=steps)
    offsets = np.stack(
        [nine[:, 0] - white.base.numpy(), np.exp(nine[:, 1]), nine[:, 2]], axis=1
    )  # (n, 3, 3): S above base, H - S, m
    report: dict[str, Any] = {
        "chosen": report_form(forms["white"]),
        "rigs": {name: round_rows(form.a) for name, form in forms.items()},
        "narrow_a": round_rows(forms["narrow"].a),
        "nine_mean": np.round(offsets.mean(axis=0), 4).tolist(),
        "nine_deviation": np.round(offsets.std(axis=0), 4).tolist(),
        "nine_rows": ["S - B", "H - S", "m"],
        "oracle": oracle,
        "pictures": n,
        "steps": steps,
        "size": SIZE,
        "seed": SEED,
    }
    write(options.out, report)
    report["forms"] = compare_forms(data, forms["white"], options.primaries, n, steps)
    report["seconds"] = round(time.monotonic() - begun)
    write(options.out, report)


if __name__ == "__main__":
    main()
