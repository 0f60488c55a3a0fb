"""Apply a transform to a picture: row blocks, threads, progress and cancel.

A uint16 picture is looked up, not calculated. A transform without matrices becomes one table of
65,536 entries per channel. With matrices it becomes table – matrix – table: the first table gives
float32, the matrix is OpenCV's, and its result is indexed with 16 bits over just the span in which
the following curve still moves: 2/65535 of the output from exact at most, 8 with two matrices. A
float picture is evaluated exactly as the transform says.

Measured on 24 MP (tests/benchmarks/README.md): NumPy's `take` is 10 times slower than OpenCV's
16-bit table; numba is as fast as OpenCV but starts in seconds and does not freeze.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from orangemask.errors import Cancelled
from orangemask.image import Pixels
from orangemask.transforms import Curves, Matrix, Operation, Transform

CODES = 65536
BLOCK_PIXELS = 192 * 1024  # 2.3 MB of float32: stays in a core's second-level cache
CACHED = 8192  # codes tabulated at a time: their temporaries stay in the first-level cache
PADDING = 64  # pixels; OpenCV rounds differently in the remainder of its vector loop, so it gets
# a remainder that nobody reads

Progress: TypeAlias = Callable[[float], None]
Cancel: TypeAlias = Callable[[], bool]
Output: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]
Block: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], None]


def apply(
    transform: Transform,
    pixels: Pixels,
    out: Output | None = None,
    *,
    dtype: DTypeLike = np.uint16,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    threads: int | None = None,
) -> Output:
    """Return `pixels` through `transform`.

    Parameters
    ----------
    transform : Transform
        On codes in 0…1.
    pixels : (h, w, 3) uint16 or float32
        May be a read-only map.
    out : (h, w, 3) uint8, uint16 or float32, optional
        Filled and returned; made with `dtype` where absent. Integers are rounded and clipped.
    progress : callable, optional
        Called with the part done, 0…1, from the calling thread.
    cancel : callable, optional
        Asked between blocks; true stops the work.
    threads : int, optional
        Default: the cores this process may use, 8 at most.

    Raises
    ------
    Cancelled
        `cancel` said so; `out` is partly filled.
    """
    if out is None:
        out = np.empty(pixels.shape, np.dtype(dtype))
    height, width = pixels.shape[:2]
    if height == 0 or width == 0:
        return out
    block = compile_block(transform, pixels.dtype, out.dtype)
    rows = max(1, BLOCK_PIXELS // width)
    starts = range(0, height, rows)
    done = 0

    def work(y: int) -> int:
        source = np.ascontiguousarray(pixels[y : y + rows])
        part = out[y : y + rows]
        target = part if part.flags.c_contiguous else np.empty(part.shape, part.dtype)
        block(source.reshape(1, -1, 3), target.reshape(1, -1, 3))
        if target is not part:
            part[...] = target
        return int(source.shape[0])

    with _one_thread_each(), ThreadPoolExecutor(threads or usable_cores()) as pool:
        waiting: set[Future[int]] = set()
        try:
            queue = iter(starts)
            for y in queue:
                waiting.add(pool.submit(work, y))
                if len(waiting) < 16:  # enough to keep every core busy, few enough to stop soon
                    continue
                done += _collect(waiting, progress, done, height)
                _stop_if(cancel)
            while waiting:
                done += _collect(waiting, progress, done, height)
                _stop_if(cancel)
        finally:
            for future in waiting:
                future.cancel()
    return out


def usable_cores() -> int:
    """Return how many cores this process may use, 8 at most."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(allowed or 1, 8))


def compile_block(transform: Transform, source: np.dtype[Any], target: np.dtype[Any]) -> Block:
    """Return the function that fills (1, n, 3) `target` codes from (1, n, 3) `source` codes."""
    if source != np.uint16:
        return _Exact(transform, target)
    operations = transform.operations
    first, rest = _IDENTITY_CURVES, operations
    if operations and isinstance(operations[0], Curves):
        first, rest = operations[0], operations[1:]
    if not rest:
        return _Tables(_tabulated(first, _ALL_CODES, target))
    return _TablesAndMatrices(first, rest, target)


