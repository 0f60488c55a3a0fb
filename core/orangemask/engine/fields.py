"""The members of a JSON object, each taken once with its type; what is left over is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from orangemask.engine.protocol import kind_of, one_line
from orangemask.errors import EngineError

MAX_TEXT = 1 << 20


class Fields:
    """An object of a request.

    Parameters
    ----------
    content : mapping
        As read from JSON; not changed.
    where : str
        Named in errors: ``image``.
    """

    def __init__(self, content: Mapping[str, Any], where: str) -> None:
        self._left = dict(content)
        self._where = where

    def has(self, name: str) -> bool:
        """Return whether the member is there and not null."""
        return self._left.get(name) is not None

    def taken(self, name: str) -> object:
        """Return the member as it is, None where absent; for another reader to check."""
        return self._left.pop(name, None)

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Return an integer between `low` and `high`."""
        value = self._left.pop(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, value, "an integer")
        if not low <= value <= high:
            raise EngineError(f"{self._where} {name} is {value}; allowed is {low} to {high}")
        return value

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number between `low` and `high`."""
        value = self._left.pop(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(name, value, "a number")
        if not low <= value <= high:
            raise EngineError(f"{self._where} {name} is {value:g}; allowed is {low:g} to {high:g}")
        return float(value)

    def numbers(self, name: str, count: int) -> list[float]:
        """Return a list of `count` numbers."""
        value = self._left.pop(name, None)
        if not isinstance(value, list) or len(value) != count:
            raise self._wrong(name, value, f"a list of {count} numbers")
        each = Fields({str(i): number for i, number in enumerate(value)}, f"{self._where} {name}")
        return [each.number(str(i), -1e9, 1e9) for i in range(count)]

    def truth(self, name: str, default: bool) -> bool:
        """Return a boolean."""
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, value, "true or false")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text."""
        value = self._left.pop(name, default)
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise self._wrong(name, value, "a text")
        return value

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        """Return one of the texts `allowed`."""
        value = self.text(name, default)
        if value not in allowed:
            raise EngineError(
                f"{self._where} {name} is {one_line(repr(value[:100]))}; "
                f"allowed: {', '.join(allowed)}"
            )
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object whose members another reader checks; empty where absent."""
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, dict):
            raise self._wrong(name, value, "an object")
        return dict(value or {})

    def inner(self, name: str) -> Fields:
        """Return the members of an object."""
        value = self._left.pop(name, None)
        if not isinstance(value, dict):
            raise self._wrong(name, value, "an object")
        return Fields(value, name)

    def end(self) -> None:
        """Refuse what was not taken: a misspelt option must not be dropped in silence."""
        unknown = sorted(name for name, value in self._left.items() if value is not None)
        if unknown:
            raise EngineError(f"{self._where} has no {one_line(repr(unknown[0][:100]))}")

    def _wrong(self, name: str, value: object, wanted: str) -> EngineError:
        return EngineError(f"{self._where} {name} is {kind_of(value)}; it must be {wanted}")
