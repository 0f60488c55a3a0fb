"""Score the program on a real negative: the IT8 chart on Kodak Ektar 100.

    python -m training.it8 --data DATA [--chart ektar100-0]

The chart's TIFF is inverted as a user would, the author's readings of its 288 patches go through
the same transform, and the result is compared with the chart's known colours under D50: as it
comes, after one exposure factor, and with the best nine numbers (models/training/form.py).
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orangemask.decode import open_image
from orangemask.filters import find_filter
from orangemask.render import full_transform, predict_values
from orangemask.spaces import space
from training.evaluate import Picture
from training.films import default_data
from training.fit_form import load_it8
from training.form import Form, fit
from training.lights import colour

FULL_SCALE = 16383.0  # of the readings


def readings(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return camera RGB (n, 3) in 0…1 and XYZ under D50 (n, 3) in 0…1 of the patches."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    codes = np.array([[float(row[key]) for key in "rgb"] for row in rows]) / FULL_SCALE
    xyz = np.array([[float(row[f"ref{key}"]) for key in "XYZ"] for row in rows]) / 100.0
    return codes, xyz


def delta_e(linear_srgb: Picture, xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ΔE2000 (n,) between linear sRGB and XYZ under D50."""
    white = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D50"]
    shown = np.clip(linear_srgb, 0, 1) @ space("srgb").rgb_to_pcs.T
    labs = [colour.XYZ_to_Lab(each, white) for each in (shown, xyz)]
    return np.asarray(colour.difference.delta_E_CIE2000(*labs))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data())
    parser.add_argument("--chart", default="ektar100-0")
    options = parser.parse_args()
    folder = options.data / "negatives/it8-ektar100"
    image = open_image(folder / f"{options.chart}.tif", encoding="linear")
    codes, xyz = readings(folder / f"{options.chart}-r190808_train.txt")
    print("| patch ΔE2000 | mean | median | p95 | after one exposure factor, mean |")
    print("| --- | --- | --- | --- | --- |")
    for name, model in (
        ("invert-c41", "physical"),
        ("invert-c41", "parametric"),
        ("invert-c41-matrix", "matrix"),
    ):
        one = find_filter(name)
        values, _, _ = predict_values(image, one, model=model)
        linear = full_transform(image.transfer, one, values, space("srgb"), linear=True)(codes)
        error = delta_e(linear, xyz)
        gains = np.exp(np.linspace(-1.5, 1.5, 121))
        best = min(float(delta_e(linear * gain, xyz).mean()) for gain in gains)
        print(
            f"| {model} | {error.mean():.2f} | {np.median(error):.2f} "
            f"| {np.percentile(error, 95):.2f} | {best:.2f} |"
        )
    _print_oracle(options.data, options.chart)


def _print_oracle(data: Path, chart: str) -> None:
    from orangemask_filters.invert_c41.print_curve import PRINT, RIG

    for label, matrix in (("A = 1", np.eye(3)), ("default A", np.asarray(RIG.crosstalk))):
        form = Form(PRINT.gamma, PRINT.soft_clip, PRINT.span, matrix, "ITU-R BT.2020", "moebius")
        _, _, error = fit(form, load_it8(data, chart), shared=False, fit_a=False, steps=600)
        print(f"| best nine, {label} | {float(np.mean(error)):.2f} | – | – | – |")


if __name__ == "__main__":
    main()
