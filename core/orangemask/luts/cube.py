"""The .cube file: a 3D table, with a 1D shaper before it where the input is linear light.

Encoded input gives a plain 3D cube that everything reads (Adobe, Cube LUT Specification 1.0,
2013). Linear input, and a cube too small for what it reads, give DaVinci Resolve's combined form,
one 1D and one 3D table in a file, which Resolve, OpenColorIO and colour-science read; most photo
editors read plain cubes only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Floats
from orangemask.luts.bake import (
    DEFAULT_SIZE,
    LogShaper,
    PreCurves,
    bake,
    check_size,
    curves_and_cube,
    moving_shaper,
    reads_linear,
    resized,
)
from orangemask.transforms import Transform

SHAPER_SIZE = 16384  # linear between entries: within 1e-5 D at a transmittance of 0.005
SCENE_SHAPER_SIZE = 65536  # the specification's limit: 0.01 EV at black where white is 23
LINE_LENGTH = 250  # the specification's limit in bytes
UNIT = 1_000_000  # six decimals


def transform_to_cube(
    transform: Transform,
    size: int = DEFAULT_SIZE,
    *,
    title: str = "Orangemask",
    comments: Sequence[str] = (),
    linear: bool | None = None,
) -> bytes:
    """Return a .cube file.

    Parameters
    ----------
    transform : Transform
        On codes in 0…1.
    size : int
        Points along an edge, 2 to 129.
    title : str
        Name that programs show.
    comments : sequence of str
        Written at the head: input encoding, output space, tool.
    linear : bool, optional
        Whether a shaper is put in front; found from the transform where absent.

    Raises
    ------
    ParameterError
        `size` is not allowed.
    """
    check_size(size)
    shaped = reads_linear(transform) if linear is None else linear
    if shaped and (pair := curves_and_cube(transform)):
        curves, cube = pair
        nodes = resized(cube, size).nodes.astype(np.float64)
        return table_to_cube(nodes, shaper=curves, title=title, comments=comments)
    shaper = moving_shaper(transform) if shaped else None
    table = bake(transform, size, shaper=shaper)
    return table_to_cube(table, shaper=shaper, title=title, comments=comments)


def table_to_cube(
    table: NDArray[np.float64],
    *,
    shaper: LogShaper | PreCurves | None = None,
    title: str = "Orangemask",
    comments: Sequence[str] = (),
) -> bytes:
    """Return a .cube file of a baked (n, n, n, 3) table, clipped to 0…1."""
    name = _line(title, LINE_LENGTH - 8).replace('"', "'")
    # OpenColorIO 2.6 refuses a file that has both a shaper and a TITLE.
    head = [f"# {name}" if shaper else f'TITLE "{name}"']
    head += [f"# {_line(line, LINE_LENGTH - 2)}" for text in comments for line in text.splitlines()]
    tables: list[Floats] = [table.transpose(2, 1, 0, 3)]  # red runs fastest in the file
    if shaper:
        entries, end = SHAPER_SIZE, 1.0
        if isinstance(shaper, PreCurves):
            end = round(shaper.end, 6)
            entries = SCENE_SHAPER_SIZE if end > 1.0 else SHAPER_SIZE
        head += ["# 1D table: input to the even steps of the 3D table"]
        head += [f"LUT_1D_SIZE {entries}", f"LUT_1D_INPUT_RANGE 0.0 {end}"]
        codes = np.linspace(0.0, end, entries)
        tables.insert(0, shaper(np.stack([codes] * 3, axis=-1)))
    head += [f"LUT_3D_SIZE {len(table)}"]
    if shaper:
        head += ["LUT_3D_INPUT_RANGE 0.0 1.0"]
    return b"".join(
        ["\n".join([*head, ""]).encode("ascii"), *(format_rows(rows) for rows in tables)]
    )


def format_rows(table: Floats) -> bytes:
    """Return (…, 3) values, clipped to 0…1, as lines of three numbers with six decimals."""
    values = np.rint(np.clip(table, 0.0, 1.0) * UNIT).astype(np.int32).reshape(-1, 3)
    digits = np.frombuffer(b"".join(b"%03d" % i for i in range(1000)), np.uint8).reshape(1000, 3)
    whole, rest = np.divmod(values, UNIT)
    text = np.empty((*values.shape, 9), np.uint8)  # "0.123456 "
    text[..., 0] = ord("0") + whole
    text[..., 1] = ord(".")
    text[..., 2:5] = digits[rest // 1000]
    text[..., 5:8] = digits[rest % 1000]
    text[..., 8] = np.frombuffer(b"  \n", np.uint8)
    return text.tobytes()


def _line(text: str, length: int) -> str:
    """Return `text` as one line of printable ASCII, all that every reader takes."""
    plain = " ".join(text.split()).encode("ascii", "replace").decode("ascii")
    return plain[:length]
