"""darktable's parameter structs: module, version and layout, each declared once.

Native byte order, no padding: all fields are 4 bytes wide or text. The same in darktable 5.0.1 and
5.4.1 (``src/iop/*.c``, ``DT_MODULE_INTROSPECTION``); the tests have both programs render them.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from orangemask.errors import ParameterError

Number: TypeAlias = float | int
Field: TypeAlias = Number | str | tuple[float, ...]

MOST_BYTES = 1 << 16  # the largest struct here has 12,940
MOST_FACTOR = 99  # two digits


@dataclass(frozen=True, slots=True)
class Layout:
    """The parameters of one module.

    Attributes
    ----------
    operation : str
        darktable's name of the module.
    version : int
        Of the parameters.
    fields : tuple of (name, format)
        As `struct` writes them: ``i``, ``f``, ``4f``, ``512s``; in the order of the C struct.
    """

    operation: str
    version: int
    fields: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return struct.calcsize(self._format)

    def pack(self, values: Mapping[str, Field]) -> bytes:
        """Return the struct of `values`; a text is UTF-8, ended by a zero.

        Raises
        ------
        ParameterError
            A text is longer than its field.
        """
        flat: list[Number | bytes] = []
        for name, kind in self.fields:
            value = values[name]
            if isinstance(value, str):
                flat.append(_text(value, struct.calcsize(kind), f"{self.operation} {name}"))
            elif isinstance(value, tuple):
                flat += value
            else:
                flat.append(value)
        return struct.pack(self._format, *flat)

    def unpack(self, raw: bytes, *, longer: bool = False) -> dict[str, Field]:
        """Return the fields of a struct; with `longer`, of one that begins so.

        Raises
        ------
        ParameterError
            It has another size, or a text is not UTF-8.
        """
        if longer:
            raw = raw[: self.size]
        if len(raw) != self.size:
            raise ParameterError(
                f"the parameters of {self.operation} have {len(raw)} bytes; version {self.version}"
                f", which this program reads, has {self.size}"
            )
        flat = list(struct.unpack(self._format, raw))
        values: dict[str, Field] = {}
        for name, kind in self.fields:
            count = int(kind[:-1] or 1)
            if kind.endswith("s"):
                values[name] = _from_text(flat.pop(0), self.operation)
            elif count == 1:
                values[name] = flat.pop(0)
            else:
                values[name], flat = tuple(flat[:count]), flat[count:]
        return values

    @property
    def _format(self) -> str:
        return "=" + "".join(kind for _, kind in self.fields)


NEGADOCTOR = Layout(
    "negadoctor",
    2,
    (
        ("film_stock", "i"),
        ("Dmin", "4f"),
        ("wb_high", "4f"),
        ("wb_low", "4f"),
        ("D_max", "f"),
        ("offset", "f"),
        ("black", "f"),
        ("gamma", "f"),
        ("soft_clip", "f"),
        ("exposure", "f"),
    ),
)
COLORIN = Layout(
    "colorin",
    7,
    (
        ("type", "i"),
        ("filename", "512s"),
        ("intent", "i"),
        ("normalize", "i"),
        ("blue_mapping", "i"),
        ("type_work", "i"),
        ("filename_work", "512s"),
    ),
)
LUT3D = Layout(
    "lut3d",
    3,
    (
        ("filepath", "512s"),
        ("colorspace", "i"),
        ("interpolation", "i"),
        ("nb_keypoints", "i"),
        ("c_clut", "12288s"),
        ("lutname", "128s"),
    ),
)
TEMPERATURE = Layout(
    "temperature",
    4,
    (("red", "f"), ("green", "f"), ("blue", "f"), ("various", "f"), ("preset", "i")),
)

CROP = Layout("crop", 1, (("edges", "4f"), ("ratio", "2i")))
"""Edges are left, top, right, bottom as parts of the upright picture; all versions begin so."""

LAYOUTS = {one.operation: one for one in (NEGADOCTOR, COLORIN, LUT3D, TEMPERATURE)}

# dt_develop_blend_params_t, version 14, with all at its default: no mask, no blending. As darktable
# 5.4.1 exports it in a style; 5.0.1 writes the same.
BLEND_VERSION = 14
NO_BLEND = "gz11eJxjYIAACQYYOOHEgAZY0QWAgBGLGANDgz0Ej1Q+dcF/IADRAGpyHQU="


def encode(raw: bytes) -> str:
    """Return bytes as darktable keeps them in text: hexadecimal, or packed where that is shorter.

    Reference
    ---------
    darktable, src/common/exif.cc, ``dt_exif_xmp_encode``: "gz", the factor by which zlib shrank
    it in two digits, then base64.
    """
    packed = zlib.compress(raw, 9)
    factor = min(len(raw) // len(packed) + 1, MOST_FACTOR)
    text = f"gz{factor:02d}{base64.b64encode(packed).decode('ascii')}"
    return text if len(text) < 2 * len(raw) else raw.hex()


def decode(text: str) -> bytes:
    """Return the bytes of `encode`'s text.

    Raises
    ------
    ParameterError
        It is no such text, or unpacks to more than any module's parameters.
    """
    try:
        if not text.startswith("gz"):
            return bytes.fromhex(text)
        unpacking = zlib.decompressobj()
        raw = unpacking.decompress(base64.b64decode(text[4:], validate=True), MOST_BYTES)
    except (ValueError, binascii.Error, zlib.error) as error:
        raise ParameterError(f"these are no parameters of a darktable module: {error}") from error
    if not unpacking.eof:
        raise ParameterError("these parameters are cut off, or too large for a darktable module")
    return raw


def _text(text: str, room: int, name: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if len(raw) >= room:
        raise ParameterError(f"{name} has {len(raw)} bytes; darktable has room for {room - 1}")
    return raw


def _from_text(raw: bytes, operation: str) -> str:
    try:
        return raw.partition(b"\0")[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParameterError(f"a text of {operation} is not UTF-8") from error
