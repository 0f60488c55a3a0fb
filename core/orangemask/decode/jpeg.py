"""JPEG files, by Pillow."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from orangemask.decode.encoding import exif_says
from orangemask.decode.failures import LIBRARY_FAILURES, quiet, refusal
from orangemask.decode.limits import JPEG_RATIO, check_size
from orangemask.decode.stored import Stored, contiguous, grey_to_rgb, to_codes, upright

REMEDY = "is it a complete JPEG file?"

EXIF = 0x8769
INTEROPERABILITY = 0xA005
COLOUR_SPACE = 0xA001
ORIENTATION = 0x0112

_pillow_limit = threading.Lock()


def read_jpeg(path: Path) -> Stored:
    """Return the picture of a JPEG file, upright.

    Raises
    ------
    InputError
        If it is truncated, or CMYK.
    """
    from PIL import Image as Pillow

    colour_space = index = None
    orientation = 1
    try:
        with quiet("PIL"), _pillow_limit:
            limit, Pillow.MAX_IMAGE_PIXELS = Pillow.MAX_IMAGE_PIXELS, None  # ours is checked below
            try:
                file = Pillow.open(path, formats=("JPEG",))
            finally:
                Pillow.MAX_IMAGE_PIXELS = limit
        with file, quiet("PIL"):
            check_size(
                path,
                *file.size,
                stored=path.stat().st_size,
                ratio=JPEG_RATIO,
                bytes_per_pixel=len(file.getbands()),
            )
            if file.mode not in ("RGB", "L"):
                raise refusal(path, f"its colours are {file.mode}", "convert it to RGB")
            icc = file.info.get("icc_profile")
            file.load()
            samples = np.asarray(file)
            try:
                exif = file.getexif()
                orientation = int(exif.get(ORIENTATION, 1))
                colour_space = exif.get_ifd(EXIF).get(COLOUR_SPACE)
                index = exif.get_ifd(INTEROPERABILITY).get(1)
            except LIBRARY_FAILURES:
                pass  # damaged Exif does not spoil the picture
        del file
    except MemoryError as error:
        raise refusal(path, "there is not enough memory for it") from error
    except LIBRARY_FAILURES as error:
        raise refusal(path, error, REMEDY) from error

    warnings = []
    if samples.ndim == 2:
        samples = grey_to_rgb(samples)
        warnings.append("it is grey; red, green and blue are the same")
    return Stored(
        contiguous(to_codes(upright(samples, orientation), 8)),
        8,
        icc=icc,
        said=exif_says(colour_space, index),
        warnings=warnings,
    )
