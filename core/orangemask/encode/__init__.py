"""Writing pictures: codes of an output space to TIFF, PNG, JPEG or OpenEXR."""

from __future__ import annotations

from orangemask.encode.formats import FORMATS, Format, SaveOptions, format_of, pixel_dtype
from orangemask.encode.icc import profile
from orangemask.encode.sink import Sink, create_image, write_image

__all__ = [
    "FORMATS",
    "Format",
    "SaveOptions",
    "Sink",
    "create_image",
    "format_of",
    "pixel_dtype",
    "profile",
    "write_image",
]
