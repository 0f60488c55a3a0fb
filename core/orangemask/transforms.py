"""A transform is data: a short list of operations on (…, 3) arrays.

The same object is applied to pixels (`orangemask.execute`), baked to look-up tables
(`orangemask.luts`) and translated to a host's own modules. Calling it evaluates exactly, in the
precision of the array given; that is the definition the fast ways are tested against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Chain, Curve, Floats

IDENTITY = np.eye(3)


@dataclass(frozen=True, slots=True)
class Curves:
    """One curve per channel, red, green, blue."""

    channels: tuple[Curve, Curve, Curve]

    def __call__(self, x: Floats) -> Floats:
        """Return each channel of (…, 3) `x` through its curve."""
        return np.concatenate(
            [curve(x[..., c : c + 1]) for c, curve in enumerate(self.channels)], axis=-1
        )

    def then(self, other: Curves) -> Curves:
        """Return both as one set of curves, this one first."""
        red, green, blue = (
            Chain((*_parts(first), *_parts(second)))
            for first, second in zip(self.channels, other.channels, strict=True)
        )
        return Curves((red, green, blue))


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """matrix · x + offset on every pixel."""

    matrix: NDArray[np.float64]
    offset: NDArray[np.float64]

    @classmethod
    def of(cls, matrix: object, offset: object = (0.0, 0.0, 0.0)) -> Matrix:
        """Return the operation for anything that reads as 3×3 and 3 numbers."""
        return cls(
            np.asarray(matrix, np.float64).reshape(3, 3), np.asarray(offset, np.float64).reshape(3)
        )

    def __call__(self, x: Floats) -> Floats:
        """Return matrix · x + offset for (…, 3) `x`."""
        m, o = self.matrix.astype(x.dtype), self.offset.astype(x.dtype)
        red, green, blue = x[..., 0], x[..., 1], x[..., 2]
        # Written out: a BLAS product may round a pixel differently from tile to tile.
        return np.stack(
            [m[c, 0] * red + m[c, 1] * green + m[c, 2] * blue + o[c] for c in range(3)], axis=-1
        )

    @property
    def is_identity(self) -> bool:
        """Whether it changes nothing."""
        return bool(np.array_equal(self.matrix, IDENTITY) and not self.offset.any())


Operation: TypeAlias = Curves | Matrix


@dataclass(frozen=True, slots=True)
class Transform:
    """Operations in order, shortest form: no identity matrices, no two neighbours of one kind."""

    operations: tuple[Operation, ...] = ()

    @classmethod
    def of(cls, operations: Sequence[Operation]) -> Transform:
        """Return the shortest transform that does `operations` in order."""
        merged: list[Operation] = []
        for operation in operations:
            if isinstance(operation, Matrix) and operation.is_identity:
                continue
            last = merged[-1] if merged else None
            if isinstance(last, Curves) and isinstance(operation, Curves):
                merged[-1] = last.then(operation)
            elif isinstance(last, Matrix) and isinstance(operation, Matrix):
                merged[-1] = Matrix(
                    operation.matrix @ last.matrix,
                    operation.matrix @ last.offset + operation.offset,
                )
            else:
                merged.append(operation)
        return cls(tuple(merged))

    def then(self, other: Transform) -> Transform:
        """Return this transform followed by `other`."""
        return Transform.of((*self.operations, *other.operations))

    def __call__(self, x: Floats) -> Floats:
        """Return the exact result for a floating (…, 3) array.

        Parameters
        ----------
        x : (…, 3) float32 or float64
            Codes in 0…1; values outside are allowed.

        Returns
        -------
        (…, 3) of the same dtype
            Not clipped.
        """
        for operation in self.operations:
            x = operation(x)
        return x


def _parts(curve: Curve) -> tuple[Curve, ...]:
    return curve.curves if isinstance(curve, Chain) else (curve,)
