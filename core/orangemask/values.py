"""The values file: nine numbers beside a picture, with all that is needed to render it again.

JSON, one object, written beside the output as ``OUT.orangemask.json`` and into its metadata::

    {"orangemask": 1, "filter": "invert-c41", "model": {"name": …, "sha256": …},
     "values": {…nine…},
     "context": {"base": …, "rig": …, "encoding": …, "film": …, "roll": …},
     "source": {"file": …, "sha256": …}}

"film" is there where the kind of film was said or found; "roll" where a picture was rendered as a
frame of one, and says which; the values are already what came of both. A photograph has neither
base nor rig; its context is::

    {"encoding": …, "settings": {…}, "light": {"scene": …, "rgb_to_xyz": …}}

"settings" are the filter's own (stock …), the default is meant where one is missing; "light" says
what the source's light was taken for. Names and meanings never change; a reader refuses a newer
version instead of guessing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orangemask.errors import ParameterError
from orangemask.film_base import NO_BASE
from orangemask.filters import AUTO, Context, Filter, Prediction, UsedRoll, find_filter
from orangemask.json_checks import (
    base_from_json,
    base_to_json,
    check_version,
    checked_encoding,
    json_mapping,
    json_number,
    json_optional_text,
    json_text,
    light_from_json,
    light_to_json,
    parse_object,
    read_text,
    rig_from_json,
    rig_to_json,
    writable,
)

VERSION = 1
SUFFIX = ".orangemask.json"
MAX_BYTES = 1 << 20  # a values file is about 1 kB


@dataclass(frozen=True, slots=True)
class Values:
    """A values file's content.

    Attributes
    ----------
    filter : str
        Name of the filter.
    values : mapping of parameter name to float
        All nine, checked.
    context : Context
        Film base, rig, settings and reading of the source.
    model : str or None
        What predicted them; None where a person set them.
    model_sha256 : str or None
    source : str or None
        File name of the picture they belong to.
    source_sha256 : str or None
    """

    filter: str
    values: Mapping[str, float]
    context: Context
    model: str | None = None
    model_sha256: str | None = None
    source: str | None = None
    source_sha256: str | None = None

    def to_json(self) -> str:
        """Return the file's text."""
        content: dict[str, Any] = {
            "orangemask": VERSION,
            "filter": self.filter,
            "model": {"name": self.model, "sha256": self.model_sha256},
            "values": dict(self.values),
            "context": context_to_json(self.context),
            "source": {"file": self.source, "sha256": self.source_sha256},
        }
        return writable(content)


def from_prediction(one: Filter, prediction: Prediction) -> Values:
    """Return the values file of a prediction, not yet tied to a source."""
    return Values(
        one.name,
        one.checked(prediction.values),
        prediction.context,
        prediction.model,
        prediction.sha256,
    )


def parse_values(text: str, where: str = "values") -> Values:
    """Return the content of a values file.

    Parameters
    ----------
    text : str
        JSON.
    where : str
        Named in errors.

    Raises
    ------
    ParameterError
        Not JSON, not a values file, of a newer version or of an unknown filter, a parameter
        unknown, missing or out of range.
    """
    content = parse_object(text, where, "values file")
    if "orangemask" not in content:
        raise ParameterError(f'{where} is not a values file: it has no "orangemask" version')
    check_version(content["orangemask"], VERSION, where)
    try:
        one = find_filter(json_text(content.get("filter"), "filter"))
        model = json_mapping(content.get("model") or {}, "model")
        source = json_mapping(content.get("source") or {}, "source")
        return Values(
            one.name,
            one.checked(json_mapping(content.get("values"), "values")),
            _context(json_mapping(content.get("context"), "context"), one),
            json_optional_text(model.get("name"), "model name"),
            json_optional_text(model.get("sha256"), "model sha256"),
            json_optional_text(source.get("file"), "source file"),
            json_optional_text(source.get("sha256"), "source sha256"),
        )
    except ParameterError as error:
        raise ParameterError(f"{where}: {error}") from error


def read_values(path: Path) -> Values:
    """Return a values file's content.

    Raises
    ------
    ParameterError
        It cannot be read, or as `parse_values`.
    """
    return parse_values(read_text(path, "values file", MAX_BYTES), str(path))


def values_path(output: Path) -> Path:
    """Return where the values of `output` lie: beside it, ``OUT.orangemask.json``."""
    return output.with_name(output.name + SUFFIX)


def context_to_json(context: Context) -> dict[str, Any]:
    """Return a context as JSON-ready data, without what does not apply."""
    content: dict[str, Any] = {}
    if context.base != NO_BASE:
        content |= {"base": base_to_json(context.base), "rig": rig_to_json(context.rig)}
    content["encoding"] = context.encoding
    if context.film != AUTO:
        content["film"] = context.film
    if context.roll is not None:
        content["roll"] = asdict(context.roll)
    if context.settings:
        content["settings"] = dict(context.settings)
    if context.base == NO_BASE:
        content["light"] = light_to_json(context.light)
    return content


def _context(content: Mapping[str, Any], one: Filter) -> Context:
    encoding = checked_encoding(content.get("encoding", AUTO))
    settings = one.checked_settings(json_mapping(content.get("settings") or {}, "settings"))
    if not one.of_film:
        light = light_from_json(json_mapping(content.get("light") or {}, "light"))
        return Context(NO_BASE, encoding=encoding, settings=settings, light=light)
    base = json_mapping(content.get("base"), "base")
    rig = json_mapping(content.get("rig") or {}, "rig")
    roll = content.get("roll")
    return Context(
        base_from_json(base),
        rig_from_json(rig),
        encoding,
        _roll(json_mapping(roll, "roll")) if roll is not None else None,
        json_text(content.get("film", AUTO), "film"),
        settings,
    )


def _roll(content: Mapping[str, Any]) -> UsedRoll:
    return UsedRoll(
        json_text(content.get("file"), "roll file"),
        json_text(content.get("sha256"), "roll sha256"),
        json_number(content.get("freedom"), "roll freedom", 0.0, 1.0),
    )
