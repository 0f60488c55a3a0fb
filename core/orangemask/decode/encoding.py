"""How codes become light: what the user says, else the profile, else the file, else a rule.

The rule for files that say nothing: floating point, RAW and OpenEXR are linear; 8 bits are sRGB;
16-bit TIFF is linear, as scanner programs write it, but sRGB if it is known to be a photograph;
16-bit PNG is sRGB, as its editors write it. What is said of 16 bits is a guess, and told as a
warning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import LINEAR, SRGB, Curve, Transfer
from orangemask.decode.failures import one_line
from orangemask.decode.icc import Profile, read_profile
from orangemask.decode.primaries import ADOBE_RGB, REC_709, primaries_to_xyz
from orangemask.errors import ParameterError

Curves3 = tuple[Curve, Curve, Curve]

GAMMA_RANGE = (0.2, 5.0)
ADOBE_GAMMA = 563 / 256  # Adobe RGB (1998), 4.3.1.2


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a file says without a profile, and where."""

    curve: Curve | None
    where: str
    rgb_to_xyz: NDArray[np.float64] | None = None


@dataclass(slots=True, eq=False)
class Coding:
    """The decision, with the reasons."""

    transfer: Curves3 | None
    rgb_to_xyz: NDArray[np.float64] | None = None
    note: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """``linear``, ``srgb``, ``gamma:G``, or ``icc`` for any other."""
        return curves_name(self.transfer) if self.transfer else "icc"


def parse_encoding(text: str) -> Curve | None:
    """Return the curve of ``linear``, ``srgb`` or ``gamma:G``, codes to light; None for ``auto``.

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    word = text.strip().lower()
    if word == "auto":
        return None
    if word == "linear":
        return LINEAR
    if word == "srgb":
        return SRGB
    found = re.fullmatch(r"gamma:(\d+(?:\.\d*)?|\.\d+)", word)
    if found and GAMMA_RANGE[0] <= float(found[1]) <= GAMMA_RANGE[1]:
        return LINEAR if float(found[1]) == 1.0 else Transfer(float(found[1]))
    raise ParameterError(
        f"encoding is {one_line(text)!r}; it may be auto, linear, srgb, or gamma:G with G from "
        f"{GAMMA_RANGE[0]} to {GAMMA_RANGE[1]}, as in gamma:2.2"
    )


def curves_name(transfer: Curves3) -> str:
    """Return the name of three curves, as `parse_encoding` reads it; ``icc`` for any other."""
    first = transfer[0]
    if not all(type(curve) is type(first) and curve == first for curve in transfer):
        return "icc"
    if first == LINEAR:
        return "linear"
    if first == SRGB:
        return "srgb"
    if not isinstance(first, Transfer) or (first.a, first.slope, first.cut) != (0.0, 1.0, 0.0):
        return "icc"
    if not GAMMA_RANGE[0] <= first.gamma <= GAMMA_RANGE[1]:
        return "icc"
    return f"gamma:{first.gamma!r}"  # every digit: a values file reads it back


def exif_says(colour_space: object, interoperability: object) -> Said | None:
    """Return what Exif's ColorSpace and InteroperabilityIndex say (Exif 2.32, 4.6.5, annex)."""
    if isinstance(interoperability, bytes):
        interoperability = interoperability.decode("ascii", "replace")
    if colour_space == 1:
        return Said(SRGB, "Exif", primaries_to_xyz(REC_709))
    index = str(interoperability or "").strip("\0 ")
    if index == "R03" and colour_space in (0xFFFF, 2, None):
        return Said(Transfer(ADOBE_GAMMA), "Exif", primaries_to_xyz(ADOBE_RGB))
    return None


def choose_encoding(
    told: Curve | None,
    icc: bytes | None,
    said: Said | None,
    kind: str,
    bits: int,
    floating: bool,
    *,
    photograph: bool = False,
) -> Coding:
    """Return how codes become light; `transfer` is None if a table profile must be applied.

    Parameters
    ----------
    told : curve or None
        What the user asked for; it stands above all else.
    icc : bytes or None
        The embedded profile.
    said : Said or None
        What chunks or Exif say.
    kind : str
        As in `Image`.
    bits : int
        Per sample.
    floating : bool
        Whether samples are floating point.
    photograph : bool
        Whether it is known to be a photograph and no scan of film.
    """
    warnings: list[str] = []
    profile = _usable(icc, warnings)
    matrix = profile.rgb_to_xyz if profile else said.rgb_to_xyz if said else None
    if kind in ("raw", "exr"):
        if told not in (None, LINEAR):
            warnings.append(f"an {kind.upper()} file is linear; the encoding asked for is ignored")
        return Coding((LINEAR,) * 3, matrix, f"linear ({kind.upper()})", warnings)
    if told is not None:
        return Coding((told,) * 3, matrix, "as asked", warnings)
    if profile is not None:
        name = f"profile {one_line(profile.name)!r}" if profile.name else "profile"
        return Coding(profile.transfer, matrix, name, warnings)
    if said is not None and said.curve is not None:
        return Coding((said.curve,) * 3, matrix, said.where, warnings)
    curve, reason, ambiguous = _guess(kind, bits, floating, photograph)
    name = curves_name((curve,) * 3)
    note = f"guessed {name} ({reason} without profile); give the encoding"
    if ambiguous:
        warnings.append(f"encoding {note} if it is another")
    return Coding((curve,) * 3, matrix, note, warnings)


def _usable(icc: bytes | None, warnings: list[str]) -> Profile | None:
    if icc is None:
        return None
    try:
        profile = read_profile(icc)
    except ValueError as error:
        warnings.append(f"the embedded profile is ignored: {one_line(error)}")
        return None
    if profile.space != "RGB":
        warnings.append(f"the embedded profile is ignored: it is for {profile.space}, not for RGB")
        return None
    return profile


def _guess(kind: str, bits: int, floating: bool, photograph: bool) -> tuple[Curve, str, bool]:
    if floating:
        return LINEAR, f"floating point {kind.upper()}", False
    if bits <= 8:
        return SRGB, f"{bits}-bit {kind.upper()}", False
    curve: Curve = LINEAR if kind == "tiff" and not photograph else SRGB
    return curve, f"{bits}-bit {kind.upper()}", True
