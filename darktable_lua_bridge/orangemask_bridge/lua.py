"""Python data as Lua literals.

Reference
---------
Lua 5.4 Reference Manual, 3.1 (lexical conventions) and 3.4.9 (table constructors).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEYWORDS = frozenset(
    """and break do else elseif end false for function goto if in local nil not or repeat return
    then true until while""".split()  # noqa: SIM905 - 22 words
)
_PLAIN = re.compile(rb"[ !#-\[\]-~]*")  # printable ASCII but the quote and the backslash


def to_lua(value: Any, indent: str | None = None, depth: int = 0) -> str:
    """Return a Lua expression for JSON-like data, in ASCII.

    Parameters
    ----------
    value : None, bool, int, float, str, sequence or mapping
        A mapping's members that are None are left out; elsewhere None is nil. Texts become their
        UTF-8 bytes, those of a file name that is not UTF-8 its own bytes.
    indent : str, optional
        Put the members of tables that hold tables on lines of their own, indented by this.
    depth : int
        How deep the value lies.

    Raises
    ------
    TypeError
        The data holds something else.

    Examples
    --------
    >>> to_lua({"name": "a", "values": [1, 0.5], "none": None})
    '{name="a", values={1, 0.5}}'
    """
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        parts = [
            f"{_key(name)}={to_lua(each, indent, depth + 1)}"
            for name, each in value.items()
            if each is not None
        ]
        return _table(parts, value.values(), indent, depth)
    if isinstance(value, Sequence):
        return _table([to_lua(each, indent, depth + 1) for each in value], value, indent, depth)
    raise TypeError(f"{type(value).__name__} has no Lua literal")


def chunk(value: Any, indent: str | None = None) -> str:
    """Return a Lua chunk that returns `value`; one line without `indent`."""
    return f"return {to_lua(value, indent)}\n"


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "(0/0)" if math.isnan(value) else "math.huge" if value > 0 else "-math.huge"


def _text(text: str) -> str:
    raw = text.encode("utf-8", "surrogateescape")
    if _PLAIN.fullmatch(raw):
        return f'"{raw.decode("ascii")}"'
    return '"' + "".join(_escaped(byte) for byte in raw) + '"'


def _escaped(byte: int) -> str:
    """Return one byte of a quoted text; three digits, because a digit may follow."""
    plain = 32 <= byte < 127 and byte not in b'"\\'
    return chr(byte) if plain else f"\\{byte:03d}"


def _key(name: object) -> str:
    text = str(name)
    plain = _NAME.fullmatch(text) and text not in _KEYWORDS
    return text if plain else f"[{_text(text)}]"


def _table(parts: list[str], values: Any, indent: str | None, depth: int) -> str:
    nested = any(isinstance(each, (Mapping, list, tuple)) and each for each in values)
    if indent is None or not nested:
        return "{" + ", ".join(parts) + "}"
    inner = "\n" + indent * (depth + 1)
    return "{" + inner + ("," + inner).join(parts) + ",\n" + indent * depth + "}"
