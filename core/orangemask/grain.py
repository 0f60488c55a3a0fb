"""Grain: noise of a film's dye clouds, the same at a place for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, erf, sqrt
from statistics import NormalDist
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Floats
from orangemask.effects import PADDING, REACH, Effect, Place, Single, check_size
from orangemask.errors import ParameterError

APERTURE_MM = 0.048  # diameter through which RMS granularity is measured: ISO 10505
CODES = 65536
BAND = 64 * 1024  # pixels that grain is made for at a time: its temporaries stay in the cache

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, slots=True, eq=False)
class Grain(Effect):
    """Noise of a film's dye clouds, as small changes of exposure.

    White noise with Selwyn's property, σ √A = constant for any area A (E. W. H. Selwyn,
    Phot. J. 75, 571, 1935), through a Gaussian, the clouds, and the pixel's own area. Layers are
    independent.

    Attributes
    ----------
    strength : (n, 3) float32
        σ √A of each layer, in units of the values × mm, at n equal steps of the value, 0…1.
    drift : (n, 3) float32
        Added to each channel, in units × mm² for σ √A of 1 mm²: what keeps the mean of the light
        that the values become, where that is bent.
    mix : (3, 3) float64
        From the layers to the channels of the values.
    cloud_mm : float
        Standard deviation of the Gaussian on the film.
    frame_mm : float
        Long side of the frame.
    seed : int
        0 to 2³¹ − 1.
    """

    name: ClassVar[str] = "grain"

    strength: Single
    drift: Single
    mix: NDArray[np.float64]
    cloud_mm: float
    frame_mm: float
    seed: int = 0

    def __post_init__(self) -> None:
        check_size("the dye clouds", self.cloud_mm)
        check_size("the frame", self.frame_mm)
        if not all(np.isfinite(one).all() for one in (self.strength, self.drift, self.mix)):
            raise ParameterError("the strength of grain is not a finite number")

    def margin(self, width: int, height: int) -> int:
        """Return 0: noise is known at any place."""
        return 0

    def __call__(self, block: Floats, place: Place) -> Floats:
        """Return (h, w, 3) values with grain; values outside 0…1 get that of the nearest end."""
        import cv2

        per_mm = max(place.width, place.height) / self.frame_mm
        kernel = _pixel_kernel(self.cloud_mm * per_mm)
        strength = _table(self.strength.astype(np.float32).tobytes(), per_mm)
        variance = pixel_variance(self.cloud_mm, per_mm)
        drift = _table(self.drift.astype(np.float32).tobytes(), variance)
        mix = self.mix.astype(np.float32)
        h, w = block.shape[:2]
        out = np.empty(block.shape, np.float32)
        rows = max(1, BAND // max(w, 1))
        size = _padded(min(rows, h) * w)
        values, moved = (np.zeros((1, size, 3), np.float32) for _ in range(2))
        for y in range(0, h, rows):
            shape = (min(rows, h - y), w, 3)
            n = shape[0] * w
            values[0, :n].reshape(shape)[...] = block[y : y + rows]
            # Rounds and saturates; not-a-number becomes an end and stays what it is below.
            codes = cv2.addWeighted(values, CODES - 1.0, values, 0.0, 0.0, dtype=cv2.CV_16U)[:, :n]
            noise = field(self.seed, place.x, place.y + y, w, shape[0], kernel)
            deviation = cv2.LUT(codes, strength).reshape(shape)
            np.multiply(deviation, noise, out=moved[0, :n].reshape(shape))
            mixed = cv2.transform(moved, mix)[0, :n]
            mixed += cv2.LUT(codes, drift)[0]
            mixed += values[0, :n]
            out[y : y + rows] = mixed.reshape(shape)
        return out


def selwyn(granularity: float, cloud_mm: float) -> float:
    """Return σ √A in mm of noise whose deviation through the aperture of `APERTURE_MM` is given.

    Parameters
    ----------
    granularity : float
        Standard deviation through the aperture, in any unit (density: RMS granularity / 1000).
    cloud_mm : float
        Standard deviation of the Gaussian that the noise went through. An aperture not much wider
        sees less than Selwyn's law says; that is made up for.
    """
    # Mean of the noise' autocovariance over pairs of points in the disc; their distances lie as
    # the overlap of two discs.
    r = np.linspace(0.0, APERTURE_MM, 4001)
    q = r / APERTURE_MM
    overlap = 2.0 / np.pi * (np.arccos(q) - q * np.sqrt(1.0 - q * q))
    variance = 2.0 * cloud_mm**2
    covariance = np.exp(-r * r / (2.0 * variance)) / (2.0 * np.pi * variance)
    seen = float(np.trapezoid(overlap * covariance * 2.0 * np.pi * r, r))
    return granularity * sqrt(np.pi / 4.0 * APERTURE_MM**2 / seen)


def pixel_variance(cloud_mm: float, per_mm: float) -> float:
    """Return the variance of a pixel's noise for σ √A of 1 mm, at `per_mm` pixels a mm."""
    kernel = _pixel_kernel(cloud_mm * per_mm).astype(np.float64)
    return float(per_mm * (kernel @ kernel)) ** 2


