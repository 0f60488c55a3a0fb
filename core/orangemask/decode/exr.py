"""OpenEXR files, by the OpenEXR library: half or float, always linear."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from orangemask.decode.encoding import Said
from orangemask.decode.failures import LIBRARY_FAILURES, native_output, one_line, refusal
from orangemask.decode.limits import check_size
from orangemask.decode.primaries import D65_XY, REC_709, primaries_to_xyz
from orangemask.decode.stored import (
    Samples,
    Stored,
    contiguous,
    divide_by_alpha,
    grey_to_rgb,
    to_codes,
)

REMEDY = "is it a complete OpenEXR file?"
RGB = ("R", "G", "B")
BYTES = {"HALF": 2, "FLOAT": 4, "UINT": 4}


def read_exr(path: Path) -> Stored:
    """Return the first RGB layer of an OpenEXR file.

    Raises
    ------
    InputError
        If it is damaged, deep, subsampled or has no colour.
    """
    import OpenEXR

    parts = _open(path, header_only=True)
    if not parts:
        raise refusal(path, "it has no picture", REMEDY)
    index = -1
    for part in parts:
        index += 1
        header = part.header
        low, high = header["dataWindow"]
        width, height = (int(high[n]) - int(low[n]) + 1 for n in (0, 1))
        if header["type"] in (OpenEXR.deepscanline, OpenEXR.deeptile):
            raise refusal(path, "it is a deep picture", "flatten it")
        layer = _layer([channel.name for channel in header["channels"]])
        bytes_per_pixel = 2.0 * len(header["channels"])
        check_size(path, width, height, stored=path.stat().st_size, bytes_per_pixel=bytes_per_pixel)
        if layer is not None:
            break
    else:
        names = ", ".join(channel.name for channel in parts[0].header["channels"])
        raise refusal(
            path, f"it has no channels R, G and B, only {names or 'none'}", "save it as RGB"
        )
    wanted = [
        c for c in header["channels"] if c.name in {layer + name for name in (*RGB, "Y", "A")}
    ]
    if any(channel.xSampling != 1 or channel.ySampling != 1 for channel in wanted):
        raise refusal(path, "its channels are subsampled", "save it as RGB")

    stored = _interleave(path, _open(path)[index:], layer)
    if len(parts) > 1:
        stored.warnings.append(f"only one of its {len(parts)} parts is read")
    shown = header["displayWindow"]
    if not (np.array_equal(low, shown[0]) and np.array_equal(high, shown[1])):
        stored.notes["window"] = "the data window, which is not the display window"
    if layer:
        stored.notes["layer"] = one_line(layer.rstrip("."))
    stored.said = _colour(header, stored.warnings)
    return stored


def _open(path: Path, header_only: bool = False) -> list[Any]:
    """Return the parts of a file, without what the library prints about it."""
    import OpenEXR

    printed = io.StringIO()
    try:
        with native_output("EXR_ERR", path.name), contextlib.redirect_stdout(printed):
            file = OpenEXR.File(str(path), header_only=header_only)
    except MemoryError as error:
        raise refusal(path, "there is not enough memory for it") from error
    except LIBRARY_FAILURES as error:
        raise refusal(path, error, REMEDY) from error
    parts = list(file.parts)
    if "Exception" in printed.getvalue() or not parts:
        cause = printed.getvalue().rpartition(" - ")[2]
        raise refusal(path, f"OpenEXR says: {cause or 'no parts'}", REMEDY)
    return parts


def _layer(names: Sequence[str]) -> str | None:
    """Return the prefix of the first layer with colour: RGB before grey, none before others."""
    for needed in (RGB, ("Y",)):
        layers = [name[: -len(needed[0])] for name in names if name.endswith(needed[0])]
        for layer in sorted(
            layers, key=lambda prefix: (prefix != "", names.index(prefix + needed[0]))
        ):
            if layer and not layer.endswith("."):
                continue
            chroma = needed == ("Y",) and f"{layer}RY" in names
            if all(layer + name in names for name in needed) and not chroma:
                return layer
    return None


def _interleave(path: Path, parts: Sequence[Any], layer: str) -> Stored:
    channels = {name: channel.pixels for name, channel in parts[0].channels.items()}
    # The library joins R, G, B (and A) of a layer into one array.
    joined = next(
        (
            channels[name]
            for name in (f"{layer}RGBA", f"{layer}RGB", layer.rstrip("."))
            if name and name in channels and channels[name].ndim == 3
        ),
        None,
    )
    alpha: Samples | None = channels.get(f"{layer}A")
    if joined is not None:
        colour = joined[..., :3]
        alpha = joined[..., 3] if joined.shape[2] == 4 else alpha
    elif all(layer + name in channels for name in RGB):
        colour = np.stack([channels[layer + name] for name in RGB], axis=2)
    else:
        colour = grey_to_rgb(channels[layer + "Y"])
    if colour.dtype.kind != "f":
        raise refusal(path, "its channels are integers", "save it as half or float")
    stored = Stored(contiguous(to_codes(colour, 16)), colour.dtype.itemsize * 8, floating=True)
    if f"{layer}Y" in channels and joined is None:
        stored.warnings.append("it is grey; red, green and blue are the same")
    if alpha is not None:
        stored.alpha = contiguous(to_codes(alpha, 16))
        if np.any(stored.alpha != 1):
            stored.pixels = divide_by_alpha(stored.pixels, stored.alpha)
            stored.notes["alpha"] = "associated; divided out"
    return stored


def _colour(header: dict[str, Any], warnings: list[str]) -> Said:
    numbers = header.get("chromaticities")
    if numbers is None:
        # OpenEXR's standard attributes: without chromaticities, Rec. ITU-R BT.709 is assumed.
        return Said(None, "EXR", primaries_to_xyz(REC_709, D65_XY))
    values = [float(value) for value in numbers]
    pairs = list(zip(values[0::2], values[1::2], strict=True))
    try:
        return Said(None, "EXR", primaries_to_xyz(pairs[:3], pairs[3]))
    except (ValueError, np.linalg.LinAlgError) as error:
        warnings.append(f"its chromaticities are ignored: {one_line(error)}")
        return Said(None, "EXR")
