"""Synthetic DNG files for tests: an uncompressed Bayer mosaic, or linear RGB, with known values."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

COLOURS = "RGB"
IDENTITY = (1, 0, 0, 0, 1, 0, 0, 0, 1)
D65 = 21  # Exif LightSource


def mosaic_of(rgb: NDArray[np.uint16], pattern: str = "RGGB") -> NDArray[np.uint16]:
    """Return the (h, w) Bayer mosaic of an (h, w, 3) picture."""
    mosaic = np.empty(rgb.shape[:2], rgb.dtype)
    for n, colour in enumerate(pattern):
        y, x = divmod(n, 2)
        mosaic[y::2, x::2] = rgb[y::2, x::2, COLOURS.index(colour)]
    return mosaic


def write_dng(
    path: str | Path,
    samples: NDArray[np.uint16],
    *,
    black: int | Sequence[int] = 0,
    white: int = 65535,
    pattern: str = "RGGB",
    orientation: int = 1,
    color_matrix: Sequence[float] = IDENTITY,
    as_shot_neutral: Sequence[float] = (1, 1, 1),
    make: str = "Orangemask",
    model: str = "Synthetic",
    software: str = "orangemask tests",
) -> Path:
    """Write an uncompressed DNG and return its path.

    Parameters
    ----------
    path : str or Path
        Where to.
    samples : (h, w) or (h, w, n) uint16
        A Bayer mosaic of `pattern`, or linear RGB (LinearRaw).
    black : int or 4 ints
        Level of black; four are for the 2×2 cells of the mosaic.
    white : int
        Saturation.
    pattern : str
        Colours of the 2×2 cells, row by row.
    orientation : int
        TIFF's, 1 to 8.
    color_matrix : 9 numbers
        XYZ to camera, for D65.
    as_shot_neutral : 3 numbers
        Camera RGB of white.
    make, model, software : str
        As tags.
    """
    import tifffile

    mosaic = samples.ndim == 2
    blacks = [black] if isinstance(black, int) else list(black)
    tags: list[tuple[int, str, int, object, bool]] = [
        (271, "s", 0, make, True),
        (272, "s", 0, model, True),
        (274, "H", 1, orientation, True),
        (50706, "B", 4, bytes([1, 4, 0, 0]), True),  # DNGVersion
        (50707, "B", 4, bytes([1, 1, 0, 0]), True),  # DNGBackwardVersion
        (50708, "s", 0, f"{make} {model}", True),  # UniqueCameraModel
        (50714, "H", len(blacks), blacks[0] if len(blacks) == 1 else tuple(blacks), True),
        (50717, "H", 1, white, True),
        (50721, "2i", 9, _rationals(color_matrix), True),  # ColorMatrix1
        (50728, "2I", 3, _rationals(as_shot_neutral), True),  # AsShotNeutral
        (50778, "H", 1, D65, True),  # CalibrationIlluminant1
    ]
    if len(blacks) == 4:
        tags.append((50713, "H", 2, (2, 2), True))  # BlackLevelRepeatDim
    if mosaic:
        cells = bytes(COLOURS.index(colour) for colour in pattern)
        tags += [
            (33421, "H", 2, (2, 2), True),  # CFARepeatPatternDim
            (33422, "B", 4, cells, True),  # CFAPattern
            (50710, "B", 3, bytes([0, 1, 2]), True),  # CFAPlaneColor
            (50711, "H", 1, 1, True),  # CFALayout: rectangular
        ]
    tifffile.imwrite(
        path,
        samples,
        photometric="CFA" if mosaic else "LINEAR_RAW",
        planarconfig=None if mosaic else "CONTIG",
        software=software,
        metadata=None,
        extratags=tags,
    )
    return Path(path)


def _rationals(values: Sequence[float]) -> tuple[int, ...]:
    fractions = [Fraction(value).limit_denominator(100000) for value in values]
    return tuple(number for f in fractions for number in (f.numerator, f.denominator))
