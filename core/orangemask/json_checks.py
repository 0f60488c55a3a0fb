"""Checked reading of the JSON files that people may edit, and what these files share."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orangemask.errors import ParameterError, reason
from orangemask.film_base import FilmBase
from orangemask.filters import Rig, Rows, SourceLight
from orangemask.image import Triple


def writable(content: Mapping[str, Any]) -> str:
    """Return a file's text: JSON that UTF-8 can hold."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    # A file name that is not UTF-8 has lone surrogates; \\udcff is JSON's escape for one too.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def read_text(path: Path, kind: str, most: int) -> str:
    """Return the text of a small file.

    Raises
    ------
    ParameterError
        It cannot be read, is larger than `most` bytes, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise ParameterError(f"{path} is not a {kind}: it is larger than {most} bytes")
        return content.decode("utf-8-sig")  # Windows' editors write the mark
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path} is not a {kind}: it is not UTF-8 text") from error
    except OSError as error:
        raise ParameterError(f"cannot read {path}: {reason(error)}") from error


def parse_object(text: str, where: str, kind: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises
    ------
    ParameterError
        It is none; `where` and `kind` are named.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"{where} is not a {kind}: {_first_line(error)}") from error
    return content if isinstance(content, dict) else {}


def check_version(version: Any, known: int, where: str) -> None:
    """Refuse a version that is none, or newer than `known`."""
    shown = reprlib.repr(version)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ParameterError(f"{where} has version {shown}; this program reads {known}")
    if version > known:
        raise ParameterError(
            f"{where} has version {shown}, made by a newer orangemask; "
            f"this one reads {known}: upgrade it"
        )


def base_to_json(base: FilmBase) -> dict[str, Any]:
    """Return a film base as JSON-ready data."""
    return {
        "density": list(base.density),
        "confidence": base.confidence,
        "origin": base.origin,
    }


def base_from_json(content: Mapping[str, Any]) -> FilmBase:
    """Return the film base of JSON data, or raise `ParameterError`."""
    return FilmBase(
        json_triple(content.get("density"), "base density"),
        json_number(content.get("confidence", 1.0), "base confidence", 0.0, 1.0),
        json_text(content.get("origin", "given"), "base origin"),
    )


def rig_to_json(rig: Rig) -> dict[str, Any]:
    """Return a rig as JSON-ready data."""
    return {"name": rig.name, "crosstalk": [list(row) for row in rig.crosstalk]}


def rig_from_json(content: Mapping[str, Any]) -> Rig:
    """Return the rig of JSON data, or raise `ParameterError`."""
    crosstalk = json_rows(content.get("crosstalk", Rig().crosstalk), "crosstalk")
    return Rig(json_text(content.get("name", "none"), "rig name"), crosstalk)


def light_to_json(light: SourceLight) -> dict[str, Any]:
    """Return what a source's light means as JSON-ready data."""
    rows = light.rgb_to_xyz
    return {"scene": light.scene, "rgb_to_xyz": [list(row) for row in rows] if rows else None}


def light_from_json(content: Mapping[str, Any]) -> SourceLight:
    """Return what a source's light means, of JSON data, or raise `ParameterError`."""
    scene = content.get("scene", False)
    if not isinstance(scene, bool):
        raise ParameterError(f"light scene is {reprlib.repr(scene)}; it must be true or false")
    rows = content.get("rgb_to_xyz")
    return SourceLight(scene, None if rows is None else json_rows(rows, "light rgb_to_xyz"))


def checked_encoding(value: Any) -> str:
    """Return the name of an encoding, or raise `ParameterError`."""
    from orangemask.decode.encoding import parse_encoding

    name = json_text(value, "encoding")
    if name != "icc":
        parse_encoding(name)
    return name


def json_mapping(value: Any, name: str) -> dict[str, Any]:
    """Return a JSON object, or raise `ParameterError`."""
    if value is None:
        raise ParameterError(f"it has no {name}")
    if not isinstance(value, dict):
        raise ParameterError(f"{name} must be an object, not {type(value).__name__}")
    return value


def json_triple(value: Any, name: str) -> Triple:
    """Return three numbers, or raise `ParameterError`."""
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise ParameterError(f"{name} must be 3 numbers")
    return (json_number(value[0], name), json_number(value[1], name), json_number(value[2], name))


def json_rows(value: Any, name: str) -> Rows:
    """Return 3 rows of 3 numbers, or raise `ParameterError`."""
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise ParameterError(f"{name} must be 3 rows of 3 numbers")
    return (
        json_triple(value[0], name),
        json_triple(value[1], name),
        json_triple(value[2], name),
    )


def json_number(value: Any, name: str, minimum: float = -1e3, maximum: float = 1e3) -> float:
    """Return a number in its range, or raise `ParameterError`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ParameterError(f"{name} is {reprlib.repr(value)}, not a number")
    if not minimum <= value <= maximum:  # nor is not-a-number
        raise ParameterError(
            f"{name} is {reprlib.repr(value)}; it must lie between {minimum:g} and {maximum:g}"
        )
    return float(value)


def json_text(value: Any, name: str) -> str:
    """Return a short text, or raise `ParameterError`."""
    if value is None:
        raise ParameterError(f"it has no {name}")
    if not isinstance(value, str) or len(value) > 1000:
        raise ParameterError(f"{name} must be a short text")
    return value


def json_optional_text(value: Any, name: str) -> str | None:
    """Return a short text or None, or raise `ParameterError`."""
    return None if value is None else json_text(value, name)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
