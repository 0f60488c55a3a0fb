"""Classes of rig and the cross-talk each leaves between the dyes, as density sees it.

A of DESIGN §3: D' = B + A (D − B), rows sum to 1, so that neutrals stay neutral. Fitted on
simulated scans by the least error of the best nine numbers (models/training/fit_form.py; the
table is in form.json).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from orangemask.filters import Rig, mixed_rig

WHITE = Rig(
    "white",
    ((0.9490, 0.0236, 0.0274), (-0.0468, 1.2238, -0.1770), (-0.0035, 0.0425, 0.9610)),
)
"""White light (LED, daylight, tungsten, fluorescent) and a camera."""

NARROW = Rig(
    "narrow",
    ((0.8431, 0.1881, -0.0312), (0.0100, 1.2175, -0.2275), (0.0474, 0.1281, 0.8245)),
)
"""Red, green and blue lamps and a camera."""

SCANNER = Rig(
    "scanner",
    ((0.6938, 0.3028, 0.0034), (0.1514, 0.8747, -0.0261), (0.0640, 0.2191, 0.7169)),
)
"""A film scanner: three narrow bands, each seen by its own channel."""

RIGS = {rig.name: rig for rig in (WHITE, NARROW, SCANNER)}

CERTAIN = 0.95
"""Share from which a rig is taken for one of its class and no other."""

_ROWS = np.array([rig.crosstalk for rig in RIGS.values()])  # (3, 3, 3)
_FROM_FIRST = np.linalg.pinv((_ROWS[1:] - _ROWS[0]).reshape(len(RIGS) - 1, -1).T)


def likely(shares: Sequence[float]) -> Rig:
    """Return the rig to take where classes are only likely, of their mean cross-talk.

    It is near the right one wherever classes are alike, which are those hard to tell apart.

    Parameters
    ----------
    shares : sequence of float
        Probability of each of `RIGS`; they sum to 1.
    """
    rigs, most = list(RIGS.values()), int(np.argmax(shares))
    return rigs[most] if shares[most] >= CERTAIN else mixed_rig(rigs, shares)


def shares_of(rig: Rig) -> NDArray[np.float64]:
    """Return how much of each of `RIGS` a rig is, (3,), 0…1, by its cross-talk alone.

    The mean of the classes' cross-talk that is nearest to it, by least squares.
    """
    beside = np.clip(_FROM_FIRST @ np.ravel(rig.crosstalk - _ROWS[0]), 0.0, 1.0)
    return np.array([max(0.0, 1.0 - beside.sum()), *beside])
