"""The Hald CLUT: a cube laid out as a picture, for darktable, RawTherapee and G'MIC.

Level L holds a cube of L² points along an edge in a picture of L³ × L³; red runs fastest, then
green, then blue (E. Steenberg's Hald CLUT, as ImageMagick's ``hald:L``). It has no shaper, so it
is for encoded input.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from orangemask.errors import ParameterError
from orangemask.luts.bake import planes, reads_linear
from orangemask.transforms import Transform

MIN_LEVEL = 4
MAX_LEVEL = 16
DEFAULT_LEVEL = 8
IHDR_END = 33  # bytes of PNG signature and header


def size_to_level(size: int) -> int:
    """Return the Hald level whose cube is nearest to `size` points along an edge, 4 to 16."""
    return int(np.clip(round(size**0.5), MIN_LEVEL, MAX_LEVEL))


def transform_to_hald(
    transform: Transform,
    level: int = DEFAULT_LEVEL,
    *,
    title: str = "Orangemask",
    comments: Sequence[str] = (),
    allow_linear: bool = False,
) -> bytes:
    """Return a 16-bit PNG of a Hald CLUT.

    Parameters
    ----------
    transform : Transform
        On encoded codes in 0…1.
    level : int
        4 to 16; the cube has level² points along an edge.
    title : str
        Text of the PNG under ``Title``.
    comments : sequence of str
        Text of the PNG under ``Comment``.
    allow_linear : bool
        Write it for linear input all the same.

    Raises
    ------
    ParameterError
        `level` is out of range, or the input is linear: equal steps of light are much too coarse
        in the dense parts of a negative, and a Hald CLUT has no place for a shaper.
    """
    import imagecodecs

    pixels = transform_to_hald_pixels(transform, level, allow_linear=allow_linear)
    png: bytes = bytes(imagecodecs.png_encode(pixels))
    texts = _text_chunk("Title", title) + _text_chunk("Comment", "\n".join(comments))
    return png[:IHDR_END] + texts + png[IHDR_END:]


def transform_to_hald_pixels(
    transform: Transform, level: int = DEFAULT_LEVEL, *, allow_linear: bool = False
) -> NDArray[np.uint16]:
    """Return the (level³, level³, 3) picture of a Hald CLUT; see `transform_to_hald`."""
    if not MIN_LEVEL <= level <= MAX_LEVEL:
        raise ParameterError(
            f"Hald level {level} is not allowed: give {MIN_LEVEL} to {MAX_LEVEL}, usually 8"
        )
    if reads_linear(transform) and not allow_linear:
        raise ParameterError(
            "a Hald CLUT cannot hold a look for linear input, its steps are too coarse in the "
            "shadows: make it for encoded pictures (--encoding srgb; --for srgb) and apply it to a "
            "copy encoded so, or export .cube or .clf"
        )
    size = level * level
    rows = np.empty((size, size, size, 3), np.uint16)  # blue, green, red
    for b, plane in enumerate(planes(transform, size)):
        rows[b] = np.rint(np.clip(plane, 0.0, 1.0) * 65535).swapaxes(0, 1)
    return rows.reshape(level**3, level**3, 3)


def _text_chunk(key: str, text: str) -> bytes:
    """One tEXt chunk of PNG, or nothing for an empty text."""
    if not text:
        return b""
    body = b"tEXt" + key.encode("latin-1") + b"\0" + text.encode("latin-1", "replace")
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
