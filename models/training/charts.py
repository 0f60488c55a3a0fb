"""Photographs of test charts: patches of known colour, with which people judge an inversion.

The patches are those of a measured IT8.7/2 (another maker's than that of the real charts on film
that the benchmark has; the layouts are made up). A network that has seen none takes the coloured
columns of a chart for a cast.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.films import Array, read_json
from training.scenes import LUMINANCE, Pixels, Scene
from training.skin import reflectance_to_linear

CHARTS, SEED = 150, 872
SIZE = (144, 216)  # px
GREYS = 24  # steps of the ramp below the patches
# Of white, what the surface throws back before any dye sees it: 0.05 of the chart measured, next to
# none of glossy paper, whose blacks are black.
VEIL = (0.0, 0.047)
SURROUND = (0.1, 0.5)  # linear light about the patches
MARGIN = (0.02, 0.16)  # of the short side
LIGHT = (0.8, 1.1)  # how brightly the whole was meant


def load_patches(data: Path) -> Array:
    """Return linear sRGB (n, 3), 0 to 1, of the patches, in the order of the chart."""
    table = read_json(data / "film/standards/reflectance/agfa_it872.json")
    patches = []
    for entry in table.values():
        values = np.asarray(entry["values"], dtype=float)
        wavelengths = entry["wl_start"] + entry["wl_step"] * np.arange(len(values))
        patches.append(reflectance_to_linear(wavelengths, values))
    return np.clip(np.stack(patches), 0.0, 1.0)


def draw_chart(patches: Array, rng: np.random.Generator) -> Pixels:
    """Return a chart (144, 216, 3) in linear sRGB: patches in rows, most with a ramp of greys."""
    veil = rng.uniform(*VEIL)
    patches = np.clip((patches - veil) / (1.0 - veil), 0.0, 1.0)
    rows, columns = (12, 22) if rng.random() < 0.6 else rng.integers((4, 6), (12, 22))
    chosen = np.arange(rows * columns)
    if rng.random() < 0.5 or rows * columns < len(patches) // 2:
        chosen = rng.permutation(len(patches))[: rows * columns]
    grid = patches[chosen].reshape(rows, columns, 3).astype(np.float32)
    h, w = SIZE
    chart = np.full((h, w, 3), rng.uniform(*SURROUND), np.float32)
    margin = int(rng.uniform(*MARGIN) * h)
    bottom = h - margin
    if rng.random() < 0.75:
        luminances = patches @ LUMINANCE
        steps = np.geomspace(luminances.max(), luminances.min(), GREYS)
        ramp = np.repeat(steps[None, :, None], 3, axis=2).astype(np.float32)
        tall = (h - 2 * margin) // 7
        chart[bottom - tall : bottom, margin : w - margin] = _fill(ramp, tall, w - 2 * margin)
        bottom -= tall + margin // 2
    inside = _fill(grid, bottom - margin, w - 2 * margin)
    chart[margin:bottom, margin : w - margin] = inside
    return np.asarray(np.clip(chart * rng.uniform(*LIGHT), 0.0, 1.0), dtype=np.float32)


def load_charts(data: Path, count: int = CHARTS) -> list[Scene]:
    """Return charts as scenes; the same ones every time."""
    rng, patches = np.random.default_rng(SEED), load_patches(data)
    return [Scene(f"chart {i}", draw_chart(patches, rng).astype(np.float16)) for i in range(count)]


def _fill(grid: Pixels, h: int, w: int) -> Pixels:
    filled = cv2.resize(grid, (w, h), interpolation=cv2.INTER_NEAREST)
    return np.asarray(filled, dtype=np.float32)
