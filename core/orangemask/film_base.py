"""The film base: the density of a negative where nothing was exposed, per channel.

It is the foot that every inversion stands on, and is looked for in this order: the rebate, where
the scan shows some; the lower envelope of the picture's density, which lies on the base if the
scene has a deep black and above it if not, never below; what is usual for C-41. Each comes with a
confidence, so that a roll or the user can overrule it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Density
from orangemask.errors import ParameterError
from orangemask.frame import FLOOR, Frame, Light, Region
from orangemask.image import Image, Triple
from orangemask.thumbnail import Mask, codes_to_light

PRIOR: Triple = (0.22, 0.62, 0.83)
"""Status M density of C-41 base plus fog, red, green, blue: the middle of published data sheets of
Kodak and Fujifilm stocks (.20 to .25, .60 to .65, .80 to .87), as if 1 were the bare light."""

BLOCK = 3
"""Side of the blocks whose median is one sample, thumbnail px: no dust, no grain."""

ENVELOPE = 0.005
"""Quantile of block density that is the lower envelope."""

MOST_SPREAD = 0.06
"""D; a rectangle with a larger robust deviation is not bare film."""

MOST_SAMPLES = 512
"""Most rows and columns read of a rectangle."""

DOUBTFUL = 0.2
"""`looks_like_negative` below this deserves a warning."""

BLANK = 0.06
"""D; a picture whose densities differ by less shows nothing."""

CLIPPED = 0.995
"""Light above this is cut off by the scanner."""


@dataclass(frozen=True, slots=True)
class FilmBase:
    """Density of the unexposed film.

    Attributes
    ----------
    density : tuple of 3 floats
        Red, green, blue in D, −log10 of linear light.
    confidence : float
        0 to 1.
    origin : str
        ``rebate``, ``envelope``, ``prior`` or ``given``; ``none`` of what is not on film.
    warnings : tuple of str
        What the user should know.
    """

    density: Triple
    confidence: float
    origin: str
    warnings: tuple[str, ...] = ()


NO_BASE = FilmBase((0.0, 0.0, 0.0), 0.0, "none")
"""Of a photograph: no film, no base."""


def find_film_base(thumbnail: Light, frame: Frame) -> FilmBase:
    """Return the film base that a thumbnail shows.

    Parameters
    ----------
    thumbnail : (h, w, 3) float32
        Linear light.
    frame : Frame
        Of that thumbnail.

    Returns
    -------
    FilmBase
        From the rebate, the envelope or the prior, whichever deserves the most confidence.
    """
    samples = block_densities(thumbnail, frame.picture)
    found = [_base_from_rebate(thumbnail, frame, samples), _base_from_envelope(samples)]
    best = max((base for base in found if base), key=lambda base: base.confidence, default=None)
    return best or FilmBase(PRIOR, 0.05, "prior")


def base_from_rectangle(image: Image, rectangle: tuple[int, int, int, int]) -> FilmBase:
    """Return the film base that a user pointed at.

    Parameters
    ----------
    image : Image
        The scan.
    rectangle : tuple of 4 int
        x, y, width, height in px; what lies outside of the picture is left out.

    Returns
    -------
    FilmBase
        The median of each channel, with a warning where the rectangle is uneven or clipped.

    Raises
    ------
    ParameterError
        If the rectangle is empty or outside of the picture.
    """
    x, y, width, height = rectangle
    given = f"base rectangle {x},{y},{width},{height}"
    if width < 1 or height < 1:
        raise ParameterError(f"{given}: width and height must be 1 px or more")
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width, image.width), min(y + height, image.height)
    if left >= right or top >= bottom:
        raise ParameterError(
            f"{given}: outside of the picture, which is {image.width}x{image.height} px"
        )
    step_y = max(1, (bottom - top) // MOST_SAMPLES)
    step_x = max(1, (right - left) // MOST_SAMPLES)
    codes = image.pixels[top:bottom:step_y, left:right:step_x]
    density = Density(FLOOR)(codes_to_light(codes, image.transfer).reshape(-1, 3))  # (n, 3)
    middle = np.median(density, axis=0)
    warnings = []
    spread = float(_spread(density).max())
    if spread > MOST_SPREAD:
        warnings.append(f"{given}: uneven (±{spread:.2f} D), so not only bare film")
    if (middle < -np.log10(CLIPPED)).any():
        warnings.append(f"{given}: clipped by the scan, so the base is not known")
    return FilmBase(_triple(middle), 0.5 if warnings else 1.0, "given", tuple(warnings))


def base_given(red: float, green: float, blue: float) -> FilmBase:
    """Return the film base for the linear light that it lets through.

    Raises
    ------
    ParameterError
        If a value is not above 0 and at most 1.

    Examples
    --------
    >>> base_given(1.0, 0.1, 0.01).density
    (0.0, 1.0, 2.0)
    """
    light = (red, green, blue)
    if not all(FLOOR <= value <= 1.0 for value in light):
        raise ParameterError(
            f"base {red:g},{green:g},{blue:g}: linear light of the film base, "
            f"three numbers from {FLOOR:g} to 1"
        )
    return FilmBase(_triple(-np.log10(np.array(light))), 1.0, "given")


def looks_like_negative(thumbnail: Light, frame: Frame) -> float:
    """Return how much a picture looks like a scan of a colour negative.

    A negative is orange where it is clearest, unless its scanner balanced the base away; its range
    of density is short, and most of it lies far from the base, where a positive has few lights and
    much shadow. Logistic regression on half of 347 photographs, of 520 negatives made of such by a
    toe and straight lines, half of them with a balanced base, and of 320 from the simulator of
    `models/training`.

    Parameters
    ----------
    thumbnail : (h, w, 3) float32
        Linear light.
    frame : Frame
        Of that thumbnail.

    Returns
    -------
    float
        0 to 1. Below `DOUBTFUL` it is rather a positive; 0 where there is no picture at all, all
        black, all white or one even colour.
    """
    samples = np.minimum(block_densities(thumbnail, frame.picture), 2.8)  # 8-bit blacks end here
    low, middle, high = np.quantile(samples, (0.02, 0.5, 0.98), axis=0)
    if (high - low).max() < BLANK:
        return 0.0
    order = np.argsort(samples.mean(axis=1))[: max(8, len(samples) // 20)]
    clear = np.median(samples[order], axis=0)
    features = (
        np.clip(clear[2] - clear[0], -0.3, 0.9),
        np.clip(clear[1] - clear[0], -0.2, 0.5),
        (high - low)[:2].mean(),
        (middle - low)[1] / ((high - low)[1] + 0.01),
    )
    return float(1 / (1 + np.exp(-(3.5 + np.dot((1.58, 1.72, -4.36, 5.19), features)))))


def block_densities(thumbnail: Light, mask: Mask) -> NDArray[np.float32]:
    """Return the median density of small blocks that lie in a mask.

    Parameters
    ----------
    thumbnail : (h, w, 3) float32
        Linear light.
    mask : (h, w) bool
        Where to look.

    Returns
    -------
    (n, 3) float32
        D. Single pixels of the mask where it holds fewer than 64 blocks; of the whole thumbnail
        where it is empty.
    """
    height, width = mask.shape
    rows, columns = height // BLOCK, width // BLOCK
    shape = (rows, BLOCK, columns, BLOCK)
    full = mask[: rows * BLOCK, : columns * BLOCK].reshape(shape).all(axis=(1, 3))
    if full.sum() < 64:
        light = thumbnail[mask] if mask.any() else thumbnail.reshape(-1, 3)
        return np.asarray(Density()(light.astype(np.float32)), np.float32)
    blocks = thumbnail[: rows * BLOCK, : columns * BLOCK].astype(np.float32).reshape(*shape, 3)
    inside = blocks.transpose(0, 2, 1, 3, 4)[full]  # (n, 3, 3, 3)
    light = np.partition(inside.reshape(-1, BLOCK * BLOCK, 3), BLOCK * BLOCK // 2, axis=1)
    return np.asarray(Density()(light[:, BLOCK * BLOCK // 2]), np.float32)


def _base_from_rebate(
    thumbnail: Light, frame: Frame, samples: NDArray[np.float32]
) -> FilmBase | None:
    """Return the median of the rebate; letters on it are dense and few."""
    rebate = frame.labels == Region.REBATE
    if rebate.sum() < 24:
        return None
    density = Density(FLOOR)(thumbnail[rebate].astype(np.float32))  # (n, 3)
    middle = np.median(density, axis=0)
    alike = np.asarray((np.abs(density - middle) < 0.1).all(axis=1), bool)
    if alike.sum() < max(24, 0.3 * alike.size):
        return None
    level = np.median(density[alike], axis=0)
    # Nothing of the film is less dense than its base.
    below = max(0.0, float((level - np.quantile(samples, ENVELOPE, axis=0)).max()) - 0.05)
    confidence = np.exp(-((_spread(density[alike]).max() / 0.1) ** 2) - (below / 0.1) ** 2)
    confidence *= min(1.0, alike.sum() / 100) * (0.6 + 0.38 * frame.confidence)
    clipped = (level < -np.log10(CLIPPED)).any()
    warnings = ("the film base is clipped by the scan",) if clipped else ()
    return FilmBase(_triple(level), float(confidence * (0.5 if clipped else 1)), "rebate", warnings)


def _base_from_envelope(samples: NDArray[np.float32]) -> FilmBase | None:
    """Return the least density of the picture, surer the more of the picture is crowded there."""
    if len(samples) < 64:
        return None
    level = np.quantile(samples, ENVELOPE, axis=0)
    if (np.quantile(samples, 0.98, axis=0) - level < 0.05).all() or (level > 3.0).any():
        return None
    order = np.argsort(samples.mean(axis=1))[: max(8, len(samples) // 100)]
    apart = float((np.median(samples[order], axis=0) - level).max())
    crowd = float((samples < level + 0.08).all(axis=1).mean())
    confidence = (0.25 + 0.5 * min(1.0, crowd / 0.03)) * np.exp(-((apart / 0.25) ** 2))
    return FilmBase(_triple(level), float(confidence), "envelope")


def _spread(density: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the robust standard deviation of each channel, from the median deviation."""
    return np.asarray(1.4826 * np.median(np.abs(density - np.median(density, axis=0)), axis=0))


def _triple(x: NDArray[np.floating]) -> Triple:
    return (float(x[0]), float(x[1]), float(x[2]))
