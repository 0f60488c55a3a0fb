"""The jobs about darktable's modules: `negadoctor`, `style`, `xmp`, `read`, `crop` and `lut`."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from orangemask._version import version
from orangemask.encode.destination import destination
from orangemask.engine.fields import Fields
from orangemask.errors import EngineError, ParameterError
from orangemask.film_base import FilmBase
from orangemask.filters import Rig, find_filter
from orangemask.json_checks import read_text
from orangemask.luts import write_lut
from orangemask.values import Values
from orangemask_bridge.conversion import negadoctor_to_values, values_to_negadoctor
from orangemask_bridge.history import (
    History,
    Step,
    emulation,
    inversion,
    off_copies,
    off_steps,
    own_table,
    present,
    remove_table,
    whole_table,
    without_labels,
    write_table,
)
from orangemask_bridge.members import Result, check_output, taken_values
from orangemask_bridge.negadoctor import Negadoctor
from orangemask_bridge.reading import Reading, reading_of
from orangemask_bridge.request import needed_path, taken_path
from orangemask_bridge.rest import residual, residual_of_edit
from orangemask_bridge.sidecar import MOST_BYTES, Sidecar, parse_sidecar, read_sidecar, sidecar_text
from orangemask_bridge.structs import CROP, NEGADOCTOR, Layout, decode, encode
from orangemask_bridge.style import parse_style, style_text
from orangemask_bridge.worker import Work

USUAL_DARKTABLE = "5.4"
WHOLE_SIZE = 65  # points along an edge
WHOLE = (0.0, 0.0, 1.0, 1.0)  # the edges of a crop that leaves all


def negadoctor(params: Fields, work: Work) -> Result:
    """Return the settings of negadoctor alone, with what they leave."""
    reading, values = _reading(params)
    params.end()
    module = values_to_negadoctor(values, reading)
    return {
        "actions": module.actions(),
        "numbers": module.numbers(),
        "params": module.pack().hex(),
        "version": NEGADOCTOR.version,
        "residual": asdict(residual(module, values, reading)),
        "warnings": [],
    }


def style(params: Fields, work: Work) -> Result:
    """Write a style and the table it refers to."""
    output, name = needed_path(params, "style"), params.text("name")
    existing, doubts = _existing(params, styles=True), _doubts(params)
    history, off = _history(params, existing, style=True)
    description = f"Orangemask {version()}: keep its table {history.place}"
    text = style_text(name, description, (*off, *history.steps))
    table = _write(params, history, output, text)
    return {"style": str(output), "name": name, **_told(history, off, table), "warnings": doubts}


def xmp(params: Fields, work: Work) -> Result:
    """Write a sidecar and the table it refers to."""
    output, existing = needed_path(params, "xmp"), _existing(params)
    doubts = _doubts(params)
    history, off = _history(params, existing, style=False)
    text = sidecar_text((*off, *history.steps), existing)
    table = _write(params, history, output, text)
    return {"xmp": str(output), **_told(history, off, table), "warnings": doubts}


def read(params: Fields, work: Work) -> Result:
    """Return a negadoctor edit as our nine values."""
    params_alone = params.has("params")
    steps = _given_steps(params)
    step = _last(steps, NEGADOCTOR)
    if step is None:
        raise ParameterError("there is no negadoctor in this history, or it is off")
    if step.version != NEGADOCTOR.version:
        raise ParameterError(
            f"the parameters of negadoctor are of version {step.version}; this program reads "
            f"{NEGADOCTOR.version}"
        )
    edit = Negadoctor.unpack(decode(step.params))
    alone = not params.has("state")
    reading, values = _reading(params, edit if alone else None)
    params.end()
    found = negadoctor_to_values(edit, values, reading)
    behind = not alone and (own_table(steps) or params_alone)
    left = residual_of_edit(edit, values if behind else None, found, reading)
    warnings = []
    if alone and own_table(steps):
        warnings.append("there is a table of ours behind negadoctor; give the state it was made of")
    return {
        "values": dict(found.values),
        "state": found.to_json(),
        "numbers": edit.numbers(),
        "residual": asdict(left),
        "warnings": warnings,
    }


def crop(params: Fields, work: Work) -> Result:
    """Return what part of its picture a history shows, nothing where that is all of it."""
    steps = _given_steps(params)
    params.taken("file")  # not needed; whoever asks `read` may ask this alike
    params.end()
    step = _last(steps, CROP)
    if step is None or not step.params:
        return {}
    edges = CROP.unpack(decode(step.params), longer=True)["edges"]
    if not isinstance(edges, tuple) or not all(0.0 <= edge <= 1.0 for edge in edges):
        raise ParameterError("the crop in this history does not lie in its picture")
    left, top, right, bottom = edges
    if edges == WHOLE or right <= left or bottom <= top:
        return {}
    return {"crop": [left, top, right - left, bottom - top]}


def lut(params: Fields, work: Work) -> Result:
    """Write the whole inversion, or a look, as one table for lut3d."""
    output = needed_path(params, "output")
    force = params.truth("force", default=False)
    size = params.integer("size", 2, 129, WHOLE_SIZE)
    reading, values = _reading(params)
    params.end()
    check_output(output, force=force)
    one = find_filter(values.filter)
    table = whole_table(values, reading)
    write_lut(
        output, table, size=size, title=f"{one.label} {output.stem}", force=force, linear=False
    )  # fmt: skip
    space = "Adobe RGB" if one.of_film else "sRGB"
    return {"output": str(output), "space": space, "warnings": []}


def _history(
    params: Fields, existing: Sidecar | None, *, style: bool
) -> tuple[History, tuple[Step, ...]]:
    """Return what shows the values of a job, and what has to be off for it."""
    darktable = _version_of(params.text("darktable", USUAL_DARKTABLE))
    reading, values = _reading(params)
    if not find_filter(values.filter).of_film:
        return emulation(values), ()
    history = inversion(values, reading)
    if existing is not None and existing.has_defaults:
        return history, off_copies(existing.steps)
    if style or (reading.raw and existing is not None):
        return history, off_steps(darktable)
    return history, ()


def _reading(params: Fields, edit: Negadoctor | None = None) -> tuple[Reading, Values]:
    file = taken_path(params, "file")
    values = taken_values(params) if edit is None else _values_of_edit(params, edit)
    if not find_filter(values.filter).of_film:
        return Reading(), values
    return reading_of(values.context.encoding, file), values


def _values_of_edit(params: Fields, edit: Negadoctor) -> Values:
    """Return values for an edit that nothing is known of: its own film base, no cross-talk."""
    values = taken_values(params, lambda one: Rig())
    red, green, blue = (float(density) for density in -np.log10(edit.d_min))
    base = FilmBase((red, green, blue), 1.0, "given")
    return replace(values, context=replace(values.context, base=base))


def _existing(params: Fields, *, styles: bool = False) -> Sidecar | None:
    """Return the picture's present history, which of a style may be one, too."""
    path = taken_path(params, "existing")
    if path is None:
        return None
    if styles and path.suffix.lower() == ".dtstyle":
        text = read_text(path, "darktable style", MOST_BYTES)
        steps = without_labels(parse_style(text, str(path)))
        return Sidecar(text, steps, has_defaults=True)
    return read_sidecar(path)


