"""What a file is, by its first bytes."""

from __future__ import annotations

from pathlib import Path

from orangemask.decode.failures import refusal
from orangemask.decode.raw import RAW_EXTENSIONS

SUPPORTED = "RAW, TIFF, PNG, JPEG and OpenEXR can be read"

TIFFS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
RAWS = (
    b"FUJIFILMCCD-RAW",
    b"II\x1a\0\0\0HEAPCCDR",  # Canon CRW
    b"IIU\0",  # Panasonic
    b"IIRO",  # Olympus
    b"IIRS",
    b"MMOR",
    b"FOVb",  # Sigma
    b"\0MRM",  # Minolta
)
OTHERS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"8BPS": "Photoshop",
    b"%PDF": "PDF",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"#?RADIANCE": "Radiance",
    b"SDPX": "DPX",
    b"XPDS": "DPX",
    b"gimp xcf": "GIMP",
    b"<svg": "SVG",
}


def kind_of(path: Path) -> str:
    """Return ``raw``, ``tiff``, ``png``, ``jpeg`` or ``exr``.

    Files with a RAW extension that begin as a TIFF does, or as nothing known, are ``raw``.

    Raises
    ------
    InputError
        If there is no such file, or it is none of these.
    """
    head = _head(path)
    extension = path.suffix.lower()
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x76\x2f\x31\x01"):
        return "exr"
    if head.startswith(TIFFS):
        return "raw" if extension in RAW_EXTENSIONS or head[8:10] == b"CR" else "tiff"
    if head.startswith(RAWS) or head[4:12] == b"ftypcrx ":
        return "raw"
    if extension in RAW_EXTENSIONS:
        return "raw"
    raise refusal(path, f"it is {_name(head)}", SUPPORTED)


def _head(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise refusal(path, "it is a folder", "name the files in it")
        if not path.exists():
            raise refusal(path, "there is no such file", "check the name and the folder")
        if not path.is_file():
            raise refusal(path, "it is not a regular file", "copy it to one")
        with path.open("rb") as file:
            head = file.read(64)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        cause = getattr(error, "strerror", None) or error
        raise refusal(path, str(cause).lower(), "check the name and its permissions") from error
    if not head:
        raise refusal(path, "it is empty", "copy it again from its source")
    return head


def _name(head: bytes) -> str:
    """Return a phrase for content that is not supported."""
    for magic, name in OTHERS.items():
        if head.startswith(magic):
            return f"a {name} file"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP file"
    if head[4:8] == b"ftyp":
        return "a HEIF, AVIF or video file"
    if all(byte in b"\t\n\r\f" or 32 <= byte < 127 or byte > 127 for byte in head):
        return "a text file"
    return "of an unknown type"
