"""Pixels in the caller's files: opened, checked and mapped, never made and never removed."""

from __future__ import annotations

import base64
import binascii
import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import LINEAR, SRGB
from orangemask.decode.encoding import Said, choose_encoding, parse_encoding
from orangemask.decode.failures import LIBRARY_FAILURES, one_line
from orangemask.decode.icc import rec_2020_to_xyz, to_rec_2020
from orangemask.decode.limits import MAX_PIXELS, MAX_SIDE
from orangemask.encode.destination import reserve
from orangemask.engine.fields import Fields
from orangemask.errors import Cancelled, EngineError, InputError, OutputError
from orangemask.execute import Cancel
from orangemask.image import Image, Pixels
from orangemask.profiles import target_of_profile
from orangemask.spaces import Target, space

INPUT_DTYPES = ("uint8", "uint16", "float16", "float32", "float64")
OUTPUT_DTYPES = ("uint8", "uint16", "float32")
LIGHTS = ("auto", "scene", "display")
FILES = ("none", "tiff", "png", "jpeg", "exr")
CODES = 65535
ALPHA_ROWS = 256  # converted at a time

_RULE = "rule"
_SAFELY = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_BINARY"))  # a FIFO must not block


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An image and the file it was mapped from."""

    image: Image
    status: os.stat_result


def open_picture(fields: Fields, *, photograph: bool) -> Picture:
    """Return the picture that an ``image`` object names; `photograph` if it is no scan of film.

    Raises
    ------
    EngineError
        A field is missing or wrong.
    InputError
        The file cannot be read, or its size is not that of the picture.
    ParameterError
        The encoding is unknown.
    """
    path = _path(fields)
    width, height = fields.integer("width", 1, MAX_SIDE), fields.integer("height", 1, MAX_SIDE)
    if width * height > MAX_PIXELS:
        raise EngineError(f"image is {width} × {height} px; {MAX_PIXELS >> 20} MP are allowed")
    dtype = np.dtype(fields.choice("dtype", INPUT_DTYPES))
    shape = (height, width, fields.integer("channels", 3, 4, 3))
    told = parse_encoding(fields.text("encoding", "auto"))
    icc = _profile(fields)
    scene = fields.choice("light", LIGHTS, LIGHTS[0])
    file = fields.choice("file", FILES, FILES[0])
    fields.end()
    codes, status = _map_input(path, dtype, shape)
    pixels = _widened(codes[..., :3])
    floating, bits = dtype.kind == "f", dtype.itemsize * 8
    rule: Said | None
    rule, kind = Said(LINEAR if floating else SRGB, _RULE), "array"
    if file != FILES[0]:
        rule, kind = None, file  # as the file itself would be read
    coding = choose_encoding(told, icc, rule, kind, bits, floating, photograph=photograph)
    warnings, name = list(coding.warnings), coding.name
    if coding.note == _RULE:
        warnings.append(f"neither encoding nor a usable profile was given: read as {name}")
    if coding.transfer is None and icc is not None:
        try:
            pixels = to_rec_2020(pixels, icc)
        except LIBRARY_FAILURES as error:
            raise InputError(
                f"the picture's profile cannot be used: {one_line(error)}; name an encoding"
            ) from error
        icc, coding.transfer, coding.rgb_to_xyz = None, (LINEAR,) * 3, rec_2020_to_xyz()
        warnings.append("the profile is a table; converted to linear Rec. 2020 by it")
    image = Image(
        pixels=pixels,
        transfer=coding.transfer or (LINEAR,) * 3,
        encoding=name,
        rgb_to_xyz=coding.rgb_to_xyz,
        scene=None if scene == LIGHTS[0] else scene == "scene",
        icc=icc,
        alpha=_widened(codes[..., 3]) if shape[2] == 4 else None,
        warnings=tuple(warnings),
    )
    return Picture(image, status)


def target_of(fields: Fields) -> tuple[Target, bool]:
    """Return what an ``output`` object is rendered for, and whether to leave it in linear light.

    Raises
    ------
    EngineError
        A field is missing or wrong.
    ParameterError
        The space is unknown.
    OutputError
        The profile cannot be rendered for.
    """
    if fields.has("profile") and fields.has("space"):
        raise EngineError("output has both space and profile; give one")
    icc = _profile(fields)
    target = space(fields.text("space", "srgb")) if icc is None else target_of_profile(icc)
    return target, fields.truth("linear", default=False)


def open_output(fields: Fields, picture: Picture) -> NDArray[Any]:
    """Return the file that an ``output`` object names, mapped and of the right size.

    Returns
    -------
    (h, w, 3 or 4) uint8, uint16 or float32
        Writing to it writes the file.

    Raises
    ------
    EngineError
        A field is missing or wrong.
    OutputError
        The file does not exist, is a link, is no plain file, is another user's, is the input, or
        the disk is full.
    """
    path = _path(fields)
    dtype = np.dtype(fields.choice("dtype", OUTPUT_DTYPES))
    image = picture.image
    channels = fields.integer("channels", 3, 4, 3 if image.alpha is None else 4)
    fields.end()
    shape = (image.height, image.width, channels)
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | _SAFELY
    try:
        if path.is_symlink():  # where the system has no O_NOFOLLOW
            raise OutputError(f"{path.name} is a link; name the file itself")
        with os.fdopen(os.open(path, flags), "r+b") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OutputError(f"{path.name} is not a plain file")
            if hasattr(os, "getuid") and status.st_uid != os.getuid():
                raise OutputError(f"{path.name} belongs to another user; make a file of your own")
            if os.path.samestat(status, picture.status):
                raise OutputError(f"{path.name} is the input too; give two files")
            _resize(
                file.fileno(),
                status.st_size,
                dtype.itemsize * image.height * image.width * channels,
            )
            return np.asarray(np.memmap(file, dtype, "r+", 0, shape))
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write {path.name}: {_reason(error)}") from error


def copy_alpha(alpha: Pixels | None, out: NDArray[Any], cancel: Cancel) -> None:
    """Fill (h, w) `out` with `alpha` in its own depth; opaque where there is none.

    Raises
    ------
    Cancelled
        `cancel` said so.
    """
    top = 1.0 if out.dtype.kind == "f" else float(np.iinfo(out.dtype).max)
    if alpha is None:
        out[...] = top
        return
    scale = np.float32(top / (1.0 if alpha.dtype.kind == "f" else CODES))
    for y in range(0, len(alpha), ALPHA_ROWS):
        if cancel():
            raise Cancelled("stopped")
        rows = alpha[y : y + ALPHA_ROWS]
        if rows.dtype != out.dtype:
            values = rows.astype(np.float32) * scale
            if out.dtype.kind != "f":
                values = np.rint(np.clip(np.nan_to_num(values, nan=0.0), 0.0, top))
            rows = values
        out[y : y + ALPHA_ROWS] = rows


def _path(fields: Fields) -> Path:
    path = Path(fields.text("path"))
    if not path.is_absolute():
        raise EngineError("path must be absolute: the engine has another working folder")
    return path


def _profile(fields: Fields) -> bytes | None:
    if not fields.has("profile"):
        return None
    try:
        return base64.b64decode(fields.text("profile"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise EngineError(f"the profile is not base64: {one_line(error)}") from error


def _map_input(
    path: Path, dtype: np.dtype[Any], shape: tuple[int, int, int]
) -> tuple[NDArray[Any], os.stat_result]:
    h, w, channels = shape
    needed = h * w * channels * dtype.itemsize
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _SAFELY), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{path.name} is not a plain file")
            if status.st_size != needed:
                raise InputError(
                    f"{path.name} has {status.st_size} bytes; {w} × {h} px of {channels} {dtype} "
                    f"are {needed}"
                )
            return np.asarray(np.memmap(file, dtype, "r", 0, shape)), status
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path.name}: {_reason(error)}") from error


def _resize(descriptor: int, size: int, needed: int) -> None:
    try:
        reserve(descriptor, needed)
        os.ftruncate(descriptor, needed)
    except OSError:
        with suppress(OSError):  # give back what the disk had left
            os.ftruncate(descriptor, size)
        raise


def _widened(codes: NDArray[Any]) -> Pixels:
    """Return codes as uint16 or float32; a map stays a map where it has one of these already."""
    if codes.dtype == np.uint8:
        return np.asarray(np.multiply(codes, np.uint16(257), dtype=np.uint16), np.uint16)
    if codes.dtype == np.uint16:
        return np.asarray(codes, np.uint16)
    with np.errstate(over="ignore"):  # beyond float32 is infinite
        return np.asarray(codes, np.float32)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "it is a link; name the file itself"
    text = (error.strerror if isinstance(error, OSError) else None) or one_line(error)
    return text[:1].lower() + text[1:]
