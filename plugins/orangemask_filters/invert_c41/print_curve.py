"""Constants of Invert C41, chosen by measurement: the report is models/training/form.json."""

from __future__ import annotations

from orangemask.curves import Affine, Chain
from orangemask_filters.invert_c41.tone import Print

PRINT = Print(exposure=1.4573, span=0.5, gamma=6.0, soft_clip=0.75)
BLACK_V = 0.28  # v that prints 0.004 of white, about the darkest tone of a picture
PRINT_FROM_BLACK = Chain((Affine(1 - BLACK_V, BLACK_V), PRINT))
"""P from the darkest tone, 0, to white, 1: without the curve's long toe."""

PRIMARIES = "rec2020"
