"""The filters' declarations as Lua: what the panel's sliders and lists are made of."""

from __future__ import annotations

from typing import Any

from orangemask.filters import description, filters, find_filter
from orangemask.spaces import SPACES
from orangemask_bridge.lua import chunk

HEAD = (
    "-- Generated from the declarations of the filters by `orangemask-bridge lua-filters`.\n"
    "-- Do not edit.\n"
)


def declarations(names: list[str] | None = None) -> dict[str, Any]:
    """Return the declarations of the filters named, all by default, and the output spaces."""
    asked = filters().values() if names is None else [find_filter(name) for name in names]
    return {
        "filters": [{"verb": one.verb, **description(one)} for one in asked],
        "spaces": [{"name": known.name, "label": known.label} for known in SPACES.values()],
    }


def filters_lua() -> str:
    """Return the text of ``lua/orangemask/lib/filters.lua``."""
    return HEAD + chunk(declarations(), indent="  ")
