"""The sensor: grain as it sees it, fall-off, exposure, flare, noise, quantisation, JPEG."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.films import Array
from training.scenes import Pixels

LARGEST_FALL_OFF = 0.25  # EV between the middle and the darkest corner
GRAIN = (0.002, 0.012)  # D, what averaging to a thumbnail leaves of film grain
# Of grain at zero density, as a share of the amount 1: fog has grain too.
GRAIN_OF_BASE = 0.1
JPEG_SHARE, JPEG_QUALITY = 1.0 / 3.0, (75, 95)


@dataclass(frozen=True, slots=True)
class FallOff:
    """How the light of a rig falls off from its brightest place.

    Attributes
    ----------
    stops : float
        EV at the darkest place, 0 to `LARGEST_FALL_OFF`.
    linear : float
        Share of a slope across the frame; the rest is radial.
    direction : float
        Degrees, where the slope leads down.
    centre : tuple of 2 floats
        x, y of the radial part's middle as shares of width and height.
    flat_field : bool
        Divided out again by a picture of the bare light.
    """

    stops: float = 0.0
    linear: float = 0.0
    direction: float = 0.0
    centre: tuple[float, float] = (0.5, 0.5)
    flat_field: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator, is_scanner: bool) -> FallOff:
        """Return a random one; a scanner always calibrates it away."""
        x, y = rng.normal(0.5, 0.08, 2)
        return cls(
            float(rng.uniform(0.0, LARGEST_FALL_OFF)),
            float(rng.uniform(0.0, 1.0)),
            float(rng.uniform(0.0, 360.0)),
            (float(x), float(y)),
            is_scanner or bool(rng.random() < 0.5),
        )

    def gain(self, h: int, w: int) -> Pixels:
        """Return factors (h, w), the brightest 1 and the darkest 2^-`stops`."""
        x = (np.arange(w, dtype=np.float32) + np.float32(0.5)) / np.float32(w)
        y = ((np.arange(h, dtype=np.float32) + np.float32(0.5)) / np.float32(h))[:, None]
        angle = np.radians(self.direction)
        slope = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
        radial = (x - np.float32(self.centre[0])) ** 2 + (y - np.float32(self.centre[1])) ** 2
        fall = scaled(slope, self.linear) + scaled(radial, 1.0 - self.linear)
        return np.asarray(np.exp2(scaled(fall, -self.stops)), dtype=np.float32)


def scaled(field: Pixels, to: float) -> Pixels:
    """Return a field stretched to 0 … `to`; an even one is 0."""
    low, high = float(field.min()), float(field.max())
    return (field - np.float32(low)) * np.float32(to / (high - low) if high > low else 0.0)


@dataclass(frozen=True, slots=True)
class Capture:
    """How the film is read.

    Attributes
    ----------
    base : (3,) float64
        What the rig reads of film base at gain 1.
    gain : (3,) float64
        To codes; equal in a camera, one per channel in a scanner.
    flare : float
        Share of the frame's mean light that veils it, 0 to 0.01.
    electrons : float
        At code 1: the shot noise.
    read_noise : float
        In codes.
    bits : int
        16 or 8.
    encoded : str
        "linear", "srgb" or "gamma2.2": what the bits count; codes are decoded again.
    grain : float
        σ of film grain in D where the dye amount is 1.
    fall_off : FallOff
    jpeg : int
        Quality of the JPEG the codes went through, 0 for none; 8 bits only.
    """

    base: Array
    gain: Array
    flare: float
    electrons: float
    read_noise: float
    bits: int
    encoded: str
    grain: float = 0.0
    fall_off: FallOff = FallOff()
    jpeg: int = 0


def draw_capture(
    rng: np.random.Generator, base: Array, is_scanner: bool, is_display: bool = False
) -> Capture:
    """Return a random way of reading film whose base gives `base` (3,) at gain 1.

    The brightest channel of the base lands at 0.5 to 0.95. A scanner sets each channel alone.
    A converter's output in a display space (`is_display`) is linear or sRGB. Thumbnails
    average many pixels, so noise is small.
    """
    level = rng.uniform(0.5, 0.95)
    gain = np.full(3, level / base.max())
    if is_scanner:
        gain = level * rng.uniform(0.8, 1.0, 3) / base
    shares = [0.4, 0.6, 0.0] if is_display else [0.7, 0.2, 0.1]
    encoded = str(rng.choice(["linear", "srgb", "gamma2.2"], p=shares))
    bits = 8 if encoded != "linear" and rng.random() < 0.5 else 16
    is_jpeg = bits == 8 and rng.random() < JPEG_SHARE
    return Capture(
        base,
        gain,
        float(rng.uniform(0.0, 0.01)) if rng.random() < 0.5 else 0.0,
        float(10.0 ** rng.uniform(4.5, 6.0)),
        float(10.0 ** rng.uniform(-4.7, -3.7)),
        bits,
        encoded,
        float(rng.uniform(*GRAIN)),
        FallOff.draw(rng, is_scanner),
        int(rng.integers(JPEG_QUALITY[0], JPEG_QUALITY[1] + 1)) if is_jpeg else 0,
    )


def add_grain(amounts: Pixels, sigma: float, rng: np.random.Generator) -> Pixels:
    """Return dye amounts (h, w, 3) with grain, independent in each layer.

    σ grows with the root of the density, as for randomly placed grains (Siedentopf 1937).
    The averaging to thumbnail size has passed a blur, so neighbours are correlated.
    """
    noise = rng.standard_normal(amounts.shape, dtype=np.float32)
    cv2.GaussianBlur(noise, (3, 3), 0.5, dst=noise)
    # A 3 × 3 Gaussian with the weights k k^T keeps (Σ k²)² of the variance.
    kernel = cv2.getGaussianKernel(3, 0.5)
    noise *= np.float32(sigma / float((kernel**2).sum()))
    noise *= cv2.sqrt(np.maximum(amounts, 0.0) + np.float32(GRAIN_OF_BASE))
    return amounts + noise


def encode(linear: Pixels, encoded: str) -> Pixels:
    """Return linear light 0 to 1 in one of the encodings of `Capture`."""
    if encoded == "srgb":
        curve = 1.055 * np.power(linear, 1.0 / 2.4) - 0.055
        return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, curve), dtype=np.float32)
    return (
        np.asarray(np.power(linear, 1.0 / 2.2), dtype=np.float32) if encoded != "linear" else linear
    )


def decode(code: Pixels, encoded: str) -> Pixels:
    """Return the linear light of `encode`'s result."""
    if encoded == "srgb":
        curve = ((code + 0.055) / 1.055) ** 2.4
        return np.asarray(np.where(code <= 0.04045, code / 12.92, curve), dtype=np.float32)
    return np.asarray(np.power(code, 2.2), dtype=np.float32) if encoded != "linear" else code


