"""Options that several verbs share, and how their texts become values."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orangemask.errors import ParameterError
from orangemask.filters import AUTO, Filter, filters, find_filter, unknown
from orangemask.image import Triple
from orangemask.values import Values


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add what says how a source is read and what is known of its film."""
    parser.add_argument(
        "--encoding",
        metavar="auto|linear|srgb|gamma:G",
        help="how the file's numbers stand for light; default auto: its profile, else linear for "
        "RAW, EXR, float and 16-bit TIFF, sRGB for 8-bit files and PNG",
    )
    base = parser.add_mutually_exclusive_group()
    base.add_argument(
        "--base",
        metavar="R,G,B",
        type=_base,
        help="film base as linear light, 0…1, instead of finding it",
    )
    base.add_argument(
        "--base-rect",
        metavar="X,Y,W,H",
        type=_rectangle,
        help="film base from this rectangle of the picture, in pixels",
    )


def verb_filters() -> dict[str, list[Filter]]:
    """Return the installed filters by the verb that does them; the first is the verb's own."""
    by_verb: dict[str, list[Filter]] = {}
    for one in filters().values():
        by_verb.setdefault(one.verb, []).append(one)
    return by_verb


def add_model(parser: argparse.ArgumentParser, family: list[Filter]) -> None:
    """Add the choice of model, which also decides between a verb's filters, of rig and film."""
    models = [model for one in family for model in one.models]
    told = "; ".join(f"{model.name}: {model.doc}" for model in models)
    parser.add_argument(
        "--model",
        choices=[model.name for model in models],
        help=f"what predicts the values ({told}); default {models[0].name}",
    )
    add_rig(parser, family)
    if family[0].films:
        parser.add_argument(
            "--film",
            choices=[AUTO, *family[0].films],
            help="kind of film, where it is not found rightly; default auto",
        )


def add_rig(parser: argparse.ArgumentParser, family: list[Filter]) -> None:
    """Add the choice of rig."""
    parser.add_argument(
        "--rig",
        choices=family[0].rig_names,
        help="light and sensor whose cross-talk is undone; default auto: as the model finds",
    )


def filter_of_model(family: list[Filter], name: str | None) -> Filter:
    """Return the filter whose values the model called `name` predicts; None is the default."""
    if name is None:
        return family[0]
    return next(one for one in family if name in {model.name for model in one.models})


def filters_named(text: str) -> list[Filter]:
    """Return the filters of a verb (``invert``), or the one of a name (``invert-c41``)."""
    return verb_filters().get(text) or [find_filter(text)]


def add_filters(parser: argparse.ArgumentParser) -> Iterator[tuple[Any, list[Filter]]]:
    """Add a sub-parser for each verb and filter, and yield it with the filters it stands for."""
    kinds = parser.add_subparsers(dest="filter", metavar="FILTER", required=True)
    for name in dict.fromkeys([*verb_filters(), *filters()]):
        family = filters_named(name)
        yield (
            kinds.add_parser(
                name, help=family[0].doc, description=family[0].doc, allow_abbrev=False
            ),
            family,
        )


def filter_of_values(family: list[Filter], values: Values, path: Path) -> Filter:
    """Return the filter among `family` that the values of the file `path` belong to.

    Raises
    ------
    ParameterError
        They belong to another.
    """
    for one in family:
        if one.name == values.filter:
            return one
    raise ParameterError(f"{path} belongs to the filter {values.filter}, not to {family[0].name}")


def changes(one: Filter, texts: list[str]) -> dict[str, float]:
    """Return ``NAME=NUMBER`` texts as checked parameter values.

    Raises
    ------
    ParameterError
        Not of that form, or an unknown name, or a value out of range.
    """
    by_name = {param.name: param for param in one.params}
    changed: dict[str, float] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        if not equals:
            raise ParameterError(f"--set {text}: write NAME=NUMBER, as in red_shadows=0.31")
        if name not in by_name:
            raise ParameterError(unknown("parameter", name, by_name))
        try:
            value = float(number)
        except ValueError:
            raise ParameterError(f"--set {text}: {number!r} is not a number") from None
        changed[name] = by_name[name].checked(value)
    return changed


def _numbers(text: str, count: int) -> list[float]:
    parts = text.split(",")
    if len(parts) != count:
        raise argparse.ArgumentTypeError(f"{text!r} is not {count} numbers with commas")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {count} numbers with commas") from None
    if not all(math.isfinite(number) for number in numbers):
        raise argparse.ArgumentTypeError(f"{text!r} has a number that is not finite")
    return numbers


def _base(text: str) -> Triple:
    red, green, blue = _numbers(text, 3)
    if not all(0 < number <= 1 for number in (red, green, blue)):
        raise argparse.ArgumentTypeError(f"{text!r}: film base is linear light above 0, 1 at most")
    return red, green, blue


def _rectangle(text: str) -> tuple[int, int, int, int]:
    x, y, w, h = (round(number) for number in _numbers(text, 4))
    if x < 0 or y < 0 or w < 1 or h < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: x and y from 0, width and height from 1")
    return x, y, w, h
