"""What a method is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.floating]
Rendering: TypeAlias = Callable[[Codes], Codes]
"""Linear codes of a negative (…, 3) to sRGB codes (…, 3) in 0…1."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A scan and what may be told of it.

    Attributes
    ----------
    negative : (h, w, 3) float32
        Linear codes, 0…1.
    area : (h, w) bool
        Where the picture truly is. The program is never told; the other methods are.
    base : (3,) float64
        Linear codes of the film base, told to the methods that have a picker for it.
    """

    negative: NDArray[np.float32]
    area: NDArray[np.bool_]
    base: NDArray[np.float64]


Method: TypeAlias = Callable[[Scan], Rendering]
RollMethod: TypeAlias = Callable[[Sequence[Scan]], Sequence[Rendering]]
"""The same for all frames of a roll together."""


def whole_file(method: Method) -> Method:
    """Return the method told nothing: all of the file counts as picture."""
    return lambda scan: method(replace(scan, area=np.ones_like(scan.area)))


def crop(scan: Scan) -> Scan:
    """Return the smallest rectangle that holds the picture."""
    rows, columns = np.flatnonzero(scan.area.any(1)), np.flatnonzero(scan.area.any(0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return replace(scan, negative=np.ascontiguousarray(scan.negative[box]), area=scan.area[box])


def told_the_picture(method: Method) -> Method:
    """Return the method given the picture cropped from its border."""
    return lambda scan: method(crop(scan))
