"""Apply a transform to a picture: row blocks, threads, progress and cancel.

A uint16 picture is looked up (`orangemask.tables`), not calculated. A float picture is evaluated
exactly as the transform says.

NumPy's `take` is 4 times slower than OpenCV's 16-bit table (tests/benchmarks/README.md); numba
would be as fast but starts in seconds and does not freeze.
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
from orangemask.tables import Tables, Worker, quantised
from orangemask.transforms import Transform

BLOCK_PIXELS = 512 * 1024  # between two looks at progress and cancel; smaller ones cost time

Progress: TypeAlias = Callable[[float], None]
Cancel: TypeAlias = Callable[[], bool]
Output: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]
Fill: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], None]


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
    threads = threads or usable_cores()
    idle = _workers(transform, pixels.dtype, out.dtype, threads)
    rows = max(1, BLOCK_PIXELS // width)
    starts = range(0, height, rows)
    done = 0

    def work(y: int) -> int:
        source = np.ascontiguousarray(pixels[y : y + rows])
        part = out[y : y + rows]
        target = part if part.flags.c_contiguous else np.empty(part.shape, part.dtype)
        worker = idle.pop()
        worker(source.reshape(1, -1, 3), target.reshape(1, -1, 3))
        idle.append(worker)
        if target is not part:
            part[...] = target
        return int(source.shape[0])

    with _one_thread_each(), ThreadPoolExecutor(threads) as pool:
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


@dataclass(frozen=True, slots=True)
class _Exact:
    """Floats: the definition itself."""

    transform: Transform
    target: np.dtype[Any]

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        with np.errstate(invalid="ignore", over="ignore"):  # not-a-number in, not-a-number out
            out[...] = quantised(self.transform(block), self.target)


def _workers(
    transform: Transform, source: np.dtype[Any], target: np.dtype[Any], threads: int
) -> list[Fill]:
    """Return for each thread what fills (1, n, 3) `target` codes from `source` codes."""
    if source != np.uint16:
        return [_Exact(transform, target)] * threads
    tables = Tables.of(transform, target)
    return [Worker(tables) for _ in range(threads)]


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
