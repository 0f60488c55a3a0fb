"""Picture files to `Image`: RAW, TIFF, PNG, JPEG and OpenEXR.

What a file is follows from its first bytes, not from its name; only among files that begin as a
TIFF does the name, or a DNG tag, tell a camera's RAW from a TIFF.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from orangemask.curves import LINEAR, Curve
from orangemask.decode.encoding import Coding, choose_encoding, parse_encoding
from orangemask.decode.exr import read_exr
from orangemask.decode.failures import LIBRARY_FAILURES, one_line, refusal
from orangemask.decode.icc import rec_2020_to_xyz, to_rec_2020
from orangemask.decode.jpeg import read_jpeg
from orangemask.decode.kinds import kind_of
from orangemask.decode.png import read_png
from orangemask.decode.raw import read_raw
from orangemask.decode.stored import Stored, count_not_finite
from orangemask.decode.tiff import is_linear_tiff, is_raw_tiff, read_tiff
from orangemask.errors import Cancelled, InputError
from orangemask.image import Image

__all__ = ["open_image"]


def open_image(
    path: str | os.PathLike[str],
    *,
    encoding: str = "auto",
    photograph: bool = False,
    scene: bool | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Image:
    """Return the picture in a file, in its own codes and upright.

    How codes become light is decided by, in this order: `encoding`; the embedded ICC profile; what
    PNG chunks or Exif say; else this rule: floating point is linear, 8 bits are sRGB, 16-bit TIFF
    is linear, 16-bit PNG is sRGB (the last two are guesses and told in `Image.warnings`). RAW and
    OpenEXR are always linear. A profile that has look-up tables only is applied at once, giving
    float32 in linear Rec. 2020, which is told as a warning; its `Image.icc` is then None.

    With `photograph` two things differ: RAW gets the white balance of the shot and the camera's
    matrix, and comes in linear Rec. 2020; and a 16-bit TIFF that says nothing is sRGB.

    Parameters
    ----------
    path : str or path
        A file.
    encoding : str
        ``auto``, ``linear``, ``srgb`` or ``gamma:G``.
    photograph : bool
        It is a digital photograph and not a scan of film.
    scene : bool, optional
        Whether a photograph's light is the scene's; where it is not told, linear light is.
    cancel : callable, optional
        Asked between the steps; true stops.

    Returns
    -------
    Image
        Its pixels may be a read-only map of the file.

    Raises
    ------
    InputError
        If there is no such file, or it cannot be read.
    ParameterError
        If `encoding` is none of the above.
    Cancelled
        If `cancel` said so.
    """
    told = parse_encoding(encoding)
    path = Path(path)
    _stop_if(cancel)
    kind = kind_of(path)
    try:
        kind, stored = _read(path, kind, photograph)
    except InputError:
        raise
    except MemoryError as error:
        raise refusal(path, "there is not enough memory for it") from error
    except LIBRARY_FAILURES as error:
        raise refusal(path, error, "is it damaged?") from error
    _stop_if(cancel)
    image = replace(_assemble(path, kind, stored, told, photograph), scene=scene)
    _stop_if(cancel)
    return image


def _read(path: Path, kind: str, photograph: bool) -> tuple[str, Stored]:
    if kind == "png":
        return kind, read_png(path)
    if kind == "jpeg":
        return kind, read_jpeg(path)
    if kind == "exr":
        return kind, read_exr(path)
    if kind == "tiff" and not is_raw_tiff(path):
        return kind, read_tiff(path)
    try:
        return "raw", read_raw(path, developed=photograph)
    except InputError:
        # Scanners' linear DNG and Flextight files are TIFFs that LibRaw may not know.
        if not is_linear_tiff(path):
            raise
        return "raw", read_tiff(path)


def _assemble(path: Path, kind: str, stored: Stored, told: Curve | None, photograph: bool) -> Image:
    coding = _coding(stored, kind, told, stored.icc, photograph)
    warnings = stored.warnings + coding.warnings
    pixels, icc, name = stored.pixels, stored.icc, coding.name
    if coding.transfer is None and icc is not None:
        try:
            pixels, icc = to_rec_2020(pixels, icc), None
            coding.transfer = (LINEAR,) * 3
            coding.rgb_to_xyz = rec_2020_to_xyz()
            warnings.append("the embedded profile is a table; converted to linear Rec. 2020 by it")
        except LIBRARY_FAILURES as error:
            warnings.append(f"the embedded profile is ignored: {one_line(error)}")
            coding = _coding(stored, kind, None, None, photograph)
            name = coding.name
            warnings += coding.warnings
    if (bad := count_not_finite(pixels)) > 0:
        warnings.append(f"{bad} samples are not-a-number or infinite")
    notes = {
        "bits": f"{stored.bits}-bit {'float' if stored.floating else 'integer'}",
        "encoding": coding.note,
        **stored.notes,
    }
    return Image(
        pixels=pixels,
        transfer=coding.transfer or (LINEAR,) * 3,
        encoding=name,
        rgb_to_xyz=coding.rgb_to_xyz,
        icc=icc,
        alpha=stored.alpha,
        infrared=stored.infrared,
        camera=stored.camera,
        source=path,
        kind=kind,
        notes=MappingProxyType(notes),
        warnings=tuple(warnings),
    )


def _coding(
    stored: Stored, kind: str, told: Curve | None, icc: bytes | None, photograph: bool
) -> Coding:
    return choose_encoding(
        told, icc, stored.said, kind, stored.bits, stored.floating, photograph=photograph
    )


def _stop_if(cancel: Callable[[], bool] | None) -> None:
    if cancel is not None and cancel():
        raise Cancelled("stopped while reading")
