"""The verbs that render pictures, one for each verb of the installed filters (``invert``)."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from orangemask.cli.mistakes import told
from orangemask.cli.options import (
    add_model,
    add_reading,
    changes,
    filter_of_model,
    filter_of_values,
    verb_filters,
)
from orangemask.cli.outputs import SUFFIXES, folder_for_results, plan_outputs
from orangemask.cli.progress import bar, say
from orangemask.cli.roll import add_roll, roll_choice
from orangemask.encode.formats import FORMATS, PIXEL_DTYPES, SaveOptions, pixel_dtype
from orangemask.errors import Cancelled, ModelError, OutputError, ParameterError
from orangemask.execute import Progress
from orangemask.filters import AUTO, Filter
from orangemask.spaces import SPACES, space
from orangemask.values import read_values


def add_verbs(verbs: Any) -> None:  # argparse's _SubParsersAction is private
    """Add a verb for every group of filters."""
    for verb, family in verb_filters().items():
        parser = verbs.add_parser(
            verb,
            help=family[0].doc,
            description=f"{family[0].label}: {family[0].doc}. The values are written beside each "
            "output as OUT.orangemask.json; change them there and render again with --params.",
            epilog=_parameters(family[0]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        parser.add_argument(
            "inputs", nargs="+", metavar="SCAN", type=Path, help="RAW, TIFF, PNG, JPEG or OpenEXR"
        )
        parser.add_argument(
            "-o", "--output", required=True, metavar="OUT",
            help=f"a file ({' '.join(SUFFIXES)}), or a folder (made if it is missing)",
        )  # fmt: skip
        parser.add_argument(
            "--format", metavar="EXT", default="tif",
            help="file type inside an output folder; default tif",
        )  # fmt: skip
        parser.add_argument(
            "--params", metavar="FILE", type=Path,
            help="values file to render with, instead of predicting",
        )  # fmt: skip
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=NUMBER", dest="changes",
            help="set a parameter by hand after prediction; may be repeated",
        )  # fmt: skip
        add_reading(parser)
        add_model(parser, family)
        add_roll(parser)
        _add_writing(parser)
        parser.add_argument(
            "--json", action="store_true", help="print a JSON line on stdout for each output"
        )
        parser.set_defaults(run=run, family=family)


def _add_writing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--space", default="srgb", metavar="NAME",
        help=f"output colour space: {', '.join(SPACES)}; default srgb",
    )  # fmt: skip
    parser.add_argument(
        "--depth", choices=list(PIXEL_DTYPES),
        help=f"bits per channel; default {_defaults('depths')}",
    )  # fmt: skip
    parser.add_argument(
        "--compression", choices=sorted({way for one in FORMATS for way in one.compressions}),
        help=f"lossless packing; default {_defaults('compressions')}",
    )  # fmt: skip
    parser.add_argument(
        "--quality", type=int, metavar="1…100",
        help=f"of {_qualities()}",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace files that exist")


def _defaults(field: str) -> str:
    return ", ".join(f"{one.name} {getattr(one, field)[0]}" for one in FORMATS)


def _qualities() -> str:
    lossy = [f"{one.name}, default {one.quality}" for one in FORMATS if one.quality is not None]
    return "; ".join(lossy)


def _parameters(one: Filter) -> str:
    lines = [
        f"  {param.name:<18} {param.minimum:g}…{param.maximum:g} {param.unit:<2} {param.doc}"
        for param in one.params
    ]
    return "parameters for --set:\n" + "\n".join(lines)


def run(options: argparse.Namespace) -> int:
    """Render every input; return 0, or 1 if any failed."""
    from orangemask.decode.encoding import parse_encoding
    from orangemask.job import Job, render_file

    save = SaveOptions(options.depth, options.compression, options.quality)
    given = read_values(options.params) if options.params is not None else None
    family: list[Filter] = options.family
    one = filter_of_model(family, options.model)
    if given is not None:
        one = filter_of_values(family, given, options.params)
        _refuse_both(options)
    job = Job(
        filter=one,
        space=space(options.space),
        save=save,
        given=given,
        changes=changes(one, options.changes),
        model=options.model,
        rig=one.rig(options.rig),
        film=options.film or AUTO,
        encoding=options.encoding,
        base=options.base,
        base_rect=options.base_rect,
        force=options.force,
    )
    plan, folder = plan_outputs(options.inputs, options.output, options.format)
    # What would be the same for every file is refused once, before any is read.
    parse_encoding(options.encoding or "auto")
    for step in plan:
        if step.output is not None:
            pixel_dtype(step.output, save)
    job = replace(job, roll=roll_choice(options, one))
    failed = 0
    with folder_for_results(folder), bar(len(plan)) as show:
        for i, step in enumerate(plan):
            try:
                if step.output is None:
                    raise OutputError(step.problem)
                result = render_file(
                    job, step.source, step.output, progress=partial(_show_part, show, i)
                )
            except (Cancelled, ModelError):
                raise
            except Exception as error:  # noqa: BLE001 - no file stops the others
                failed += 1
                say(f"orangemask: {told(error, step.source)}")
            else:
                for warning in result.warnings:
                    say(f"orangemask: warning: {step.source}: {warning}")
                if options.json:
                    print(json.dumps(result.summary()), flush=True)
            show(i + 1)
    if failed and len(plan) > 1:
        print(f"orangemask: {failed} of {len(plan)} files failed", file=sys.stderr)
    return 1 if failed else 0


def _show_part(show: Progress, done: int, part: float) -> None:
    show(done + part)


def _refuse_both(options: argparse.Namespace) -> None:
    """Refuse what a values file says already; `--set` and `--encoding` may change it."""
    for name in ("model", "rig", "film", "base", "base_rect", "roll", "freedom"):
        if getattr(options, name) is not None:
            option = "--" + name.replace("_", "-")
            raise ParameterError(f"{option} and --params exclude each other: leave out one")
