"""Which page of a TIFF is the picture, which is infrared, and whether its data are all there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orangemask.decode.failures import refusal
from orangemask.decode.limits import ANY_RATIO, DEFLATE_RATIO, MAX_PIXELS, check_size

MAX_PAGES = 64  # a scan has a handful

# Photometric interpretations (TIFF 6.0; DNG 1.6 for the last two).
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6
CFA, LINEAR_RAW = 32803, 34892
GREY = (WHITE_IS_ZERO, BLACK_IS_ZERO)
COLOUR = (RGB, PALETTE, YCBCR, LINEAR_RAW)
LAB = (8, 9, 10)

# Compressions whose decoder turns YCbCr into RGB.
JPEGS = (6, 7, 33003, 33005, 34712)

DNG_VERSION = 50706
REDUCED = 1  # bit of NewSubfileType


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a file by their use."""

    picture: Any
    infrared: Any = None
    warnings: list[str] = field(default_factory=list)


def is_camera_raw(tiff: Any) -> bool:
    """Return whether a TIFF holds a sensor's data, mosaic or linear.

    The DNG version tag alone does not tell: programs that copy tags leave it in finished pictures,
    so there the picture must also be below a reduced first page.
    """
    pages = list(_each(tiff))
    if any(int(page.photometric) in (CFA, LINEAR_RAW) for page in pages):
        return True
    return DNG_VERSION in pages[0].tags and bool(pages[0].subfiletype & REDUCED)


def choose_pages(path: Path, tiff: Any) -> Pages:
    """Return the page that is the picture and the one that is its infrared.

    The picture is the first colour page that is not marked as reduced and has at least half the
    pixels of the largest one; without colour, the first grey page chosen likewise. A page of one
    sample and the same size that follows it is infrared.
    """
    pages = list(_each(tiff))
    whole = [page for page in pages if not page.subfiletype & REDUCED] or pages
    colour = [page for page in whole if int(page.photometric) in COLOUR] or whole
    if not colour:
        raise refusal(path, "it has no pages", "is it damaged?")
    largest = max(_area(page) for page in colour)
    picture = next(page for page in colour if 2 * _area(page) >= largest)

    infrared = None
    others = 0
    for page in whole[whole.index(picture) + 1 :]:
        alike = (page.imagewidth, page.imagelength) == (picture.imagewidth, picture.imagelength)
        single = page.samplesperpixel == 1 and int(page.photometric) in GREY
        colourful = int(picture.photometric) in COLOUR
        if infrared is None and alike and single and colourful:
            infrared = page
        else:
            others += 1
    others += whole.index(picture)
    plural = "s are" if others > 1 else " is"
    return Pages(picture, infrared, [f"{others} further page{plural} ignored"] if others else [])


def check_page(path: Path, page: Any) -> None:
    """Refuse a page that cannot be a picture, before memory is taken for it."""
    photometric = int(page.photometric)
    if photometric == SEPARATED:
        raise refusal(path, "its colours are CMYK", "convert it to RGB")
    if photometric in LAB:
        raise refusal(path, "its colours are CIELab", "convert it to RGB")
    known = (*GREY, *COLOUR)
    if photometric not in known or (photometric == YCBCR and int(page.compression) not in JPEGS):
        name = getattr(page.photometric, "name", photometric)
        raise refusal(path, f"its colours are {name}", "convert it to RGB")
    kind = page.dtype
    if kind is None or kind.kind not in "ufb":
        format_ = {"i": "signed integers", "c": "complex numbers"}
        cause = format_.get(kind.kind if kind is not None else "", "of an unknown type")
        raise refusal(path, f"its samples are {cause}", "save it as unsigned integers or float")
    if page.imagedepth != 1:
        raise refusal(path, "it is a volume", "save one slice")
    size = path.stat().st_size
    counts, offsets = page.databytecounts, page.dataoffsets
    ends = [offset + count for offset, count in zip(offsets, counts, strict=False) if count]
    if not ends or max(ends) > size:
        raise refusal(path, "its picture data are missing or cut", "is it truncated?")
    compression = int(page.compression)
    ratio = {1: 1, 8: DEFLATE_RATIO, 32946: DEFLATE_RATIO}.get(compression, ANY_RATIO)
    width, height = int(page.imagewidth), int(page.imagelength)
    samples = int(page.samplesperpixel)
    check_size(
        path,
        width,
        height,
        stored=sum(counts),
        ratio=ratio,
        bytes_per_pixel=samples * page.bitspersample / 8,
        most=MAX_PIXELS * 3 // max(3, samples),
    )
    # Tiles that are much larger than the picture are a bomb as well.
    if page.is_tiled:
        check_size(
            path,
            int(page.tilewidth),
            int(page.tilelength),
            stored=max(counts),
            ratio=ratio,
            bytes_per_pixel=page.bitspersample / 8,
        )


def _each(tiff: Any) -> Iterator[Any]:
    """Yield full pages and the full-size ones below a reduced first page, as cameras nest them."""
    for index, page in enumerate(tiff.pages):
        if index >= MAX_PAGES:
            return
        full = page.aspage() if hasattr(page, "aspage") else page
        yield full
        if full.subfiletype & REDUCED and full.subifds:
            for below in full.pages or ():
                yield below.aspage() if hasattr(below, "aspage") else below


def _area(page: Any) -> int:
    return int(page.imagewidth) * int(page.imagelength)
