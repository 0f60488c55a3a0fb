"""Sizes a picture may have, checked on its header before memory is taken."""

from __future__ import annotations

from pathlib import Path

from orangemask.decode.failures import refusal

MAX_PIXELS = 1 << 30  # 1 gigapixel: a 24×36 mm frame at 25,000 ppi; 6 GB as uint16
MAX_RAW_PIXELS = 512 << 20  # the largest sensor backs have 151 MP, pixel shift makes 604 of some
MAX_SIDE = 1 << 20

# The most a coding can shrink a picture; a smaller file has lost its data, or is a bomb.
DEFLATE_RATIO = 1032  # zlib's format: 258 bytes in 2 bits
JPEG_RATIO = 2048  # 768 bytes of a 4:2:0 block group in 6 bits
ANY_RATIO = 65536  # ZSTD: 128 KiB in 3 bytes
RAW_PIXELS_PER_BYTE = 64  # lossless JPEG needs a bit a pixel; one eighth of that is no picture


def check_size(
    path: Path,
    width: int,
    height: int,
    *,
    stored: int | None = None,
    ratio: int = ANY_RATIO,
    bytes_per_pixel: float = 1.0,
    most: int = MAX_PIXELS,
) -> None:
    """Refuse a header's size that is empty, absurd, or more than its file can hold.

    Parameters
    ----------
    path : Path
        For the message.
    width, height : int
        In pixels, as the header says.
    stored : int or None
        Bytes the file has for the picture.
    ratio : int
        The best compression its coding can reach.
    bytes_per_pixel : float
        Uncompressed.
    most : int
        Pixels.

    Raises
    ------
    InputError
        If the size is not plausible.
    """
    if width < 1 or height < 1:
        raise refusal(path, f"its header says {width} × {height} pixels", "is it damaged?")
    if width * height > most or max(width, height) > MAX_SIDE:
        raise refusal(
            path,
            f"its header says {width} × {height} pixels; {most >> 20} megapixels are allowed",
            "is it damaged?",
        )
    if stored is not None and stored * ratio < width * height * bytes_per_pixel:
        raise refusal(
            path,
            f"{stored} bytes cannot hold the {width} × {height} pixels of its header",
            "is it truncated?",
        )
