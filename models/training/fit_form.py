"""Choose the shared constants of Invert C41 by the oracle's error; writes form.json.

python -m training.fit_form --data DATA [--out models/training/form.json]
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
from training.films import Array, default_data
from training.form import PRIMARIES, Form, Pictures, fit
from training.lights import colour
from training.rigs import NARROW_KINDS, WHITE_KINDS
from training.simulator import load_simulator, simulate_batch

SIZE = (16, 24)  # px: area means of a whole picture; more change the third digit
# The print curve: the oracle's error is flat in gamma from 4 to 8, and m is about 0 near 6.
GAMMA, SOFT, SPAN = 6.0, 0.75, 0.5
SEED = 20240501
IT8 = ("ektar100-0", "ektar100-2", "portra160-0")
IT8_WHITE = 16383.0  # code of the 14-bit camera


def draw_pictures(
    data: Path, n: int, seed: int, kinds: tuple[str, ...], held_out: tuple[bool, bool, bool]
) -> Pictures:
    """Return `n` simulated pictures; `held_out` says so of photographs, stocks and cameras."""
    photos, stocks, cameras = held_out
    simulator = load_simulator(
        data,
        held_out_photos=photos,
        held_out_stocks=stocks,
        held_out_cameras=cameras,
        kinds=kinds,
    )
    batch = simulate_batch(simulator, np.random.default_rng(seed), n, SIZE, dressed=False)
    base = np.asarray([meta["base"] for meta in batch.meta])
    density = -np.log10(np.maximum(batch.negative, MIN_TRANSMITTANCE))
    return Pictures(
        torch.tensor(density.reshape(n, -1, 3), dtype=torch.float32),
        torch.tensor(-np.log10(base), dtype=torch.float32),
        torch.tensor(batch.truth.reshape(n, -1, 3), dtype=torch.float32),
    )


def load_it8(data: Path, name: str) -> Pictures:
    """Return a real IT8 target on film, 288 patches; the base is taken as the lightest patch."""
    path = data / f"negatives/it8-ektar100/{name}-r190808_train.txt"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    codes = np.asarray([[float(row[c]) for c in "rgb"] for row in rows]) / IT8_WHITE
    xyz = np.asarray([[float(row[f"ref{c}"]) for c in "XYZ"] for row in rows]) / 100.0
    whites = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]
    linear = colour.XYZ_to_RGB(xyz, "sRGB", whites["D50"], "Bradford")
    density = -np.log10(codes)
    return Pictures(
        torch.tensor(density[None], dtype=torch.float32),
        torch.tensor(density.min(axis=0)[None], dtype=torch.float32),
        torch.tensor(np.clip(linear, 0.0, 1.0)[None], dtype=torch.float32),
    )


def summary(error: Array) -> dict[str, float]:
    """Return mean, median and 95th percentile over pictures of their mean ΔE2000."""
    found = {"mean": error.mean(), "median": np.median(error), "p95": np.percentile(error, 95)}
    return {key: round(float(value), 2) for key, value in found.items()}


def report_form(form: Form) -> dict[str, Any]:
    """Return a form as plain numbers."""
    return {
        "primaries": form.primaries,
        "midtone": form.midtone,
        "gamma": round(form.gamma, 4),
        "soft": round(form.soft, 4),
        "span": round(form.span, 4),
        "exposure": round(form.exposure, 4),
        "a": np.round(form.a, 4).tolist(),
    }


def choose(white: Pictures, steps: int) -> tuple[list[dict[str, Any]], dict[str, Form]]:
    """Return the table of forms, each fitted to the same pictures, and one form per primaries.

    The forms returned have the fixed print curve and their own A.
    """
    table: list[dict[str, Any]] = []
    forms: dict[str, Form] = {}
    trials = [
        ("moebius", SPAN, False),
        ("moebius", SPAN, True),
        ("moebius", 1.0, True),
        ("power", SPAN, True),
    ]
    for primaries in PRIMARIES:
        for curve, span, fit_a in trials:
            start = Form(GAMMA, SOFT, span, np.eye(3), primaries, curve)
            form, _, error = fit(start, white, shared=True, fit_a=fit_a, steps=steps)
            table.append({**report_form(form), "fit_a": fit_a, "delta_e": summary(error)})
            print(json.dumps(table[-1]), flush=True)
        start = Form(GAMMA, SOFT, SPAN, np.eye(3), primaries, "moebius")
        forms[primaries], _, error = fit(start, white, fit_a=True, steps=steps)
        table.append(
            {
                **report_form(forms[primaries]),
                "fit_a": True,
                "fixed_curve": True,
                "delta_e": summary(error),
            }
        )
        print(json.dumps(table[-1]), flush=True)
    return table, forms


def main() -> None:
    """Fit, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data(), help="data folder")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("form.json"))
    parser.add_argument("--pictures", type=int, default=96)
    parser.add_argument("--steps", type=int, default=350)
    parser.add_argument("--primaries", choices=PRIMARIES, default="ITU-R BT.2020")
    options = parser.parse_args()
    if options.data is None:
        parser.error("no data folder; give --data or set ORANGEMASK_DATA")
    torch.set_num_threads(1)
    begun, n, data, steps = time.monotonic(), options.pictures, options.data, options.steps

    white = draw_pictures(data, n, SEED, WHITE_KINDS, (False, False, False))
    narrow = draw_pictures(data, n, SEED + 1, NARROW_KINDS, (False, False, False))
    table, forms = choose(white, steps)
    chosen = forms[options.primaries]
    plain = replace(chosen, a=np.eye(3))
    narrow_form, _, _ = fit(chosen, narrow, fit_a=True, steps=steps)

    sets = {
        "white, other pictures of the training split": (WHITE_KINDS, (False, False, False)),
        "white, held-out photographs": (WHITE_KINDS, (True, False, False)),
        "white, held-out stocks": (WHITE_KINDS, (False, True, False)),
        "white, held-out cameras": (WHITE_KINDS, (False, False, True)),
        "white, all held out": (WHITE_KINDS, (True, True, True)),
        "narrow, other pictures of the training split": (NARROW_KINDS, (False, False, False)),
        "narrow, all held out": (NARROW_KINDS, (True, True, True)),
    }
    tests = {
        name: draw_pictures(data, n, SEED + 2 + i, kinds, held_out)
        for i, (name, (kinds, held_out)) in enumerate(sets.items())
    }
    tests |= {f"real IT8 {name}": load_it8(data, name) for name in IT8}
    oracle: dict[str, dict[str, dict[str, float]]] = {}
    for name, pictures in tests.items():
        oracle[name] = {
            label: summary(fit(form, pictures, steps=steps)[2])
            for label, form in (("I", plain), ("white A", chosen), ("narrow A", narrow_form))
        }
        if name.startswith("real"):  # what a calibration of this one rig could reach
            oracle[name]["own A"] = summary(fit(chosen, pictures, fit_a=True, steps=2 * steps)[2])
        print(name, json.dumps(oracle[name]), flush=True)

    _, nine, _ = fit(chosen, white, steps=steps)
    offsets = np.stack(
        [nine[:, 0] - white.base.numpy(), np.exp(nine[:, 1]), nine[:, 2]], axis=1
    )  # (n, 3, 3): S above base, H − S, m
    report = {
        "chosen": report_form(chosen),
        "narrow_a": np.round(narrow_form.a, 4).tolist(),
        "nine_mean": np.round(offsets.mean(axis=0), 4).tolist(),
        "nine_deviation": np.round(offsets.std(axis=0), 4).tolist(),
        "nine_rows": ["S - B", "H - S", "m"],
        "forms": table,
        "oracle": oracle,
        "pictures": n,
        "steps": steps,
        "size": SIZE,
        "seed": SEED,
        "seconds": round(time.monotonic() - begun),
    }
    options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report["chosen"]), f"written to {options.out}")


if __name__ == "__main__":
    main()
