"""The file formats a picture can be saved in, and what may be chosen of each: one table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from orangemask.errors import OutputError, ParameterError

Depth: TypeAlias = Literal["8", "16", "half", "float"]
Compression: TypeAlias = Literal["none", "deflate", "lzw", "zstd", "zip", "piz"]

PIXEL_DTYPES: dict[str, np.dtype[np.uint8] | np.dtype[np.uint16] | np.dtype[np.float32]] = {
    "8": np.dtype(np.uint8),
    "16": np.dtype(np.uint16),
    "half": np.dtype(np.float32),  # narrowed while writing
    "float": np.dtype(np.float32),
}
"""What the caller fills in for each depth."""


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    Attributes
    ----------
    name, suffixes
        For people, and the endings that choose it.
    depths, compressions
        What is allowed; the first is the default.
    alpha : bool
        Whether it can hold transparency.
    largest : int
        Most pixels along one side.
    linear : bool
        Whether it always holds linear light.
    quality : int or None
        Default quality where the format is lossy.
    """

    name: str
    suffixes: tuple[str, ...]
    depths: tuple[Depth, ...]
    compressions: tuple[Compression, ...]
    alpha: bool
    largest: int
    linear: bool = False
    quality: int | None = None


TIFF = Format(
    "TIFF",
    (".tif", ".tiff"),
    ("16", "8", "half", "float"),
    ("none", "deflate", "lzw", "zstd"),
    alpha=True,
    largest=2**31 - 1,
)
PNG = Format("PNG", (".png",), ("16", "8"), ("deflate", "none"), alpha=True, largest=2**31 - 1)
JPEG = Format("JPEG", (".jpg", ".jpeg"), ("8",), ("none",), alpha=False, largest=65500, quality=92)
EXR = Format(
    "OpenEXR",
    (".exr",),
    ("half", "float"),
    ("zip", "none", "piz"),
    alpha=True,
    largest=2**31 - 1,
    linear=True,
)

FORMATS = (TIFF, PNG, JPEG, EXR)


@dataclass(frozen=True, slots=True)
class SaveOptions:
    """What the user asks of the file; None is the format's default.

    Attributes
    ----------
    depth : {"8", "16", "half", "float"} or None
        Bits per channel: TIFF and PNG 16, JPEG 8, EXR half.
    compression : {"none", "deflate", "lzw", "zstd", "zip", "piz"} or None
        TIFF none, PNG deflate, EXR zip. All are lossless.
    quality : int or None
        JPEG only, 1 to 100, default 92; from 90 on colour is not subsampled (4:4:4).
    """

    depth: Depth | None = None
    compression: Compression | None = None
    quality: int | None = None


def format_of(path: Path) -> Format:
    """Return the format that the ending of `path` stands for.

    Raises
    ------
    OutputError
        The path is ``-``, or its ending is not one of `FORMATS`.
    """
    if str(path) == "-":
        raise OutputError("cannot write a picture to standard output: name a file")
    for candidate in FORMATS:
        if path.suffix.lower() in candidate.suffixes:
            return candidate
    allowed = " ".join(suffix for candidate in FORMATS for suffix in candidate.suffixes)
    given = f"unknown ending {path.suffix!r}" if path.suffix else "no ending"
    raise OutputError(f"cannot write {path}: {given}; use one of {allowed}")


def resolve(options: SaveOptions, chosen: Format) -> SaveOptions:
    """Return `options` with the defaults of `chosen` filled in.

    Raises
    ------
    ParameterError
        The format does not have that depth, compression or quality.
    """
    if options.depth is not None and options.depth not in chosen.depths:
        raise _refusal(chosen, "depth", options.depth, chosen.depths)
    if options.compression is not None and options.compression not in chosen.compressions:
        raise _refusal(chosen, "compression", options.compression, chosen.compressions)
    if options.quality is not None:
        if chosen.quality is None:
            raise ParameterError(f"{chosen.name} has no quality: it is lossless; leave it out")
        if not 1 <= options.quality <= 100:
            raise ParameterError(f"quality {options.quality} is not allowed: use 1 to 100")
    return SaveOptions(
        options.depth or chosen.depths[0],
        options.compression or chosen.compressions[0],
        options.quality if options.quality is not None else chosen.quality,
    )


def pixel_dtype(
    path: Path, options: SaveOptions
) -> np.dtype[np.uint8] | np.dtype[np.uint16] | np.dtype[np.float32]:
    """Return the dtype of the pixels that `create_image` expects for this file.

    Returns
    -------
    dtype
        uint8, uint16 or float32.
    """
    depth = resolve(options, format_of(path)).depth
    return PIXEL_DTYPES[str(depth)]


def _refusal(chosen: Format, what: str, given: str, allowed: tuple[str, ...]) -> ParameterError:
    choices = ", ".join(allowed)
    return ParameterError(f"{chosen.name} has no {what} {given!r}: use one of {choices}")
