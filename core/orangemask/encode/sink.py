"""Saving: an array to fill in, which is a whole file when the block is left."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from orangemask.encode import exr, jpeg, png, tiff
from orangemask.encode.destination import destination
from orangemask.encode.formats import (
    EXR,
    JPEG,
    PIXEL_DTYPES,
    TIFF,
    Format,
    SaveOptions,
    format_of,
    resolve,
)
from orangemask.encode.icc import profile
from orangemask.errors import OutputError, ParameterError
from orangemask.metadata import Metadata, Packets, packets
from orangemask.spaces import Space

DEFAULTS = SaveOptions()

_FILE_DTYPES: dict[str, np.dtype[Any]] = {**PIXEL_DTYPES, "half": np.dtype(np.float16)}


@dataclass(slots=True)
class Sink:
    """A picture file in the making.

    Attributes
    ----------
    pixels : (h, w, 3) uint8, uint16 or float32
        To fill in, zero at first: codes of the output space, linear light for OpenEXR. For an
        uncompressed TIFF it is the file itself, mapped; keep no reference to it beyond the block.
        With alpha it is a view with gaps, not contiguous.
    warnings : tuple of str
        What will be missing from the file.
    """

    pixels: NDArray[Any]
    warnings: tuple[str, ...] = ()


@contextmanager
def create_image(
    path: Path,
    height: int,
    width: int,
    dtype: DTypeLike,
    *,
    space: Space,
    options: SaveOptions = DEFAULTS,
    alpha: NDArray[Any] | None = None,
    metadata: Metadata | None = None,
    values_json: str | None = None,
    software: str = "Orangemask",
    force: bool = False,
) -> Iterator[Sink]:
    """Give a `Sink` to fill in; on leaving, the file is finished and renamed onto `path`.

    If anything is raised in the block, nothing is left behind.

    Parameters
    ----------
    path : Path
        The ending chooses the format.
    height, width : int
        Pixels.
    dtype : dtype
        Of the pixels, as `pixel_dtype` says for this path and these options.
    space : Space
        Whose profile, or chromaticities for OpenEXR, the file gets.
    options : SaveOptions
        Depth, compression, quality.
    alpha : (h, w) array or None
        uint8, uint16 or float in 0…1; converted to the depth of the file.
    metadata : Metadata or None
        Of the source.
    values_json : str or None
        The values file, to be kept in the picture.
    software : str
        Name and version, for the metadata.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        The format is unknown, the file exists, or it cannot be written.
    ParameterError
        The options are not the format's, or `dtype` is not theirs.
    """
    path = Path(path)
    chosen = format_of(path)
    options = resolve(options, chosen)
    expected = PIXEL_DTYPES[str(options.depth)]
    if np.dtype(dtype) != expected:
        raise ParameterError(f"depth {options.depth} needs {expected} pixels, not {dtype}")
    if not (0 < width <= chosen.largest and 0 < height <= chosen.largest):
        raise OutputError(
            f"cannot write {path}: {chosen.name} holds 1 to {chosen.largest} pixels along a side, "
            f"not {width} × {height}"
        )
    warnings: tuple[str, ...] = ()
    if alpha is not None and not chosen.alpha:
        alpha, warnings = None, (f"{chosen.name} has no alpha; it is left out",)
    shape = (height, width, 3 if alpha is None else 4)
    block = Packets()
    if chosen is not EXR and (metadata is not None or values_json is not None):
        block = packets(
            metadata,
            values_json=values_json,
            software=software,
            space=space,
            width=width,
            height=height,
        )
    with destination(path, force=force) as part:
        if chosen is EXR:
            samples = np.zeros(shape, expected)
            finish: Callable[[], None] = partial(
                exr.write,
                part,
                samples,
                half=options.depth == "half",
                compression=str(options.compression),
                space=space,
                metadata=metadata,
                values_json=values_json,
                software=software,
            )
        else:
            samples, finish = _begin(chosen, part, shape, options, profile(space), block)
        if alpha is not None:
            samples[..., 3] = _converted(alpha, expected)
        sink = Sink(samples[..., :3], warnings + block.warnings)
        del samples
        yield sink
        del sink.pixels  # Windows renames no file that is mapped
        finish()
        del finish


def write_image(
    path: Path,
    pixels: NDArray[Any],
    *,
    space: Space,
    options: SaveOptions = DEFAULTS,
    alpha: NDArray[Any] | None = None,
    metadata: Metadata | None = None,
    values_json: str | None = None,
    software: str = "Orangemask",
    force: bool = False,
) -> tuple[str, ...]:
    """Save an array: `create_image` and a copy.

    Parameters
    ----------
    pixels : (h, w, 3) uint8, uint16 or float32
        Codes of `space`; linear light for OpenEXR.

    Returns
    -------
    tuple of str
        Warnings: what is missing from the file.
    """
    with create_image(
        path,
        pixels.shape[0],
        pixels.shape[1],
        pixels.dtype,
        space=space,
        options=options,
        alpha=alpha,
        metadata=metadata,
        values_json=values_json,
        software=software,
        force=force,
    ) as sink:
        sink.pixels[...] = pixels
    return sink.warnings


def _begin(
    chosen: Format,
    part: Path,
    shape: tuple[int, int, int],
    options: SaveOptions,
    icc: bytes,
    block: Packets,
) -> tuple[NDArray[Any], Callable[[], None]]:
    """Return the samples of a TIFF, PNG or JPEG and what writes them once they are filled in."""
    compression = str(options.compression)
    if chosen is TIFF:
        layout = tiff.Layout(shape, _FILE_DTYPES[str(options.depth)], compression, icc, block)
        if layout.dtype == PIXEL_DTYPES[str(options.depth)] and compression == "none":
            return tiff.mapped(part, layout), _done
        samples = np.zeros(shape, PIXEL_DTYPES[str(options.depth)])
        return samples, partial(tiff.write, part, samples, layout, threads=_threads())
    samples = np.zeros(shape, PIXEL_DTYPES[str(options.depth)])
    if chosen is JPEG:
        quality = int(options.quality or 0)
        return samples, partial(jpeg.write, part, samples, quality=quality, icc=icc, packets=block)
    compress = compression != "none"
    return samples, partial(
        png.write, part, samples, compress=compress, icc=icc, packets=block, threads=_threads()
    )


def _done() -> None:
    """Nothing is left to do."""


def _converted(alpha: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return alpha as `dtype`: whole numbers are scaled by their largest, float is 0…1."""
    if alpha.dtype == dtype:
        return alpha
    light = np.asarray(alpha, np.float32)
    if alpha.dtype.kind == "u":
        light /= np.iinfo(alpha.dtype).max
    if dtype.kind == "f":
        return light
    most = np.iinfo(dtype).max
    return np.rint(np.clip(np.nan_to_num(light), 0, 1) * most).astype(dtype)


def _threads() -> int:
    return min(8, os.cpu_count() or 1)
