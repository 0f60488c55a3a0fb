"""A procedure's arguments: made from the declared filter, read from and written to its config."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gi.repository import Gimp, GObject

from orangemask_gimp.declared import Choice, Declared, Number, arg
from orangemask_gimp.edit import Edit

RECTANGLE = ("base-x", "base-y", "base-width", "base-height")
MOST_SIDE = 524288  # px, as GIMP
_FLAGS = GObject.ParamFlags.READWRITE


def add_arguments(procedure: Any, one: Declared) -> None:
    """Give a procedure all arguments of a filter."""
    for each in (*one.params, *one.settings, *one.asks):
        if isinstance(each, Choice):
            _add_choice(procedure, each)
        else:
            _add_number(procedure, each)
    if one.of_film:
        for name in RECTANGLE:
            text = "rectangle of bare film in the layer, in pixels; none where its width is 0"
            procedure.add_int_argument(name, name, text, 0, MOST_SIDE, 0, _FLAGS)
    procedure.add_boolean_argument(
        "predict", "Predict", "predict the nine values instead of taking those given", True, _FLAGS
    )
    procedure.add_boolean_argument(
        "live", "Live filter", "a live filter on the layer instead of a new one", False, _FLAGS
    )
    procedure.add_string_argument(
        "params", "Values file", "values file to take instead of all else", "", _FLAGS
    )
    procedure.add_string_argument(
        "context", "Context", "what given values rest on, as in a values file; JSON", "", _FLAGS
    )


def values(config: Any, one: Declared) -> dict[str, float]:
    """Return the nine."""
    return {each.name: config.get_property(arg(each.name)) for each in one.params}


def settings(config: Any, one: Declared) -> dict[str, float | str]:
    """Return what nobody predicts."""
    return {each.name: _chosen(config, each.name) for each in one.settings}


def asks(config: Any, one: Declared) -> dict[str, str]:
    """Return what the prediction is told."""
    return {each.name: str(_chosen(config, each.name)) for each in one.asks}


def base_rect(config: Any, one: Declared) -> list[int] | None:
    """Return the rectangle of bare film, if there is one."""
    if not one.of_film:
        return None
    rectangle = [config.get_property(name) for name in RECTANGLE]
    return rectangle if rectangle[2] > 0 and rectangle[3] > 0 else None


def context(config: Any) -> Mapping[str, Any] | None:
    """Return what given values rest on; None where nothing is said.

    Raises
    ------
    ValueError
        It is no JSON object.
    """
    text = config.get_property("context")
    if not text:
        return None
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    return found


def show_edit(config: Any, one: Declared, edit: Edit) -> None:
    """Set the config to an edit: values, settings, what was asked, and what it rests on."""
    known = {each.name for each in one.settings}
    told = edit.context.get("settings") or {}
    settings = {name: value for name, value in told.items() if name in known}
    for name, value in {**edit.values, **settings, **(edit.asked or {})}.items():
        config.set_property(arg(name), value)
    keep_rest(config, edit)


def keep_rest(config: Any, edit: Edit) -> None:
    """Keep for "repeat" what is no slider: as predicted or not, and the context."""
    config.set_property("predict", edit.untouched)
    config.set_property("context", json.dumps(dict(edit.context)))
    config.set_property("params", "")


def show_base_rect(config: Any, one: Declared, rectangle: list[int] | None) -> None:
    """Set the config's rectangle of bare film, where the filter is for film."""
    if one.of_film:
        for name, side in zip(RECTANGLE, rectangle or [0] * 4, strict=True):
            config.set_property(name, side)


def _chosen(config: Any, name: str) -> float | str:
    found: float | str = config.get_property(arg(name))
    return found


def _add_number(procedure: Any, each: Number) -> None:
    unit = f" [{each.unit}]" if each.unit else ""
    doc = each.doc + unit
    if each.whole:
        whole = int(each.minimum), int(each.maximum), int(each.default)
        procedure.add_int_argument(arg(each.name), each.label, doc, *whole, _FLAGS)
    else:
        real = each.minimum, each.maximum, each.default
        procedure.add_double_argument(arg(each.name), each.label, doc, *real, _FLAGS)


def _add_choice(procedure: Any, each: Choice) -> None:
    choice = Gimp.Choice.new()
    for number, (option, shown) in enumerate(each.options.items()):
        choice.add(option, number, shown, "")
    procedure.add_choice_argument(
        arg(each.name), each.label, each.doc, choice, each.default, _FLAGS
    )
