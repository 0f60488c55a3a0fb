"""Transfer functions that a look-up table is graded in but no picture of ours is saved in.

References
----------
S-2016-001, ACEScct, A Quasi-Logarithmic Encoding of ACES Data for use within Color Grading Systems,
Academy of Motion Picture Arts and Sciences, equations 1 and 2.
SMPTE ST 2084:2014, equations 4.1 and 5.1; ITU-R BT.2100-2, table 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orangemask.curves import Floats

# S-2016-001, section 4.4
CCT_CUT_LIGHT, CCT_CUT_CODE = 0.0078125, 0.155251141552511
CCT_SLOPE, CCT_OFFSET = 10.5402377416545, 0.0729055341958355
CCT_STOPS, CCT_ZERO = 17.52, 9.72

PQ_PEAK = 10000.0  # cd/m² of code 1
M1, M2 = 2610 / 16384, 2523 / 4096 * 128
C1, C2, C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


@dataclass(frozen=True, slots=True)
class AcesCct:
    """ACEScct codes to light, or light to codes where `encode`; straight on at both ends."""

    encode: bool = False

    def __call__(self, x: Floats) -> Floats:
        """Return linear light in AP1 for codes, or codes for light."""
        kind = x.dtype.type
        if self.encode:
            floor = kind(CCT_CUT_LIGHT)
            bent = (np.log2(np.maximum(x, floor)) + kind(CCT_ZERO)) * kind(1 / CCT_STOPS)
            foot = x * kind(CCT_SLOPE) + kind(CCT_OFFSET)
            return np.where(x <= floor, foot, bent)
        bent = np.exp2(x * kind(CCT_STOPS) - kind(CCT_ZERO))
        foot = (x - kind(CCT_OFFSET)) * kind(1 / CCT_SLOPE)
        return np.where(x <= kind(CCT_CUT_CODE), foot, bent)


@dataclass(frozen=True, slots=True)
class Pq:
    """Perceptual Quantizer codes to luminance over `PQ_PEAK`, or back where `encode`."""

    encode: bool = False

    def __call__(self, x: Floats) -> Floats:
        """Return luminance, 0…1 for 10,000 cd/m², for codes, or codes for luminance."""
        kind = x.dtype.type
        held = np.clip(x, kind(0), kind(1))
        if self.encode:
            power = held ** kind(M1)
            return ((kind(C1) + kind(C2) * power) / (1 + kind(C3) * power)) ** kind(M2)
        power = held ** kind(1 / M2)
        light = np.maximum(power - kind(C1), 0) / (kind(C2) - kind(C3) * power)
        return np.asarray(light ** kind(1 / M1))
