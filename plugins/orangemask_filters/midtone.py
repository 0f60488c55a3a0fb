"""The curve of the midtone parameters, g: a layer's own contrast between black and white.

Its form was chosen by measurement on simulated film (models/training/form.py): the one that leaves
the least error with the best nine numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from orangemask.curves import Floats


@dataclass(frozen=True, slots=True)
class Midtone:
    """g(z; m) = z / (z + (1 − z) e^−m) between 0 and 1, straight outside.

    A Möbius curve through (0, 0), (½, 1/(1 + e^−m)) and (1, 1), identity at m = 0, rising for
    every m, with slopes e^m at 0 and e^−m at 1 that its straight ends continue.
    """

    m: float = 0.0

    def __call__(self, x: Floats) -> Floats:
        """Return v for z = `x`."""
        if self.m == 0.0:
            return x
        kind = x.dtype.type
        start, end = math.exp(self.m), math.exp(-self.m)
        inside = np.clip(x, kind(0), kind(1))
        v = inside / (inside + (1 - inside) * kind(end))
        v += (x - inside) * np.where(x < 0, kind(start), kind(end))
        return v
