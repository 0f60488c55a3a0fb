"""Time of inverting a picture in memory, beside a plain copy of the same array."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from timing import Row, arguments, check, measured, negative, report

from orangemask.execute import apply
from orangemask.film_base import FilmBase
from orangemask.filters import Context, Rig, find_filter
from orangemask.image import Image
from orangemask.render import full_transform
from orangemask.spaces import space
from orangemask.transforms import Transform
from orangemask.values import Values

ONE = find_filter("invert-c41")
BASE = FilmBase((0.25, 0.62, 0.85), 1.0, "given")
WAYS = (  # name, rig, output space, steps of 16 bits from exact, bar
    ("tables", Rig(), ONE.primaries, 1, "≤ 2.5 × copy"),
    ("one matrix", ONE.rigs[0], ONE.primaries, 2, "≤ 8 × copy"),
    ("two matrices", ONE.rigs[0], "srgb", 24, ""),
)
EVERY = 101  # pixel of the result is checked
BARRED = ("24", "100")  # a small picture costs its tables


def transform_for(pixels: NDArray[np.uint16], rig: Rig, name: str) -> Transform:
    """Return an inversion by default values."""
    values = Values(ONE.name, ONE.defaults(), Context(BASE, rig, "linear"))
    return full_transform(Image(pixels).transfer, ONE, values, space(name))


def rows_of(size: str, repeats: int) -> list[Row]:
    """Return the times for one size."""
    pixels = negative(size)
    out = np.empty_like(pixels)
    copy = measured("copy into new memory", size, pixels.copy, repeats)
    rows = [copy, measured("copy", size, lambda: np.copyto(out, pixels), repeats, copy.best)]
    for name, rig, target, steps, bar in WAYS:
        transform = transform_for(pixels, rig, target)

        def act(transform: Transform = transform) -> None:
            apply(transform, pixels, out)

        told = bar if size in BARRED else ""
        rows.append(measured(name, size, act, repeats, copy.best, bar=told))
        some = pixels.reshape(-1, 3)[::EVERY].astype(np.float64) / 65535
        wanted = np.clip(np.rint(transform(some) * 65535), 0, 65535)
        error = np.abs(out.reshape(-1, 3)[::EVERY] - wanted).max()
        check(bool(error <= steps), f"{name} is {error:.0f}/65535 from exact")
    return rows


if __name__ == "__main__":
    chosen = arguments(str(__doc__), ("preview", "24", "100"))
    report([row for size in chosen.size for row in rows_of(size, chosen.repeats)], chosen)
