"""The filters as the engine declares them (`filters.json`, generated), by GIMP's names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "filters.json"
PREFIX = "plug-in-orangemask-"
ENCODINGS = {
    "auto": "As the image says",
    "linear": "Linear",
    "srgb": "sRGB",
    "gamma:1.8": "Gamma 1.8",
    "gamma:2.2": "Gamma 2.2",
}
LIGHTS = {"auto": "As the image says", "display": "A finished picture", "scene": "Scene-linear"}
RIGS = {
    "auto": "Found by itself",
    "white": "Camera, white light",
    "narrow": "Camera, narrow-band light",
    "scanner": "Film scanner",
    "none": "No correction",
}
FILMS = {
    "auto": "Found by itself",
    "c41": "Colour negative",
    "maskless": "Colour negative without mask",
    "bw": "Black and white negative",
}


@dataclass(frozen=True)
class Number:
    """A number a user sets; `unit`, ranges and all as the engine's `describe` says."""

    name: str
    label: str
    doc: str
    unit: str
    group: str
    default: float
    minimum: float
    maximum: float
    slider_minimum: float
    slider_maximum: float
    step: float
    whole: bool

    @property
    def digits(self) -> int:
        """Decimals that show a step."""
        return 0 if self.whole else max(0, len(f"{self.step:f}".rstrip("0").split(".")[1]))


@dataclass(frozen=True)
class Choice:
    """One of several; `options` maps names to labels."""

    name: str
    label: str
    doc: str
    default: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class Declared:
    """A filter.

    Attributes
    ----------
    name, label, doc : str
    of_film : bool
        Whether its pictures are scans of film.
    params : tuple of Number
        The nine.
    settings : tuple of Number or Choice
        What nobody predicts: stock, strengths …
    asks : tuple of Choice
        What a prediction may be told: model, rig, kind of film, encoding.
    """

    name: str
    label: str
    doc: str
    of_film: bool
    params: tuple[Number, ...]
    settings: tuple[Number | Choice, ...]
    asks: tuple[Choice, ...]

    @property
    def procedure(self) -> str:
        """Name in GIMP's procedure database."""
        return PREFIX + self.name

    @property
    def groups(self) -> dict[str, list[Number]]:
        """The nine by channel, in order."""
        groups: dict[str, list[Number]] = {}
        for param in self.params:
            groups.setdefault(param.group, []).append(param)
        return groups


def arg(name: str) -> str:
    """Return the name of a procedure's argument for a parameter: GIMP has no underscores."""
    return name.replace("_", "-")


@cache
def declared_filters() -> tuple[Declared, ...]:
    """Return all filters, those of scans first."""
    found = [_declared(one) for one in json.loads(FILE.read_text("utf-8"))]
    return tuple(sorted(found, key=lambda one: (not one.of_film, one.name)))


def find_declared(procedure: str) -> Declared:
    """Return the filter of a procedure."""
    return next(one for one in declared_filters() if one.procedure == procedure)


def _declared(one: Mapping[str, Any]) -> Declared:
    of_film = one["source"] == "scan"
    models = {model["name"]: _capital(model["doc"]) for model in one["models"]}
    asks = [Choice("model", "Prediction", "what predicts the values", next(iter(models)), models)]
    if of_film:
        asks.append(Choice("film", "Film", "kind of film", "auto", _of(FILMS, one["films"])))
        asks.append(
            Choice(
                "rig", "Scanned by", "light and camera of the scan", "auto", _of(RIGS, one["rigs"])
            )
        )
    asks.append(Choice("encoding", "Encoding", "what the codes are", "auto", ENCODINGS))
    if not of_film:
        asks.append(Choice("light", "Light", "what the picture's light is", "auto", LIGHTS))
    return Declared(
        one["name"],
        one["label"],
        one["doc"],
        of_film,
        tuple(_number(param) for param in one["params"]),
        tuple(
            _choice(each) if each["kind"] == "choice" else _number(each) for each in one["settings"]
        ),
        tuple(asks),
    )


def _number(each: Mapping[str, Any]) -> Number:
    return Number(**{name: each[name] for name in Number.__dataclass_fields__})


def _choice(each: Mapping[str, Any]) -> Choice:
    options = {option["name"]: option["label"] for option in each["options"]}
    return Choice(each["name"], each["label"], each["doc"], each["default"], options)


def _of(labels: Mapping[str, str], names: list[str]) -> dict[str, str]:
    return {name: labels.get(name, name) for name in names}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
