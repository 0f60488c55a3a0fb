"""How near darktable's own modules come to our inversion, modelled and in the real program.

    python -m training.pairs PHOTOS -o PAIRS --data DATA --count 20 --size 384
    python tests/benchmarks/darktable.py PAIRS [--render 5.0 5.4]

Prints two Markdown tables of mean ΔE2000 a picture, sRGB against sRGB: what carries the rest behind
negadoctor, by a model of it in numpy; and with --render what real darktables give (root), for the
pairs' 16-bit negatives and for the same as mosaics in DNG files.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from dng import mosaic_of, write_dng
from orangemask.curves import SRGB, Transfer
from orangemask.decode import open_image
from orangemask.filters import find_filter
from orangemask.image import Image
from orangemask.nine import values_to_nine
from orangemask.render import full_transform, predict_values, read_as
from orangemask.spaces import Space, conversion, space
from orangemask.transforms import Cube
from orangemask.values import Values
from orangemask_bridge.conversion import values_to_negadoctor
from orangemask_bridge.difference import delta_e_2000, light_to_lab
from orangemask_bridge.history import inversion, write_table
from orangemask_bridge.negadoctor import Negadoctor
from orangemask_bridge.reading import WORK, reading_of
from orangemask_bridge.rest import rendering
from orangemask_bridge.sidecar import sidecar_text
from orangemask_filters.invert_c41.print_curve import PRINT
from orangemask_filters.midtone import Midtone

Light = NDArray[np.float64]
Table = dict[str, list[float]]

ONE = find_filter("invert-c41")
SHOWN = space("srgb")
EVERY = 7  # pixel of a picture is modelled
SPACES = {
    "linear Rec2020": WORK,
    "sRGB": SHOWN,
    "Adobe RGB": space("adobe-rgb"),
}
SIZES = (17, 25, 33, 65)
BLACK, WHITE = 512, 16383  # of the DNG
SOFTNESS = 1.5  # px, so that two ways to interpolate a mosaic agree on edges


def predicted(path: Path) -> tuple[Image, Values]:
    """Return a negative and its values."""
    image = open_image(path)
    return image, predict_values(image, ONE)[0]


def apart(one: Light, other: Light) -> float:
    """Return the mean ΔE2000 of linear light in the working space, shown in sRGB."""
    lab = [light_to_lab(np.clip(x @ conversion(WORK, SHOWN).T, 0, 1), SHOWN) for x in (one, other)]
    return float(delta_e_2000(*lab).mean())


def modelled(image: Image, values: Values, table: Table) -> None:
    """Add what each way to carry the rest leaves of a picture."""
    codes = image.pixels.reshape(-1, 3)[::EVERY].astype(np.float64) / 65535.0
    light = np.stack([curve(codes[:, c]) for c, curve in enumerate(image.transfer)], axis=1)
    reading = reading_of(image.encoding, image.source)
    module = values_to_negadoctor(values, reading)
    ours, alone = rendering(values)(light), module(reading.to_work(light))

    def rest(printed: Light) -> Light:
        source = reading.to_source(module.inverse(printed.reshape(-1, 3)))
        return rendering(values)(source).reshape(printed.shape)

    curved = by_curves(module, values, alone)
    ways: dict[str, Light] = {
        "negadoctor alone": alone,
        "and a curve a channel (rgb curve)": curved,
        "and a matrix (colour calibration)": by_matrix(alone, ours),
        "and curves and a matrix": by_matrix(curved, ours),
    }
    for name, within in SPACES.items():
        for size in SIZES:
            ways[f"and a table of {size} points in {name} (lut3d)"] = by_table(
                alone, rest, within, size
            )
    for name, got in ways.items():
        table.setdefault(name, []).append(apart(got, ours))


def by_curves(module: Negadoctor, values: Values, printed: Light) -> Light:
    """Return a print after the best curve for each channel: exact on the line of the greys."""
    ends = module.unprinted(np.array([0.0, float(PRINT(np.ones(1))[0])]))
    black, white = np.log10(ends)
    z = (np.log10(module.unprinted(printed)) - black) / (white - black)
    midtones = values_to_nine(values.values)[1]
    return np.stack([PRINT(Midtone(m)(z[:, c])) for c, m in enumerate(midtones)], axis=1)


def by_matrix(printed: Light, ours: Light) -> Light:
    """Return a print after the matrix that is best for this very picture."""
    weight = 1.0 / (0.05 + ours.mean(axis=1, keepdims=True))
    matrix, *_ = np.linalg.lstsq(printed * weight, ours * weight, rcond=None)
    return np.asarray(np.maximum(printed @ matrix, 0.0))


def by_table(printed: Light, rest: Callable[[Light], Light], within: Space, size: int) -> Light:
    """Return a print after a table in one of lut3d's spaces."""
    to_table = conversion(WORK, within)
    encode: Transfer = within.encode
    steps = np.linspace(0.0, 1.0, size)
    nodes = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    back = np.linalg.inv(to_table).T
    wanted = rest(np.maximum(within.transfer(nodes) @ back, 0.0)) @ to_table.T
    table = Cube(np.clip(encode(wanted), 0.0, 1.0).astype(np.float32))
    codes = np.clip(encode(np.maximum(printed @ to_table.T, 0.0)), 0.0, 1.0)
    return np.asarray(within.transfer(table(codes)) @ back)


