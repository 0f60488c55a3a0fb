"""Apply a transform to a picture: row blocks, threads, progress and cancel.

A uint16 picture is looked up (`orangemask.tables`), not calculated. A float picture is evaluated
exactly as the transform says. A cube, of either, is interpolated by OpenColorIO
(`orangemask.cubes`). Where there are effects each tile is worked with its margin, by floats, and
comes out as it would from the whole picture.

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

from orangemask.cubes import CubeChain, CubeWorker
from orangemask.errors import Cancelled
from orangemask.image import Pixels
from orangemask.tables import Tables, Worker, quantised
from orangemask.tiles import Area, BlockWorker, Fill, TileWorker, areas
from orangemask.transforms import Cube, Transform

BLOCK_PIXELS = 512 * 1024  # between two looks at progress and cancel; smaller ones cost time
TILE = 512  # px, edge of a tile, at least
MARGINS = 4  # edge of a tile, in margins, where that is more: 2.25 times the pixels are worked then

Progress: TypeAlias = Callable[[float], None]
Cancel: TypeAlias = Callable[[], bool]
Output: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]
Work: TypeAlias = Callable[[NDArray[Any], NDArray[Any], Area], None]

_FLOAT = np.dtype(np.float32)


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
    idle, edges = _compiled(transform, pixels, out.dtype, threads)
    done = 0

    def work(area: Area) -> int:
        worker = idle.pop()
        worker(pixels, out, area)
        idle.append(worker)
        return area.pixels

    with _one_thread_each(), ThreadPoolExecutor(threads) as pool:
        waiting: set[Future[int]] = set()
        try:
            for area in areas(width, height, edges):
                waiting.add(pool.submit(work, area))
                if len(waiting) < 16:  # enough to keep every core busy, few enough to stop soon
                    continue
                done += _collect(waiting, progress, done, height * width)
                _stop_if(cancel)
            while waiting:
                done += _collect(waiting, progress, done, height * width)
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


def _compiled(
    transform: Transform, pixels: Pixels, target: np.dtype[Any], threads: int
) -> tuple[list[Work], tuple[int, int]]:
    """Return a worker for each thread, and width and height of the areas they are given."""
    height, width = pixels.shape[:2]
    effects = transform.effects
    if not effects:
        fills = _workers(transform, pixels.dtype, target, threads)
        return [BlockWorker(fill) for fill in fills], (width, max(1, BLOCK_PIXELS // width))
    steps = []
    parts = transform.between_effects()
    for i, part in enumerate(parts):
        source = pixels.dtype if i == 0 else _FLOAT
        ends = target if i == len(effects) else _FLOAT
        steps.append(_workers(part, source, ends, threads))
    edge = max(TILE, MARGINS * sum(effect.margin(width, height) for effect in effects))
    return [TileWorker(effects, fills) for fills in zip(*steps, strict=True)], (edge, edge)


def _workers(
    transform: Transform, source: np.dtype[Any], target: np.dtype[Any], threads: int
) -> list[Fill]:
    """Return for each thread what fills (1, n, 3) `target` codes from `source` codes."""
    if any(isinstance(operation, Cube) for operation in transform.operations):
        chain = CubeChain.of(transform, source, target)
        return [CubeWorker(chain) for _ in range(threads)]
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


def _collect(waiting: set[Future[int]], progress: Progress | None, done: int, total: int) -> int:
    finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
    waiting -= finished
    pixels = sum(future.result() for future in finished)
    if progress is not None:
        progress((done + pixels) / total)
    return pixels


def _stop_if(cancel: Cancel | None) -> None:
    if cancel is not None and cancel():
        raise Cancelled("stopped")
