"""The nodes of a Common LUT Format file as XML text; numbers are 32-bit float throughout."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import LINEAR, Curve, Transfer
from orangemask.transforms import Matrix

Three: TypeAlias = tuple[Curve, Curve, Curve]
Numbers: TypeAlias = NDArray[np.float64]


def matrix_node(matrix: Matrix) -> str:
    """Return a Matrix node of three rows and an offset column."""
    rows = [[*row, o] for row, o in zip(matrix.matrix, matrix.offset, strict=True)]
    text = "\n".join(" ".join(f"{value:.10g}" for value in row) for row in rows)
    return _node("Matrix", f'<Array dim="3 4">\n{text}\n</Array>')


def range_node(floor: float) -> str:
    """Return a Range node that raises values to `floor` and leaves the rest."""
    ends = f"<minInValue>{floor:.10g}</minInValue><minOutValue>{floor:.10g}</minOutValue>"
    return _node("Range", ends)


def log_node() -> str:
    """Return a Log node, base 10."""
    return _node("Log", "", ' style="log10"')


def exponent_node(style: str, curves: Three) -> str:
    """Return an Exponent node; a channel without a bent curve is left out and stays as it is."""
    params = []
    for channel, curve in zip("RGB", curves, strict=True):
        if isinstance(curve, Transfer) and curve != LINEAR:
            offset = f' offset="{curve.a:.10g}"' if style.startswith("mon") else ""
            params.append(
                f'<ExponentParams channel="{channel}" exponent="{curve.gamma:.10g}"{offset}/>'
            )
    return _node("Exponent", "\n".join(params), f' style="{style}"')


def table_node(samples: Numbers) -> str:
    """Return a LUT1D node of (n, 3) samples over 0…1."""
    rows = "\n".join("%.8g %.8g %.8g" % tuple(row) for row in samples.tolist())  # noqa: UP031
    return _node("LUT1D", f'<Array dim="{len(samples)} 3">\n{rows}\n</Array>')


def cube_node(nodes: NDArray[np.float32]) -> str:
    """Return a LUT3D node of (n, n, n, 3) samples over 0…1, tetrahedral; blue runs fastest."""
    rows = "\n".join("%.7g %.7g %.7g" % tuple(row) for row in nodes.reshape(-1, 3).tolist())  # noqa: UP031
    size = f"{len(nodes)} {len(nodes)} {len(nodes)} 3"
    array = f'<Array dim="{size}">\n{rows}\n</Array>'
    return _node("LUT3D", array, ' interpolation="tetrahedral"')


def _node(name: str, body: str, attributes: str = "") -> str:
    return f'<{name} inBitDepth="32f" outBitDepth="32f"{attributes}>\n{body}\n</{name}>'


def printable(text: str) -> str:
    """Return `text` as one line without characters that XML does not allow."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
