"""Output colour spaces, declared once: primaries, white and transfer function of each.

Everything else about a space (matrices, ICC profile, chromaticities of an EXR file) is computed
from these few published numbers.

References
----------
IEC 61966-2-1:1999 (sRGB); SMPTE EG 432-1 (P3) with sRGB's curve, as Apple's Display P3; Adobe RGB
(1998) Color Image Encoding; ITU-R BT.2020-2, 12-bit constants; ISO 22028-2 (ROMM RGB, ProPhoto);
Academy S-2014-004 (ACEScg).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import LINEAR, SRGB, Curve, Transfer
from orangemask.errors import ParameterError

Matrix3: TypeAlias = NDArray[np.float64]
Chromaticity: TypeAlias = tuple[float, float]

PCS_WHITE = (0.9642, 1.0, 0.8249)  # XYZ of D50 as ICC.1:2022, 7.2.16 writes it

BRADFORD = np.array(  # Lam (1985), as ICC.1:2022, annex E prints it
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)

_D50: Chromaticity = (0.3457, 0.3585)
_D65: Chromaticity = (0.3127, 0.3290)
_ACES: Chromaticity = (0.32168, 0.33767)

_BT2020 = Transfer(1 / 0.45, 0.0993, 4.5, 4.5 * 0.0181)
_ROMM = Transfer(1.8, 0.0, 16.0, 16.0 ** (1 + 1.8 / (1 - 1.8)))  # foot below 16^(γ/(1−γ))


class Target(Protocol):
    """What a picture can be rendered for: a space declared here, or that of somebody's profile."""

    @property
    def rgb_to_pcs(self) -> Matrix3:
        """(3, 3), linear RGB to XYZ under D50."""
        ...

    @property
    def encoders(self) -> tuple[Curve, Curve, Curve]:
        """Linear light to codes, of red, green and blue."""
        ...

    @property
    def is_linear(self) -> bool:
        """Whether codes are linear light."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """An RGB colour space.

    Attributes
    ----------
    name : str
        As the command line writes it: ``display-p3``.
    label : str
        As people write it: ``Display P3``.
    primaries : tuple of 3 (x, y)
        CIE 1931 chromaticities of red, green, blue.
    white : (x, y)
        Chromaticity of R = G = B.
    transfer : Transfer
        Codes to linear light; `encode` is the inverse.
    """

    name: str
    label: str
    primaries: tuple[Chromaticity, Chromaticity, Chromaticity]
    white: Chromaticity
    transfer: Transfer

    @property
    def encode(self) -> Transfer:
        """Linear light to codes."""
        return self.transfer.inverse

    @property
    def encoders(self) -> tuple[Curve, Curve, Curve]:
        """The same for red, green and blue."""
        return (self.encode,) * 3

    @property
    def is_linear(self) -> bool:
        """Whether codes are linear light."""
        return self.transfer == LINEAR

    @property
    def rgb_to_xyz(self) -> Matrix3:
        """(3, 3), linear RGB to XYZ under the space's own white, whose Y is 1."""
        columns = np.stack([_xy_to_XYZ(xy) for xy in self.primaries], axis=1)
        scale = np.linalg.solve(columns, _xy_to_XYZ(self.white))
        return np.asarray(columns * scale, np.float64)

    @property
    def rgb_to_pcs(self) -> Matrix3:
        """(3, 3), linear RGB to XYZ under D50, the profile connection space of ICC."""
        return adaptation(_xy_to_XYZ(self.white), np.array(PCS_WHITE)) @ self.rgb_to_xyz


def adaptation(source_white: Matrix3, target_white: Matrix3) -> Matrix3:
    """Return the linear Bradford adaptation from one white to another.

    Parameters
    ----------
    source_white, target_white : (3,) float64
        XYZ.

    Returns
    -------
    (3, 3) float64
    """
    gains = (BRADFORD @ target_white) / (BRADFORD @ source_white)
    adapted: Matrix3 = np.linalg.inv(BRADFORD) @ (gains[:, np.newaxis] * BRADFORD)
    return adapted


def conversion(source: Target, target: Target) -> Matrix3:
    """Return the matrix from linear RGB of one space to linear RGB of another.

    Parameters
    ----------
    source, target : Target
        White goes to white (linear Bradford adaptation; by way of D50 it is the same).

    Returns
    -------
    (3, 3) float64
        Nothing is clipped: colours outside `target` become negative or above 1.
    """
    matrix: Matrix3 = np.linalg.inv(target.rgb_to_pcs) @ source.rgb_to_pcs
    return matrix


def space(name: str) -> Space:
    """Return the space called `name`: ``display-p3``, ``Display P3`` and ``displayp3`` are one.

    Raises
    ------
    ParameterError
        There is no such space; the message lists those there are.
    """
    wanted = _plain(name)
    for known in SPACES.values():
        if wanted in (_plain(known.name), _plain(known.label)):
            return known
    allowed = ", ".join(SPACES)
    raise ParameterError(f"unknown colour space {name!r}: use one of {allowed}")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _xy_to_XYZ(xy: Chromaticity) -> Matrix3:
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])


_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_REC2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))

SPACES: Mapping[str, Space] = MappingProxyType(
    {
        declared.name: declared
        for declared in (
            Space("srgb", "sRGB", ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)), _D65, SRGB),
            Space("display-p3", "Display P3", _P3, _D65, SRGB),
            Space(
                "adobe-rgb",
                "Adobe RGB (1998)",
                ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
                _D65,
                Transfer(563 / 256),
            ),
            Space("rec2020", "Rec. 2020", _REC2020, _D65, _BT2020),
            Space(
                "prophoto",
                "ProPhoto RGB",
                ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)),
                _D50,
                _ROMM,
            ),
            Space("linear-rec2020", "Linear Rec. 2020", _REC2020, _D65, LINEAR),
            Space(
                "acescg", "ACEScg", ((0.713, 0.293), (0.165, 0.830), (0.128, 0.044)), _ACES, LINEAR
            ),
        )
    }
)
"""The spaces a picture can be saved in, by name, the commonest first."""
