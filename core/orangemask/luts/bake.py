"""A transform evaluated on a grid: what every sampled look-up table is made of.

A cube of an encoded picture is sampled in the picture's own codes. Linear light is not: 65 equal
steps of transmittance leave all of the blue layer above 1.8 D to one cell. There the codes go
through a `LogShaper` first, a one-dimensional table in front of the cube, and the cube is sampled
in density over just the span in which the transform still moves. A transform that ends in a cube,
with only curves before it, is such a pair already: its curves are the table in front.

Mean CIE 2000 against the transform itself, on simulated negatives (tests/test_luts_cube.py), for
17, 33 and 65 points: sRGB codes 0.71, 0.22, 0.06; linear light with the shaper 0.55, 0.14, 0.04;
linear light without 10.9, 4.8, 1.9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import MIN_TRANSMITTANCE, Chain, Curve, Floats, Table, Transfer
from orangemask.errors import ParameterError
from orangemask.image import Triple
from orangemask.luts.encodings import AcesCct, Pq
from orangemask.transforms import MAX_NODES, MIN_NODES, Cube, Curves, Matrix, Operation, Transform

MIN_SIZE = MIN_NODES
MAX_SIZE = MAX_NODES  # 2.1 million entries, 58 MB of text
DEFAULT_SIZE = 65
PROBES = 1201  # steps of 0.005 D between clear and the floor of transmittance
MOVING = 2e-3  # of the output: half an 8-bit code
MARGIN = 0.2  # D, for what cross-talk moves
FLOOR_DENSITY = float(-np.log10(MIN_TRANSMITTANCE))
LIGHTS = np.geomspace(1.0, 1024.0, 1025)  # codes above 1, ten stops of them
FLAT = 1e-5  # of a cube's edge
PROPORTIONS = np.array([0.02, 0.1, 0.5, 1.0])  # codes at which a transfer is looked at


@dataclass(frozen=True, slots=True)
class LogShaper:
    """Linear codes to 0…1 in equal steps of density, per channel, and back by `inverse`.

    Attributes
    ----------
    low, high : tuple of 3 floats
        Codes that become 0 and 1; codes outside are held at the ends. 0 < low < high.
    """

    low: Triple
    high: Triple

    def __call__(self, x: Floats) -> Floats:
        """Return shaped codes for (…, 3) linear codes."""
        low, high = np.log10(np.asarray((self.low, self.high), x.dtype))
        held = np.clip(x, np.asarray(self.low, x.dtype), np.asarray(self.high, x.dtype))
        return np.asarray((np.log10(held) - low) / (high - low), x.dtype)

    def inverse(self, s: Floats) -> Floats:
        """Return linear codes for (…, 3) shaped codes."""
        low, high = np.log10(np.asarray((self.low, self.high), s.dtype))
        return np.asarray(10 ** (low + s * (high - low)), s.dtype)


@dataclass(frozen=True, slots=True)
class PreCurves:
    """The curves in front of a cube, held to what the cube reads.

    Attributes
    ----------
    curves : Curves
        Codes to places along the cube's edges, 0…1.
    end : float
        Code above which none of them moves; 1 at least.
    """

    curves: Curves
    end: float = 1.0

    def __call__(self, x: Floats) -> Floats:
        """Return places, 0…1, for (…, 3) codes."""
        return np.clip(self.curves(x), x.dtype.type(0), x.dtype.type(1))


def curves_and_cube(transform: Transform) -> tuple[PreCurves, Cube] | None:
    """Return a transform as curves and one cube, folded; None where it is something else."""
    match transform.folded().operations:
        case (Curves() as curves, Cube() as cube):
            with np.errstate(all="ignore"):  # far above what the curves are for
                places = PreCurves(curves)(np.stack([LIGHTS] * 3, axis=-1))
            moving = np.flatnonzero((np.abs(places - places[-1]) > FLAT).any(axis=1))
            end = LIGHTS[moving[-1] + 1] if moving.size else 1.0
            return PreCurves(curves, float(end)), cube
    return None


def resized(cube: Cube, size: int) -> Cube:
    """Return a cube interpolated at `size` points along an edge."""
    return cube if size == cube.size else Cube(bake(Transform((cube,)), size).astype(np.float32))


def reads_linear(transform: Transform) -> bool:
    """Return whether the codes that `transform` reads are linear light.

    They are where no bent transfer curve comes before the first density or matrix.
    """
    if not transform.operations or not isinstance(transform.operations[0], Curves):
        return True
    return all(_starts_linear(curve) for curve in transform.operations[0].channels)


def moving_shaper(transform: Transform) -> LogShaper:
    """Return the shaper that spans the codes between which the clipped output still moves.

    Each channel is looked at by itself, cross-talk left out, and gets a margin for it.

    Parameters
    ----------
    transform : Transform
        On linear codes in 0…1.

    Returns
    -------
    LogShaper
        Outside of its ends a channel's own output changes by less than `MOVING`.
    """
    alone = Transform.of([_without_crosstalk(operation) for operation in transform.operations])
    density = np.linspace(FLOOR_DENSITY, 0.0, PROBES)  # dense end first
    with np.errstate(all="ignore"):  # refused by `planes`
        out = np.clip(alone(np.repeat(10 ** -density[:, None], 3, axis=1)), 0.0, 1.0)
    red, green, blue = (_moving_codes(density, out[:, c]) for c in range(3))
    return LogShaper(low=(red[0], green[0], blue[0]), high=(red[1], green[1], blue[1]))


def bake(
    transform: Transform, size: int = DEFAULT_SIZE, *, shaper: LogShaper | None = None
) -> NDArray[np.float64]:
    """Return `transform` at the grid points of a cube, exact in float64.

    Parameters
    ----------
    transform : Transform
        On codes in 0…1.
    size : int
        Points along an edge, 2 to 129.
    shaper : LogShaper, optional
        The grid is then in shaped codes: apply the shaper before the cube.

    Returns
    -------
    (size, size, size, 3) float64
        Indexed by red, green, blue; not clipped.

    Raises
    ------
    ParameterError
        `size` is out of range, or the transform gives something that is not a number.
    """
    check_size(size)
    table = np.empty((size, size, size, 3))
    for b, plane in enumerate(planes(transform, size, shaper)):
        table[:, :, b] = plane
    return table


def planes(
    transform: Transform, size: int, shaper: LogShaper | None = None
) -> Iterator[NDArray[np.float64]]:
    """Yield the cube one blue level after the other, each (red, green, 3), to bound memory."""
    transform = transform.without_effects()
    steps = np.linspace(0.0, 1.0, size)
    red, green = np.meshgrid(steps, steps, indexing="ij")
    for blue in steps:
        codes = np.stack([red, green, np.full_like(red, blue)], axis=-1)
        with np.errstate(all="ignore"):  # refused below
            plane = transform(shaper.inverse(codes) if shaper else codes)
        if not np.isfinite(plane).all():
            raise ParameterError(
                f"the look is not a number for some inputs with blue {blue:.3f}; "
                "check that highlights and shadows differ"
            )
        yield plane.astype(np.float64, copy=False)


def check_size(size: int) -> None:
    """Raise `ParameterError` unless a cube can have `size` points along an edge."""
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise ParameterError(
            f"cube size {size} is not allowed: give {MIN_SIZE} to {MAX_SIZE}, usually 17, 33 or 65"
        )


def _starts_linear(curve: Curve) -> bool:
    """Whether what comes before the first density or other curve is proportional to light."""
    light = PROPORTIONS
    for part in curve.curves if isinstance(curve, Chain) else (curve,):
        if not isinstance(part, Transfer | Table | AcesCct | Pq):
            break
        light = part(light)
    return bool(np.allclose(light, PROPORTIONS * light[-1], rtol=0.01))


def _without_crosstalk(operation: Operation) -> Operation:
    if not isinstance(operation, Matrix):
        return operation
    return Matrix(np.diag(operation.matrix.sum(axis=1)), operation.offset)


def _moving_codes(density: Floats, out: Floats) -> tuple[float, float]:
    """Return the codes at the dense and at the clear end of what moves the output."""
    left = np.abs(out - out[0]) > MOVING
    right = np.abs(out - out[-1]) > MOVING
    if not left.any():
        return 10**-FLOOR_DENSITY, 1.0
    dense = min(density[np.argmax(left)] + MARGIN, FLOOR_DENSITY)
    clear = max(density[len(out) - 1 - np.argmax(right[::-1])] - MARGIN, 0.0)
    return float(10**-dense), float(10**-clear)
