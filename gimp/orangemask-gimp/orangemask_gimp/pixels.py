"""A layer's samples to a file and back, in the layer's own space: nothing is converted.

A plain format name means sRGB, and GEGL converts to it, which destroys colours outside; so every
format here is bound to the space of the layer's own.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gi.repository import Babl, Gegl, Gimp

from orangemask_gimp.problems import PluginError, StoppedError

STRIP = 128  # rows; the fastest of those tried
BYTES = {"uint8": 1, "uint16": 2, "float32": 4}
BABL_TYPES = {"uint8": "u8", "uint16": "u16", "float32": "float"}
DEPTHS = {"U8": "uint8", "U16": "uint16"}  # all others are read and written as float
CURVES = {"LINEAR": "RGB", "NON_LINEAR": "R'G'B'", "PERCEPTUAL": "R~G~B~"}
FILES = {
    ".tif": "tiff", ".tiff": "tiff", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".exr": "exr",
}  # fmt: skip

Step = Callable[[float], bool]
"""Told the part done; false asks to stop."""


@dataclass(frozen=True)
class Layout:
    """How a layer's samples lie in a file.

    Attributes
    ----------
    format : str
        Babl's name, bound to the layer's space.
    dtype : str
        ``uint8``, ``uint16`` or ``float32``.
    channels : int
        3 or 4.
    curve : str
        ``LINEAR``, ``NON_LINEAR`` or ``PERCEPTUAL``, as GIMP's precisions are named.
    profile : bytes or None
        The image's ICC profile; None is GIMP's own sRGB.
    file : str
        What kind of file the image came from, ``none`` if it is not known.
    """

    format: str
    dtype: str
    channels: int
    curve: str
    profile: bytes | None
    file: str

    @property
    def pixel(self) -> int:
        """Bytes of a pixel."""
        return BYTES[self.dtype] * self.channels

    def source(self, encoding: str, light: str, made_for: str | None) -> dict[str, object]:
        """Return the fields of the engine's ``image`` but path and size.

        Parameters
        ----------
        encoding, light : str
            As asked for; ``auto`` is as the image says.
        made_for : str or None
            What values that exist were made for, of pictures that say nothing themselves.
        """
        if encoding == "auto" and self.curve != "NON_LINEAR":
            encoding = "linear" if self.curve == "LINEAR" else "srgb"
        if encoding == "auto" and self.profile is None and made_for not in (None, "icc"):
            encoding = str(made_for)
        if encoding == "auto" and self.profile is None and self.file == "none":
            encoding = "srgb"  # what GIMP itself takes it for
        if light == "auto":  # linear light that an editor holds is not the scene's for that
            light = "scene" if self.file == "exr" else "display"
        return {"encoding": encoding, "light": light, "file": self.file, **self._samples()}

    def output(self) -> dict[str, object]:
        """Return the fields of the engine's ``output`` but the path."""
        return {"linear": self.curve == "LINEAR", **self._samples()}

    def _samples(self) -> dict[str, object]:
        told: dict[str, object] = {"dtype": self.dtype, "channels": self.channels}
        if self.profile is not None:
            told["profile"] = base64.b64encode(self.profile).decode()
        return told


def layout_of(image: Any, layer: Any) -> Layout:
    """Return how the samples of a layer are handed over.

    Raises
    ------
    PluginError
        The image is not RGB.
    """
    if image.get_base_type() != Gimp.ImageBaseType.RGB:
        raise PluginError(
            "Orangemask works on RGB images; this one is greyscale or indexed. Image ▸ Mode ▸ RGB "
            "makes it one."
        )
    depth, curve = precision_of(image)
    dtype = DEPTHS.get(depth, "float32")
    profile = image.get_color_profile()
    if curve == "PERCEPTUAL" and profile is not None:
        curve = "NON_LINEAR"  # sRGB's curve on another space's primaries: babl converts
    alpha = "A" if layer.has_alpha() else ""
    space = Babl.format_get_space(layer.get_format())
    name = f"{CURVES[curve]}{alpha} {BABL_TYPES[dtype]}"
    return Layout(
        Babl.get_name(Babl.format_with_space(name, space)),
        dtype,
        4 if alpha else 3,
        curve,
        bytes(profile.get_icc_profile()) if profile else None,
        file_of(image),
    )


def file_of(image: Any) -> str:
    """Return from what kind of file an image was loaded, ``none`` where nothing tells it."""
    for file in (image.get_imported_file(), image.get_file()):
        kind = FILES.get(Path(file.get_basename() or "").suffix.lower()) if file else None
        if kind:
            return kind
    for name in image.get_parasite_list():  # GIMP 3.0 keeps no name in scripts
        for kind in FILES.values():
            if name.startswith("GimpProcedureConfig") and f"-file-{kind}-" in name:
                return kind
    return "none"


def precision_of(image: Any) -> tuple[str, str]:
    """Return ``U8`` … ``DOUBLE`` and ``LINEAR``, ``NON_LINEAR`` or ``PERCEPTUAL``."""
    precision = image.get_precision()
    for depth in ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE"):
        for curve in CURVES:
            if precision == getattr(Gimp.Precision, f"{depth}_{curve}"):
                return depth, curve
    raise PluginError("This image has a precision that this plug-in does not know.")


def save(layer: Any, layout: Layout, path: Path, step: Step) -> None:
    """Write a layer's samples to a new file of our own, in strips.

    Raises
    ------
    PluginError
        The disk is full.
    StoppedError
        `step` asked for it.
    """
    width, height = layer.get_width(), layer.get_height()
    buffer = layer.get_buffer()
    try:
        with open(path, "xb", opener=_private) as file:
            for top in range(0, height, STRIP):
                rows = min(STRIP, height - top)
                where = Gegl.Rectangle.new(0, top, width, rows)
                file.write(buffer.get(where, 1.0, layout.format, Gegl.AbyssPolicy.NONE))
                if not step((top + rows) / height):
                    raise StoppedError
    except OSError as error:
        raise _full(path, error) from error


def save_small(layer: Any, layout: Layout, path: Path, most: float) -> tuple[int, int]:
    """Write a layer's samples scaled down to `most` pixels at most; return width and height."""
    width, height = layer.get_width(), layer.get_height()
    scale = min(1.0, (most / (width * height)) ** 0.5)
    small = max(1, int(width * scale)), max(1, int(height * scale))
    where = Gegl.Rectangle.new(0, 0, *small)
    samples = layer.get_buffer().get(where, scale, layout.format, Gegl.AbyssPolicy.CLAMP)
    try:
        with open(path, "xb", opener=_private) as file:
            file.write(samples)
    except OSError as error:
        raise _full(path, error) from error
    return small


def reserve(path: Path) -> None:
    """Make an empty file of our own, which the engine will fill."""
    try:
        os.close(_private(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except OSError as error:
        raise _full(path, error) from error


def load(layer: Any, layout: Layout, path: Path) -> None:
    """Fill a layer with the samples of a file, in strips."""
    width, height = layer.get_width(), layer.get_height()
    buffer = layer.get_buffer()
    with path.open("rb") as file:
        for top in range(0, height, STRIP):
            rows = min(STRIP, height - top)
            where = Gegl.Rectangle.new(0, top, width, rows)
            buffer.set(where, layout.format, file.read(rows * width * layout.pixel))
    buffer.flush()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _full(path: Path, error: OSError) -> PluginError:
    return PluginError(
        f"The pixels cannot be put into {path.parent}: {error.strerror}. Free some room there, or "
        "set TMPDIR to a folder with room and start GIMP again."
    )
