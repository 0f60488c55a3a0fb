"""From a picture's light to the film's exposure, and the nine parameters on the way.

A scene-linear picture is exposure already. A display-referred one has been through a camera's
tone curve; a log-logistic curve in its place is undone first, so that the film's own is not laid
on top of it. Exposure is counted in EV from an 18 % grey. It is a logarithm with a foot: black
stays finite, and the cube of a stock can hold all of it:

    e  = log2((x + f) / (g + f)),  g = 0.18, f = g / 128
    z  = (e − S) / (H − S)
    e' = S₀ + g(z; m) (H₀ − S₀)            g as in Invert C41

With S = S₀, m = 0, H = H₀ nothing moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orangemask.curves import Floats

GREY = 0.18  # reflectance of a mid grey, ISO 2721
FOOT = GREY / 128.0  # light that is added before the logarithm
SHADOWS, HIGHLIGHTS = -5.0, 3.0  # S₀, H₀, EV from grey: what a colour negative holds with ease
DARKEST = float(np.log2(FOOT / (GREY + FOOT)))  # EV of no light at all
BRIGHTEST = 7.0  # EV: 23 times a white paper
RANGE = BRIGHTEST - DARKEST  # EV, what a cube holds

CONTRAST = 1.6  # exponent of the assumed camera curve: slope 1.3 in log-log at grey
CLIPPING = 3.5  # EV above grey where a camera's white lies


@dataclass(frozen=True, slots=True)
class ToEV:
    """e = log2((x + f) / (g + f)) of linear light x; −f and below become far below `DARKEST`."""

    def __call__(self, x: Floats) -> Floats:
        """Return EV from grey."""
        kind = x.dtype.type
        return np.log2(np.maximum(x + kind(FOOT), kind(1e-9))) - kind(np.log2(GREY + FOOT))


@dataclass(frozen=True, slots=True)
class FromEV:
    """The inverse of `ToEV`."""

    def __call__(self, x: Floats) -> Floats:
        """Return linear light."""
        kind = x.dtype.type
        return np.exp2(x + kind(np.log2(GREY + FOOT))) - kind(FOOT)


@dataclass(frozen=True, slots=True)
class Camera:
    """The tone curve that a camera is taken to have: y = f(x) / f(w), f(x) = x^p / (x^p + k).

    Grey stays grey, k follows; w, `CLIPPING` EV above it, becomes display white.
    """

    def __call__(self, x: Floats) -> Floats:
        """Return display-linear light, 0…1, of scene-linear light."""
        kind = x.dtype.type
        powered = np.maximum(x, kind(0.0)) ** kind(CONTRAST)
        return np.minimum(
            powered * kind(1.0 + KNEE / POWERED_WHITE) / (powered + kind(KNEE)), kind(1.0)
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """The inverse of `Camera`; white and above become w, black and below 0."""

    def __call__(self, x: Floats) -> Floats:
        """Return scene-linear light of display-linear light."""
        kind = x.dtype.type
        y = np.clip(x, kind(0.0), kind(1.0)) / kind(1.0 + KNEE / POWERED_WHITE)
        return (kind(KNEE) * y / (1 - y)) ** kind(1.0 / CONTRAST)


_POWERED = GREY**CONTRAST
POWERED_WHITE = (GREY * 2.0**CLIPPING) ** CONTRAST  # w^p
# f(grey) = grey · f(white), solved for k.
KNEE = _POWERED * POWERED_WHITE * (1.0 - GREY) / (GREY * POWERED_WHITE - _POWERED)