@dataclass(frozen=True, slots=True)
class _Exact:
    """Floats: the definition itself."""

    transform: Transform
    target: np.dtype[Any]

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        with np.errstate(invalid="ignore", over="ignore"):  # not-a-number in, not-a-number out
            out[...] = _quantised(self.transform(block), self.target)


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """uint16 without matrices: one table per channel."""

    table: NDArray[Any]  # (1, 65536, 3)

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        _look_up(block, self.table, out)


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """A matrix and the curves after it, as a table over 16-bit indices or exactly.

    The index is 65535 · t, or 65535 · √t where the curves are steep at the low end, as an encoding
    of linear light is; t is the matrix' result scaled to 0…1 over the span that matters.
    """

    matrix: NDArray[np.float32]  # (3, 4), scaled to the index, to t, or not at all where exact
    root: bool
    table: NDArray[Any] | None  # (1, 65536, 3)
    exact: Curves | None

    @classmethod
    def of(
        cls,
        matrix: Matrix,
        curves: Curves,
        seen: NDArray[np.floating],
        target: np.dtype[Any] | None,
    ) -> _Stage:
        """Return the stage for inputs as in the table `seen` (1, n, 3).

        `target` is None in the middle; integers are tabulated, a float end is exact.
        """
        if target is not None and target.kind == "f":
            whole = np.column_stack([matrix.matrix, matrix.offset])
            return cls(whole.astype(np.float32), False, None, curves)
        low, high = _span(matrix, seen[0].min(axis=0), seen[0].max(axis=0))
        low, high = _moving_span(curves, low, high, clipped=target is not None)
        tables, steps = [], []
        for ramp in (_CODES_AS_FLOAT, _CODES_AS_FLOAT**2):
            grids = tuple(low[c] + (high[c] - low[c]) * ramp for c in range(3))
            table = _tabulated(curves, grids, target or np.dtype("f4"))
            tables.append(table)
            steps.append(_largest_step(table))
        root = 2 * steps[1] < steps[0]
        scale = (1 if root else CODES - 1) / (high - low)
        index = np.column_stack([matrix.matrix, matrix.offset - low]) * scale[:, None]
        return cls(index.astype(np.float32), root, tables[root], None)

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return 16-bit indices or the exact result; (1, n, 3) float32 `values` is overwritten."""
        import cv2

        values = cv2.transform(values, self.matrix, values)
        if self.exact is not None:
            return self.exact(values)
        # Both ways round and saturate.
        if self.root:
            np.maximum(values, 0, out=values)
            cv2.sqrt(values, values)
            codes = cv2.multiply(values, (CODES - 1.0,) * 4, dtype=cv2.CV_16U)
        else:
            codes = cv2.add(values, (0.0,) * 4, dtype=cv2.CV_16U)
        result: NDArray[Any] = codes
        return result


class _TablesAndMatrices:
    """uint16 with matrices: a table, then as many stages as there are matrices."""

    def __init__(
        self, first: Curves, operations: tuple[Operation, ...], target: np.dtype[Any]
    ) -> None:
        if isinstance(operations[-1], Matrix):
            operations = (*operations, _IDENTITY_CURVES)
        table = self.first = _tabulated(first, _ALL_CODES, np.dtype("f4"))
        self.stages: list[_Stage] = []
        for i in range(0, len(operations), 2):
            matrix, curves = operations[i], operations[i + 1]
            if not (isinstance(matrix, Matrix) and isinstance(curves, Curves)):
                raise TypeError("a transform alternates curves and matrices")
            last = i + 2 == len(operations)
            stage = _Stage.of(matrix, curves, table, target if last else None)
            self.stages.append(stage)
            if stage.table is not None:
                table = stage.table

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        n = block.shape[1]
        values = np.zeros((1, (n // PADDING + 2) * PADDING, 3), np.float32)
        _look_up(block, self.first, values[:, :n])
        for stage in self.stages[:-1]:
            _look_up(stage(values), stage.table, values)
        last = self.stages[-1]
        codes = last(values)[:, :n]
        if last.table is None:
            out[...] = codes
        else:
            _look_up(codes, last.table, out)


def _look_up(codes: NDArray[Any], table: NDArray[Any] | None, out: NDArray[Any]) -> None:
    """Fill (1, n, 3) `out` with `table` at uint16 `codes`."""
    import cv2

    result = cv2.LUT(codes, table, out)
    if result is not out:  # OpenCV makes a new array where it cannot write into the one given
        out[...] = result


def _unchanged(x: NDArray[np.floating]) -> NDArray[np.floating]:
    return x


_IDENTITY_CURVES = Curves((_unchanged, _unchanged, _unchanged))


_CODES_AS_FLOAT = np.linspace(0.0, 1.0, CODES)
_ALL_CODES = (_CODES_AS_FLOAT, _CODES_AS_FLOAT, _CODES_AS_FLOAT)


def _largest_step(table: NDArray[Any]) -> float:
    """Return the largest difference between neighbours of a table."""
    return float(np.abs(np.diff(table.astype(np.float64), axis=1)).max())


def _tabulated(
    curves: Curves, grids: tuple[NDArray[np.float64], ...], target: np.dtype[Any]
) -> NDArray[Any]:
    """Return the curves at their grids as a (1, 65536, 3) table of `target`, exact in float64."""
    table = np.empty((1, CODES, 3), target)
    with np.errstate(over="ignore"):
        for c, (curve, grid) in enumerate(zip(curves.channels, grids, strict=True)):
            for i in range(0, CODES, CACHED):
                table[0, i : i + CACHED, c] = _quantised(curve(grid[i : i + CACHED]), target)
    return table


def _quantised(values: NDArray[np.floating], target: np.dtype[Any]) -> NDArray[Any]:
    """Return values in 0…1 as `target`: integers rounded and clipped, floats as they are."""
    if target.kind == "f":
        return values.astype(target, copy=False)
    top = values.dtype.type(np.iinfo(target).max)
    scaled = np.fmin(values * top, top)  # fmin, fmax: not-a-number becomes the bound
    np.fmax(scaled, 0, out=scaled)
    return np.rint(scaled, out=scaled).astype(target)


def _span(
    matrix: Matrix, low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and most a matrix gives for inputs between `low` and `high`, each (3,)."""
    ends = np.stack([matrix.matrix * low, matrix.matrix * high])  # (2, 3, 3)
    return ends.min(axis=0).sum(axis=1) + matrix.offset, ends.max(axis=0).sum(
        axis=1
    ) + matrix.offset


