"""Negatives that the tests of darktable render, made of flat patches and a few gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from orangemask.film_base import FilmBase
from orangemask.filters import Context, find_filter
from orangemask.values import Values

BASE = (0.13, 0.42, 0.66)  # D
VALUES = {
    "red_shadows": 0.02, "red_midtones": -0.55, "red_highlights": 1.25,
    "green_shadows": 0.30, "green_midtones": -0.62, "green_highlights": 1.72,
    "blue_shadows": 0.52, "blue_midtones": -0.40, "blue_highlights": 2.10,
}  # fmt: skip
STEPS = 12


def values(encoding: str = "linear", rig: str = "white", **changes: float) -> Values:
    """Return nine values that suit `negative`."""
    one = find_filter("invert-c41")
    context = Context(FilmBase(BASE, 1.0, "given"), one.rig(rig), encoding)
    return Values(one.name, one.checked({**VALUES, **changes}), context)


def transmittances() -> NDArray[np.float64]:
    """Return the light (n, 3) of patches from the film base to dense highlights."""
    levels = np.linspace(0.02, 0.95, STEPS)
    red, green, blue = np.meshgrid(levels, levels, levels, indexing="ij")
    z = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    z = z.mean(axis=1, keepdims=True) * 0.7 + z * 0.3  # pictures are mostly greyish
    shadows = np.array([VALUES[f"{c}_shadows"] for c in ("red", "green", "blue")])
    highlights = np.array([VALUES[f"{c}_highlights"] for c in ("red", "green", "blue")])
    return 10.0 ** -(shadows + z * (highlights - shadows))


def negative(edge: int = 6) -> NDArray[np.float64]:
    """Return a picture of `transmittances`, each `edge` px wide and high."""
    patches = transmittances().reshape(STEPS * 4, STEPS * 3, 3)
    return np.repeat(np.repeat(patches, edge, axis=0), edge, axis=1)


def write_tiff(path: Path, codes: NDArray[np.float64], profile: bytes | None = None) -> Path:
    """Write a 16-bit TIFF of codes 0…1."""
    pixels = np.rint(np.clip(codes, 0.0, 1.0) * 65535.0).astype(np.uint16)
    tifffile.imwrite(path, pixels, photometric="rgb", metadata=None, iccprofile=profile)
    return path
