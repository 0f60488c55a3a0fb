"""darktable's styles (.dtstyle): steps of a history that it merges over a picture's own.

Reference
---------
darktable, src/common/styles.c: elements of ``darktable_style`` version 1.0.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from orangemask.errors import ParameterError
from orangemask_bridge.history import Step

MOST_NAME = 200


def style_text(name: str, description: str, steps: Sequence[Step]) -> str:
    """Return a .dtstyle file.

    Parameters
    ----------
    name : str
        What darktable lists it as.
    description : str
    steps : sequence of Step

    Raises
    ------
    ParameterError
        The name is empty, too long, or holds what XML cannot.
    """
    if not name.strip() or len(name) > MOST_NAME or not name.isprintable():
        raise ParameterError(
            f"the name of a style has 1 to {MOST_NAME} printable letters; this is {name[:40]!r}"
        )
    root = ET.Element("darktable_style", version="1.0")
    told = ET.SubElement(root, "info")
    ET.SubElement(told, "name").text = name
    ET.SubElement(told, "description").text = description
    listed = ET.SubElement(root, "style")
    for number, step in enumerate(steps):
        plugin = ET.SubElement(listed, "plugin")
        for tag, text in (
            ("num", number),
            ("module", step.version),
            ("operation", step.operation),
            ("op_params", step.params),
            ("enabled", int(step.enabled)),
            ("blendop_params", step.blend),
            ("blendop_version", step.blend_version),
            ("multi_priority", step.priority),
            ("multi_name", step.name),
            ("multi_name_hand_edited", int(bool(step.name))),
        ):
            ET.SubElement(plugin, tag).text = str(text)
    ET.indent(root)
    body = ET.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def parse_style(text: str, where: str) -> tuple[Step, ...]:
    """Return the steps in a .dtstyle file, oldest first; darktable writes the newest first.

    Raises
    ------
    ParameterError
        It is none.
    """
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise ParameterError(f"{where} is not a darktable style: {error}") from error
    if root.tag != "darktable_style":
        raise ParameterError(f"{where} is not a darktable style: it begins with {root.tag[:40]}")
    numbered = [_step(plugin, where) for plugin in root.iter("plugin")]
    return tuple(step for _, step in sorted(numbered, key=lambda pair: pair[0]))


def _step(plugin: ET.Element, where: str) -> tuple[int, Step]:
    told = {child.tag: child.text or "" for child in plugin}
    try:
        return int(told.get("num") or 0), Step(
            told["operation"],
            int(told["module"]),
            told.get("op_params", ""),
            told.get("enabled", "1") == "1",
            told.get("blendop_params", ""),
            int(told.get("blendop_version") or 0),
            int(told.get("multi_priority") or 0),
            told.get("multi_name", ""),
        )
    except (KeyError, ValueError) as error:
        raise ParameterError(f"a module in {where} cannot be read: {error}") from error
