"""A transform is data: a short list of operations on (…, 3) arrays.

The same object is applied to pixels (`orangemask.execute`), baked to look-up tables
(`orangemask.luts`) and translated to a host's own modules. Calling it evaluates exactly, in the
precision of the array given; that is the definition the fast ways are tested against. Most
operations look at a pixel alone; effects (`orangemask.effects`) look around it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Chain, Curve, Floats
from orangemask.effects import Effect, Place
from orangemask.errors import ParameterError

IDENTITY = np.eye(3)
MIN_NODES, MAX_NODES = 2, 129  # along an edge of a cube; 129 are 26 MB and the most others read
CHUNK = 32 * 1024  # pixels that a cube evaluates at a time; bounds its temporaries to 4 MB


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


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """A 3D table with tetrahedral interpolation, exact at its nodes and linear along the greys.

    Attributes
    ----------
    nodes : (n, n, n, 3) float32
        Indexed by red, green, blue, which run from 0 to 1 in equal steps; n is 2 to 129. Values
        need not lie in 0…1.

    Raises
    ------
    ParameterError
        The nodes have another shape, or one of them is not a finite number.

    References
    ----------
    Sakamoto and Itooka, US patent 4,275,413 (1981); the weights are those of S-2014-006 (CLF),
    appendix on tetrahedral interpolation.
    """

    nodes: NDArray[np.float32]

    def __post_init__(self) -> None:
        nodes = np.ascontiguousarray(self.nodes, np.float32)
        if nodes.ndim != 4 or nodes.shape != (*nodes.shape[:1] * 3, 3):
            raise ParameterError(
                f"a cube of shape {nodes.shape} is not allowed: give (n, n, n, 3), n values of "
                "red, green and blue each"
            )
        if not MIN_NODES <= len(nodes) <= MAX_NODES:
            raise ParameterError(
                f"a cube of {len(nodes)} points along an edge is not allowed: give {MIN_NODES} to "
                f"{MAX_NODES}, usually 17, 33 or 65"
            )
        if not np.isfinite(nodes).all():
            raise ParameterError("a cube holds a value that is not a finite number")
        object.__setattr__(self, "nodes", nodes)

    @property
    def size(self) -> int:
        """Nodes along an edge."""
        return len(self.nodes)

    def __call__(self, x: Floats) -> Floats:
        """Return the interpolated cube for (…, 3) `x`.

        Values outside 0…1 are held at the ends, not-a-number counts as 0.
        """
        flat = x.reshape(-1, 3)
        out = np.empty(flat.shape, x.dtype)
        rows = self.nodes.reshape(-1, 3)
        for i in range(0, len(flat), CHUNK):
            out[i : i + CHUNK] = _tetrahedral(flat[i : i + CHUNK], rows, self.size)
        return out.reshape(x.shape)

    def then(self, operations: Sequence[PointOperation]) -> Cube:
        """Return a cube whose nodes have been through `operations`, in float64."""
        nodes: Floats = self.nodes.astype(np.float64)
        with np.errstate(all="ignore"):  # what is not finite is refused
            for operation in operations:
                nodes = operation(nodes)
            return Cube(nodes.astype(np.float32))


PointOperation: TypeAlias = Curves | Matrix | Cube
Operation: TypeAlias = PointOperation | Effect


@dataclass(frozen=True, slots=True)
class Transform:
    """Operations in order, shortest form: no identity matrices, no two neighbours of one kind.

    Cubes alone are kept as they are.
    """

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

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The operations that look around a pixel, in order."""
        return tuple(one for one in self.operations if isinstance(one, Effect))

    def without_effects(self) -> Transform:
        """Return what is left for a look-up table, which knows no neighbours."""
        if not self.effects:
            return self
        return Transform.of([one for one in self.operations if not isinstance(one, Effect)])

    def between_effects(self) -> tuple[Transform, ...]:
        """Return the transforms before, between and after the effects, one more than these."""
        parts: list[list[Operation]] = [[]]
        for one in self.operations:
            if isinstance(one, Effect):
                parts.append([])
            else:
                parts[-1].append(one)
        return tuple(Transform(tuple(part)) for part in parts)

    def folded(self) -> Transform:
        """Return the transform with what follows its first cube applied to the cube's nodes.

        It then ends in its only cube, but nothing is folded across an effect. Between nodes the
        result is interpolated after what was folded, not before, so a cube has to be fine enough
        for both. A transform without a cube comes back as it is.

        Raises
        ------
        ParameterError
            What follows gives something that is not a number at a node.
        """
        if not any(isinstance(one, Cube) for one in self.operations):
            return self
        folded: list[Operation] = []
        for effect, part in zip((None, *self.effects), self.between_effects(), strict=True):
            folded += [effect] if effect is not None else []
            folded += _folded(part.operations)
        return Transform(tuple(folded))

    def __call__(self, x: Floats) -> Floats:
        """Return the exact result for a floating (…, 3) array.

        Parameters
        ----------
        x : (…, 3) float32 or float64
            Codes in 0…1; values outside are allowed. With effects a whole picture, (h, w, 3).

        Returns
        -------
        (…, 3) of the same dtype, float32 after an effect
            Not clipped, but for what goes into a cube.

        Raises
        ------
        ParameterError
            The transform has effects, and `x` is no picture.
        """
        if self.effects and x.ndim != 3:
            raise ParameterError(
                f"{self.effects[0].name} needs a whole picture, (h, w, 3), not {x.shape}"
            )
        for operation in self.operations:
            if isinstance(operation, Effect):
                x = operation(x, Place(0, 0, x.shape[1], x.shape[0]))
            else:
                x = operation(x)
        return x


def _folded(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """Return point operations with what follows the first cube applied to its nodes."""
    before = tuple(itertools.takewhile(lambda one: not isinstance(one, Cube), operations))
    cube, *after = operations[len(before) :] or (None,)
    if not isinstance(cube, Cube):
        return operations
    return (*before, cube.then([one for one in after if not isinstance(one, Effect)]))


def _parts(curve: Curve) -> tuple[Curve, ...]:
    return curve.curves if isinstance(curve, Chain) else (curve,)


def _tetrahedral(x: Floats, rows: NDArray[np.float32], size: int) -> Floats:
    """Return (n, 3) `x` through the nodes `rows` (size³, 3), red slowest."""
    kind = x.dtype.type
    place = np.fmin(np.fmax(x, kind(0)), kind(1)) * kind(size - 1)
    cell = np.minimum(place.astype(np.intp), size - 2)  # (n, 3)
    part = place - cell.astype(x.dtype)
    strides = np.array((size * size, size, 1))
    first = cell @ strides
    last = first + strides.sum()
    # Two steps lie between the cell's ends: along the largest part, then the middle one. Which of
    # equal parts is taken does not matter, the node between them weighs nothing.
    second, third = first + strides[part.argmax(axis=1)], last - strides[part.argmin(axis=1)]
    red, green, blue = part.T
    high = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    middle = np.maximum(np.minimum(red, green), np.minimum(np.maximum(red, green), blue))
    weights = (1 - high, high - middle, middle - low, low)
    out = np.zeros_like(x)
    for index, weight in zip((first, second, third, last), weights, strict=True):
        out += rows[index].astype(x.dtype, copy=False) * weight[:, None]
    return out
