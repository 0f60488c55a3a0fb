"""Time of Film Emulate with grain and halation on a picture in memory, beside a plain copy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from timing import Row, arguments, check, measured, negative, report

from orangemask.curves import SRGB
from orangemask.execute import apply
from orangemask.film_base import NO_BASE
from orangemask.filters import Context, find_filter
from orangemask.render import full_transform
from orangemask.spaces import space
from orangemask.transforms import Transform
from orangemask.values import Values

WAYS = (  # name, settings; no bar is set
    ("no effect", {}),
    ("grain", {"grain": 1.0}),
    ("halation", {"halation": 1.0}),
    ("grain and halation", {"grain": 1.0, "halation": 1.0}),
)


def film_of(settings: dict[str, float]) -> Transform:
    """Return a photograph's rendering on the default stock, 35 mm."""
    one = find_filter("film-emulate")
    context = Context(NO_BASE, settings=one.checked_settings(settings))
    values = Values(one.name, one.defaults(), context)
    return full_transform((SRGB,) * 3, one, values, space("srgb"))


def rows_of(size: str, repeats: int) -> list[Row]:
    """Return the times for one size."""
    pixels = negative(size)
    copied = np.empty_like(pixels)
    copy = measured("copy", size, lambda: np.copyto(copied, pixels), repeats)
    rows = [copy]
    for name, settings in WAYS:
        transform, out = film_of(settings), np.empty_like(pixels)
        rows.append(measured(name, size, act(transform, pixels, out), repeats, copy.best))
        again = apply(transform, pixels, threads=1)
        check(bool((out == again).all()), f"{name} depends on the number of threads")
    return rows


def act(
    transform: Transform, pixels: NDArray[np.uint16], out: NDArray[np.uint16]
) -> Callable[[], object]:
    """Return what is timed: the picture through the transform into memory that is there."""
    return lambda: apply(transform, pixels, out)


if __name__ == "__main__":
    chosen = arguments(str(__doc__), ("preview", "24", "100"))
    report([row for size in chosen.size for row in rows_of(size, chosen.repeats)], chosen)