def jpeg_codes(codes: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Return 8-bit codes (h, w, 3) RGB after a JPEG of that quality, 1 to 100."""
    done, content = cv2.imencode(".jpg", codes[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"cannot encode codes of shape {codes.shape} as JPEG")
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


def quantise(codes: Pixels, how: Capture) -> Pixels:
    """Return linear codes 0 to 1 as the file's bits, encoding and compression leave them."""
    if how.bits == 8:
        levels = np.rint(encode(codes, how.encoded) * np.float32(255.0)).astype(np.uint8)
        if how.jpeg:
            levels = jpeg_codes(levels, how.jpeg)
        table = decode(np.arange(256, dtype=np.float32) / np.float32(255.0), how.encoded)
        return np.asarray(table[levels])
    steps = np.float32(2**how.bits - 1)
    return decode(np.rint(encode(codes, how.encoded) * steps) / steps, how.encoded)


def capture(light: Pixels, how: Capture, rng: np.random.Generator) -> Pixels:
    """Return linear codes (h, w, 3), 0 to 1, of the light `light` (h, w, 3) at gain 1.

    A converter's matrix may make light negative, which clips to 0.
    """
    codes = np.maximum(light, 0.0) * how.gain.astype(np.float32)
    gain: Pixels | None = None
    if how.fall_off.stops > 0.0:
        gain = how.fall_off.gain(*codes.shape[:2])[:, :, None]
        codes *= gain
    if how.flare > 0.0:
        veil = np.asarray(cv2.mean(codes)[:3], dtype=np.float32) * np.float32(how.flare)
        codes = codes * np.float32(1.0 - how.flare) + veil
    sigma = np.sqrt(codes / np.float32(how.electrons) + np.float32(how.read_noise**2))
    codes += sigma * rng.standard_normal(codes.shape, dtype=np.float32)
    if gain is not None and how.fall_off.flat_field:
        codes /= gain
    return quantise(np.clip(codes, 0.0, 1.0), how)
