"""A transform as a Common LUT Format file (CLF 3.0): the same chain, node by node.

Transfer curves become Exponent nodes, densities a Range and a Log node, affine curves and matrices
Matrix nodes; all other curves become LUT1D nodes, fine enough to stay within `CLOSE` of the curve,
over just the span in which they move, behind a Matrix that maps that span to 0…1. A cube becomes a
LUT3D node. Nothing else is sampled in three dimensions, and nothing is clipped but by a cube.

References
----------
S-2014-006, A Common File Format for Look-Up Tables, version 3.0, Academy of Motion Picture Arts
and Sciences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from orangemask.curves import LINEAR, Affine, Chain, Curve, Density, Floats, Table, Transfer
from orangemask.errors import ParameterError
from orangemask.luts.bake import curves_and_cube, resized
from orangemask.luts.clf_nodes import (
    Numbers,
    Three,
    cube_node,
    exponent_node,
    log_node,
    matrix_node,
    printable,
    range_node,
    table_node,
)
from orangemask.transforms import IDENTITY, Cube, Curves, Matrix, Transform

INPUT_SPAN = (0.0, 2.0)  # codes a file is exact for; above 1 a stop of float headroom
CLOSE = 2e-6  # greatest error between the entries of a LUT1D
DARKEST = 1e-3  # light down to which a sampled transfer curve is as close in proportion
ALIKE = 1e-5  # a transfer this near to CLF's moncurve is written as one
MAX_ENTRIES = 65536
FLAT = 1e-9  # of a curve's range: its ends may be cut off where it moves less


@dataclass(slots=True)
class _Nodes:
    """The XML written so far, what Matrix is still to be written, and each channel's span."""

    xml: list[str] = field(default_factory=list)
    pending: Matrix = field(default_factory=lambda: Matrix.of(IDENTITY))
    low: Numbers = field(default_factory=lambda: np.full(3, INPUT_SPAN[0]))
    high: Numbers = field(default_factory=lambda: np.full(3, INPUT_SPAN[1]))

    def matrix(self, matrix: Numbers, offset: Numbers) -> None:
        before = self.pending
        self.pending = Matrix(matrix @ before.matrix, matrix @ before.offset + offset)
        ends = np.stack([matrix * self.low, matrix * self.high])  # (2, 3, 3)
        self.low = ends.min(axis=0).sum(axis=1) + offset
        self.high = ends.max(axis=0).sum(axis=1) + offset

    def node(self, text: str) -> None:
        self.flush()
        self.xml.append(text)

    def cube(self, cube: Cube) -> None:
        self.node(cube_node(cube.nodes))
        self.low = cube.nodes.min(axis=(0, 1, 2)).astype(np.float64)
        self.high = cube.nodes.max(axis=(0, 1, 2)).astype(np.float64)

    def flush(self) -> None:
        if not self.pending.is_identity:
            self.xml.append(matrix_node(self.pending))
            self.pending = Matrix.of(IDENTITY)

    def through(self, curves: Three) -> None:
        """Move the spans through curves, which need not be monotone."""
        spans = [
            curve(np.linspace(low, high, 4097))
            for curve, low, high in zip(curves, self.low, self.high, strict=True)
        ]
        self.low = np.array([values.min() for values in spans])
        self.high = np.array([values.max() for values in spans])


@dataclass(frozen=True, slots=True)
class _Held:
    """0…1, all that a cube reads."""

    def __call__(self, x: Floats) -> Floats:
        return np.clip(x, x.dtype.type(0), x.dtype.type(1))


