"""Orangemask's filters in GIMP 3: standard library and `gi` alone, pixels by the engine."""

PROTOCOL = 1
"""Of the engine, which this plug-in speaks."""
