"""The formula of darktable's negadoctor, at its defaults and by the rules of its pickers.

    e_c = wb_high_c / Dmax · log10(x_c / Dmin_c) + wb_high_c · offset · wb_low_c
    P_c = max(0, exposure · (1 + black − 10^e_c))^gamma, above soft_clip a shoulder

Source: darktable, src/iop/negadoctor.c, formulas and defaults of parameter version 2. Its working
RGB is taken to be linear Rec. 2020, the program's default; the negative's own goes in as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inversion.classical import encode
from inversion.scan import Codes, Method, Rendering, Scan
from orangemask.spaces import conversion, space

Triple = NDArray[np.float64]

THRESHOLD = 2.3283064365386963e-10  # its floor of light, −32 EV
WB_RANGE = (0.25, 2.0)  # of its white balance sliders
SPOT = 1.0  # per cent of the picture that stand for the user's spot in shadows or highlights
ENDS = (0.1, 99.9)  # percentiles that are the least and greatest light of its denoised picker


@dataclass(frozen=True, slots=True, eq=False)
class Negadoctor:
    """Its parameters; the three-channel ones are (3,) float64."""

    d_min: Triple
    wb_high: Triple
    wb_low: Triple
    d_max: float = 2.046
    offset: float = -0.05
    black: float = 0.0755
    gamma: float = 4.0
    soft_clip: float = 0.75
    exposure: float = 0.9245

    def corrected_density(self, light: Codes) -> Codes:
        """Return e of linear light (…, 3); 0 prints black, falling towards white."""
        density = np.log10(np.maximum(light, THRESHOLD) / self.d_min)
        return np.asarray(self.wb_high * (density / self.d_max + self.offset * self.wb_low))

    def __call__(self, light: Codes) -> Codes:
        """Return the print, linear light (…, 3), of a negative's linear light."""
        negative = self.corrected_density(light)
        printed = np.maximum(self.exposure * (1.0 + self.black - 10.0**negative), 0.0) ** self.gamma
        room = 1.0 - self.soft_clip
        above = np.maximum(printed - self.soft_clip, 0.0)
        return np.asarray(np.minimum(printed, self.soft_clip) - room * np.expm1(-above / room))


def defaults() -> Negadoctor:
    """Return the parameters a new instance has for colour film."""
    return Negadoctor(np.array([1.0, 0.45, 0.25]), np.ones(3), np.ones(3))


def picked(light: Codes, base: Triple) -> Negadoctor:
    """Return what its seven pickers set, used in the order of its manual.

    Parameters
    ----------
    light : (n, 3) float
        Linear light of the picture area: what the area pickers see.
    base : (3,) float64
        What the film base picker sees.

    Notes
    -----
    The two white balance pickers want a neutral spot; here the mean of the thinnest and of the
    densest `SPOT` per cent stand for it. Their results stay within the sliders.
    """
    least, most = np.percentile(light, ENDS, axis=0)
    brightness = light.sum(axis=1)
    thin, dense = np.percentile(brightness, (100.0 - SPOT, SPOT))
    shadow = light[brightness >= thin].mean(axis=0)
    highlight = light[brightness <= dense].mean(axis=0)

    def above_base(spot: Codes) -> Triple:
        return np.asarray(np.log10(base / np.maximum(spot, THRESHOLD)), np.float64)

    d_max = max(float(above_base(least).max()), 0.1)
    offset = float(np.clip(above_base(most).min() / d_max, -1.0, 1.0))
    low = above_base(shadow) / d_max
    wb_low = np.clip(low.min() / np.where(np.abs(low) < 1e-6, 1e-6, low), *WB_RANGE)
    high = 1.0 / np.maximum(np.abs(offset * wb_low - above_base(highlight) / d_max), 1e-6)
    wb_high = np.clip(high / high.min(), *WB_RANGE)

    shift = wb_low * offset
    deepest = 10.0 ** (wb_high * (shift - above_base(most) / d_max))
    black = float(np.clip((deepest - 0.9).max(), -0.5, 0.5))
    # The offset is not multiplied by wb_high here: so it stands in its picker.
    brightest = 10.0 ** (shift - wb_high * above_base(least) / d_max)
    exposure = float(np.clip((0.96 / (1.0 - brightest + black)).min(), 0.5, 2.0))
    return Negadoctor(base, wb_high, wb_low, d_max, offset, black, exposure=exposure)


def _shown(settings: Negadoctor) -> Rendering:
    to_srgb = conversion(space("rec2020"), space("srgb"))
    return lambda codes: encode(settings(codes) @ to_srgb.T)


def at_defaults(_: Scan) -> Rendering:
    """Return negadoctor as it opens."""
    return _shown(defaults())


def by_its_pickers(scan: Scan) -> Rendering:
    """Return negadoctor after its pickers, told the film base and the picture area."""
    return _shown(picked(scan.negative[scan.area].astype(np.float64), scan.base))


NEGADOCTOR: dict[str, Method] = {
    "negadoctor, defaults": at_defaults,
    "negadoctor, its pickers' rule": by_its_pickers,
}
