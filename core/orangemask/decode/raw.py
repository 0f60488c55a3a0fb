"""RAW files, by LibRaw: linear sensor RGB at full precision, or developed to linear Rec. 2020.

For a scan of film, black is subtracted and one fixed scale, black → 0 and the camera's white level
→ 65535, is applied to all channels; no white balance, no camera matrix, no brightening. LibRaw
truncates where it scales, so a code may be up to one below the exact quotient (a quarter of a
14-bit sensor's step), and values under black or over white are clipped.

For a photograph the white balance of the shot and the camera's matrix are applied as well; the
channel that saturates first is white, 65535.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangemask.decode.encoding import Said
from orangemask.decode.failures import LIBRARY_FAILURES, native_output, quiet, refusal
from orangemask.decode.icc import rec_2020_to_xyz
from orangemask.decode.limits import MAX_RAW_PIXELS, RAW_PIXELS_PER_BYTE, check_size
from orangemask.decode.stored import Stored, contiguous, grey_to_rgb
from orangemask.image import CameraColour, Triple

# Extensions of RAW files that begin as a TIFF does, or have no magic of their own.
RAW_EXTENSIONS = frozenset(
    """.3fr .ari .arw .bay .cap .cr2 .cr3 .crw .cs1 .dc2 .dcr .dcs .dng .drf .eip .erf .fff .gpr
    .iiq .k25 .kc2 .kdc .mdc .mef .mos .mrw .nef .nrw .obm .orf .pef .ptx .pxn .qtk .raf .raw .rdc
    .rw2 .rwl .rwz .sr2 .srf .srw .sti .x3f""".split()  # noqa: SIM905 - 45 words
)

# What LibRaw prints when data end early or make no sense.
COMPLAINTS = ("Unexpected end of file", "data corrupted at", "Corrupt JPEG data")

D65 = 21  # Exif LightSource
DNG_MATRICES = (
    ("CalibrationIlluminant2", "ColorMatrix2"),
    ("CalibrationIlluminant1", "ColorMatrix1"),
)


def read_raw(path: Path, *, developed: bool = False) -> Stored:
    """Return the demosaiced, upright picture of a RAW file.

    Parameters
    ----------
    path : Path
    developed : bool
        As a photograph, in linear Rec. 2020; else the sensor's own RGB.

    Raises
    ------
    InputError
        If LibRaw cannot read it, or it holds only a preview.
    """
    import rawpy

    tags = _tiff_tags(path)
    try:
        with native_output(*COMPLAINTS) as complaints, rawpy.imread(str(path)) as raw:
            sizes = raw.sizes
            check_size(
                path,
                max(sizes.raw_width, sizes.width),
                max(sizes.raw_height, sizes.height),
                stored=path.stat().st_size,
                ratio=RAW_PIXELS_PER_BYTE,
                most=MAX_RAW_PIXELS,
            )
            raw.unpack()
            stacked = raw.raw_type == rawpy.RawType.Stack
            camera = _camera(raw, tags)
            notes = _notes(raw)
            colour = (
                {"output_color": rawpy.ColorSpace.Rec2020, "use_camera_wb": True}
                if developed
                else {"output_color": rawpy.ColorSpace.raw, "user_wb": [1.0, 1.0, 1.0, 1.0]}
            )
            pixels = raw.postprocess(
                **colour,
                gamma=(1, 1),
                no_auto_bright=True,
                use_auto_wb=False,
                adjust_maximum_thr=0.0,
                highlight_mode=rawpy.HighlightMode.Clip,
                output_bps=16,
            )
    except (rawpy.LibRawError, rawpy.NotSupportedError) as error:
        remedy = "is it a complete RAW file of a camera that LibRaw knows?"
        raise refusal(path, f"LibRaw says: {_words(error)}", remedy) from error
    except MemoryError as error:
        raise refusal(path, "there is not enough memory for it") from error
    stored = Stored(pixels, 16, camera=camera, notes=notes)
    if developed:
        stored.said = Said(None, "LibRaw", rec_2020_to_xyz())
        if camera.as_shot is None:
            stored.warnings.append("it says no white balance; daylight is assumed")
        if camera.xyz_to_camera is None:
            stored.warnings.append("the colours of its camera are not known")
    _split(path, stored, stacked)
    stored.warnings += [f"LibRaw says: {_complaint(line)}" for line in complaints[:1]]
    return stored


def _split(path: Path, stored: Stored, stacked: bool) -> None:
    """Bring 1 or 4 channels to three and, perhaps, infrared."""
    pixels = stored.pixels
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]  # (h, w, 1)
    channels = pixels.shape[2]
    if channels == 1:
        stored.pixels = grey_to_rgb(pixels[..., 0])
        stored.warnings.append("it is monochrome; red, green and blue are the same")
    elif channels == 4 and stacked:
        stored.pixels = contiguous(pixels[..., :3])
        stored.infrared = contiguous(pixels[..., 3])
        stored.notes["infrared"] = "fourth sample"
    elif channels != 3:
        raise refusal(path, f"its sensor has {channels} colours", "convert it to a linear DNG")


def _words(error: Exception) -> str:
    words = error.args[0] if error.args else type(error).__name__
    text = words.decode("ascii", "replace") if isinstance(words, bytes) else str(words)
    return text[:1].lower() + text[1:]


def _complaint(line: str) -> str:
    return next((line[line.index(mark) :] for mark in COMPLAINTS if mark in line), line).lower()


def _notes(raw: Any) -> dict[str, str]:
    black = raw.black_level_per_channel or [0]
    levels = sorted({int(level) for level in black})
    return {
        "black": " ".join(str(level) for level in levels),
        "white": str(int(raw.white_level)) if raw.white_level else "unknown",
        "demosaic": "AHD" if raw.raw_pattern is not None else "none",
    }


def _camera(raw: Any, tags: Mapping[str, Any]) -> CameraColour:
    matrix = np.asarray(raw.rgb_xyz_matrix, np.float64)[:3]
    known = matrix.shape == (3, 3) and np.isfinite(matrix).all() and matrix.any()
    xyz_to_camera = matrix.copy() if known else _dng_matrix(tags)
    model = str(tags.get("Model") or tags.get("UniqueCameraModel") or "").strip()
    return CameraColour(
        xyz_to_camera, _balance(raw.camera_whitebalance), str(tags.get("Make") or "").strip(), model
    )


def _balance(multipliers: object) -> Triple | None:
    values = [float(value) for value in np.ravel(np.asarray(multipliers, np.float64))[:3]]
    if len(values) < 3 or not all(math.isfinite(value) and value > 0 for value in values):
        return None
    return values[0] / values[1], 1.0, values[2] / values[1]


def _dng_matrix(tags: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """Return the ColorMatrix for D65, or the first there is."""
    found = [(tags.get(light), tags[name]) for light, name in DNG_MATRICES if name in tags]
    found.sort(key=lambda pair: pair[0] != D65)
    for _, value in found:
        numbers = np.asarray(value, np.float64).ravel()
        if len(numbers) == 18 and numbers[1::2].all():
            return (numbers[0::2] / numbers[1::2]).reshape(3, 3)
    return None


def _tiff_tags(path: Path) -> dict[str, Any]:
    """Return the first page's tags of a RAW that is a TIFF; none where it is not or is damaged."""
    import tifffile

    names = (
        "Make",
        "Model",
        "UniqueCameraModel",
        *(name for pair in DNG_MATRICES for name in pair),
    )
    try:
        with quiet("tifffile"), tifffile.TiffFile(path) as tiff:
            tags = tiff.pages[0].tags
            return {name: tags[name].value for name in names if name in tags}
    except (tifffile.TiffFileError, *LIBRARY_FAILURES):
        return {}
