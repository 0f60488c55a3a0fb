"""OpenEXR: linear light, and the primaries it is in as an attribute.

References
----------
OpenEXR file layout and standard attributes, openexr.com (3.3).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orangemask.metadata import Metadata
from orangemask.spaces import Space

_TEXTS = {  # standard attribute, and the Exif tag it comes of
    "owner": "Exif.Image.Copyright",
    "comments": "Exif.Image.ImageDescription",
    "cameraMake": "Exif.Image.Make",
    "cameraModel": "Exif.Image.Model",
    "lensModel": "Exif.Photo.LensModel",
    "capDate": "Exif.Photo.DateTimeOriginal",
}
_NUMBERS = {
    "expTime": "Exif.Photo.ExposureTime",
    "aperture": "Exif.Photo.FNumber",
    "isoSpeed": "Exif.Photo.ISOSpeedRatings",
    "nominalFocalLength": "Exif.Photo.FocalLength",
}


def write(
    part: Path,
    samples: NDArray[np.float32],
    *,
    half: bool,
    compression: str,
    space: Space,
    metadata: Metadata | None = None,
    values_json: str | None = None,
    software: str = "",
) -> None:
    """Write an OpenEXR file.

    Parameters
    ----------
    part : Path
        A file to replace.
    samples : (h, w, 3 or 4) float32
        Linear light in the primaries of `space`. Alpha last; it is multiplied in, in place, as
        OpenEXR demands.
    half : bool
        Whether samples are narrowed to 16 bits; beyond ±65504 they become infinite.
    compression : {"zip", "none", "piz"}
        Lossless all.
    space : Space
        Its transfer function is not used.
    metadata, values_json, software
        Go into attributes, the values file into ``orangemask``.
    """
    import OpenEXR

    compressions = {
        "zip": OpenEXR.ZIP_COMPRESSION,
        "none": OpenEXR.NO_COMPRESSION,
        "piz": OpenEXR.PIZ_COMPRESSION,
    }
    with np.errstate(over="ignore"):
        if samples.shape[2] == 4:
            samples[..., :3] *= samples[..., 3:]
        stored = np.ascontiguousarray(samples, np.float16 if half else np.float32)
    header = {
        "compression": compressions[compression],
        "type": OpenEXR.scanlineimage,
        "chromaticities": tuple(
            coordinate for xy in (*space.primaries, space.white) for coordinate in xy
        ),
        **_attributes(metadata),
    }
    if software:
        header["software"] = software
    if values_json is not None:
        header["orangemask"] = values_json
    name = "RGBA" if samples.shape[2] == 4 else "RGB"
    try:
        with OpenEXR.File(header, {name: stored}) as file:
            file.write(str(part))
    except RuntimeError as error:
        # It says what, to which file and why, each a sentence; the file has a passing name.
        raise OSError(str(error).rstrip(".").rpartition(". ")[2]) from error


def _attributes(metadata: Metadata | None) -> dict[str, object]:
    exif = metadata.exif if metadata else {}
    found: dict[str, object] = {name: str(exif[tag]) for name, tag in _TEXTS.items() if tag in exif}
    for name, tag in _NUMBERS.items():
        numerator, _, denominator = str(exif.get(tag, "")).partition("/")
        try:
            found[name] = float(numerator) / float(denominator or 1)
        except (ValueError, ZeroDivisionError):
            continue
    return found
