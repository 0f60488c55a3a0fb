"""TIFF files, by tifffile and imagecodecs; uncompressed ones are mapped."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np

from orangemask.decode.encoding import Said, exif_says
from orangemask.decode.failures import LIBRARY_FAILURES, quiet, refusal
from orangemask.decode.stored import (
    Samples,
    Stored,
    contiguous,
    divide_by_alpha,
    grey_to_rgb,
    to_codes,
    upright,
)
from orangemask.decode.tiff_pages import (
    GREY,
    LINEAR_RAW,
    PALETTE,
    RGB,
    WHITE_IS_ZERO,
    check_page,
    choose_pages,
    is_camera_raw,
)
from orangemask.errors import InputError

REMEDY = "is it a complete TIFF file?"
READ_AHEAD = 1 << 24  # bytes of compressed strips held at once
ASSOCIATED, UNASSOCIATED = 1, 2  # of ExtraSamples; 0 is unspecified


def is_raw_tiff(path: Path) -> bool:
    """Return whether a file that begins as a TIFF does is a camera's RAW."""
    import tifffile

    try:
        with quiet("tifffile"), tifffile.TiffFile(path) as tiff:
            return is_camera_raw(tiff)
    except (tifffile.TiffFileError, *LIBRARY_FAILURES):
        return False  # reading it will say why


def is_linear_tiff(path: Path) -> bool:
    """Return whether a RAW by name is a scanner's TIFF: linear DNG, or a Flextight's RGB."""
    import tifffile

    try:
        with quiet("tifffile"), tifffile.TiffFile(path) as tiff:
            page = choose_pages(path, tiff).picture
            photometric = int(page.photometric)
            scan = path.suffix.lower() == ".fff" and photometric == RGB and page.bitspersample == 16
            return photometric == LINEAR_RAW or scan
    except (InputError, MemoryError, tifffile.TiffFileError, *LIBRARY_FAILURES):
        return False


def read_tiff(path: Path) -> Stored:
    """Return the picture of a TIFF file, upright, with its alpha and infrared.

    Raises
    ------
    InputError
        If it is damaged, or of a kind that is not RGB or grey.
    """
    import tifffile

    try:
        with quiet("tifffile"), tifffile.TiffFile(path) as tiff:
            pages = choose_pages(path, tiff)
            check_page(path, pages.picture)
            stored = _read_page(path, pages.picture)
            stored.warnings += pages.warnings
            if pages.infrared is not None:
                _read_infrared(path, pages.infrared, stored)
            stored.said = _exif(tiff.pages[0], pages.picture)
            return stored
    except InputError:
        raise
    except MemoryError as error:
        raise refusal(path, "there is not enough memory for it") from error
    except (tifffile.TiffFileError, *LIBRARY_FAILURES) as error:
        raise refusal(path, error, REMEDY) from error


def _read_page(path: Path, page: Any) -> Stored:
    samples = upright(_samples(path, page), _tag(page, "Orientation", 1))
    bits = int(page.bitspersample)
    photometric = int(page.photometric)
    floating = samples.dtype.kind == "f"
    stored = Stored(np.empty((0, 0, 3), np.uint16), bits, floating)
    stored.icc = _tag(page, "InterColorProfile", None)
    if photometric == PALETTE:
        # ColorMap is 16-bit whatever the picture is (TIFF 6.0, 23).
        table = np.asarray(page.colormap).T  # (n, 3)
        stored.pixels = np.take(table.astype(np.uint16), samples[..., 0], axis=0, mode="clip")
        stored.bits = 8
        stored.notes["palette"] = "expanded"
        return stored

    colours = 3
    if photometric in GREY:
        # Three samples called grey are a common mistake of programs; they are RGB.
        colours = 3 if samples.shape[2] >= 3 and not page.extrasamples else 1
        if colours == 3:
            stored.warnings.append("its colours are called grey; its first three samples are read")
    if samples.shape[2] < colours:
        raise refusal(path, f"it has {samples.shape[2]} samples a pixel", "save it as RGB")
    _read_extra(page, samples, colours, bits, stored)
    colour = samples[..., :colours]
    if colours == 1:
        grey = _positive(colour[..., 0], page)
        colour = grey_to_rgb(grey)
        stored.warnings.append("it is grey; red, green and blue are the same")
    stored.pixels = contiguous(to_codes(colour, bits))
    if stored.alpha is not None and stored.notes.get("alpha") == "associated; divided out":
        stored.pixels = divide_by_alpha(stored.pixels, stored.alpha)
    return stored


