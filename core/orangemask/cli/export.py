"""``orangemask export FILTER … -o LOOK``: values as a look-up table for other programs."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orangemask.cli.options import (
    add_filters,
    add_rig,
    add_settings,
    changes,
    chosen_settings,
    filter_of_values,
)
from orangemask.cli.progress import say
from orangemask.curves import LINEAR, Curve
from orangemask.film_base import NO_BASE, PRIOR, FilmBase
from orangemask.filters import AUTO, Context, Filter, SourceLight
from orangemask.nine import ZONES, values_to_nine
from orangemask.spaces import SPACES, Space, space
from orangemask.transforms import Transform
from orangemask.values import Values, read_values

if TYPE_CHECKING:
    from orangemask.luts import Cdl

SIZES = (
    "usually 17, 33 or 65; default 65, Hald 64, .clf that of the cube; below 65 for acescct and 33 "
    "for pq a .cube has a 1D table in front, for DaVinci Resolve and OpenColorIO; 17 is coarse"
)


def add_verbs(verbs: Any) -> None:
    """Add ``export`` with one sub-parser a filter."""
    from orangemask.luts import FORMATS

    parser = verbs.add_parser(
        "export", help="write values as .cube, Hald CLUT, .clf or .cdl", allow_abbrev=False,
        description="Write the rendering of nine values as a look-up table for other programs.",
    )  # fmt: skip
    for one, family in add_filters(parser):
        one.add_argument(
            "-o", "--output", required=True, type=Path, metavar="LOOK",
            help=f"{' '.join(FORMATS)}; .png is a 16-bit Hald CLUT",
        )  # fmt: skip
        one.add_argument("--params", type=Path, metavar="FILE", help="values file to export")
        one.add_argument(
            "--set", action="append", default=[], metavar="NAME=NUMBER", dest="changes",
            help="set a parameter by hand; may be repeated",
        )  # fmt: skip
        (_add_spaces_of_film if family[0].of_film else _add_spaces_of_photographs)(one)
        add_settings(one, family[0])
        one.add_argument("--size", type=int, metavar="N", help=f"points a side, {SIZES}")
        add_rig(one, family)
        one.add_argument("--force", action="store_true", help="replace a file that exists")
        one.set_defaults(run=run, family=family)


def _add_spaces_of_film(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--encoding", metavar="linear|srgb|gamma:G",
        help="of the pictures it will be used on; default: that of the values file, else srgb",
    )  # fmt: skip
    parser.add_argument(
        "--space", default="srgb", metavar="NAME",
        help=f"output colour space: {', '.join(SPACES)}; default srgb",
    )  # fmt: skip


def _add_spaces_of_photographs(parser: argparse.ArgumentParser) -> None:
    from orangemask.luts import ENDINGS, PURPOSES

    told = "; ".join(f"{one.name}: {one.label}, to {one.ending}" for one in PURPOSES.values())
    parser.add_argument(
        "--for", dest="purpose", default=next(iter(PURPOSES)), choices=list(PURPOSES),
        help=f"what it will be used on, and what it gives ({told}); default %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--space", metavar="NAME",
        help=f"give this instead: {', '.join([*ENDINGS, *SPACES])}",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Write the look."""
    from orangemask.luts import write_lut
    from orangemask.render import with_changes, with_settings

    one, values = _values(options.family, options)
    values = with_settings(one, values, chosen_settings(one, options))
    values = with_changes(one, values, changes(one, options.changes))
    look = _of_film(one, values, options) if one.of_film else _of_photograph(one, values, options)
    write_lut(
        options.output,
        look.transform,
        size=options.size,
        title=f"{one.label} {options.output.stem}",
        comments=look.comments,
        force=options.force,
        cdl=look.cdl,
        linear=look.linear,
    )
    return 0


@dataclass(frozen=True, slots=True)
class _Look:
    transform: Transform
    comments: tuple[str, ...]
    cdl: Cdl | None = None
    linear: bool | None = None


def _of_film(one: Filter, values: Values, options: argparse.Namespace) -> _Look:
    """Return the look for scans of film."""
    from orangemask.decode.encoding import parse_encoding
    from orangemask.luts import cdl_from_parameters, describe
    from orangemask.render import full_transform

    encoding = options.encoding or values.context.encoding
    if encoding in ("auto", "icc"):
        encoding = "srgb"
    target = space(options.space)
    curve = parse_encoding(encoding) or LINEAR
    transform = full_transform((curve, curve, curve), one, values, target)
    cdl = None
    if {f"red_{zone}" for zone in ZONES} <= set(values.values):
        shadows, midtones, highlights = values_to_nine(values.values)
        cdl = cdl_from_parameters(shadows, highlights, midtones)
    told = f"codes of a negative, encoding {encoding}", f"positive in {target.label}"
    return _Look(transform, describe(*told), cdl)


def _of_photograph(one: Filter, values: Values, options: argparse.Namespace) -> _Look:
    """Return the look for photographs."""
    from orangemask.luts import DEFAULT_SIZE, describe, find_ending, find_purpose, look_for
    from orangemask.render import full_transform

    purpose = find_purpose(options.purpose)
    ending = find_ending(options.space or purpose.ending)

    def render(curve: Curve, light: SourceLight, target: Space) -> Transform:
        read = replace(values, context=replace(values.context, light=light))
        return full_transform((curve, curve, curve), one, read, target, linear=True)

    notes = [f"{name}: {value}" for name, value in values.context.settings.items()]
    shaped, shown = purpose.linear, look_for(purpose, ending, render)
    if options.output.suffix.lower() == ".cube":
        shaped |= (options.size or DEFAULT_SIZE) < purpose.plain
    elif (options.size or DEFAULT_SIZE) < purpose.plain:
        notes += [f"Coarse: {purpose.name} wants a cube of {purpose.plain} points at least"]
    for effect in shown.effects:
        say(f"orangemask: warning: {options.output}: a look-up table cannot hold {effect.name}")
    return _Look(shown, describe(purpose.label, ending.label, notes), linear=shaped)


def _values(family: list[Filter], options: argparse.Namespace) -> tuple[Filter, Values]:
    if options.params is None:
        one = family[0]
        if not one.of_film:
            return one, Values(one.name, one.defaults(), Context(NO_BASE))
        base = FilmBase(PRIOR, 0.0, "prior")
        rig = one.rigs[0] if options.rig in (None, AUTO) else one.rig(options.rig)
        return one, Values(one.name, one.defaults(), Context(base, rig))
    values = read_values(options.params)
    return filter_of_values(family, values, options.params), values
