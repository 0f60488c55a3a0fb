"""The version, told once: in the package's metadata."""

from __future__ import annotations

from importlib.metadata import version as _of


def version() -> str:
    """Return the version of the installed package."""
    return _of("orangemask")
