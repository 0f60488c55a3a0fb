"""Writes what the GIMP 2.10 plug-in must know of the filters and colour spaces.

``python tests/gimp_parameters.py`` after a change of a filter's parameters, a stock or a space.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from orangemask.filters import description, find_filter
from orangemask.spaces import SPACES

LISTS = Path(__file__).resolve().parents[1] / "gimp/orangemask-2.10/orangemask_lists.py"
HEAD = '''# -*- coding: utf-8 -*-
"""Filters, parameters and colour spaces. Generated: python tests/gimp_parameters.py."""

# fmt: off
MYPY = False
if MYPY:
    from typing import Any, Dict, Tuple

'''
WIDTH = 100
CODES = (0.25, 0.5)  # where two transfer functions are compared


def filled(items: list[str], indent: int) -> list[str]:
    """Return the items of a tuple, as many on a line as there is room for."""
    lines = [""]
    for item in items:
        if lines[-1] and indent + len(lines[-1]) + len(item) + 2 > WIDTH:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + item + ","
    return [" " * indent + line for line in lines if line]


def quoted(text: str) -> str:
    """Return text as Python 2 and 3 both read it."""
    return '"' + text.replace('"', '\\"') + '"'


def param_item(param: dict[str, Any]) -> str:
    """Return name, unit, default, limits of the slider and its step."""
    numbers = (param["default"], param["slider_minimum"], param["slider_maximum"], param["step"])
    return f"({quoted(param['name'])}, {quoted(param['unit'])}, {repr(numbers)[1:-1]})"


def setting_item(setting: dict[str, Any]) -> list[str]:
    """Return name, then as a parameter; or the default's place and the choices."""
    if setting["kind"] == "number":
        names = ("default", "slider_minimum", "slider_maximum", "step")
        number = int if setting["whole"] else float
        numbers = tuple(number(setting[name]) for name in names)
        return [f"            ({quoted(setting['name'])}, {repr(numbers)[1:-1]}),"]
    choices = [(one["name"], one["label"]) for one in setting["options"]]
    default = [name for name, _ in choices].index(setting["default"])
    pairs = [f"({quoted(name)}, {quoted(label)})" for name, label in choices]
    return [
        f"            ({quoted(setting['name'])}, {default}, (",
        *filled(pairs, 16),
        "            )),",
    ]


def found_item(name: str, choices: list[str]) -> str:
    """Return what is found in a scan unless the user says it."""
    return f"            ({quoted(name)}, ({', '.join(map(quoted, choices))})),"


def table() -> str:
    """Return the text of the module.

    Raises
    ------
    ValueError
        A label is not what the plug-in makes of the name.
    """
    lines = [HEAD + "FILTERS = ("]
    for one in (find_filter("invert-c41"), find_filter("film-emulate")):
        told = description(one)
        for named in (*told["params"], *told["settings"]):
            if named["label"] != named["name"].replace("_", " ").capitalize():
                raise ValueError(f"{named['name']} is called {named['label']}: write labels too")
        lines += [
            f'    {{"name": {quoted(told["name"])}, "label": {quoted(told["label"])},',
            f'        "doc": {quoted(told["doc"])},',
            f'        "verb": {quoted(one.verb)}, "scan": {told["source"] == "scan"},',
            '        "params": (',
            *filled([param_item(param) for param in told["params"]], 12),
            "        ),",
            '        "settings": (',
            *(line for setting in told["settings"] for line in setting_item(setting)),
            "        ),",
            '        "found": (',
            *(found_item(name, told[f"{name}s"]) for name in ("film", "rig") if told[f"{name}s"]),
            "        )},",
        ]
    lines += [
        ")  # type: Tuple[Dict[str, Any], ...]",
        "# The command's colour spaces: X, Y, Z (D50) of red, green and blue, light of the CODES.",
        f"CODES = {CODES}",
        "SPACES = (",
    ]
    for space in SPACES.values():
        light = space.transfer(np.array(CODES))
        numbers = repr([round(float(x), 3) for x in (*space.rgb_to_pcs.T.ravel(), *light)])[1:-1]
        lines.append(f"    ({quoted(space.name)}, {numbers}),")
    return "\n".join([*lines, ")  # type: Tuple[Any, ...]", ""])


if __name__ == "__main__":
    LISTS.write_text(table(), "utf-8")