def _moving_span(
    curves: Curves, low: NDArray[np.float64], high: NDArray[np.float64], *, clipped: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the span outside of which each curve is constant to a tenth of a 16-bit step.

    `clipped`: the result ends there and is cut to 0…1, so what happens beyond does not count.
    """
    high = np.maximum(high, low + 1e-9)
    grid = np.linspace(low, high, 4096)[None]
    values = curves(grid)[0]
    if clipped:
        values = np.clip(values, 0.0, 1.0)
    step = 0.1 / (CODES - 1)
    ends = []
    for c in range(3):
        left = np.flatnonzero(np.abs(values[:, c] - values[0, c]) > step)
        right = np.flatnonzero(np.abs(values[:, c] - values[-1, c]) > step)
        first = max(0, left[0] - 1) if left.size else 0
        last = min(4095, right[-1] + 1) if right.size else 4095
        ends.append((grid[0, first, c], grid[0, last, c]))
    spans = np.array(ends)
    return spans[:, 0], spans[:, 1]


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Keep OpenCV to one thread a call: the blocks are spread over cores here."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _collect(waiting: set[Future[int]], progress: Progress | None, done: int, height: int) -> int:
    finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
    waiting -= finished
    rows = sum(future.result() for future in finished)
    if progress is not None:
        progress((done + rows) / height)
    return rows


def _stop_if(cancel: Cancel | None) -> None:
    if cancel is not None and cancel():
        raise Cancelled("stopped")
