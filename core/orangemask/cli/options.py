"""Options that several verbs share, and how their texts become values."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from orangemask.errors import ParameterError
from orangemask.filters import (
    AUTO,
    Choice,
    Filter,
    Param,
    Setting,
    filters,
    find_filter,
    unknown,
)
from orangemask.image import Triple
from orangemask.values import Values

SUFFIX = ".onnx"  # of a model file
LIGHTS = {"scene": True, "display": False}
_SETTING = "setting_"  # before the name of a setting among the parsed options


def add_reading(parser: argparse.ArgumentParser, one: Filter) -> None:
    """Add what says how a source is read and, of a scan, what is known of its film."""
    unprofiled = "8-bit files and PNG" if one.of_film else "other files"
    of_film = "RAW, EXR, float and 16-bit TIFF" if one.of_film else "RAW, EXR and float"
    parser.add_argument(
        "--encoding",
        metavar="auto|linear|srgb|gamma:G",
        help="how the file's numbers stand for light; default auto: its profile, else linear for "
        f"{of_film}, sRGB for {unprofiled}",
    )
    parser.set_defaults(light=None)
    if not one.of_film:
        parser.add_argument(
            "--light",
            choices=list(LIGHTS),
            help="what linear light is: the scene's, as in RAW and OpenEXR, or a finished "
            "picture's for a display; default: scene if the encoding is linear",
        )
        parser.set_defaults(base=None, base_rect=None)
        return
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


def add_model(
    parser: argparse.ArgumentParser, family: list[Filter], *, of_files: bool = False
) -> None:
    """Add the choice of model, which also decides between a verb's filters, of rig and film.

    `of_files` allows an ONNX file that maps pictures directly instead.
    """
    models = [model for one in family for model in one.models]
    names = [model.name for model in models]
    told = "; ".join(f"{model.name}: {model.doc}" for model in models)
    or_file = f"; or FILE{SUFFIX}, a model of yours that maps pictures directly" if of_files else ""
    parser.add_argument(
        "--model",
        metavar="{" + ",".join([*names, *([f"FILE{SUFFIX}"] if of_files else [])]) + "}",
        type=partial(_model, names, of_files),
        help=f"what predicts the values ({told}{or_file}); default {names[0]}",
    )
    add_rig(parser, family)
    parser.set_defaults(film=None)
    if family[0].films:
        parser.add_argument(
            "--film",
            choices=[AUTO, *family[0].films],
            help="kind of film, where it is not found rightly; default auto",
        )


def is_model_path(name: str | None) -> bool:
    """Return whether what was given as a model is a file's name."""
    return name is not None and name.lower().endswith(SUFFIX)


def _model(names: list[str], of_files: bool, text: str) -> str:
    if text in names or (of_files and is_model_path(text)):
        return text
    raise argparse.ArgumentTypeError(
        f"invalid choice: {text!r} (choose from {', '.join(map(repr, names))})"
    )


def add_rig(parser: argparse.ArgumentParser, family: list[Filter]) -> None:
    """Add the choice of rig, where something was scanned."""
    parser.set_defaults(rig=None)
    if not family[0].of_film:
        return
    parser.add_argument(
        "--rig",
        choices=family[0].rig_names,
        help="light and sensor whose cross-talk is undone; default auto: as the model finds",
    )


def told_scene(options: argparse.Namespace) -> bool | None:
    """Return whether a photograph's light is the scene's, None where it was not said."""
    return None if options.light is None else LIGHTS[options.light]


def add_settings(parser: argparse.ArgumentParser, one: Filter) -> None:
    """Add an option for each of a filter's settings, and for what sets several at once."""
    for setting in one.settings:
        parser.add_argument(
            "--" + setting.name.replace("_", "-"),
            dest=_SETTING + setting.name,
            metavar="NAME" if isinstance(setting, Choice) else _span(setting),
            help=_setting_help(setting),
        )
    by_name = {setting.name: setting for setting in one.settings}
    for word, names in one.together.items():
        first = by_name[names[0]]
        parser.add_argument(
            f"--{word}",
            dest=_SETTING + word,
            metavar="NAME" if isinstance(first, Choice) else _span(first),
            help=" and ".join(f"--{name.replace('_', '-')}" for name in names) + " at once",
        )


def chosen_settings(one: Filter, options: argparse.Namespace) -> dict[str, float | str]:
    """Return the settings that were given, checked; those that were not are left out.

    Raises
    ------
    ParameterError
        A number is out of range, or a choice not on its list.
    """
    by_name = {setting.name: setting for setting in one.settings}
    texts: dict[str, str] = {}
    for word, names in one.together.items():
        if (text := getattr(options, _SETTING + word, None)) is not None:
            texts |= dict.fromkeys(names, text)
            _check_together(word, text, [by_name[name] for name in names])
    for name in by_name:  # a setting's own option stands above one for several
        if (text := getattr(options, _SETTING + name, None)) is not None:
            texts[name] = text
    return {name: by_name[name].parsed(text) for name, text in texts.items()}


def _check_together(word: str, text: str, settings: Sequence[Setting]) -> None:
    for setting in settings:
        try:
            setting.parsed(text)
        except ParameterError as error:
            raise ParameterError(f"--{word} {text}: {error}") from error


def listed(one: Filter) -> Choice | None:
    """Return the setting that has a list command of its own, where there is one."""
    choices = [each for each in one.settings if isinstance(each, Choice) and each.plural]
    return choices[0] if choices else None


def _span(param: Param) -> str:
    return f"{param.minimum:.10g}…{param.maximum:.10g}"


def _setting_help(setting: Setting) -> str:
    if not isinstance(setting, Choice):
        return f"{setting.doc}; default {setting.default:g}"
    names = f"see orangemask {setting.plural}" if setting.plural else ", ".join(setting.by_name)
    return f"{setting.doc}: {names}; default {setting.default}"


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
