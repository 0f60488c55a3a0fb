"""A transform of 16-bit codes as look-up tables, with matrices between them.

A transform without matrices becomes one table of 65,536 entries per channel. With matrices it
becomes table – matrix – table: the first table gives float32, and the matrix' result is indexed
with 16 bits over just the span in which the following curve still moves: 2/65535 of the output from
exact at most, 8 with two matrices.

Everything is done plane by plane: OpenCV looks up one channel at nearly twice the speed of three.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Curve
from orangemask.transforms import Curves, Matrix, Operation, Transform

CODES = 65536
TILE = 32768  # pixels; with its tables it stays in a core's second-level cache
CHUNK = 8192  # entries tabulated at a time: their temporaries stay in the first-level cache
COARSE = 4096  # samples of a curve that show where it moves
PADDING = 64  # pixels; OpenCV rounds differently in the remainder of its vector loop: no remainder

Three: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """A compiled transform of uint16 codes.

    Attributes
    ----------
    first : 3 tables of (1, 65536)
        Of `target` where there is no matrix, else of float32.
    stages : tuple of _Stage
        One for each matrix.
    target : dtype
        uint8, uint16 or float32.
    """

    first: Three
    stages: tuple[_Stage, ...]
    target: np.dtype[Any]

    @classmethod
    def of(cls, transform: Transform, target: np.dtype[Any], threads: int) -> Tables:
        """Return `transform` compiled, its tables evaluated in `threads` threads."""
        operations = transform.operations
        first = _IDENTITY_CURVES
        if operations and isinstance(operations[0], Curves):
            first, operations = operations[0], operations[1:]
        if operations and isinstance(operations[-1], Matrix):
            operations = (*operations, _IDENTITY_CURVES)
        with ThreadPoolExecutor(threads) as pool:
            kind = np.dtype(np.float32) if operations else target
            table = start = _tabulated(pool, first, _NO, _FULL, kind)
            stages = []
            for i in range(0, len(operations), 2):
                end = i + 2 == len(operations)
                stage = _stage(pool, operations[i : i + 2], table, target if end else None)
                stages.append(stage)
                table = stage.tables or table
        return cls(start, tuple(stages), target)


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """A matrix and the curves after it, as tables over 16-bit indices or exactly.

    The index is 65535 · t, or 65535 · √t where the curves are steep at the low end, as an encoding
    of linear light is; t is the matrix' result scaled to 0…1 over the span that matters.
    """

    rows: list[list[float]]  # 3 of 4, scaled to the index, its square, or not at all where exact
    root: bool
    tables: Three | None
    exact: Curves | None


class Worker:
    """`Tables` with the buffers of one thread."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._codes = _planes(np.dtype(np.uint16))
        self._results = _planes(tables.target)
        if tables.stages:
            self._values = _planes(np.dtype(np.float32))
            self._sum = np.zeros((1, TILE), np.float32)

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        """Fill (1, n, 3) `out` from (1, n, 3) uint16 `block`, both contiguous."""
        for x in range(0, block.shape[1], TILE):
            self._fill(block[:, x : x + TILE], out[:, x : x + TILE])

    def _fill(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        import cv2

        n = block.shape[1]
        results = [plane[:, :n] for plane in self._results]
        cv2.split(block, [plane[:, :n] for plane in self._codes])
        tables = self._tables.first
        for stage in self._tables.stages:
            self._look_up(tables, self._values, n)
            if stage.tables is None:
                self._mix_exactly(stage, results)
                break
            self._mix(stage, n)
            tables = stage.tables
        else:
            self._look_up(tables, self._results, n)
        merged = cv2.merge(results, out)
        if merged is not out:  # OpenCV makes a new array where it cannot write into the one given
            out[...] = merged

    def _look_up(self, tables: Three, planes: Three, n: int) -> None:
        """Fill `planes` with the tables at the codes."""
        import cv2

        for codes, table, plane in zip(self._codes, tables, planes, strict=True):
            cv2.LUT(codes[:, :n], table, plane[:, :n])

    def _mix(self, stage: _Stage, n: int) -> None:
        """Make indices of the values."""
        import cv2

        size = -(-n // PADDING) * PADDING
        red, green, blue = (plane[:, :size] for plane in self._values)
        total = self._sum[:, :size]
        for plane, row in zip(self._codes, stage.rows, strict=True):
            codes = plane[:, :size]
            cv2.addWeighted(red, row[0], green, row[1], row[3], total)
            # What makes codes of floats also rounds and saturates; not-a-number becomes 0.
            if stage.root:
                cv2.addWeighted(blue, row[2], total, 1.0, 0.0, total)
                cv2.sqrt(total, total)
                cv2.addWeighted(total, 1.0, total, 0.0, 0.0, codes, dtype=cv2.CV_16U)
            else:
                cv2.addWeighted(blue, row[2], total, 1.0, 0.0, codes, dtype=cv2.CV_16U)

    def _mix_exactly(self, stage: _Stage, results: list[NDArray[Any]]) -> None:
        """Fill float32 `results` with the exact curves of the mixed values."""
        import cv2

        assert stage.exact is not None
        n = results[0].shape[1]
        size = -(-n // PADDING) * PADDING
        red, green, blue = (plane[:, :size] for plane in self._values)
        total = self._sum[:, :size]
        for curve, row, result in zip(stage.exact.channels, stage.rows, results, strict=True):
            cv2.addWeighted(red, row[0], green, row[1], row[3], total)
            cv2.addWeighted(blue, row[2], total, 1.0, 0.0, total)
            result[...] = curve(total)[:, :n]


def quantised(values: NDArray[np.floating], target: np.dtype[Any]) -> NDArray[Any]:
    """Return values in 0…1 as `target`: integers rounded and clipped, floats as they are."""
    if target.kind == "f":
        return values.astype(target, copy=False)
    top = values.dtype.type(np.iinfo(target).max)
    scaled = np.fmin(values * top, top)  # fmin, fmax: not-a-number becomes the bound
    np.fmax(scaled, 0, out=scaled)
    return np.rint(scaled, out=scaled).astype(target)


def _planes(kind: np.dtype[Any]) -> Three:
    red, green, blue = (np.zeros((1, TILE), kind) for _ in range(3))
    return red, green, blue


def _unchanged(x: NDArray[np.floating]) -> NDArray[np.floating]:
    return x


_IDENTITY_CURVES = Curves((_unchanged, _unchanged, _unchanged))
_NO, _FULL = np.zeros(3), np.ones(3)
_RAMP = np.linspace(0.0, 1.0, CODES)
_COARSE_RAMP = np.linspace(0.0, 1.0, COARSE)[:, None]  # (n, 1)


def _stage(
    pool: ThreadPoolExecutor,
    operations: tuple[Operation, ...],
    seen: Three,
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
        return _Stage(whole.tolist(), False, None, curves)
    low, high = _span(matrix, seen)
    low, high = _moving_span(curves, low, high, clipped=target is not None)
    if curves.channels[0] == curves.channels[1] == curves.channels[2]:  # one table for all
        low, high = np.full(3, low.min()), np.full(3, high.max())
    root = _is_steep(curves, low, high)
    scale = ((CODES - 1) ** 2 if root else CODES - 1) / (high - low)
    rows = np.column_stack([matrix.matrix, matrix.offset - low]) * scale[:, None]
    tables = _tabulated(pool, curves, low, high, target or np.dtype(np.float32), root=root)
    return _Stage(rows.tolist(), root, tables, None)


def _tabulated(
    pool: ThreadPoolExecutor,
    curves: Curves,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    target: np.dtype[Any],
    *,
    root: bool = False,
) -> Three:
    """Return the curves from `low` to `high` as tables of `target`, evaluated in float64."""
    made: dict[tuple[Curve, float, float], NDArray[Any]] = {}
    filled = []

    def fill(table: NDArray[Any], curve: Curve, low: float, high: float, i: int) -> None:
        ramp = _RAMP[i : i + CHUNK]
        with np.errstate(over="ignore"):
            grid = low + (high - low) * (ramp * ramp if root else ramp)
            table[0, i : i + CHUNK] = quantised(curve(grid), target)

    keys = list(zip(curves.channels, low.tolist(), high.tolist(), strict=True))
    for key in keys:
        if key not in made:
            table = made[key] = np.empty((1, CODES), target)
            filled += [pool.submit(fill, table, *key, i) for i in range(0, CODES, CHUNK)]
    for part in filled:
        part.result()
    red, green, blue = (made[key] for key in keys)
    return red, green, blue


def _span(matrix: Matrix, seen: Three) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and most a matrix gives for inputs as in the tables `seen`, each (3,)."""
    low = np.array([table.min() for table in seen], np.float64)
    high = np.array([table.max() for table in seen], np.float64)
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
