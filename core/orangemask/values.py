"""The values file: nine numbers beside a picture, with all that is needed to render it again.

JSON, one object, written beside the output as ``OUT.orangemask.json`` and into its metadata::

    {"orangemask": 1, "filter": "invert-c41", "model": {"name": …, "sha256": …},
     "values": {…nine…}, "context": {"base": …, "rig": …, "encoding": …},
     "source": {"file": …, "sha256": …}}

Names and meanings never change; a reader refuses a newer version instead of guessing.
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orangemask.errors import ParameterError, reason
from orangemask.film_base import FilmBase
from orangemask.filters import Context, Filter, Prediction, Rig, Rows, find_filter
from orangemask.image import Triple

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
        Film base, rig and reading of the source.
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
        base = self.context.base
        content = {
            "orangemask": VERSION,
            "filter": self.filter,
            "model": {"name": self.model, "sha256": self.model_sha256},
            "values": dict(self.values),
            "context": {
                "base": {
                    "density": list(base.density),
                    "confidence": base.confidence,
                    "origin": base.origin,
                },
                "rig": {
                    "name": self.context.rig.name,
                    "crosstalk": [list(row) for row in self.context.rig.crosstalk],
                },
                "encoding": self.context.encoding,
            },
            "source": {"file": self.source, "sha256": self.source_sha256},
        }
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        # A file name that is not UTF-8 has lone surrogates; \\udcff is JSON's escape for one too.
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


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
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"{where} is not a values file: {_first_line(error)}") from error
    if not isinstance(content, dict) or "orangemask" not in content:
        raise ParameterError(f'{where} is not a values file: it has no "orangemask" version')
    version = content["orangemask"]
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ParameterError(
            f"{where} has version {reprlib.repr(version)}; this program reads {VERSION}"
        )
    if version > VERSION:
        raise ParameterError(
            f"{where} has version {reprlib.repr(version)}, made by a newer orangemask; "
            f"this one reads {VERSION}: upgrade it"
        )
    try:
        one = find_filter(_text(content.get("filter"), "filter"))
        model = _mapping(content.get("model") or {}, "model")
        source = _mapping(content.get("source") or {}, "source")
        return Values(
            one.name,
            one.checked(_mapping(content.get("values"), "values")),
            _context(_mapping(content.get("context"), "context")),
            _optional_text(model.get("name"), "model name"),
            _optional_text(model.get("sha256"), "model sha256"),
            _optional_text(source.get("file"), "source file"),
            _optional_text(source.get("sha256"), "source sha256"),
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
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ParameterError(
                f"{path} is not a values file: it is larger than {MAX_BYTES} bytes"
            )
        text = content.decode("utf-8-sig")  # Windows' editors write the mark
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path} is not a values file: it is not UTF-8 text") from error
    except OSError as error:
        raise ParameterError(f"cannot read {path}: {reason(error)}") from error
    return parse_values(text, str(path))


def values_path(output: Path) -> Path:
    """Return where the values of `output` lie: beside it, ``OUT.orangemask.json``."""
    return output.with_name(output.name + SUFFIX)


def _context(content: Mapping[str, Any]) -> Context:
    base = _mapping(content.get("base"), "base")
    rig = _mapping(content.get("rig") or {}, "rig")
    crosstalk = rig.get("crosstalk", Rig().crosstalk)
    if not isinstance(crosstalk, (list, tuple)) or len(crosstalk) != 3:
        raise ParameterError("crosstalk must be 3 rows of 3 numbers")
    rows: Rows = (
        _triple(crosstalk[0], "crosstalk"),
        _triple(crosstalk[1], "crosstalk"),
        _triple(crosstalk[2], "crosstalk"),
    )
    return Context(
        FilmBase(
            _triple(base.get("density"), "base density"),
            _number(base.get("confidence", 1.0), "base confidence", 0.0, 1.0),
            _text(base.get("origin", "given"), "base origin"),
        ),
        Rig(_text(rig.get("name", "none"), "rig name"), rows),
        _encoding(content.get("encoding", "auto")),
    )


def _encoding(value: Any) -> str:
    from orangemask.decode.encoding import parse_encoding

    name = _text(value, "encoding")
    if name != "icc":
        parse_encoding(name)
    return name


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if value is None:
        raise ParameterError(f"it has no {name}")
    if not isinstance(value, dict):
        raise ParameterError(f"{name} must be an object, not {type(value).__name__}")
    return value


def _triple(value: Any, name: str) -> Triple:
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise ParameterError(f"{name} must be 3 numbers")
    return (_number(value[0], name), _number(value[1], name), _number(value[2], name))


def _number(value: Any, name: str, minimum: float = -1e3, maximum: float = 1e3) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ParameterError(f"{name} is {reprlib.repr(value)}, not a number")
    if not minimum <= value <= maximum:  # nor is not-a-number
        raise ParameterError(
            f"{name} is {reprlib.repr(value)}; it must lie between {minimum:g} and {maximum:g}"
        )
    return float(value)


def _text(value: Any, name: str) -> str:
    if value is None:
        raise ParameterError(f"it has no {name}")
    if not isinstance(value, str) or len(value) > 1000:
        raise ParameterError(f"{name} must be a short text")
    return value


def _optional_text(value: Any, name: str) -> str | None:
    return None if value is None else _text(value, name)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
