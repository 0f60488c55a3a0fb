"""How darktable is made to read a file as the engine does: its input and working profile.

Our densities are those of the source's own channels. Linear codes, a RAW file's too, come to
negadoctor as they are, by the input profile "linear Rec2020", which is the working profile's. Codes
with any curve are read by the input profile "sRGB", whatever profile they have::

    w = M · s(code),  light = f(s⁻¹(M⁻¹ w))

with s the curve of sRGB, M from its primaries to Rec. 2020 and f the file's own curve. M has no
negative element, so nothing is lost; it mixes the channels a little before negadoctor, which the
table behind it undoes. A profile that is a table itself is left to darktable, as it is to us.

The working profile is always linear Rec2020, darktable's default. With another one lut3d works on
wrong colours when darktable exports (seen in 5.0.1 and 5.4.1: it takes the light for Rec. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import LINEAR, SRGB, Curve, Transfer
from orangemask.decode.encoding import parse_encoding
from orangemask.decode.kinds import kind_of
from orangemask.decode.tiff import is_raw_tiff
from orangemask.errors import ParameterError
from orangemask.spaces import conversion, space
from orangemask.transforms import Curves, Matrix, Operation, Transform
from orangemask_bridge.negadoctor import Light


class Profile(IntEnum):
    """Some of ``dt_colorspaces_color_profile_type_t`` (src/common/colorspaces.h)."""

    SRGB = 1
    LINEAR_REC2020 = 4
    EMBEDDED = 9


WORK = space("linear-rec2020")
IDENTITY = np.eye(3)
CODES = np.linspace(0.0, 1.0, 1 << 14)  # at which a curve is looked up to invert it


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """How a file comes to negadoctor.

    Attributes
    ----------
    raw : bool
        Whether white balance and camera matrix have to be kept away.
    input : Profile
    matrix : (3, 3) float64
        M; the identity where codes are linear.
    curves : 3 curves or None
        f; None where codes are linear.
    """

    raw: bool = False
    input: Profile = Profile.LINEAR_REC2020
    matrix: NDArray[np.float64] = field(default_factory=lambda: IDENTITY)
    curves: tuple[Curve, Curve, Curve] | None = None

    def to_work(self, light: Light) -> Light:
        """Return light in the working profile for the source's (…, 3)."""
        light = np.maximum(light, 0.0)
        if self.curves is not None:
            codes = [_inverse(curve, light[..., c : c + 1]) for c, curve in enumerate(self.curves)]
            light = SRGB(np.concatenate(codes, axis=-1))
        return np.asarray(light @ self.matrix.T)

    def to_source(self, light: Light) -> Light:
        """Return the source's light for the working profile's (…, 3)."""
        return np.asarray(Transform.of(self.source_operations())(np.maximum(light, 0.0)))

    def source_operations(self) -> list[Operation]:
        """Return `to_source` as operations of a transform."""
        if self.curves is None:
            return [Matrix.of(np.linalg.inv(self.matrix))]
        encode = _Positive(SRGB.inverse)
        return [
            Matrix.of(np.linalg.inv(self.matrix)),
            Curves((encode, encode, encode)),
            Curves(self.curves),
        ]


@dataclass(frozen=True, slots=True)
class _Positive:
    """A curve of what is not negative; the inverse of M leaves a little below 0."""

    curve: Curve

    def __call__(self, x: Light) -> Light:
        return self.curve(np.maximum(x, x.dtype.type(0)))


def reading_of(encoding: str, file: Path | None) -> Reading:
    """Return how darktable has to read a scan.

    Parameters
    ----------
    encoding : str
        How its values say that it was read: ``linear``, ``srgb``, ``gamma:G`` or ``icc``.
    file : Path or None
        The scan; of None it is assumed that it is no RAW file.

    Raises
    ------
    ParameterError
        Without the file its profile is not known, or it is read otherwise now.
    InputError
        It cannot be read.
    """
    raw = file is not None and _is_raw(file)
    if encoding == "icc":
        return _by_profile(file)
    curve = parse_encoding(encoding) or LINEAR
    return Reading(raw) if curve == LINEAR else _coded((curve, curve, curve))


def _coded(curves: tuple[Curve, Curve, Curve]) -> Reading:
    return Reading(False, Profile.SRGB, conversion(space("srgb"), WORK), curves)


def _is_raw(file: Path) -> bool:
    kind = kind_of(file)
    return kind == "raw" or (kind == "tiff" and is_raw_tiff(file))


def _by_profile(file: Path | None) -> Reading:
    from orangemask.decode import open_image

    if file is None:
        raise ParameterError(
            "these values belong to a picture with a colour profile; give its file as well"
        )
    image = open_image(file)
    if image.encoding != "icc":
        raise ParameterError(
            f"{file} is read as {image.encoding}; the values were made for a picture with another "
            "colour profile: predict again"
        )
    if image.icc is None:  # a table, applied by both of us
        return Reading(False, Profile.EMBEDDED)
    return _coded(image.transfer)


def _inverse(curve: Curve, light: Light) -> Light:
    """Return the codes of light; a curve rises."""
    if isinstance(curve, Transfer):
        return curve.inverse(light)
    return np.asarray(np.interp(light, curve(CODES), CODES))
