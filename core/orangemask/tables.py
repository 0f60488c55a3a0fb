"""A transform of 16-bit codes as look-up tables, with matrices between them.

A transform without matrices becomes one table of 65,536 entries per channel. With matrices it
becomes table – matrix – table: the first table gives float32, and the matrix' result is indexed
with 16 bits over just the span in which the following curve still moves. The result is within
2/65535 of exact with one matrix; with two within 8 but for dark saturated colours, small
differences of large numbers in the second matrix, which may be 24 off, a tenth of an 8-bit step.

A table that all channels share is kept once: OpenCV looks it up at nearly twice the speed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.transforms import Curves, Matrix, Operation, Transform

CODES = 65536
TILE = 128 * 1024  # pixels; with less, threads wait for one another in between
CHUNK = 8192  # entries tabulated at a time: their temporaries stay in the first-level cache
COARSE = 4096  # samples of a curve that show where it moves
PADDING = 64  # pixels; OpenCV rounds differently in the remainder of its vector loop, so it gets
# a remainder that nobody reads

Table: TypeAlias = NDArray[Any]  # (1, 65536, 3), or (1, 65536) where all channels share it


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """A compiled transform of uint16 codes.

    Attributes
    ----------
    first : Table
        Of `target` where there is no matrix, else of float32.
    stages : tuple of _Stage
        One for each matrix.
    target : dtype
        uint8, uint16 or float32.
    """

    first: Table
    stages: tuple[_Stage, ...]
    target: np.dtype[Any]

    @classmethod
    def of(cls, transform: Transform, target: np.dtype[Any]) -> Tables:
        """Return `transform` compiled for `target`."""
        operations = transform.operations
        first = _IDENTITY_CURVES
        if operations and isinstance(operations[0], Curves):
            first, operations = operations[0], operations[1:]
        if operations and isinstance(operations[-1], Matrix):
            operations = (*operations, _IDENTITY_CURVES)
        kind = np.dtype(np.float32) if operations else target
        table = start = _tabulated(first, _NO, _FULL, kind)
        stages = []
        for i in range(0, len(operations), 2):
            end = i + 2 == len(operations)
            stage = _stage(operations[i : i + 2], table, target if end else None)
            stages.append(stage)
            table = stage.table
        return cls(start, tuple(stages), target)


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """A matrix and the curves after it, as tables over 16-bit indices or exactly.

    The index is 65535 · t, or 65535 · √t where the curves are steep at the low end, as an encoding
    of linear light is; t is the matrix' result scaled to 0…1 over the span that matters.
    """

    matrix: NDArray[np.float32]  # (3, 4), scaled to the index, its square, or not at all if exact
    root: bool = False
    table: Table = field(default_factory=lambda: np.empty((1, 0)))
    exact: Curves | None = None


class Worker:
    """`Tables` with the buffers of one thread."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        shape = (1, TILE + 2 * PADDING, 3)
        self._values, self._mixed = (np.zeros(shape, np.float32) for _ in range(2))
        self._codes = np.zeros(shape, np.uint16)

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        """Fill (1, n, 3) `out` from (1, n, 3) uint16 `block`, both contiguous."""
        if not self._tables.stages:
            _look_up(block, self._tables.first, out)
            return
        for x in range(0, block.shape[1], TILE):
            self._fill(block[:, x : x + TILE], out[:, x : x + TILE])

    def _fill(self, codes: NDArray[Any], out: NDArray[Any]) -> None:
        n = codes.shape[1]
        table = self._tables.first
        for stage in self._tables.stages:
            _look_up(codes, table, self._values[:, :n])
            if stage.exact is not None:
                out[...] = stage.exact(self._mix(stage, n)[:, :n])
                return
            codes, table = self._mix(stage, n)[:, :n], stage.table
        _look_up(codes, table, out)

    def _mix(self, stage: _Stage, n: int) -> NDArray[Any]:
        """Return indices, or floats where the curves are exact, of the values."""
        import cv2

        size = (n // PADDING + 2) * PADDING
        mixed = cv2.transform(self._values[:, :size], stage.matrix, self._mixed[:, :size])
        if stage.exact is not None:
            return np.asarray(mixed)
        if stage.root:
            cv2.sqrt(mixed, mixed)
        # Rounds and saturates; not-a-number, the root of what is below 0, becomes 0.
        codes = self._codes[:, :size]
        return np.asarray(cv2.addWeighted(mixed, 1.0, mixed, 0.0, 0.0, codes, dtype=cv2.CV_16U))


def quantised(values: NDArray[np.floating], target: np.dtype[Any]) -> NDArray[Any]:
    """Return values in 0…1 as `target`: integers rounded and clipped, floats as they are."""
    if target.kind == "f":
        return values.astype(target, copy=False)
    top = values.dtype.type(np.iinfo(target).max)
    scaled = np.fmin(values * top, top)  # fmin, fmax: not-a-number becomes the bound
    np.fmax(scaled, 0, out=scaled)
    return np.rint(scaled, out=scaled).astype(target)


def _unchanged(x: NDArray[np.floating]) -> NDArray[np.floating]:
    return x


_IDENTITY_CURVES = Curves((_unchanged, _unchanged, _unchanged))
_NO, _FULL = np.zeros(3), np.ones(3)
_RAMP = np.linspace(0.0, 1.0, CODES)
_COARSE_RAMP = np.linspace(0.0, 1.0, COARSE)[:, None]  # (n, 1)


def _stage(
    operations: tuple[Operation, ...],
    seen: Table,
    target: np.dtype[Any] | None,
) -> _Stage:
    """Return a matrix and the curves after it for inputs as in the tables `seen`.

    `target` is None in the middle; integers are tabulated, a float end is exact.
    """
    matrix, curves = operations
    if not (isinstance(matrix, Matrix) and isinstance(curves, Curves)):
        raise TypeError("a transform alternates curves and matrices")
    if target is not None and target.kind == "f":
        whole = np.column_stack([matrix.matrix, matrix.offset])
        return _Stage(whole.astype(np.float32), exact=curves)
    low, high = _span(matrix, seen)
    low, high = _moving_span(curves, low, high, clipped=target is not None)
    if curves.channels[0] == curves.channels[1] == curves.channels[2]:  # one table for all
        low, high = np.full(3, low.min()), np.full(3, high.max())
    root = _is_steep(curves, low, high)
    scale = ((CODES - 1) ** 2 if root else CODES - 1) / (high - low)
    rows = np.column_stack([matrix.matrix, matrix.offset - low]) * scale[:, None]
    table = _tabulated(curves, low, high, target or np.dtype(np.float32), root=root)
    return _Stage(rows.astype(np.float32), root, table)


def _look_up(codes: NDArray[Any], table: Table, out: NDArray[Any]) -> None:
    """Fill (1, n, 3) `out` with the table at uint16 `codes`."""
    import cv2

    if table.ndim == 2:
        codes, out = codes.reshape(1, -1), out.reshape(1, -1)
    cv2.LUT(codes, table, out)


def _tabulated(
    curves: Curves,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    target: np.dtype[Any],
    *,
    root: bool = False,
) -> Table:
    """Return the curves from `low` to `high` as a table of `target`, evaluated in float64."""
    keys = list(zip(curves.channels, low.tolist(), high.tolist(), strict=True))
    shared = keys[0] == keys[1] == keys[2]
    table = np.empty((1, CODES, 1 if shared else 3), target)
    with np.errstate(over="ignore"):
        for c, (curve, start, end) in enumerate(keys[: table.shape[2]]):
            for i in range(0, CODES, CHUNK):
                ramp = _RAMP[i : i + CHUNK]
                grid = start + (end - start) * (ramp * ramp if root else ramp)
                table[0, i : i + CHUNK, c] = quantised(curve(grid), target)
    return table[..., 0] if shared else table


def _span(matrix: Matrix, seen: Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and most a matrix gives for inputs as in the table `seen`, each (3,)."""
    low = np.broadcast_to(seen[0].min(axis=0), 3).astype(np.float64)
    high = np.broadcast_to(seen[0].max(axis=0), 3).astype(np.float64)
    ends = np.stack([matrix.matrix * low, matrix.matrix * high])  # (2, 3, 3)
    least, most = ends.min(axis=0).sum(axis=1), ends.max(axis=0).sum(axis=1)
    return least + matrix.offset, most + matrix.offset


def _moving_span(
    curves: Curves, low: NDArray[np.float64], high: NDArray[np.float64], *, clipped: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the span outside of which each curve is constant to a tenth of a 16-bit step.

    `clipped`: the result ends there and is cut to 0…1, so what happens beyond does not count.
    """
    high = np.maximum(high, low + 1e-9)
    grid = low + (high - low) * _COARSE_RAMP
    values = curves(grid)
    if clipped:
        values = np.clip(values, 0.0, 1.0)
    step = 0.1 / (CODES - 1)
    ends = []
    for c in range(3):
        left = np.flatnonzero(np.abs(values[:, c] - values[0, c]) > step)
        right = np.flatnonzero(np.abs(values[:, c] - values[-1, c]) > step)
        first = max(0, left[0] - 1) if left.size else 0
        last = min(COARSE - 1, right[-1] + 1) if right.size else COARSE - 1
        ends.append((grid[first, c], grid[last, c]))
    spans = np.array(ends)
    return spans[:, 0], spans[:, 1]


def _is_steep(curves: Curves, low: NDArray[np.float64], high: NDArray[np.float64]) -> bool:
    """Return whether the steps of the tables are much smaller over the root of the span."""
    plain, squared = (
        np.abs(np.diff(curves(low + (high - low) * ramp), axis=0)).max()
        for ramp in (_COARSE_RAMP, _COARSE_RAMP**2)
    )
    return bool(2 * squared < plain)
