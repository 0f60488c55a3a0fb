"""Photographs as scenes: decoding, thumbnails, and the split that holds some out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]

# Linear sRGB to luminance, IEC 61966-2-1.
LUMINANCE = np.asarray([0.2126, 0.7152, 0.0722], dtype=np.float32)

HELD_OUT_PERCENT = 15
# An illustration has flat areas: blocks of 8 × 8 pixels of one and the same level. Camera
# noise and JPEG leave few of them in a photograph other than where it is clipped. Counting
# distinct colours was tried too: it finds misty and brown photographs rather than drawings.
FLAT_BLOCK = 8
FLAT_RANGE = 2  # of 255, largest less smallest green within a flat block
FLAT_SHARE = 0.30  # of the blocks that are neither black nor white


@dataclass(frozen=True, slots=True)
class Scene:
    """A photograph in linear light, or a view into a panorama.

    Attributes
    ----------
    name : str
        File name.
    linear : (h, w, 3) float16
        Linear sRGB, 0 to 1; of a view scene-linear, with values above 1.
    unclipped : bool
        Whether it is such a view, whose highlights need no guess.
    """

    name: str
    linear: NDArray[np.float16]
    unclipped: bool = False


def is_held_out(content: bytes) -> bool:
    """Return whether a photograph is kept out of all training, by its bytes alone."""
    return int(hashlib.sha256(content).hexdigest()[:8], 16) % 100 < HELD_OUT_PERCENT


def srgb_to_linear(code: NDArray[np.uint8]) -> Pixels:
    """Return the linear light of 8-bit sRGB, IEC 61966-2-1."""
    x = np.arange(256) / 255.0
    table = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    return np.asarray(table.astype(np.float32)[code])


def flat_share(code: NDArray[np.uint8]) -> float:
    """Return the share of flat blocks among those neither black nor white."""
    h, w = (n // FLAT_BLOCK * FLAT_BLOCK for n in code.shape[:2])
    green = code[:h, :w, 1].reshape(h // FLAT_BLOCK, FLAT_BLOCK, w // FLAT_BLOCK, FLAT_BLOCK)
    low, high = green.min(axis=(1, 3)), green.max(axis=(1, 3))
    inside = (high > 4) & (low < 251)
    flat = (high - low <= FLAT_RANGE) & inside
    return float(flat.sum() / max(1, inside.sum()))


def is_illustration(code: NDArray[np.uint8]) -> bool:
    """Return whether an 8-bit picture looks drawn, rendered or like a screen shot."""
    return flat_share(code) > FLAT_SHARE


def load_scenes(
    data: Path, held_out: bool, limit: int | None = None, long_side: int = 216
) -> list[Scene]:
    """Return the training or the held-out photographs, in the order of their names.

    Parameters
    ----------
    data : Path
    held_out : bool
    limit : int, optional
        Stop after so many.
    long_side : int
        px; the thumbnails are averaged over area in linear light.
    """
    scenes: list[Scene] = []
    for path in sorted((data / "photos").glob("*.jpg")):
        if limit is not None and len(scenes) >= limit:
            break
        content = path.read_bytes()
        if is_held_out(content) != held_out:
            continue
        raw = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
        if raw is None:
            raise ValueError(f"cannot read {path}: not a JPEG that OpenCV decodes")
        code = np.asarray(raw, dtype=np.uint8)
        if is_illustration(code):
            continue
        h, w = code.shape[:2]
        scale = long_side / max(h, w)
        size = (max(1, round(w * scale)), max(1, round(h * scale)))
        linear = cv2.resize(srgb_to_linear(code), size, interpolation=cv2.INTER_AREA)
        scenes.append(Scene(path.name, linear.astype(np.float16)))
    return scenes