def transform_to_clf(
    transform: Transform,
    *,
    size: int | None = None,
    title: str = "Orangemask",
    comments: Sequence[str] = (),
) -> bytes:
    """Return a .clf file.

    Parameters
    ----------
    transform : Transform
        On codes in 0…1.
    size : int, optional
        Points along an edge of a cube, 2 to 129; default: its own.
    title : str
        Becomes the name and the id of the process list.
    comments : sequence of str
        Descriptions at the head.

    Raises
    ------
    ParameterError
        A curve is not a number somewhere.
    """
    nodes, transform = _Nodes(), transform.without_effects()
    if pair := curves_and_cube(transform):
        curves, _ = pair
        nodes.high = np.maximum(nodes.high, curves.end)
    for operation, following in zip_longest(transform.operations, transform.operations[1:]):
        if isinstance(operation, Matrix):
            nodes.matrix(operation.matrix, operation.offset)
        elif isinstance(operation, Cube):
            nodes.cube(operation if size is None else resized(operation, size))
        elif isinstance(operation, Curves):
            if isinstance(following, Cube):
                held = _Held()
                operation = operation.then(Curves((held, held, held)))
            for position in _positions(operation):
                _add_curves(nodes, position)
    nodes.flush()
    body = nodes.xml or [matrix_node(Matrix.of(IDENTITY))]  # a process list may not be empty
    name = quoteattr(printable(title))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<ProcessList xmlns="urn:AMPAS:CLF:v3.0" compCLFversion="3.0" id={name} name={name}>',
        *(f"  <Description>{escape(printable(text))}</Description>" for text in comments),
        *body,
        "</ProcessList>",
        "",
    ]
    return "\n".join(lines).encode()


def _positions(curves: Curves) -> Iterator[Three]:
    """Yield what each channel does next, in step from density to density.

    Between densities, where every channel has the same kinds of curve, one by one; where they have
    one transfer each, kind after kind; otherwise the three chains as wholes.
    """
    for segment in zip_longest(*(_segments(curve) for curve in curves.channels), fillvalue=()):
        alike = {tuple(_kind(part) for part in parts) for parts in segment}
        if len(alike) > 1 and all(_is_one_transfer(parts) for parts in segment):
            for kind in sorted(kinds[0] or "" for kinds in alike if kinds):
                yield _three([p[0] if p and _kind(p[0]) == kind else LINEAR for p in segment])
            continue
        if len(alike) > 1:
            yield _three([Chain(tuple(parts)) for parts in segment])
            continue
        kinds = alike.pop()
        last = next((i for i, kind in enumerate(kinds) if kind is None), len(kinds))
        for i in range(last):
            yield _three([parts[i] for parts in segment])
        if last < len(kinds):  # one table for the rest
            yield _three([Chain(tuple(parts[last:])) for parts in segment])


def _is_one_transfer(parts: tuple[Curve, ...]) -> bool:
    return not parts or (
        len(parts) == 1 and isinstance(parts[0], Transfer) and _kind(parts[0]) is not None
    )


def _is_transfer(curve: Curve) -> bool:
    parts = curve.curves if isinstance(curve, Chain) else (curve,)
    return all(isinstance(part, Transfer) for part in parts)


def _segments(curve: Curve) -> list[tuple[Curve, ...]]:
    """Cut a chain around its densities, so that those stay in step between the channels."""
    segments: list[tuple[Curve, ...]] = [()]
    for part in curve.curves if isinstance(curve, Chain) else (curve,):
        if isinstance(part, Transfer) and part.gamma == 1.0:
            continue
        if isinstance(part, Density):
            segments += [(part,), ()]
        else:
            segments[-1] += (part,)
    return segments


def _kind(curve: Curve) -> str | None:
    """Name of the node that a curve is exactly, or None where it has to be sampled."""
    if isinstance(curve, Density | Affine):
        return type(curve).__name__
    if isinstance(curve, Table):
        return f"table {len(curve.samples)}" if len(curve.samples) <= MAX_ENTRIES else None
    return _exponent_style(curve) if isinstance(curve, Transfer) else None


def _exponent_style(curve: Transfer) -> str | None:
    direction = "Rev" if curve.encode else "Fwd"
    if curve.a == 0 and curve.cut == 0:
        return f"basicMirror{direction}"
    decode = curve.inverse if curve.encode else curve
    if decode.a <= 0 or not 1 < decode.gamma <= 10:
        return None
    codes = np.linspace(0.0, INPUT_SPAN[1], 4097)
    near = np.abs(_moncurve(codes, decode) - decode(codes)).max() < ALIKE
    return f"monCurveMirror{direction}" if near else None