def field(seed: int, x: int, y: int, width: int, height: int, kernel: Single) -> Single:
    """Return unit white noise through a kernel, of any part of an endless picture.

    Parameters
    ----------
    seed : int
    x, y : int
        First column and row.
    width, height : int
        In pixels.
    kernel : (2 r + 1,) float32
        Of rows and columns alike.

    Returns
    -------
    (height, width, 3) float32
        The same at a pixel, whatever part it is made in.
    """
    import cv2

    r = len(kernel) // 2
    words = _words(seed, x - r, y - r, width + 2 * r + PADDING, height + 2 * r)
    lanes = words.view(np.uint16)  # four a word; the fourth is not needed
    noise = cv2.LUT(lanes.reshape(1, -1), _normal()).reshape(*words.shape, 4)
    if r:
        noise = cv2.sepFilter2D(noise, -1, kernel, kernel)
    colours = cv2.cvtColor(noise, cv2.COLOR_RGBA2RGB)
    return np.asarray(colours[r : r + height, r : r + width])


def hashed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return SplitMix64's output for its states, in place (Steele, Lea, Flood, OOPSLA 2014)."""
    shifted = words >> np.uint64(30)
    words ^= shifted
    words *= _MIX[0]
    np.right_shift(words, np.uint64(27), out=shifted)
    words ^= shifted
    words *= _MIX[1]
    np.right_shift(words, np.uint64(31), out=shifted)
    words ^= shifted
    return words


def _words(seed: int, x: int, y: int, width: int, height: int) -> NDArray[np.uint64]:
    """Return a random word for each pixel: SplitMix64 at step y 2³² + x of the seed's sequence."""
    columns = np.arange(x, x + width, dtype=np.int64).astype(np.uint64) * _GOLDEN
    rows = np.arange(y, y + height, dtype=np.int64).astype(np.uint64)
    start = hashed(np.array([seed], np.uint64) * _GOLDEN)
    return hashed(columns + ((rows << np.uint64(32)) * _GOLDEN + start)[:, None])


@lru_cache(maxsize=1)
def _normal() -> Single:
    """Return normal deviates (1, 65536) of mean 0 and variance 1 for equally likely codes."""
    half = np.array([NormalDist().inv_cdf((i + 0.5) / CODES) for i in range(CODES // 2)])
    table = np.concatenate([half, -half[::-1]])
    return np.asarray(table / table.std(), np.float32)[None]


@lru_cache(maxsize=8)
def _table(steps: bytes, scale: float) -> Single:
    """Return (n, 3) float32 at equal steps of 0…1, times `scale`, for 16-bit codes."""
    rows = np.frombuffer(steps, np.float32).reshape(-1, 3)
    places = np.linspace(0.0, len(rows) - 1.0, CODES)
    columns = [np.interp(places, np.arange(len(rows)), column) for column in rows.T]
    return np.ascontiguousarray(np.stack(columns, axis=-1) * scale, np.float32)[None]


def _pixel_kernel(deviation: float) -> Single:
    """Return a Gaussian of `deviation` px over pixels' areas, odd, of sum 1."""
    reach = ceil(max(0.0, REACH * deviation - 0.5))
    edges = [erf((i - 0.5) / (deviation * sqrt(2.0))) for i in range(-reach, reach + 2)]
    kernel = np.diff(edges)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _padded(n: int) -> int:
    return (n // PADDING + 2) * PADDING
