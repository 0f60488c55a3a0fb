"""The nine values as an ASC CDL: slope, offset and power on normalised density.

With in = D / D_ref, out = (in · slope + offset)^power is (D − S) / (H − S) to the power γ, so six
of the nine values go over exactly. Midtones are the Möbius curve v = z / (z + (1 − z) e^−m); the
power through the same middle, γ = ln v(½) / ln ½, stands in for it, and how far it strays is
written into the file. The print curve and the cross-talk matrix are not part of a CDL.

References
----------
ASC Color Decision List (ASC CDL) Transfer Functions and Interchange Syntax, 1.2, 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from orangemask.errors import ParameterError
from orangemask.image import Triple
from orangemask.luts.clf_nodes import printable

DENSITY_REFERENCE = 2.046  # D; 1023 codes of 0.002 D, Kodak Cineon's range


@dataclass(frozen=True, slots=True)
class Cdl:
    """Slope, offset and power per channel; saturation is 1."""

    slope: Triple
    offset: Triple
    power: Triple

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (…, 3) `x`, density over `DENSITY_REFERENCE`, through the CDL, clamped to 0…1."""
        sloped = np.clip(x * np.asarray(self.slope) + np.asarray(self.offset), 0.0, 1.0)
        return np.asarray(sloped ** np.asarray(self.power))


def midtones_to_gamma(midtones: Triple) -> Triple:
    """Return the powers that pass through the middle of the midtone curves, 1 for 0."""
    # −ln v(½) with v(½) = 1 / (1 + e^−m), over ln 2
    red, green, blue = np.logaddexp(0.0, -np.asarray(midtones, np.float64)) / np.log(2.0)
    return float(red), float(green), float(blue)


def gamma_to_midtones(gamma: Triple) -> Triple:
    """Return the midtones whose curve passes through ½ to the power of `gamma`."""
    red, green, blue = -np.log(np.expm1(np.asarray(gamma, np.float64) * np.log(2.0)))
    return float(red), float(green), float(blue)


def midtones_error(midtones: Triple) -> float:
    """Return the greatest distance between the midtone curves and the powers that replace them."""
    z = np.linspace(0.0, 1.0, 4097)[:, None]
    curve = z / (z + (1 - z) * np.exp(-np.asarray(midtones, np.float64)))
    return float(np.abs(curve - z ** np.asarray(midtones_to_gamma(midtones))).max())


def cdl_from_parameters(shadows: Triple, highlights: Triple, midtones: Triple) -> Cdl:
    """Return the CDL of nine values.

    Parameters
    ----------
    shadows, highlights : tuple of 3 floats
        Densities that print black and white, D.
    midtones : tuple of 3 floats
        m of the Möbius curve, 0 for none.

    Raises
    ------
    ParameterError
        Highlights are not denser than shadows, or a value is not finite.
    """
    dark, light, middle = (_three(values) for values in (shadows, highlights, midtones))
    spans = [high - low for low, high in zip(dark, light, strict=True)]
    if min(spans) <= 0:
        raise ParameterError(
            f"highlights {light} must be denser than shadows {dark} in every channel for a CDL"
        )
    slope = _three([DENSITY_REFERENCE / span for span in spans])
    offset = _three([-low / span for low, span in zip(dark, spans, strict=True)])
    return Cdl(slope, offset, midtones_to_gamma(middle))


def cdl_to_parameters(cdl: Cdl) -> tuple[Triple, Triple, Triple]:
    """Return shadows, highlights and midtones of a CDL made of them.

    Raises
    ------
    ParameterError
        A slope or a power is not above 0.
    """
    slope, offset, power = (_three(values) for values in (cdl.slope, cdl.offset, cdl.power))
    if min(*slope, *power) <= 0:
        raise ParameterError(f"slopes {slope} and powers {power} of a CDL must be above 0")
    pairs = list(zip(slope, offset, strict=True))
    shadows = _three([-o * DENSITY_REFERENCE / s for s, o in pairs])
    highlights = _three([(1 - o) * DENSITY_REFERENCE / s for s, o in pairs])
    return shadows, highlights, gamma_to_midtones(power)


def cdl_to_xml(cdl: Cdl, *, title: str = "Orangemask", comments: Sequence[str] = ()) -> bytes:
    """Return the .cdl file.

    Parameters
    ----------
    cdl : Cdl
        Slope, offset, power.
    title : str
        Becomes the correction's id.
    comments : sequence of str
        Further descriptions.
    """
    error = midtones_error(gamma_to_midtones(cdl.power))
    notes = [
        *comments,
        f"Input: optical density / {DENSITY_REFERENCE} of the negative (after cross-talk, if any), "
        "not picture codes. Output: 0 prints black, 1 prints white, before the print curve.",
        "Slope and offset are exact; power stands in for the midtone curve, "
        f"greatest difference {error:.4f} of the output. A CDL clamps at 0 and 1.",
    ]
    descriptions = "\n".join(f"      <Description>{_text(note)}</Description>" for note in notes)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ColorDecisionList xmlns="urn:ASC:CDL:v1.2">
  <ColorDecision>
    <ColorCorrection id={quoteattr(printable(title))}>
{descriptions}
      <SOPNode>
        <Slope>{_numbers(cdl.slope)}</Slope>
        <Offset>{_numbers(cdl.offset)}</Offset>
        <Power>{_numbers(cdl.power)}</Power>
      </SOPNode>
      <SatNode>
        <Saturation>1</Saturation>
      </SatNode>
    </ColorCorrection>
  </ColorDecision>
</ColorDecisionList>
""".encode()


def _three(values: Sequence[float]) -> Triple:
    try:
        red, green, blue = (float(value) for value in values)
    except (TypeError, ValueError):
        raise ParameterError(f"a CDL needs three numbers, not {values!r}") from None
    if not np.isfinite([red, green, blue]).all():
        raise ParameterError(f"a CDL needs finite numbers, not {values!r}")
    return red, green, blue


def _numbers(values: Triple) -> str:
    return " ".join(f"{value:.10g}" for value in values)


def _text(text: str) -> str:
    return escape(printable(text))