def _moncurve(codes: Numbers, decode: Transfer) -> Numbers:
    """CLF's moncurve: the foot is the tangent through 0, which gives cut and slope."""
    cut = decode.a / (decode.gamma - 1)
    power = ((codes + decode.a) / (1 + decode.a)) ** decode.gamma
    at_cut = ((cut + decode.a) / (1 + decode.a)) ** decode.gamma
    return np.where(codes >= cut, power, codes * at_cut / cut)


def _add_curves(nodes: _Nodes, curves: Three) -> None:
    first = next((curve for curve in curves if curve != LINEAR), LINEAR)
    kind = _kind(first)
    if all(isinstance(curve, Affine) for curve in curves):
        slopes = np.array([getattr(curve, "slope", 1.0) for curve in curves])
        offsets = np.array([getattr(curve, "offset", 0.0) for curve in curves])
        nodes.matrix(np.diag(slopes), offsets)
    elif all(isinstance(curve, Density) for curve in curves):
        floor = min(getattr(curve, "floor", 1.0) for curve in curves)
        nodes.node(range_node(floor))
        nodes.xml.append(log_node())
        nodes.through(curves)
        # -log10: the minus is left to the next matrix, over a span that it turns back
        nodes.low, nodes.high = -nodes.high, -nodes.low
        nodes.matrix(-IDENTITY, np.zeros(3))
    elif isinstance(first, Transfer) and kind is not None:
        nodes.node(exponent_node(kind, curves))
        nodes.through(curves)
    else:
        _add_tables(nodes, curves)


def _add_tables(nodes: _Nodes, curves: Three) -> None:
    if all(isinstance(curve, Table) for curve in curves) and _kind(curves[0]):
        ends = [(getattr(curve, "low", 0.0), getattr(curve, "high", 1.0)) for curve in curves]
        entries = len(getattr(curves[0], "samples", ()))
    else:
        pairs = zip(curves, nodes.low, nodes.high, strict=True)
        ends = [_moving_ends(curve, float(low), float(high)) for curve, low, high in pairs]
        entries = max(_entries(curve, *span) for curve, span in zip(curves, ends, strict=True))
    low, high = np.array(ends).T
    samples = [curve(np.linspace(*span, entries)) for curve, span in zip(curves, ends, strict=True)]
    spans = nodes.low, nodes.high
    nodes.matrix(np.diag(1 / (high - low)), -low / (high - low))
    nodes.node(table_node(np.stack(samples, axis=-1)))
    nodes.low, nodes.high = spans
    nodes.through(curves)


def _moving_ends(curve: Curve, low: float, high: float) -> tuple[float, float]:
    """Return `low` and `high` drawn in to where the curve starts and stops moving."""
    grid = np.linspace(low, high, MAX_ENTRIES)
    values = curve(grid)
    if not np.isfinite(values).all():
        raise ParameterError(f"{curve!r} is not a number somewhere between {low} and {high}")
    near = FLAT * max(float(np.ptp(values)), FLAT)
    start = int(np.argmax(np.abs(values - values[0]) > near))
    stop = int(np.argmax(np.abs(values[::-1] - values[-1]) > near))
    if start == 0:  # constant
        return low, max(high, low + 1)
    return float(grid[start - 1]), float(grid[len(grid) - stop])


def _entries(curve: Curve, low: float, high: float) -> int:
    """Return how many entries keep the curve between them within `CLOSE`, or the most allowed.

    Of a transfer curve a part of the light is asked for: densities are made of it.
    """
    entries = 1024
    while entries < MAX_ENTRIES:
        values = curve(np.linspace(low, high, 2 * entries - 1))
        middles = (values[:-1:2] + values[2::2]) / 2
        error = np.abs(middles - values[1::2])
        if _is_transfer(curve):
            error /= np.clip(values[1::2], DARKEST, 1.0)
        if error.max() < CLOSE:
            break
        entries *= 2
    return entries


def _three(values: Sequence[Curve]) -> Three:
    red, green, blue = values
    return red, green, blue
