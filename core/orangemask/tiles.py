"""The parts that a picture is worked in: blocks of rows, or tiles with a margin for effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.effects import Effect, Place

Fill: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], None]
"""Fills (1, n, 3) codes from (1, n, 3) codes, both contiguous."""


@dataclass(frozen=True, slots=True)
class Area:
    """Part of a picture: its first rows and columns, and those after its last."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def pixels(self) -> int:
        """How many they are."""
        return (self.bottom - self.top) * (self.right - self.left)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def widened(self, margin: int, width: int, height: int) -> Area:
        """Return the area with a margin, inside a picture of that size."""
        return Area(
            max(0, self.top - margin),
            min(height, self.bottom + margin),
            max(0, self.left - margin),
            min(width, self.right + margin),
        )


def areas(width: int, height: int, edges: tuple[int, int]) -> Iterator[Area]:
    """Yield the areas of a picture, `edges` wide and high, row after row."""
    for top in range(0, height, edges[1]):
        for left in range(0, width, edges[0]):
            yield Area(top, min(top + edges[1], height), left, min(left + edges[0], width))


class BlockWorker:
    """What fills an area of rows pixel by pixel, for one thread."""

    def __init__(self, fill: Fill) -> None:
        self._fill = fill

    def __call__(self, pixels: NDArray[Any], out: NDArray[Any], area: Area) -> None:
        """Fill the area of `out` from `pixels`, (h, w, 3) both."""
        source = np.ascontiguousarray(pixels[area.slices])
        part = out[area.slices]
        target = part if part.flags.c_contiguous else np.empty(part.shape, part.dtype)
        self._fill(source.reshape(1, -1, 3), target.reshape(1, -1, 3))
        if target is not part:
            part[...] = target


class TileWorker:
    """What fills a tile by effects and what is done before, between and after them.

    Parameters
    ----------
    effects : sequence of Effect
    fills : sequence of Fill
        One more; floats between effects.
    """

    def __init__(self, effects: Sequence[Effect], fills: Sequence[Fill]) -> None:
        self._effects = effects
        self._fills = fills

    def __call__(self, pixels: NDArray[Any], out: NDArray[Any], area: Area) -> None:
        """Fill the area of `out` from `pixels`, (h, w, 3) both."""
        height, width = pixels.shape[:2]
        margins = [effect.margin(width, height) for effect in self._effects]
        seen = [area.widened(sum(margins[i:]), width, height) for i in range(len(margins) + 1)]
        block = np.ascontiguousarray(pixels[seen[0].slices])
        for effect, fill, (now, then) in zip(
            self._effects, self._fills, pairwise(seen), strict=False
        ):
            light = np.empty(block.shape, np.float32)
            fill(block.reshape(1, -1, 3), light.reshape(1, -1, 3))
            after = effect(light, Place(now.left, now.top, width, height))
            block = np.ascontiguousarray(
                after[then.top - now.top : then.bottom - now.top,
                      then.left - now.left : then.right - now.left]
            )  # fmt: skip
        target = np.empty(block.shape, out.dtype)
        self._fills[-1](block.reshape(1, -1, 3), target.reshape(1, -1, 3))
        out[area.slices] = target