def _read_extra(
    page: Any,
    samples: Samples,
    colours: int,
    bits: int,
    stored: Stored,
) -> None:
    """Keep alpha and infrared of the samples after the colours."""
    kinds = [int(kind) for kind in page.extrasamples]
    for n in range(samples.shape[2] - colours):
        kind = kinds[n] if n < len(kinds) else 0
        plane = samples[..., colours + n]
        if kind in (ASSOCIATED, UNASSOCIATED) and stored.alpha is None:
            stored.alpha = contiguous(to_codes(plane, bits))
            stored.notes["alpha"] = "associated; divided out" if kind == ASSOCIATED else "kept"
        elif kind == 0 and stored.infrared is None and colours == 3:
            stored.infrared = contiguous(to_codes(plane, bits))
            stored.notes["infrared"] = f"sample {colours + n + 1}"
        else:
            stored.warnings.append(f"sample {colours + n + 1} of each pixel is ignored")


def _read_infrared(path: Path, page: Any, stored: Stored) -> None:
    if stored.infrared is not None:
        stored.warnings.append("the page after the picture is ignored")
        return
    try:
        check_page(path, page)
        samples = upright(_samples(path, page), _tag(page, "Orientation", 1))
        plane = to_codes(_positive(samples[..., 0], page), int(page.bitspersample))
    except (InputError, *LIBRARY_FAILURES):
        stored.warnings.append("the infrared page is damaged and ignored")
        return
    if plane.shape == stored.pixels.shape[:2]:
        stored.infrared = contiguous(plane)
        stored.notes["infrared"] = "second page"
    else:
        stored.warnings.append("the infrared page is turned otherwise and ignored")


def _samples(path: Path, page: Any) -> Samples:
    """Return (h, w, samples), a map of the file where its data lie in one piece."""
    height, width = int(page.imagelength), int(page.imagewidth)
    count = int(page.samplesperpixel)
    planar = int(page.planarconfig) == 2 and count > 1
    shape = (count, height, width) if planar else (height, width, count)
    kind = page.dtype.newbyteorder(page.parent.byteorder)
    plain = int(page.compression) == 1 and int(page.predictor) == 1 and int(page.fillorder) == 1
    whole_bytes = page.bitspersample == page.dtype.itemsize * 8 and not page.is_tiled
    offsets, counts = page.dataoffsets, page.databytecounts
    joined = all(
        first + size == second
        for first, size, second in zip(offsets, counts, offsets[1:], strict=False)
    )
    if plain and whole_bytes and joined and sum(counts) >= math.prod(shape) * kind.itemsize:
        samples: Samples = np.memmap(path, kind, "r", offsets[0], shape).view(np.ndarray)
        if not samples.flags.aligned:
            samples = samples.copy()
    else:
        samples = page.asarray(maxworkers=2, buffersize=READ_AHEAD)
        if samples.size != math.prod(shape):
            raise refusal(path, f"its pages have the shape {samples.shape}", REMEDY)
        samples = samples.reshape(shape)
    return np.moveaxis(samples, 0, 2) if planar else samples


def _positive(grey: Samples, page: Any) -> Samples:
    """Return grey with black as 0."""
    if int(page.photometric) != WHITE_IS_ZERO:
        return grey
    if grey.dtype.kind == "f":
        return 1 - grey
    most = (1 << int(page.bitspersample)) - 1
    return ~grey if grey.dtype == np.bool_ else grey.dtype.type(most) - grey


def _tag(page: Any, name: str, default: Any) -> Any:
    tag = page.tags.get(name)
    return default if tag is None or tag.value is None else tag.value


def _exif(*pages: Any) -> Said | None:
    """Return what the Exif block of the first page that has one says."""
    for page in pages:
        try:
            exif = _tag(page, "ExifTag", {})
            said = exif_says(exif.get("ColorSpace"), _interoperability(page, exif))
        except LIBRARY_FAILURES:
            continue
        if said is not None:
            return said
    return None


def _interoperability(page: Any, exif: dict[str, Any]) -> bytes | None:
    """Return Exif's InteroperabilityIndex, which tifffile leaves unread in its own directory."""
    offset = exif.get("InteroperabilityTag")
    if not isinstance(offset, int) or page.parent.is_bigtiff:
        return None
    file, order = page.parent.filehandle, page.parent.byteorder
    file.seek(offset)
    (count,) = struct.unpack(order + "H", file.read(2))
    for _ in range(min(count, 8)):
        tag, _, size, value = struct.unpack(order + "HHI4s", file.read(12))
        if tag == 1 and size <= 4:
            return bytes(value)
    return None
