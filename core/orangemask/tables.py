"""A transform of 16-bit codes as look-up tables, with matrices between them.

A transform without matrices becomes one table of 65,536 entries per channel. With matrices it
becomes table – matrix – table: the first table gives float32, and the matrix' result is indexed
with 16 bits over just the span in which the following curve still moves. The result is within
2/65535 of exact with one matrix; with two within 8 but for dark saturated colours, small
differences of large numbers in the second matrix, which may be 24 off, a tenth of an 8-bit step.

OpenCV looks up one channel at nearly twice the speed of three, so three different tables are
applied plane by plane, and one that all channels share to the whole at once.
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
TILE = 128 * 1024  # pixels; with less, threads wait for one another in between
CHUNK = 8192  # entries tabulated at a time: their temporaries stay in the first-level cache
COARSE = 4096  # samples of a curve that show where it moves
PADDING = 64  # pixels; OpenCV rounds differently in the remainder of its vector loop, so it gets
# a remainder that nobody reads

Three: TypeAlias = tuple[NDArray[Any], ...]  # one for each channel


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
                table = stage.tables
        return cls(start, tuple(stages), target)


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """A matrix and the curves after it, as tables over 16-bit indices or exactly.

    The index is 65535 · t, or 65535 · √t where the curves are steep at the low end, as an encoding
    of linear light is; t is the matrix' result scaled to 0…1 over the span that matters.
    """

    matrix: NDArray[np.float32]  # (3, 4), scaled to the index, its square, or not at all if exact
    root: bool = False
    tables: Three = ()
    exact: Curves | None = None


class Worker:
    """`Tables` with the buffers of one thread."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._planes = [np.zeros((1, TILE), np.uint16) for _ in range(3)]
        self._looked_up = {
            kind: [np.zeros((1, TILE), kind) for _ in range(3)]
            for kind in (np.dtype(np.float32), tables.target)
        }
        shape = (1, TILE + 2 * PADDING, 3)
        self._values, self._mixed = (np.zeros(shape, np.float32) for _ in range(2))
        self._codes = np.zeros(shape, np.uint16)

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        """Fill (1, n, 3) `out` from (1, n, 3) uint16 `block`, both contiguous."""
        for x in range(0, block.shape[1], TILE):
            self._fill(block[:, x : x + TILE], out[:, x : x + TILE])

    def _fill(self, codes: NDArray[Any], out: NDArray[Any]) -> None:
        n = codes.shape[1]
        tables = self._tables.first
        for stage in self._tables.stages:
            self._look_up(codes, tables, self._values[:, :n])
            if stage.exact is not None:
                out[...] = stage.exact(self._mix(stage, n)[:, :n])
                return
            codes, tables = self._mix(stage, n)[:, :n], stage.tables
        self._look_up(codes, tables, out)

    def _look_up(self, codes: NDArray[Any], tables: Three, out: NDArray[Any]) -> None:
        """Fill (1, n, 3) `out` with the tables at uint16 `codes`."""
        import cv2

        n = codes.shape[1]
        if tables[0] is tables[1] is tables[2]:
            cv2.LUT(codes.reshape(1, -1), tables[0], out.reshape(1, -1))
            return
        planes = [plane[:, :n] for plane in self._planes]
        looked_up = [plane[:, :n] for plane in self._looked_up[tables[0].dtype]]
        cv2.split(codes, planes)
        for plane, table, result in zip(planes, tables, looked_up, strict=True):
            cv2.LUT(plane, table, result)
        cv2.merge(looked_up, out)

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
        return _Stage(whole.astype(np.float32), exact=curves)
    low, high = _span(matrix, seen)
    low, high = _moving_span(curves, low, high, clipped=target is not None)
    if curves.channels[0] == curves.channels[1] == curves.channels[2]:  # one table for all
        low, high = np.full(3, low.min()), np.full(3, high.max())
    root = _is_steep(curves, low, high)
    scale = ((CODES - 1) ** 2 if root else CODES - 1) / (high - low)
    rows = np.column_stack([matrix.matrix, matrix.offset - low]) * scale[:, None]
    tables = _tabulated(pool, curves, low, high, target or np.dtype(np.float32), root=root)
    return _Stage(rows.astype(np.float32), root, tables)


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
    return tuple(made[key] for key in keys)


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
