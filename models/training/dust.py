"""Dust, hairs and scratches on the film."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.scenes import Pixels

DUSTY, SCRATCHED = 0.35, 0.05  # shares of scans
MOST_SPECKS, MOST_HAIRS = 12, 2
REFERENCE_SIDE = 128.0  # px, the short side the sizes in px are for
SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
DEEPEST_SCRATCH = 0.7  # of the density is gone


@dataclass(frozen=True, slots=True)
class Dust:
    """What lies on the film or is missing from it, each None or (h, w) float32, 0 to 1.

    Attributes
    ----------
    blocked : (h, w) float32 or None
        Share of the light that dust and hairs keep from the sensor.
    scratched : (h, w) float32 or None
        Share of the way to bare light where the emulsion is scraped off.
    """

    blocked: Pixels | None = None
    scratched: Pixels | None = None

    def cover(self, light: Pixels, bare: Pixels, film: NDArray[np.bool_]) -> Pixels:
        """Return the light (h, w, 3) with the dust on it; scratches only where there is film."""
        if self.scratched is not None:
            share = (self.scratched * film)[:, :, None]
            light = light + share * (bare - light)
        if self.blocked is not None:
            light = light * (1.0 - self.blocked[:, :, None])
        return light


def fixed(points: NDArray[np.floating]) -> NDArray[np.int32]:
    """Return coordinates in px as OpenCV's fixed-point numbers."""
    return np.asarray(np.rint(points * (1 << SHIFT)), dtype=np.int32)


def draw_hair(rng: np.random.Generator, h: int, w: int, length: float) -> NDArray[np.float64]:
    """Return the points (12, 2) x, y of a curved line of `length` px that starts in the scan."""
    heading = rng.uniform(0.0, 2.0 * np.pi) + np.cumsum(rng.normal(0.0, 0.35, 12))
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * length / 12.0
    return np.asarray(rng.uniform(0.0, 1.0, 2) * (w, h) + np.cumsum(steps, axis=0))


def draw_dust(rng: np.random.Generator, h: int, w: int) -> Dust:
    """Return random dust for a scan of (h, w) px: none on most.

    Sizes are those of a thumbnail: a speck is seldom wider than two px, and most are partly
    transparent because the averaging mixes them with their surround.
    """
    blocked: Pixels | None = None
    scratched: Pixels | None = None
    unit = min(h, w) / REFERENCE_SIDE
    if rng.random() < DUSTY:
        mask = np.zeros((h, w), np.uint8)
        for _ in range(int(rng.integers(1, MOST_SPECKS + 1))):
            x, y = fixed(rng.uniform(0.0, 1.0, 2) * (w, h))
            radius = int(fixed(np.asarray(unit * rng.uniform(0.2, 1.2))))
            cv2.circle(mask, (int(x), int(y)), radius, int(rng.integers(60, 256)), -1, 16, SHIFT)
        for _ in range(int(rng.integers(0, MOST_HAIRS + 1))):
            line = fixed(draw_hair(rng, h, w, rng.uniform(0.05, 0.25) * h))
            cv2.polylines(mask, [line], False, int(rng.integers(40, 230)), 1, 16, SHIFT)
        blocked = mask.astype(np.float32) * np.float32(0.98 / 255.0)
    if rng.random() < SCRATCHED:  # along the film's travel, which is along a side of the scan
        mask = np.zeros((h, w), np.uint8)
        level = int(255 * rng.uniform(0.1, DEEPEST_SCRATCH))
        at = rng.uniform(0.0, 1.0, 2)
        ends = ((0.0, at[0] * h), (w, at[1] * 0.02 * h + at[0] * h))
        if rng.random() < 0.2:
            ends = ((at[0] * w, 0.0), (at[1] * 0.02 * w + at[0] * w, h))
        cv2.polylines(mask, [fixed(np.asarray(ends))], False, level, 1, 16, SHIFT)
        scratched = mask.astype(np.float32) / np.float32(255.0)
    return Dust(blocked, scratched)
