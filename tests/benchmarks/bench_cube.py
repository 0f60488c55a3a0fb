"""Time of nine curves and a cube on a picture in memory, beside a plain copy of the same array."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from timing import Row, arguments, check, measured, negative, report

from orangemask.curves import SRGB, Affine, Chain
from orangemask.execute import apply
from orangemask.transforms import Cube, Curves, Transform

WAYS = (  # name, points along an edge, output, bar
    ("cube 33, 16 bits", 33, np.uint16, "≤ 10 × copy"),
    ("cube 33, 8 bits", 33, np.uint8, "≤ 10 × copy"),
    ("cube 33, float", 33, np.float32, ""),
    ("cube 65, 16 bits", 65, np.uint16, ""),
)
EVERY = 101  # pixel of the result is checked
BARRED = ("24", "100")  # a small picture costs its tables
TOLERANCE = {np.uint16: 1.0, np.uint8: 1.0, np.float32: 1e-6}  # steps, of float: of white


def film_of(size: int) -> Transform:
    """Return a smooth look with cross-talk, a toe and a shoulder: curves and a cube."""
    steps = np.linspace(0.0, 1.0, size)
    codes = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    mixed = codes @ np.array([[1.15, -0.1, -0.05], [-0.05, 1.1, -0.05], [0.0, -0.15, 1.15]]).T
    red, green, blue = (Chain((SRGB.inverse, Affine(a, 1 - a))) for a in (0.98, 0.97, 0.95))
    return Transform.of([Curves((red, green, blue)), Cube(1 / (1 + np.exp(-8 * (mixed - 0.5))))])


def rows_of(size: str, repeats: int) -> list[Row]:
    """Return the times for one size."""
    pixels = negative(size)
    copied = np.empty_like(pixels)
    copy = measured("copy", size, lambda: np.copyto(copied, pixels), repeats)
    rows = [copy]
    for name, edge, kind, bar in WAYS:
        transform, out = film_of(edge), np.empty(pixels.shape, kind)
        told = bar if size in BARRED else ""
        rows.append(measured(name, size, act(transform, pixels, out), repeats, copy.best, bar=told))
        some = pixels.reshape(-1, 3)[::EVERY].astype(np.float64) / 65535
        wanted = transform(some)
        if kind is not np.float32:
            wanted = np.rint(wanted * np.iinfo(kind).max)
        error = np.abs(out.reshape(-1, 3)[::EVERY] - wanted).max()
        check(bool(error <= TOLERANCE[kind]), f"{name} is {error:g} from exact")
    return rows


def act(
    transform: Transform, pixels: NDArray[np.uint16], out: NDArray[np.generic]
) -> Callable[[], object]:
    """Return what is timed: the picture through the transform into memory that is there."""
    return lambda: apply(transform, pixels, out)


if __name__ == "__main__":
    chosen = arguments(str(__doc__), ("preview", "24", "100"))
    report([row for size in chosen.size for row in rows_of(size, chosen.repeats)], chosen)
