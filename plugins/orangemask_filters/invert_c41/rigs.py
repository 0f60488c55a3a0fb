"""Classes of rig and the cross-talk each leaves between the dyes, as density sees it.

A of DESIGN §3: D' = B + A (D − B), rows sum to 1, so that neutrals stay neutral. Fitted on
simulated scans by the least error of the best nine numbers (models/training/fit_form.py; the
table is in form.json).
"""

from __future__ import annotations

from orangemask.filters import Rig

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
