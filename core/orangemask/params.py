"""What a filter lets its user set: numbers on sliders, and choices from a list."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from orangemask.errors import ParameterError

MAX_OFFERED = 3  # names that may have been meant


@dataclass(frozen=True, slots=True)
class Param:
    """One slider.

    Attributes
    ----------
    name : str
        For ever: it is in users' files.
    label, unit, doc : str
        For people.
    group : str
        What it is shown with: ``red``, ``green``, ``blue``.
    default : float
        Where nothing is predicted.
    minimum, maximum : float
        What may be set.
    slider_minimum, slider_maximum, step : float
        What a slider shows.
    whole : bool
        Only whole numbers; they are given and saved as such.
    """

    name: str
    label: str
    unit: str
    group: str
    default: float
    minimum: float
    maximum: float
    slider_minimum: float
    slider_maximum: float
    step: float
    doc: str
    whole: bool = False

    def checked(self, value: object) -> float:
        """Return `value` as a number, or raise `ParameterError` saying what is allowed."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ParameterError(f"{self.name} is {reprlib.repr(value)}, not a number")
        if not self.minimum <= value <= self.maximum:  # nor is not-a-number
            shown = f"{value:.10g}" if isinstance(value, float) else reprlib.repr(value)
            raise ParameterError(
                f"{self.name} is {shown}; it must lie between {self.minimum:.10g} "
                f"and {self.maximum:.10g} {self.unit}".rstrip()
            )
        if not self.whole:
            return float(value)
        if value != int(value):
            raise ParameterError(f"{self.name} is {value:g}; it must be a whole number")
        return int(value)

    def parsed(self, text: str) -> float:
        """Return the value that a user typed, checked."""
        try:
            return self.checked(float(text))
        except ValueError as error:
            if isinstance(error, ParameterError):
                raise
            raise ParameterError(f"{self.name} is {reprlib.repr(text)}, not a number") from None

    def description(self) -> dict[str, Any]:
        """Return the declaration as JSON-ready data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Option:
    """One of the things a `Choice` offers.

    Attributes
    ----------
    name : str
        As typed and saved; for ever.
    label, doc : str
        For people; `doc` may be empty.
    facts : mapping of str to str, float, int or bool
        What a table of them tells, by the column's name.
    details : mapping likewise
        What programs are told besides.
    """

    name: str
    label: str
    doc: str = ""
    facts: Mapping[str, str | float | bool] = field(default_factory=dict)
    details: Mapping[str, str | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """One list to choose from.

    Attributes
    ----------
    name : str
        For ever: it is in users' files.
    label, doc : str
        For people.
    options : callable or tuple of Option
        What may be chosen; a callable is asked each time, so that what lies in files is read only
        when it is needed.
    default : str
        Name of the option that is meant where nothing is chosen.
    plural : str
        The command that lists the options, ``stocks``; empty where help names them all.
    broken : callable or None
        What is wrong with each option that cannot be offered, by its name.
    """

    name: str
    label: str
    doc: str
    options: tuple[Option, ...] | Callable[[], tuple[Option, ...]]
    default: str
    plural: str = ""
    broken: Callable[[], Mapping[str, str]] | None = None

    @property
    def by_name(self) -> dict[str, Option]:
        """The options by their names, in their order."""
        options = self.options() if callable(self.options) else self.options
        return {option.name: option for option in options}

    def checked(self, value: object) -> str:
        """Return `value` if it is an option's name, or raise `ParameterError` with those near."""
        if not isinstance(value, str):
            raise ParameterError(f"{self.name} is {reprlib.repr(value)}, not a name")
        allowed = self.by_name
        if value not in allowed:
            reasons = self.broken() if self.broken is not None else {}
            raise ParameterError(reasons.get(value) or unknown(self.name, value, allowed))
        return value

    parsed = checked
    """Return the value that a user typed, checked."""

    def description(self) -> dict[str, Any]:
        """Return the declaration as JSON-ready data."""
        options = [
            {"name": one.name, "label": one.label, "doc": one.doc, **one.facts, **one.details}
            for one in self.by_name.values()
        ]
        return {
            "name": self.name,
            "label": self.label,
            "doc": self.doc,
            "default": self.default,
            "options": options,
        }


Setting: TypeAlias = Param | Choice


def unknown(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Return "unknown KIND 'NAME'; did you mean …? allowed: …".

    The nearest is offered as it is spelt, else those that have all of the words in `name`.
    """
    names = list(allowed)
    typed = "-".join(name[:100].lower().replace("_", "-").split())
    near = (
        difflib.get_close_matches(name[:100], names, 1)
        or difflib.get_close_matches(typed, names, 1)
        or [one for one in names if typed and all(word in one for word in typed.split("-"))]
    )
    offered = " or ".join(f"'{one}'" for one in near[:MAX_OFFERED])
    hint = f"did you mean {offered}? " if near else ""
    return f"unknown {kind} {reprlib.repr(name)}; {hint}allowed: {', '.join(names)}"
