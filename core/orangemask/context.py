"""What a transform needs besides the nine values, and what it is known from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from orangemask.film_base import FilmBase
from orangemask.image import Triple

Rows: TypeAlias = tuple[Triple, Triple, Triple]
NO_CROSSTALK: Rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Rig:
    """Light and sensor that scanned the film, as far as the rendering needs them.

    Attributes
    ----------
    name : str
        ``none``, a class of rig (``white``), a calibrated rig's own, `MIXED`, or ``auto``.
    crosstalk : 3 rows of 3
        A of DESIGN §3: mixes densities above base, rows sum to 1.
    """

    name: str = "none"
    crosstalk: Rows = NO_CROSSTALK


AUTO = "auto"
AUTO_RIG = Rig(AUTO)
"""Whoever predicts shall choose; never what is rendered with."""

MIXED = "mixed"
"""Of classes of which none is certain: found, never asked for."""


def mixed_rig(rigs: Sequence[Rig], shares: Sequence[float]) -> Rig:
    """Return the rig of the rigs' cross-talk, each as much as its share; the shares sum to 1."""
    rows = np.tensordot(shares, np.array([rig.crosstalk for rig in rigs]), 1)
    red, green, blue = rows.tolist()
    return Rig(MIXED, (tuple(red), tuple(green), tuple(blue)))


@dataclass(frozen=True, slots=True)
class UsedRoll:
    """The roll whose frame a picture was rendered as.

    Attributes
    ----------
    file : str
        Name of the roll file; ``auto`` where the files of the same command were the roll.
    sha256 : str
        Of its bytes.
    freedom : float
        0…1, how much of the frame's own was kept.
    """

    file: str
    sha256: str
    freedom: float


@dataclass(frozen=True, slots=True)
class SourceLight:
    """What the light of a photograph means.

    Attributes
    ----------
    scene : bool
        Scene-linear: proportional to what the camera saw (RAW, OpenEXR, linear encodings). Else
        display-referred: a camera or an editor has laid its tone curve on it.
    rgb_to_xyz : 3 rows of 3, or None
        Its primaries, to XYZ D50, as `Image.rgb_to_xyz`; None is sRGB's.
    """

    scene: bool = False
    rgb_to_xyz: Rows | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a transform needs besides the nine values; saved with them.

    Attributes
    ----------
    base : FilmBase
        Film base in density, with origin and confidence; `NO_BASE` of a photograph.
    rig : Rig
        See there.
    encoding : str
        How the source's codes were read (``linear``, ``srgb``, ``gamma:2.2``, ``icc``).
    roll : UsedRoll or None
        For the record; the values are what came of it.
    film : str
        Kind of film, of the filter's `films`; ``auto`` where it is to be found or was never asked.
    settings : mapping of str to float or str
        All of the filter's `settings`.
    light : SourceLight
        Of a photograph; a scan's is transmittance.
    heard : tuple of float
        What the model was told of the other frames of the roll (`Prediction.tells`); empty where
        there is none. The values are what came of it, so it is not saved with them.
    """

    base: FilmBase
    rig: Rig = field(default_factory=Rig)
    encoding: str = "auto"
    roll: UsedRoll | None = None
    film: str = AUTO
    settings: Mapping[str, float | str] = field(default_factory=dict)
    light: SourceLight = field(default_factory=SourceLight)
    heard: tuple[float, ...] = ()
