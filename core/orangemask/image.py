"""The picture as every part of Orangemask holds it.

Pixels are (h, w, 3), RGB, C-contiguous, uint16 or float32, in the *codes of the source* (uint8 is
widened by 257, which is exact). How codes become linear light is kept beside them as one curve per
channel, `transfer`, and becomes the first step of every transform: a table reads codes as easily as
light, nothing is clipped or rounded on the way in, and a mapped file needs no copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import LINEAR, Curve

Pixels: TypeAlias = NDArray[np.uint16] | NDArray[np.float32]
Triple: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class CameraColour:
    """What a RAW file says of its sensor's colour; applied where it is read as a photograph.

    Attributes
    ----------
    xyz_to_camera : (3, 3) float64 or None
        CIE XYZ (D65) to camera RGB, as in DNG's ColorMatrix.
    as_shot : tuple of 3 floats or None
        White balance multipliers of the shot, green = 1.
    make, model : str
        As the file names them.
    """

    xyz_to_camera: NDArray[np.float64] | None = None
    as_shot: Triple | None = None
    make: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A picture and what is known of it.

    Attributes
    ----------
    pixels : (h, w, 3) uint16 or float32
        Codes; uint16 65535 and float 1.0 are the same. May be a read-only map of a file.
    transfer : tuple of 3 curves
        Codes in 0…1 to linear light, red, green, blue.
    encoding : str
        Name of `transfer` for people: ``linear``, ``srgb``, ``gamma:2.2``, ``icc``.
    rgb_to_xyz : (3, 3) float64 or None
        Primaries of the source (to XYZ D50, the profile connection space) where a profile says.
    icc : bytes or None
        The embedded profile as found.
    alpha, infrared : (h, w) uint16 or float32, or None
        Kept aside; never inverted.
    scene : bool or None
        Of a photograph, where it is told: whether its light is the scene's (`is_scene`).
    camera : CameraColour or None
        For RAW files.
    source : Path or None
        The file, from which metadata is copied.
    kind : str
        ``raw``, ``tiff``, ``png``, ``jpeg``, ``exr`` or ``array``.
    notes : mapping of str to str
        Further facts worth printing (bits per sample, page …).
    warnings : tuple of str
        What the user should know: guessed encoding, ignored pages, NaN found …
    """

    pixels: Pixels
    transfer: tuple[Curve, Curve, Curve] = (LINEAR, LINEAR, LINEAR)
    encoding: str = "linear"
    rgb_to_xyz: NDArray[np.float64] | None = None
    icc: bytes | None = None
    alpha: Pixels | None = None
    infrared: Pixels | None = None
    scene: bool | None = None
    camera: CameraColour | None = None
    source: Path | None = None
    kind: str = "array"
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()

    @property
    def is_scene(self) -> bool:
        """Whether a photograph's light is the scene's, with no tone curve laid on it.

        Linear codes are, unless something else is told.
        """
        return self.encoding == "linear" if self.scene is None else self.scene

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])
