"""The nine parameters by channel and zone: their names, and as rows of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orangemask.image import Triple

CHANNELS = ("red", "green", "blue")
ZONES = ("shadows", "midtones", "highlights")


def values_to_nine(values: Mapping[str, float]) -> tuple[Triple, Triple, Triple]:
    """Return a filter's values as rows S, m, H."""
    shadows, midtones, highlights = (
        (values[f"red_{zone}"], values[f"green_{zone}"], values[f"blue_{zone}"]) for zone in ZONES
    )
    return shadows, midtones, highlights


def nine_to_values(nine: Sequence[Sequence[float]]) -> dict[str, float]:
    """Return rows S, m, H as a filter's values."""
    return {
        f"{channel}_{zone}": float(row[c])
        for zone, row in zip(ZONES, nine, strict=True)
        for c, channel in enumerate(CHANNELS)
    }
