"""``orangemask export FILTER … -o LOOK``: values as a look-up table for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from orangemask.cli.options import add_filters, add_rig, changes, filter_of_values
from orangemask.curves import LINEAR
from orangemask.film_base import PRIOR, FilmBase
from orangemask.filters import AUTO, Context, Filter
from orangemask.nine import ZONES, values_to_nine
from orangemask.spaces import SPACES, space
from orangemask.values import Values, read_values


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
        one.add_argument(
            "--encoding", metavar="linear|srgb|gamma:G",
            help="of the pictures it will be used on; default: that of the values file, else srgb",
        )  # fmt: skip
        one.add_argument(
            "--space", default="srgb", metavar="NAME",
            help=f"output colour space: {', '.join(SPACES)}; default srgb",
        )  # fmt: skip
        one.add_argument("--size", type=int, metavar="N", help="points a side; default 65, Hald 64")
        add_rig(one, family)
        one.add_argument("--force", action="store_true", help="replace a file that exists")
        one.set_defaults(run=run, family=family)


def run(options: argparse.Namespace) -> int:
    """Write the look."""
    from orangemask.decode.encoding import parse_encoding
    from orangemask.luts import cdl_from_parameters, describe, write_lut
    from orangemask.render import full_transform, with_changes

    one, values = _values(options.family, options)
    values = with_changes(one, values, changes(one, options.changes))
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
    write_lut(
        options.output,
        transform,
        size=options.size,
        title=f"{one.label} {options.output.stem}",
        comments=describe(encoding, target.label),
        force=options.force,
        cdl=cdl,
    )
    return 0


def _values(family: list[Filter], options: argparse.Namespace) -> tuple[Filter, Values]:
    if options.params is None:
        one = family[0]
        base = FilmBase(PRIOR, 0.0, "prior")
        rig = one.rigs[0] if options.rig in (None, AUTO) else one.rig(options.rig)
        return one, Values(one.name, one.defaults(), Context(base, rig))
    values = read_values(options.params)
    return filter_of_values(family, values, options.params), values
