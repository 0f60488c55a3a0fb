"""Curves of one variable: the transfer functions, density and print curves a transform is made of.

A curve is a small frozen dataclass: data that can be compared, stored and applied. Calling it maps
an array of any shape elementwise, in the floating precision given, without clipping unless the
curve's own definition has an end. Curves are joined by `Chain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating]

LN10 = 2.302585092994046

MIN_TRANSMITTANCE = 1e-4
"""Floor of transmittance before the logarithm: D = 4, the most a scanner tells from darkness."""


class Curve(Protocol):
    """One variable in, one out, elementwise."""

    def __call__(self, x: Floats) -> Floats:
        """Return the curve's value at each element of `x`."""
        ...


@dataclass(frozen=True, slots=True)
class Affine:
    """slope · x + offset."""

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, x: Floats) -> Floats:
        """Return slope · x + offset."""
        y = x * x.dtype.type(self.slope)
        y += x.dtype.type(self.offset)
        return y


@dataclass(frozen=True, slots=True)
class Density:
    """Optical density of a transmittance, D = −log10 max(T, T_min) (ISO 5-1:2009)."""

    floor: float = MIN_TRANSMITTANCE

    def __call__(self, x: Floats) -> Floats:
        """Return D of transmittance `x`; not-a-number counts as the floor, infinity as clear."""
        kind = x.dtype.type
        light = np.fmax(x, kind(self.floor))
        light[light == np.inf] = 1.0
        np.log(light, out=light)  # log10 is slower
        light *= kind(-1.0 / LN10)
        return light


@dataclass(frozen=True, slots=True)
class Transfer:
    """The family a·x^γ with a linear foot, as used by sRGB, ProPhoto and plain gammas.

    ``decode``: code to light: ((x + a) / (1 + a))^γ above `cut`, x / `slope` below. The inverse is
    `encode`. Negative values are mirrored about 0, values above 1 extrapolate, so that nothing is
    clipped.
    """

    gamma: float = 1.0
    a: float = 0.0
    slope: float = 1.0
    cut: float = 0.0
    encode: bool = False

    def __call__(self, x: Floats) -> Floats:
        """Return light for codes, or codes for light where `encode`."""
        if self.gamma == 1.0:
            return x
        kind = x.dtype.type
        size = np.abs(x)
        if self.encode:
            bent = size ** kind(1 / self.gamma)
            bent *= kind(1 + self.a)
            bent -= kind(self.a)
            np.copyto(bent, size * kind(self.slope), where=size <= self.cut / self.slope)
        else:
            bent = (size + kind(self.a)) * kind(1 / (1 + self.a))
            bent **= kind(self.gamma)
            np.copyto(bent, size * kind(1 / self.slope), where=size <= self.cut)
        return np.copysign(bent, x, out=bent)

    @property
    def inverse(self) -> Transfer:
        """The curve the other way round."""
        return Transfer(self.gamma, self.a, self.slope, self.cut, not self.encode)


LINEAR = Transfer()
SRGB = Transfer(2.4, 0.055, 12.92, 0.04045)  # IEC 61966-2-1


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Samples at equal steps from `low` to `high`, linear between them, constant outside."""

    samples: NDArray[np.float64]
    low: float = 0.0
    high: float = 1.0

    def __call__(self, x: Floats) -> Floats:
        """Return the interpolated table."""
        grid = np.linspace(self.low, self.high, len(self.samples))
        return np.interp(x, grid, self.samples).astype(x.dtype, copy=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """Curves one after the other."""

    curves: tuple[Curve, ...] = ()

    def __call__(self, x: Floats) -> Floats:
        """Return the last curve of … of the first curve of `x`."""
        for curve in self.curves:
            x = curve(x)
        return x
