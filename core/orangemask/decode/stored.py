"""Samples as libraries return them, brought to the one form of `Image`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangemask.decode.encoding import Said
from orangemask.image import CameraColour, Pixels

Samples = NDArray[Any]

BLOCK = 1 << 22  # samples worked on at once: 16 MB of float32


@dataclass(slots=True, eq=False)
class Stored:
    """A picture as its file holds it, before its encoding is chosen."""

    pixels: Pixels
    bits: int
    floating: bool = False
    alpha: Pixels | None = None
    infrared: Pixels | None = None
    icc: bytes | None = None
    said: Said | None = None
    camera: CameraColour | None = None
    notes: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def to_codes(samples: Samples, bits: int) -> Pixels:
    """Return any samples as uint16 or float32 codes, 1.0 and 65535 for the most `bits` can hold.

    Native uint16 and float32 are returned as they are, a map stays a map.
    """
    kind = samples.dtype
    if kind == np.bool_:
        samples, bits = samples.view(np.uint8), 1
    elif kind.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return samples.astype(np.float32, copy=False)
    elif kind.kind != "u":
        raise ValueError(f"its samples are of type {kind}")
    if bits > 16:
        codes = np.empty(samples.shape, np.float32)
        # One rounding: the quotient in double precision, then to single.
        np.multiply(samples, 1.0 / ((1 << bits) - 1), out=codes, casting="same_kind")
        return codes
    if bits == 16:
        return samples.astype(np.uint16, copy=False)
    if bits == 8:
        return np.multiply(samples, 257, dtype=np.uint16)
    most = (1 << bits) - 1
    table = np.rint(np.arange(most + 1) * (65535 / most)).astype(np.uint16)
    return np.take(table, samples, mode="clip")


def contiguous(pixels: Samples) -> Pixels:
    """Return codes in C order, as they are if they were."""
    ordered: Pixels = np.ascontiguousarray(pixels)
    return ordered


def grey_to_rgb(grey: Samples) -> Samples:
    """Return (h, w, 3) of one channel."""
    return np.repeat(grey[..., np.newaxis], 3, axis=2)  # (h, w, 3)


def upright(samples: Samples, orientation: int) -> Samples:
    """Return an array turned as Orientation 1 to 8 of TIFF and Exif says; a view."""
    turned = {
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: a.swapaxes(0, 1)[:, ::-1],
        7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
        8: lambda a: a.swapaxes(0, 1)[::-1],
    }
    return turned[orientation](samples) if orientation in turned else samples


def divide_by_alpha(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Return colours that were stored multiplied by their alpha without it; 0 where alpha is 0."""
    result = np.empty(pixels.shape, pixels.dtype)
    rows = max(1, BLOCK // max(1, pixels.shape[1] * 3))
    whole = alpha.dtype == np.uint16
    for top in range(0, len(pixels), rows):
        part = slice(top, top + rows)
        cover = alpha[part, :, np.newaxis].astype(np.float64) / (65535 if whole else 1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            colour = np.where(cover > 0, pixels[part] / cover, 0)
            result[part] = np.rint(np.minimum(colour, 65535)) if whole else colour
    return result


def count_not_finite(pixels: Pixels) -> int:
    """Return how many samples are not-a-number or infinite."""
    if pixels.dtype != np.float32:
        return 0
    rows = max(1, BLOCK // max(1, pixels.shape[1] * 3))
    tops = range(0, len(pixels), rows)
    return sum(int(np.count_nonzero(~np.isfinite(pixels[y : y + rows]))) for y in tops)
