"""A transform with a cube, applied by OpenColorIO in small tiles.

Curves before the cube become a 1D table in front of it and both one pass from 16-bit codes. Other
operations before it are tabulated (`orangemask.tables`), floats are evaluated as defined; then the
cube has a pass of its own. OpenColorIO is fastest on four channels, which OpenCV adds and drops.
Codes of 16 bits are within 1/65535 of exact, floats within 1e-5.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangemask.tables import CODES, Tables, Worker, quantised
from orangemask.transforms import Cube, Transform

SCANLINE = 1024  # pixels OpenColorIO takes at a time; its temporaries stay in the cache
CUBE_TILE = 64 * SCANLINE  # pixels; with less, threads wait for one another in between

_FLOAT = np.dtype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class CubeChain:
    """A compiled transform with a cube.

    Attributes
    ----------
    before : Tables, Transform or None
        What gives floats of the source's codes; None where `passes` reads 16-bit codes.
    passes : PyOpenColorIO.CPUProcessor
        From uint16 or float32 RGBA to RGBA of `target`, of float32 where there is an `after`. May
        be used by several threads.
    after : Transform
        What was not folded into the cube, evaluated exactly.
    target : dtype
        uint8, uint16 or float32.
    """

    before: Tables | Transform | None
    passes: Any
    after: Transform
    target: np.dtype[Any]

    @classmethod
    def of(cls, transform: Transform, source: np.dtype[Any], target: np.dtype[Any]) -> CubeChain:
        """Return `transform`, which has a cube, compiled for `source` and `target`."""
        operations = transform.operations
        first = tuple(itertools.takewhile(lambda one: not isinstance(one, Cube), operations))
        cube, *rest = operations[len(first) :]
        if not isinstance(cube, Cube):
            raise TypeError("the transform has no cube")
        before: Tables | Transform | None = Transform(first)
        after = Transform(tuple(rest))
        table = None
        if source == np.uint16:
            before = tables = Tables.of(Transform(first), _FLOAT)
            if not tables.stages:
                before, table = None, tables.first
        ends = _FLOAT if rest else target
        return cls(before, _processor(cube, table, ends), after, target)


class CubeWorker:
    """A `CubeChain` with the buffers of one thread."""

    def __init__(self, chain: CubeChain) -> None:
        self._chain = chain
        self._before = _filler(chain.before)
        self._rgb = np.zeros((1, CUBE_TILE, 3), np.float32)
        self._source = np.zeros((CUBE_TILE, 4), np.uint16 if self._before is None else _FLOAT)
        ends = _FLOAT if chain.after.operations else chain.target
        same = self._source.dtype == ends
        self._ends = self._source if same else np.zeros((CUBE_TILE, 4), ends)

    def __call__(self, block: NDArray[Any], out: NDArray[Any]) -> None:
        """Fill (1, n, 3) `out` from (1, n, 3) codes `block`, both contiguous."""
        for x in range(0, block.shape[1], CUBE_TILE):
            self._fill(block[:, x : x + CUBE_TILE], out[:, x : x + CUBE_TILE])

    def _fill(self, codes: NDArray[Any], out: NDArray[Any]) -> None:
        import cv2

        n = codes.shape[1]
        rgb = self._rgb[:, :n]
        if self._before is not None:
            self._before(codes, rgb)
            codes = rgb
        cv2.cvtColor(codes, cv2.COLOR_RGB2RGBA, self._source[None, :n])
        # Whole scanlines: in a remainder OpenColorIO rounds differently.
        size = -(-n // SCANLINE) * SCANLINE
        self._chain.passes.apply(_described(self._source[:size]), _described(self._ends[:size]))
        ends = self._ends[None, :n]
        if self._chain.after.operations:
            cv2.cvtColor(ends, cv2.COLOR_RGBA2RGB, rgb)
            out[...] = quantised(self._chain.after(rgb), self._chain.target)
        else:
            cv2.cvtColor(ends, cv2.COLOR_RGBA2RGB, out)


def _filler(
    before: Tables | Transform | None,
) -> Callable[[NDArray[Any], NDArray[Any]], None] | None:
    """Return what fills floats from codes."""
    if before is None:
        return None
    if isinstance(before, Tables):
        return Worker(before)

    def fill(block: NDArray[Any], out: NDArray[Any]) -> None:
        with np.errstate(invalid="ignore", over="ignore"):  # the cube takes what it gets
            out[...] = before(block)

    return fill


def _processor(cube: Cube, table: NDArray[np.float32] | None, target: np.dtype[Any]) -> Any:
    """Return the cube, behind a table of 16-bit codes if there is one, as one processor."""
    import PyOpenColorIO as ocio  # noqa: N813 - as its own documents write it

    chain = ocio.GroupTransform()
    if table is not None:
        held = np.fmin(np.fmax(table[0], 0.0), 1.0)  # as the cube does; not-a-number becomes 0
        rows = np.broadcast_to(held.reshape(CODES, -1), (CODES, 3))
        curves = ocio.Lut1DTransform(CODES, inputHalfDomain=False)
        curves.setData(np.ascontiguousarray(rows).ravel())
        chain.appendTransform(curves)
    nodes = ocio.Lut3DTransform(gridSize=cube.size, interpolation=ocio.INTERP_TETRAHEDRAL)
    nodes.setData(cube.nodes.ravel())  # blue runs fastest in both
    chain.appendTransform(nodes)
    source = _FLOAT if table is None else np.dtype(np.uint16)
    processor = ocio.Config.CreateRaw().getProcessor(chain)
    # Lossless: no other grade is faster here, and they may change the result.
    return processor.getOptimizedCPUProcessor(
        _depth(source), _depth(target), ocio.OPTIMIZATION_LOSSLESS
    )


def _described(pixels: NDArray[Any]) -> Any:
    """Return (n, 4) `pixels` as OpenColorIO wants to see them, as scanlines."""
    import PyOpenColorIO as ocio  # noqa: N813

    step = pixels.itemsize
    return ocio.PackedImageDesc(
        pixels,
        SCANLINE,
        len(pixels) // SCANLINE,
        4,
        _depth(pixels.dtype),
        step,
        4 * step,
        4 * step * SCANLINE,
    )


def _depth(kind: np.dtype[Any]) -> Any:
    import PyOpenColorIO as ocio  # noqa: N813

    depths = {1: ocio.BIT_DEPTH_UINT8, 2: ocio.BIT_DEPTH_UINT16, 4: ocio.BIT_DEPTH_F32}
    return depths[kind.itemsize]
