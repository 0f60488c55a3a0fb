"""Halation: light that the film's base throws back around what is bright."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Floats
from orangemask.effects import PADDING, REACH, Effect, Place, Single, check_size
from orangemask.errors import ParameterError

CELLS = 6.0  # per deviation of the halo; linear between them, within 0.4 %
FINEST_HALO = 0.3  # px; a narrower one is not told from the pixel itself
DIRECT = 0.25  # of the halo, scattered without total reflection
MOST_LIGHT = 1e4  # 10,000 times a white paper; one broken pixel shall not flood the frame
HIDDEN = 8.0  # times brighter than white: what clipped light is taken for


@dataclass(frozen=True, slots=True)
class Halation(Effect):
    """Light that the film's base throws back into the layers: E' = E + h (k * S − S).

    S is E, or where the source clips what it hides. A flat field stays what it is: a film's
    published curve was measured on one, halation and all. A pixel loses h of its own light at most.

    k is a ring: light that the emulsion scatters is totally reflected at the back of the base
    beyond the critical angle θ, sin θ = 1 / n, and comes back at r = 2 t tan θ for a base of
    thickness t (geometry; Mees and James, The Theory of the Photographic Process). Less comes from
    nearer, by plain reflection, and from farther, on a longer way through the dyes that are to
    stop it:

        k(r) = (d + (1 − d) q) exp(−q) / 2πσ²,  q = r² / 2σ²,  σ = r_ring / √2,  d = `DIRECT`

    That shape is ours: the ring's radius is geometry, its width an assumption.

    Attributes
    ----------
    shares : tuple of 3 floats
        h of red, green and blue, 0 to below 1.
    ring_mm : float
        Radius of the ring on the film.
    frame_mm : float
        Long side of the frame.
    white : float or None
        Light at which the source clips; None where it does not.
    """

    name: ClassVar[str] = "halation"

    shares: tuple[float, float, float]
    ring_mm: float
    frame_mm: float
    white: float | None = None

    def __post_init__(self) -> None:
        check_size("the halo's ring", self.ring_mm)
        check_size("the frame", self.frame_mm)
        if not all(0.0 <= share < 1.0 for share in self.shares):
            raise ParameterError(f"shares of reflected light are {self.shares}, not 0 to below 1")

    def margin(self, width: int, height: int) -> int:
        """Return the kernel's reach, a cell to interpolate and one to align."""
        deviation = self._deviation(width, height)
        if deviation < FINEST_HALO:
            return 0
        cell = _cell(deviation)
        return (ceil(REACH * deviation / cell) + 2) * cell

    def __call__(self, block: Floats, place: Place) -> Floats:
        """Return (h, w, 3) linear light with halos; not-a-number and negative light make none."""
        out = block.astype(np.float32)
        deviation = self._deviation(place.width, place.height)
        if deviation < FINEST_HALO:
            return out
        for channel, share in enumerate(self.shares):
            if share == 0.0:
                continue
            light = np.ascontiguousarray(out[..., channel])
            held = np.clip(light, np.float32(0), np.float32(MOST_LIGHT))
            held[np.isnan(held)] = 0.0
            source = held if self.white is None else _unclipped(held, self.white)
            gained = _spread(source, place, deviation) - source
            out[..., channel] = light + np.float32(share) * np.maximum(gained, -held)
        return out

    def _deviation(self, width: int, height: int) -> float:
        """Return σ in pixels."""
        return self.ring_mm / sqrt(2.0) * max(width, height) / self.frame_mm


def _unclipped(light: Single, white: float) -> Single:
    """Return light with what clips at `white` raised `HIDDEN` times, smoothly from half of it on.

    A lamp in a picture is white and no more; what reached the film was far brighter.
    """
    part = np.clip(light * np.float32(2.0 / white) - np.float32(1), np.float32(0), np.float32(1))
    part *= part
    part *= part
    part *= np.float32(HIDDEN - 1.0)
    part += np.float32(1)
    return np.asarray(part * light)


def _cell(deviation: float) -> int:
    """Return the edge of a cell in px for a halo of `deviation` px."""
    return max(1, floor(deviation / CELLS))


def _spread(light: Single, place: Place, deviation: float) -> Single:
    """Return (h, w) light through the halo's kernel; the picture goes on as it ends."""
    cell = _cell(deviation)
    reach = ceil(REACH * deviation / cell)
    h, w = light.shape
    top, bottom = _cells(place.y, h, place.height, cell)
    left, right = _cells(place.x, w, place.width, cell)
    y, x = place.y, place.x
    inner = light[top * cell - y : bottom * cell - y, left * cell - x : right * cell - x]
    missing = (bottom - top) * cell - len(inner), (right - left) * cell - inner.shape[1]
    if any(missing):
        inner = np.pad(inner, ((0, missing[0]), (0, missing[1])), "edge")
    rows = inner[::cell].copy()
    for i in range(1, cell):  # in this order for every cell, which a sum over an axis is not
        rows += inner[i::cell]
    means = rows[:, ::cell].copy()
    for i in range(1, cell):
        means += rows[:, i::cell]
    means *= np.float32(1.0 / cell**2)
    around = reach + 1
    means = np.pad(means, ((around, around), (around, around + PADDING)), "edge")
    blurred = _blurred(means, deviation / cell, reach)
    blurred = blurred[reach : len(means) - reach, reach : means.shape[1] - reach - PADDING]
    if cell == 1:
        return blurred[1:-1, 1:-1]
    # Across the few rows of cells first: a gather along rows is slow.
    first, part = _between(x, w, cell, left, blurred.shape[1])
    wide = blurred[:, first] * (1 - part) + blurred[:, first + 1] * part
    first, part = _between(y, h, cell, top, len(wide))
    spread = wide[first]
    spread *= (1 - part)[:, None]
    spread += wide[first + 1] * part[:, None]
    return np.asarray(spread)


def _cells(start: int, length: int, total: int, cell: int) -> tuple[int, int]:
    """Return the first and the end of the cells that a block holds whole, along an edge.

    The last of the picture counts as whole.
    """
    end = start + length
    return ceil(start / cell), ceil(end / cell) if end == total else end // cell


def _between(
    start: int, length: int, cell: int, first: int, size: int
) -> tuple[NDArray[np.intp], Single]:
    """Return for each pixel the cell's centre before it, counted from `first` − 1, and the part."""
    position = (np.arange(start, start + length) + 0.5) / cell - 0.5
    before = np.floor(position)
    part = (position - before).astype(np.float32)
    return np.clip(before.astype(np.intp) - first + 1, 0, size - 2), part


def _blurred(means: Single, deviation: float, reach: int) -> Single:
    """Return (h, w) cells through `Halation`'s kernel of `deviation` cells; its sum is 1."""
    import cv2

    x = np.arange(-reach, reach + 1) / deviation
    bell = np.exp(-0.5 * x * x)
    bell /= bell.sum()
    ring = x * x * bell
    ring *= (1.0 - DIRECT) / (2.0 * ring.sum())
    # q exp(−q) is x² + y²: a sum of two separable kernels.
    across = cv2.sepFilter2D(means, -1, ring.astype(np.float32), bell.astype(np.float32))
    down = cv2.sepFilter2D(
        means, -1, bell.astype(np.float32), (DIRECT * bell + ring).astype(np.float32)
    )
    return np.asarray(across + down)
