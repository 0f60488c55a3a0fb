"""Operations that need a pixel's neighbours or its place in the picture.

Halation (`orangemask.halation`) and grain (`orangemask.grain`) are pure functions of the light, the
place and a seed, and scaled by the film's format: the long side of the picture is the long side of
the frame. A tile made alone is that part of the whole, bit for bit, because

- grain is counted, not drawn: the noise of a pixel is a hash of seed, row and column;
- halation is spread on a grid of cells that starts at the picture's corner, not at the tile's;
- OpenCV rounds differently in the remainder of its vector loops, so it gets a remainder that
  nobody reads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Floats
from orangemask.errors import ParameterError

Single: TypeAlias = NDArray[np.float32]

PADDING = 64  # pixels, or cells, that OpenCV gets beside those that are read
REACH = 3.5  # of a Gaussian, in deviations; 0.2 % of it lies farther


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block lies: column and row of its first pixel, width and height of the picture."""

    x: int
    y: int
    width: int
    height: int


class Effect(ABC):
    """An operation on a block of a picture."""

    __slots__ = ()

    name: ClassVar[str]

    @abstractmethod
    def margin(self, width: int, height: int) -> int:
        """Return how many pixels around a tile it has to see, of a picture of that size."""

    @abstractmethod
    def __call__(self, block: Floats, place: Place) -> Floats:
        """Return the block after the effect.

        Parameters
        ----------
        block : (h, w, 3) float
            A tile and its margin; where the margin would leave the picture it ends there.
        place : Place

        Returns
        -------
        (h, w, 3) float32
            Right but in the margin.
        """


def check_size(what: str, value: float) -> None:
    """Raise `ParameterError` unless a size in mm is a number above 0."""
    if not (np.isfinite(value) and value > 0):
        raise ParameterError(f"the size of {what} is {value:g} mm; it must be above 0")