def _doubts(params: Fields) -> list[str]:
    """Return what the user should know of a job without the picture's file."""
    if params.has("file") or not params.has("state"):
        return []
    return ["the picture's file was not named, so it is taken for no RAW file"]


def _last(steps: tuple[Step, ...], layout: Layout) -> Step | None:
    """Return the step that a module of one instance is at, None where it is off or absent."""
    found = [step for step in present(steps) if step.operation == layout.operation]
    return found[-1] if found and found[-1].enabled else None


def _given_steps(params: Fields) -> tuple[Step, ...]:
    given = [name for name in ("params", "style", "xmp") if params.has(name)]
    if len(given) != 1:
        raise EngineError("give one of params, style and xmp")
    if given == ["params"]:
        return (Step(NEGADOCTOR.operation, NEGADOCTOR.version, params.text("params")),)
    path = needed_path(params, given[0])
    kind = "darktable style" if given == ["style"] else "darktable sidecar"
    text = read_text(path, kind, MOST_BYTES)
    if given == ["style"]:
        return parse_style(text, str(path))
    return parse_sidecar(text, str(path)).steps


def _write(params: Fields, history: History, output: Path, text: str) -> Path:
    """Write a style or sidecar and its table, both or neither; take the last members."""
    force = params.truth("force", default=False)
    root = _root(params)
    params.end()
    check_output(output, force=force)
    table, is_new = write_table(history, root)
    try:
        with destination(output, force=force) as part:
            part.write_text(text, "utf-8")
    except BaseException:
        if is_new:
            remove_table(table)
        raise
    return table


def _root(params: Fields) -> Path:
    """Return lut3d's root folder; darktable's preference is empty for the home folder."""
    root = Path(params.text("lut_root", "") or Path.home())
    if not root.is_absolute():
        raise EngineError(f"lut_root is {str(root)[:200]!r}; it must be an absolute path")
    return root


def _told(history: History, off: tuple[Step, ...], table: Path) -> dict[str, Any]:
    modules = [
        {"operation": step.operation, "enabled": step.enabled, "version": step.version}
        for step in (*off, *history.steps)
    ]
    return {
        "lut": str(table),
        "modules": modules,
        "residual": asdict(history.residual) if history.residual is not None else None,
        "params": encode(history.module.pack()) if history.module is not None else None,
    }


def _version_of(text: str) -> tuple[int, ...]:
    """Return a version of darktable as numbers: ``5.4.1``, ``5.4.1+12~gabcdef``."""
    found = re.match(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?", text)
    if found is None:
        raise EngineError(f"darktable is {text[:40]!r}; it must be a version, as 5.4.1")
    return tuple(int(part) for part in found.groups() if part is not None)
