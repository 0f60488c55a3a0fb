"""What a look-up table of a photograph's look is for: the space of its input and of its output.

A film turns a scene into a picture, so a look leads from one to the other:

- ``srgb``, ``rec709``: a finished picture in, the tone curve of its camera undone, a picture out.
- ``acescct``: a scene graded in ACEScct in, a picture for a Rec. 709 monitor out, as usual for film
  print emulation. It is the display rendering; no other comes after it.
- ``linear``: linear scene light with Rec. 709 primaries in (OpenEXR, Blender), an sRGB picture out.
- ``pq``: an HDR picture in and out, paper white at the reference white, 203 cd/m².

A look may end in another space. In ``acescct`` its display light is coded as if it were a scene's,
white is 1.0: for a pipeline that shows it without a rendering of its own.

References
----------
ITU-R BT.1886 (gamma 2.4, black of a monitor at 0); ITU-R BT.2408-7, 2.1 (reference white 203 cd/m²,
a grey card at 26 cd/m²); ITU-R BT.2100-2, table 5 (system gamma 1.2 at 1,000 cd/m²).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from orangemask.context import SourceLight
from orangemask.curves import LINEAR, SRGB, Affine, Chain, Curve, Transfer
from orangemask.errors import ParameterError
from orangemask.luts.bake import MIN_SIZE
from orangemask.luts.encodings import PQ_PEAK, AcesCct, Pq
from orangemask.params import unknown
from orangemask.spaces import SPACES, Space, space
from orangemask.transforms import Curves, Transform

REFERENCE_WHITE = 203.0  # cd/m²; BT.2408
SYSTEM_GAMMA = 1.2  # BT.2100; takes a grey card of 0.18 to 26/203
BT1886 = Transfer(2.4)

Render: TypeAlias = Callable[[Curve, SourceLight, Space], Transform]


@dataclass(frozen=True, slots=True)
class Ending:
    """The space that a look ends in.

    Attributes
    ----------
    name, label : str
        As typed, and for people.
    primaries : Space
        Of the light; its transfer function is not used.
    encode : Curve
        That light, 1 is paper white, to codes.
    """

    name: str
    label: str
    primaries: Space
    encode: Curve


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a look-up table is applied to.

    Attributes
    ----------
    name, label : str
        As typed, and what the input is, for people.
    primaries : Space
        Of the input's light; its transfer function is not used.
    decode : Curve
        Input codes to light.
    scene : bool
        Whether that light is the scene's; else a display's.
    ending : str
        Name of the usual ending.
    linear : bool
        Whether codes are light, so that a table needs a curve in front.
    plain : int
        Points along an edge from which a cube is fine enough without one: CIE 2000 below 0.5 on
        the mean of photographs (tests/test_exports_elsewhere.py).
    """

    name: str
    label: str
    primaries: Space
    decode: Curve
    scene: bool
    ending: str
    linear: bool = False
    plain: int = MIN_SIZE


def look_for(purpose: Purpose, ending: Ending, render: Render) -> Transform:
    """Return a look from the codes of `purpose` to the codes of `ending`, folded.

    Parameters
    ----------
    purpose : Purpose
    ending : Ending
    render : callable
        (codes to light, what that light means, space) → Transform from these codes to linear light
        of the space, as a filter renders a photograph.
    """
    red, green, blue = ((float(x), float(y), float(z)) for x, y, z in purpose.primaries.rgb_to_pcs)
    light = SourceLight(purpose.scene, (red, green, blue))
    shown = render(purpose.decode, light, ending.primaries)
    return shown.then(Transform.of([Curves((ending.encode,) * 3)])).folded()


def find_purpose(name: str) -> Purpose:
    """Return the purpose called `name`, or raise `ParameterError` naming those there are."""
    if name not in PURPOSES:
        raise ParameterError(unknown("purpose of a look", name, PURPOSES))
    return PURPOSES[name]


def find_ending(name: str) -> Ending:
    """Return the ending called `name`: one of `ENDINGS`, or a colour space (`orangemask.spaces`).

    Raises
    ------
    ParameterError
        There is none; the message lists those there are.
    """
    if name in ENDINGS:
        return ENDINGS[name]
    try:
        known = space(name)
    except ParameterError:
        raise ParameterError(unknown("colour space", name, [*ENDINGS, *SPACES])) from None
    return Ending(known.name, known.label, known, known.encode)


_REC709 = SPACES["srgb"]  # ITU-R BT.709 has the primaries of sRGB
_REC2020 = SPACES["linear-rec2020"]
_AP1 = SPACES["acescg"]
_WHITE = REFERENCE_WHITE / PQ_PEAK

ENDINGS: Mapping[str, Ending] = MappingProxyType(
    {
        one.name: one
        for one in (
            Ending("rec709", "Rec. 709, gamma 2.4 (BT.1886)", _REC709, BT1886.inverse),
            Ending("acescct", "ACEScct (AP1), white 1.0", _AP1, AcesCct(encode=True)),
            Ending(
                "pq",
                f"Rec. 2100 PQ, white {REFERENCE_WHITE:g} cd/m2",
                _REC2020,
                Chain((Affine(_WHITE), Pq(encode=True))),
            ),
        )
    }
)
"""Endings beside the colour spaces that pictures are saved in."""

PURPOSES: Mapping[str, Purpose] = MappingProxyType(
    {
        one.name: one
        for one in (
            Purpose("srgb", "sRGB picture", _REC709, SRGB, False, "srgb"),
            Purpose(
                "rec709", "Rec. 709 picture, gamma 2.4 (BT.1886)", _REC709, BT1886, False, "rec709"
            ),
            Purpose("acescct", "scene in ACEScct (AP1)", _AP1, AcesCct(), True, "rec709", plain=65),
            Purpose(
                "linear",
                "linear scene light, Rec. 709 primaries",
                _REC709,
                LINEAR,
                True,
                "srgb",
                linear=True,
            ),
            Purpose(
                "pq",
                f"Rec. 2100 PQ picture, white {REFERENCE_WHITE:g} cd/m2",
                _REC2020,
                # Back to the scene by the system gamma, channel by channel: exact for greys.
                Chain((Pq(), Affine(1 / _WHITE), Transfer(1 / SYSTEM_GAMMA))),
                True,
                "pq",
                plain=33,
            ),
        )
    }
)
"""The commonest first."""
