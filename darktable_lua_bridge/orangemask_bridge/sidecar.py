"""darktable's sidecars (.xmp): a picture's history, beside its tags, masks and all else.

Steps are added as darktable adds them: after those there are, so that the user can go back in the
module *history*; steps that were undone are dropped, as darktable does at the next edit. Nothing
else in the file is touched.

Reference
---------
darktable, src/common/exif.cc: ``_read_history_v2``, ``dt_exif_xmp_read``; ISO 16684-1 (XMP).
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orangemask.errors import ParameterError
from orangemask.json_checks import read_text
from orangemask_bridge.history import Step

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DARKTABLE = "http://darktable.sf.net/"
XMP_VERSION = 5
OLDEST = 3  # whose history is a list of structures
MOST_BYTES = 32 << 20  # with many masks

_NEW = f"""\
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{RDF}">
  <rdf:Description rdf:about=""
    xmlns:darktable="{DARKTABLE}"
   darktable:xmp_version="{XMP_VERSION}"
   darktable:raw_params="0"
   darktable:auto_presets_applied="1"
   darktable:history_end="0">
   <darktable:history><rdf:Seq/></darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar that has been read.

    Attributes
    ----------
    text : str
    steps : tuple of Step
        Those that are done.
    has_defaults : bool
        Whether darktable has put the modules that it begins with into the history.
    """

    text: str
    steps: tuple[Step, ...]
    has_defaults: bool


def read_sidecar(path: Path) -> Sidecar:
    """Return what is in a sidecar.

    Raises
    ------
    ParameterError
        It cannot be read, or is no sidecar of darktable.
    """
    return parse_sidecar(read_text(path, "darktable sidecar", MOST_BYTES), str(path))


def parse_sidecar(text: str, where: str) -> Sidecar:
    """Return what is in the text of a sidecar, or raise `ParameterError`."""
    description = _description(_parsed(text, where), where)
    if (version := _integer(description, "xmp_version", where)) < OLDEST:
        raise ParameterError(
            f"{where} has version {version} of darktable's sidecars; open the picture in a "
            "present darktable once"
        )
    steps = tuple(_step(item, where) for item in _done(description, where))
    has_defaults = _get(description, "auto_presets_applied") == "1"
    return Sidecar(text, steps, has_defaults)


def sidecar_text(steps: Sequence[Step], existing: Sidecar | None = None) -> str:
    """Return a sidecar with some steps done after those of an existing one."""
    text = existing.text if existing is not None else _NEW
    _keep_prefixes(text)
    root = _parsed(text, "the sidecar")
    description = _description(root, "the sidecar")
    done = _done(description, "the sidecar")
    items = [*done, *(_item(step) for step in steps)]
    for number, item in enumerate(items):
        _set(item, "num", str(number))
    _set(description, "history_end", str(len(items)))
    if not done:  # else darktable would begin with its own, exposure and tone mapper among them
        _set(description, "auto_presets_applied", "1")
    sequence = _sequence(description)
    for item in list(sequence):
        sequence.remove(item)
    sequence.extend(items)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _parsed(text: str, where: str) -> ET.Element:
    try:
        return ET.fromstring(text)
    except ET.ParseError as error:
        raise ParameterError(f"{where} is not a darktable sidecar: {error}") from error


def _description(root: ET.Element, where: str) -> ET.Element:
    for one in root.iter(f"{{{RDF}}}Description"):
        if _get(one, "xmp_version"):
            return one
    raise ParameterError(f"{where} is not a sidecar of darktable")


def _sequence(description: ET.Element) -> ET.Element:
    history = description.find(f"{{{DARKTABLE}}}history")
    if history is None:
        history = ET.SubElement(description, f"{{{DARKTABLE}}}history")
    sequence = history.find(f"{{{RDF}}}Seq")
    return ET.SubElement(history, f"{{{RDF}}}Seq") if sequence is None else sequence


def _done(description: ET.Element, where: str) -> list[ET.Element]:
    """Return the items of the history up to where the user has gone back to."""
    items = list(_sequence(description))
    items.sort(key=lambda item: _integer(item, "num", where))
    return items[: _integer(description, "history_end", where, len(items))]


def _step(item: ET.Element, where: str) -> Step:
    return Step(
        _get(item, "operation") or "",
        _integer(item, "modversion", where),
        _get(item, "params") or "",
        _get(item, "enabled") == "1",
        _get(item, "blendop_params") or "",
        _integer(item, "blendop_version", where),
        _integer(item, "multi_priority", where),
        _get(item, "multi_name") or "",
    )


def _item(step: Step) -> ET.Element:
    item = ET.Element(f"{{{RDF}}}li")
    for name, value in (
        ("operation", step.operation),
        ("enabled", int(step.enabled)),
        ("modversion", step.version),
        ("params", step.params),
        ("multi_name", step.name),
        ("multi_name_hand_edited", int(bool(step.name))),
        ("multi_priority", step.priority),
        ("blendop_version", step.blend_version),
        ("blendop_params", step.blend),
    ):
        _set(item, name, str(value))
    return item


def _get(element: ET.Element, name: str) -> str | None:
    """Return a property, which XMP may write as an attribute or as an element."""
    key = f"{{{DARKTABLE}}}{name}"
    held = element.get(key)
    return held if held is not None else element.findtext(key)


def _set(element: ET.Element, name: str, value: str) -> None:
    key = f"{{{DARKTABLE}}}{name}"
    child = element.find(key)
    if child is not None:
        child.text = value
    else:
        element.set(key, value)


def _integer(element: ET.Element, name: str, where: str, default: int = 0) -> int:
    text = _get(element, name)
    if text is None:
        return default
    try:
        return int(text)
    except ValueError as error:
        raise ParameterError(f"{where} has {name} {text[:40]!r}, not a number") from error


def _keep_prefixes(text: str) -> None:
    """Have ElementTree write the prefixes that are in `text`; darktable's tools look for them."""
    for _, (prefix, address) in ET.iterparse(io.StringIO(text), events=["start-ns"]):
        if prefix and not prefix.startswith("ns"):
            ET.register_namespace(prefix, address)
