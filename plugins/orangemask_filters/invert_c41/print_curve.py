"""Constants of Invert C41, chosen by measurement: the report is models/training/form.json."""

from __future__ import annotations

from orangemask.filters import Rig
from orangemask_filters.invert_c41.tone import Print

PRINT = Print(exposure=1.4573, span=0.5, gamma=6.0, soft_clip=0.75)
PRIMARIES = "rec2020"

# Fitted on simulated scans of seven stocks with white light and 36 cameras.
RIG = Rig(
    "default",
    (
        (0.9740, -0.0647, 0.0907),
        (-0.0234, 1.1668, -0.1434),
        (-0.1024, -0.0311, 1.1335),
    ),
)
