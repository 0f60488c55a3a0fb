"""The formula of darktable's negadoctor, at its defaults and by the rules of its pickers.

Source of the pickers' rules: darktable, src/iop/negadoctor.c. Its working RGB is taken to be linear
Rec. 2020, the program's default; the negative's own goes in as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inversion.classical import encode
from inversion.scan import Codes, Method, Rendering, Scan
from orangemask.spaces import conversion, space
from orangemask_bridge.negadoctor import RANGES, THRESHOLD, Negadoctor

Triple = NDArray[np.float64]

SPOT = 1.0  # per cent of the picture that stand for the user's spot in shadows or highlights
ENDS = (0.1, 99.9)  # percentiles that are the least and greatest light of its denoised picker


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
    wb_low = np.clip(low.min() / np.where(np.abs(low) < 1e-6, 1e-6, low), *RANGES["wb_low"])
    high = 1.0 / np.maximum(np.abs(offset * wb_low - above_base(highlight) / d_max), 1e-6)
    wb_high = np.clip(high / high.min(), *RANGES["wb_high"])

    shift = wb_low * offset
    deepest = 10.0 ** (wb_high * (shift - above_base(most) / d_max))
    black = float(np.clip((deepest - 0.9).max(), -0.5, 0.5))
    # The offset is not multiplied by wb_high here: so it stands in its picker.
    brightest = 10.0 ** (shift - wb_high * above_base(least) / d_max)
    exposure = float(np.clip((0.96 / (1.0 - brightest + black)).min(), 0.5, 2.0))
    return Negadoctor(
        _triple(base), _triple(wb_high), _triple(wb_low), d_max, offset, black, exposure=exposure
    )


def _triple(values: Triple) -> tuple[float, float, float]:
    red, green, blue = map(float, values)
    return red, green, blue


def _shown(settings: Negadoctor) -> Rendering:
    to_srgb = conversion(space("rec2020"), space("srgb"))
    return lambda codes: encode(settings(codes) @ to_srgb.T)


def at_defaults(_: Scan) -> Rendering:
    """Return negadoctor as it opens."""
    return _shown(Negadoctor())


def by_its_pickers(scan: Scan) -> Rendering:
    """Return negadoctor after its pickers, told the film base and the picture area."""
    return _shown(picked(scan.negative[scan.area].astype(np.float64), scan.base))


NEGADOCTOR: dict[str, Method] = {
    "negadoctor, defaults": at_defaults,
    "negadoctor, its pickers' rule": by_its_pickers,
}
