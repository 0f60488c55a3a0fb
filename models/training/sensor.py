"""The sensor: exposure, flare, noise, quantisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.films import Array
from training.scenes import Pixels


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
    """

    base: Array
    gain: Array
    flare: float
    electrons: float
    read_noise: float
    bits: int
    encoded: str


def draw_capture(rng: np.random.Generator, base: Array, narrow: bool) -> Capture:
    """Return a random way of reading film whose base gives `base` (3,) at gain 1.

    The brightest channel of the base lands at 0.5 to 0.95. A scanner (`narrow`) sets each
    channel alone. Thumbnails average many pixels, so noise is small.
    """
    level = rng.uniform(0.5, 0.95)
    gain = np.full(3, level / base.max())
    if narrow:
        gain = level * rng.uniform(0.8, 1.0, 3) / base
    encoded = str(rng.choice(["linear", "srgb", "gamma2.2"], p=[0.7, 0.2, 0.1]))
    bits = 8 if encoded != "linear" and rng.random() < 0.5 else 16
    return Capture(
        base,
        gain,
        float(rng.uniform(0.0, 0.01)) if rng.random() < 0.5 else 0.0,
        float(10.0 ** rng.uniform(4.5, 6.0)),
        float(10.0 ** rng.uniform(-4.7, -3.7)),
        bits,
        encoded,
    )


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


def capture(light: Pixels, how: Capture, rng: np.random.Generator) -> Pixels:
    """Return linear codes (h, w, 3), 0 to 1, of the light `light` (h, w, 3) at gain 1."""
    codes = light * how.gain.astype(np.float32)
    if how.flare > 0.0:
        codes = codes * np.float32(1.0 - how.flare) + np.float32(how.flare) * codes.mean(
            axis=(0, 1)
        )
    sigma = np.sqrt(codes / np.float32(how.electrons) + np.float32(how.read_noise**2))
    codes = codes + sigma * rng.standard_normal(codes.shape, dtype=np.float32)
    codes = np.clip(codes, 0.0, 1.0)
    steps = np.float32(2**how.bits - 1)
    # Quantised in the file's encoding; 16 bit linear is finer than float32 needs to show.
    return decode(np.rint(encode(codes, how.encoded) * steps) / steps, how.encoded)
