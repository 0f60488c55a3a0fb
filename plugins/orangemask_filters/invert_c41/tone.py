"""The print curve P of Invert C41, shared by the layers.

Its form and constants were chosen by measurement on simulated film (models/training/form.py):
those that leave the least error with the best nine numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orangemask.curves import LN10, Floats


@dataclass(frozen=True, slots=True)
class Print:
    """Paper: p = max(0, exposure · (1 − 10^(−span·v))); p^gamma; a shoulder above `soft_clip`.

    The formula of darktable's negadoctor (src/iop/negadoctor.c) with its black at 0, so that its
    module can render the same picture: span · v is its density over Dmax. v = 0 prints black.
    """

    exposure: float
    span: float
    gamma: float
    soft_clip: float

    def __call__(self, x: Floats) -> Floats:
        """Return display-linear light, 0…1, for v = `x`."""
        kind = x.dtype.type
        light = np.maximum(x, kind(0.0))  # v below 0 prints nothing
        light *= kind(-LN10 * self.span)
        np.exp(light, out=light)
        light *= kind(-self.exposure)
        light += kind(self.exposure)
        light **= kind(self.gamma)
        knee = kind(self.soft_clip)
        if light.max(initial=0) > knee:
            room = kind(1 - self.soft_clip)
            over = np.maximum(light - knee, 0)
            np.minimum(light, knee, out=light)
            over *= -1 / room
            light -= np.expm1(over, out=over) * room
        return light
