"""How far to trust a network by the error it expects of itself."""

from __future__ import annotations

TOLERABLE_DELTA_E = 12.0  # expected mean ΔE at which confidence is a half
TOLERABLE_CODES = 0.12  # expected mean error of a channel's sRGB codes likewise, 0…1


def confidence(expected: float, tolerable: float) -> float:
    """Return 0…1 for an error that is expected, ½ where it is `tolerable`."""
    return 1.0 / (1.0 + (expected / tolerable) ** 2)