def rendered(version: str, files: Sequence[Path]) -> list[float]:
    """Return the mean ΔE2000 between a real darktable's picture and ours, of each file."""
    from hosts.darktable import darktable, render, shared_folder

    found = []
    host = darktable(version)
    with shared_folder() as folder:
        (folder / "luts").mkdir()
        for path in files:
            image, values = predicted(path)
            history = inversion(values, reading_of(values.context.encoding, path))
            write_table(history, folder / "luts")
            copy = folder / path.name
            copy.write_bytes(path.read_bytes())
            sidecar = folder / f"{path.name}.xmp"
            sidecar.write_text(sidecar_text(history.steps), "utf-8")
            (got,) = render(host, folder, [(copy, sidecar)])
            transform = full_transform(image.transfer, ONE, read_as(image, ONE, values), SHOWN)
            ours = np.clip(transform(image.pixels.astype(np.float64) / 65535.0), 0.0, 1.0)
            h, w = got.shape[:2]  # darktable leaves out a mosaic's edge
            top, left = (ours.shape[0] - h) // 2, (ours.shape[1] - w) // 2
            ours = ours[top : top + h, left : left + w]
            lab = [light_to_lab(SRGB(codes), SHOWN) for codes in (got, ours)]
            found.append(float(delta_e_2000(*lab).mean()))
    return found


def as_dng(path: Path, folder: Path) -> Path:
    """Write a negative as a mosaic of a camera with a matrix and a white balance of its own."""
    pixels = tifffile.imread(path)
    h, w = (side // 2 * 2 for side in pixels.shape[:2])
    soft = cv2.GaussianBlur(pixels[:h, :w], (0, 0), SOFTNESS).astype(np.float64)
    codes = np.rint(BLACK + soft / 65535.0 * (WHITE - BLACK)).astype(np.uint16)
    return write_dng(
        folder / f"{path.stem}.dng", mosaic_of(codes), black=BLACK, white=WHITE,
        color_matrix=(0.9, -0.3, -0.1, -0.4, 1.2, 0.2, -0.05, 0.15, 0.6),
        as_shot_neutral=(0.5, 1.0, 0.7),
    )  # fmt: skip


def told(table: Table, head: str) -> str:
    """Return a Markdown table."""
    lines = [f"| {head} | mean | 95th percentile | worst |", "| --- | --: | --: | --: |"]
    for name, errors in table.items():
        numbers = np.mean(errors), np.percentile(errors, 95), np.max(errors)
        lines.append(f"| {name} | " + " | ".join(f"{x:.2f}" for x in numbers) + " |")
    return "\n".join(lines)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("pairs", type=Path, help="folder with *-negative.tif")
    parser.add_argument("--render", nargs="+", default=[], metavar="VERSION", help="5.0, 5.4")
    chosen = parser.parse_args()
    files = sorted(chosen.pairs.glob("*-negative.tif"))
    if not files:
        parser.error(f"{chosen.pairs} has no *-negative.tif; training.pairs makes them")
    models: Table = {}
    for path in files:
        modelled(*predicted(path), models)
    print(told(models, f"model, {len(files)} negatives"))
    real: Table = {}
    for version in chosen.render:
        from hosts.darktable import shared_folder

        with shared_folder() as folder:
            mosaics = [as_dng(path, folder) for path in files]
            real[f"darktable {version}, 16-bit TIFF"] = rendered(version, files)
            real[f"darktable {version}, DNG"] = rendered(version, mosaics)
    if real:
        print()
        print(told(real, f"real, {len(files)} negatives"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
