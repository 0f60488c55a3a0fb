"""Score the shipped models on simulated negatives of photographs, stocks and cameras held out.

    python -m training.evaluate --data DATA [--count 300] [--json FILE]

Everything runs as in the program: the frame found, the ONNX file run by onnxruntime, the picture
rendered to sRGB in 16 bits. Beside it stands the usual automatic method, a percentile stretch of
density per channel shown as sRGB: of the file as it is, as most programs do it, and told the true
picture area, which the program here has to find.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import SRGB, Density
from orangemask.execute import apply
from orangemask.filters import Context, find_filter
from orangemask.image import Image
from orangemask.render import full_transform, within_range
from orangemask.spaces import space
from orangemask.values import from_prediction
from training.dataset import SIZE, analyse_frame
from training.films import default_data
from training.lights import colour
from training.simulator import Frame, draw_frame, draw_roll, load_simulator

Picture: TypeAlias = NDArray[np.floating]
Method: TypeAlias = Callable[[Frame], Picture]

STRETCH = (0.5, 99.5)  # percentiles of density
REFERENCE = "percentile stretch of density"


def stretch(frame: Frame) -> Picture:
    """Return sRGB codes of the per-channel percentile stretch of the whole file's density."""
    return _stretched(frame, np.ones_like(frame.labels, bool))


def stretch_told(frame: Frame) -> Picture:
    """Return the same with the percentiles of the true picture area."""
    return _stretched(frame, frame.labels == 0)


def _stretched(frame: Frame, area: NDArray[np.bool_]) -> Picture:
    density = Density()(frame.negative)
    low, high = np.percentile(density[area], STRETCH, axis=0)
    return np.asarray(np.clip((density - low) / np.maximum(high - low, 1e-6), 0, 1))


def product(model: str, filter_name: str = "invert-c41") -> Method:
    """Return the method that the command line's ``--model`` of that name is."""
    one = find_filter(filter_name)

    def render(frame: Frame) -> Picture:
        analysis = analyse_frame(frame.negative)
        context = Context(analysis.base, one.rig)
        prediction = within_range(one, one.predict(analysis, context, model))
        values = from_prediction(one, prediction)
        image = Image(frame.negative)
        codes = apply(full_transform(image.transfer, one, values, space("srgb")), image.pixels)
        return codes / 65535.0

    return render


def methods() -> dict[str, Method]:
    """Return what is compared, by name."""
    return {
        REFERENCE: stretch,
        "the same, told the picture area": stretch_told,
        "invert-c41, physical": product("physical"),
        "invert-c41, parametric": product("parametric"),
        "invert-c41-matrix": product("matrix", "invert-c41-matrix"),
    }


def delta_e(codes: Picture, frame: Frame) -> float:
    """Return the mean ΔE2000 of sRGB codes over the true picture area."""
    area = frame.labels == 0
    labs = [srgb_to_lab(SRGB(codes[area].astype(np.float64))), srgb_to_lab(frame.truth[area])]
    return float(np.mean(colour.difference.delta_E_CIE2000(*labs)))


def srgb_to_lab(linear: Picture) -> Picture:
    """Return CIELAB (D65) of linear sRGB."""
    xyz = linear @ colour.RGB_COLOURSPACES["sRGB"].matrix_RGB_to_XYZ.T
    white = colour.RGB_COLOURSPACES["sRGB"].whitepoint
    return np.asarray(colour.XYZ_to_Lab(xyz, white))


def score(
    data: Path,
    count: int,
    seed: int,
    *,
    held_out_photos: bool = True,
    held_out_stocks: bool = True,
    held_out_cameras: bool = False,
    dressed: bool = True,
    limit: int | None = None,
) -> dict[str, dict[str, float]]:
    """Return mean, median and 95th percentile of the pictures' mean ΔE2000 for each method."""
    simulator = load_simulator(
        data,
        held_out_photos=held_out_photos,
        held_out_stocks=held_out_stocks,
        held_out_cameras=held_out_cameras,
        limit=limit,
    )
    rng = np.random.default_rng(seed)
    frames = [
        draw_frame(simulator, draw_roll(simulator, rng), rng, SIZE, dressed) for _ in range(count)
    ]
    table = {}
    for name, method in methods().items():
        errors = [delta_e(method(frame), frame) for frame in frames]
        table[name] = {
            "mean": float(np.mean(errors)),
            "median": float(np.median(errors)),
            "p95": float(np.percentile(errors, 95)),
        }
    reference = table[REFERENCE]["mean"]
    for row in table.values():
        row["share of stretch"] = row["mean"] / reference
    return table


def markdown(title: str, table: dict[str, dict[str, float]]) -> str:
    """Return the table as Markdown."""
    lines = [
        f"| {title} | mean | median | p95 | share of stretch |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {name} | {row['mean']:.2f} | {row['median']:.2f} | {row['p95']:.2f} "
        f"| {row['share of stretch']:.2f} |"
        for name, row in table.items()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data())
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--json", type=Path, help="write the numbers there as well")
    options = parser.parse_args()
    tables: dict[str, Any] = {}
    for title, cameras in (
        ("photographs and stocks held out", False),
        ("photographs, stocks and cameras held out", True),
    ):
        tables[title] = score(options.data, options.count, options.seed, held_out_cameras=cameras)
        print(markdown(f"mean ΔE2000, {title}, n = {options.count}", tables[title]), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(tables, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
