"""The small linear-light picture that everything is analysed on.

The average is taken after the transfer curve, so a thumbnail pixel is the mean light of its area.
Few samples of each area are read, on an even grid: a mapped 100-megapixel file is never copied,
and the same file always gives the same thumbnail. Below are the few operations on masks of
thumbnails that the analysis is made of.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Curve, Transfer
from orangemask.errors import ParameterError
from orangemask.image import Image, Pixels

Mask: TypeAlias = NDArray[np.bool_]
Labels: TypeAlias = NDArray[np.integer]

LONG_SIDE = 192
"""Length of a thumbnail's long side, px; the networks are trained on thumbnails of this size."""

SAMPLES = 4
"""Fewest samples read along each side of a thumbnail pixel, so 16 and more to a pixel."""

LIGHT_RANGE = (-1.0, 64.0)
"""Light outside is a broken file's; a little below 0 is the noise of a sensor's black."""

CODES = 65536
"""Number of codes of 16 bits."""


def make_thumbnail(image: Image, long_side: int = LONG_SIDE) -> NDArray[np.float32]:
    """Return the picture in linear light, averaged over areas.

    Parameters
    ----------
    image : Image
        Of any size; only a grid of its pixels is read.
    long_side : int
        Long side of the result, px. A smaller picture keeps its own size.

    Returns
    -------
    (h, w, 3) float32
        Linear light in the source's primaries, 1 is the full scale; not clipped there. Not a number
        counts as 0, infinity as 1. No side is shorter than 1 px.

    Raises
    ------
    ParameterError
        If `long_side` is below 1 or the picture is empty.
    """
    import cv2

    height, width = image.height, image.width
    if long_side < 1:
        raise ParameterError(f"a thumbnail of {long_side} px: the long side must be 1 or more")
    if height < 1 or width < 1:
        raise ParameterError(f"a thumbnail of a {width}x{height} px picture: it is empty")
    scale = min(1.0, long_side / max(height, width))
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    step_y, step_x = _step(height, rows), _step(width, columns)
    samples = image.pixels[step_y // 2 :: step_y, step_x // 2 :: step_x]
    light = codes_to_light(samples, image.transfer)
    small = cv2.resize(light, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32).reshape(rows, columns, 3)


def codes_to_light(codes: Pixels, transfer: tuple[Curve, Curve, Curve]) -> NDArray[np.float32]:
    """Return some of a picture's codes as linear light.

    Parameters
    ----------
    codes : (h, w, 3) uint16 or float32
        As in `Image.pixels`; a strided view will do.
    transfer : tuple of 3 curves
        As in `Image.transfer`.

    Returns
    -------
    (h, w, 3) float32
        Finite, within `LIGHT_RANGE`.
    """
    if codes.dtype == np.uint16:
        if all(_is_linear(curve) for curve in transfer):
            return np.multiply(codes, np.float32(1 / (CODES - 1)), dtype=np.float32)
        ramp = np.arange(CODES, dtype=np.float32) / np.float32(CODES - 1)
        light = np.empty(codes.shape, np.float32)
        table = None
        for c, curve in enumerate(transfer):
            if table is None or curve != transfer[c - 1]:
                table = _finite(_apply(curve, ramp))
            light[..., c] = table[codes[..., c]]
        return light
    finite = _finite(np.asarray(codes, np.float32))
    if all(_is_linear(curve) for curve in transfer):
        return finite
    return _finite(np.stack([_apply(f, finite[..., c]) for c, f in enumerate(transfer)], axis=-1))


def rough_quantile(x: NDArray[np.float32], q: float) -> float:
    """Return quantile `q` of every third sample."""
    return float(np.quantile(x.ravel()[::3], q))


def grow(mask: Mask, radius: int) -> Mask:
    """Return a mask dilated by a square that reaches `radius` px far."""
    return np.asarray(spread(mask.astype(np.uint8), radius) > 0, bool)


def close(mask: Mask, height: int = 3, width: int = 3) -> Mask:
    """Return a mask with gaps closed that are lower and narrower than a rectangle, px."""
    import cv2

    image = np.ascontiguousarray(mask, np.uint8)
    kernel = np.ones((height, width), np.uint8)
    return np.asarray(cv2.morphologyEx(image, cv2.MORPH_CLOSE, kernel) > 0, bool)


def components(mask: Mask) -> tuple[NDArray[np.uint16], int]:
    """Return the number of its 8-connected piece for each pixel, 0 outside, and how many + 1."""
    import cv2

    count, labels = cv2.connectedComponents(mask.astype(np.uint8), ltype=cv2.CV_16U)
    return np.asarray(labels, np.uint16), int(count)


def spread(labels: Labels, radius: int) -> Labels:
    """Return labels grown by a square that reaches `radius` px far; the higher label wins."""
    import cv2

    kernel = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    return np.asarray(cv2.dilate(labels, kernel), labels.dtype)


def _step(length: int, cells: int) -> int:
    """Return the odd distance of samples; an even one would see one half of a pattern of two."""
    step = max(1, length // (cells * SAMPLES))
    return step - 1 + step % 2


def _apply(curve: Curve, x: NDArray[np.float32]) -> NDArray[np.float32]:
    # A profile's curve may overflow where no picture has codes; `_finite` settles it.
    with np.errstate(all="ignore"):
        return np.asarray(curve(x), np.float32)


def _finite(x: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = LIGHT_RANGE
    return np.clip(np.nan_to_num(x, nan=0.0, posinf=1.0, neginf=0.0), low, high)


def _is_linear(curve: Curve) -> bool:
    return isinstance(curve, Transfer) and curve.gamma == 1.0
