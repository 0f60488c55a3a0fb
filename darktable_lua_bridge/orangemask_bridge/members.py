"""Members that several jobs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from orangemask.encode.destination import check_free
from orangemask.engine.fields import Fields
from orangemask.errors import EngineError, OutputError
from orangemask.film_base import NO_BASE, PRIOR, FilmBase
from orangemask.filters import Context, Filter, Rig, find_filter
from orangemask.render import with_changes, with_settings
from orangemask.values import Values, parse_values

Result: TypeAlias = dict[str, Any]

USUAL_FILTER = "invert-c41"


def taken_values(params: Fields, rig: Callable[[Filter], Rig] = lambda one: one.rigs[0]) -> Values:
    """Return the values of a job: its `state`, else defaults, with its changes.

    Parameters
    ----------
    params : Fields
    rig : callable
        The rig that is meant without a state.

    Raises
    ------
    EngineError, ParameterError
        They are none, or a change is not allowed.
    """
    if params.has("state"):
        values = parse_values(params.text("state"), "state")
        if params.has("filter") and (name := params.text("filter")) != values.filter:
            raise EngineError(f"the state belongs to {values.filter}, not to {name}")
    else:
        values = _defaults(find_filter(params.text("filter", USUAL_FILTER)), rig)
    one = find_filter(values.filter)
    values = with_settings(one, values, taken_table(params, "settings"))
    return with_changes(one, values, taken_table(params, "values"))


def taken_table(params: Fields, name: str) -> dict[str, Any]:
    """Return a member that is an object; an empty list is what Lua makes of an empty one."""
    value = params.taken(name)
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        raise EngineError(f"{name} must be an object")
    return value


def taken_list(params: Fields, name: str) -> list[Any]:
    """Return a member that is a list; an empty object is what Lua makes of an empty one."""
    value = params.taken(name)
    if value is None or value == {}:
        return []
    if not isinstance(value, list):
        raise EngineError(f"{name} must be a list")
    return value


def check_output(path: Path, *, force: bool) -> None:
    """Refuse a path where a file lies, in words for somebody who knows no command line.

    Raises
    ------
    OutputError
        There is one and `force` is not said; or it is a folder.
    """
    if path.is_file() and not force:
        raise OutputError(f"{path} exists; remove it or choose another name")
    check_free(path, force=force)


def _defaults(one: Filter, rig: Callable[[Filter], Rig]) -> Values:
    if not one.of_film:
        return Values(one.name, one.defaults(), Context(NO_BASE))
    context = Context(FilmBase(PRIOR, 0.0, "prior"), rig(one), "linear")
    return Values(one.name, one.defaults(), context)
