"""The verbs that render pictures, one for each verb of the installed filters: invert, emulate."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from orangemask.cli.batch import run_batch
from orangemask.cli.contact_sheet import (
    add_contact_sheet,
    refuse_sheet_options,
    run_contact_sheet,
)
from orangemask.cli.model_file import run_model_file
from orangemask.cli.options import (
    add_model,
    add_reading,
    add_settings,
    changes,
    chosen_settings,
    filter_of_model,
    filter_of_values,
    is_model_path,
    listed,
    told_scene,
    verb_filters,
)
from orangemask.cli.outputs import SUFFIXES, plan_outputs
from orangemask.cli.roll import add_roll, roll_choice
from orangemask.encode.formats import FORMATS, PIXEL_DTYPES, SaveOptions, pixel_dtype
from orangemask.errors import ParameterError
from orangemask.execute import Progress
from orangemask.filters import AUTO, Filter
from orangemask.spaces import SPACES, space
from orangemask.values import read_values


def add_verbs(verbs: Any) -> None:  # argparse's _SubParsersAction is private
    """Add a verb for every group of filters."""
    for verb, family in verb_filters().items():
        one = family[0]
        parser = verbs.add_parser(
            verb,
            help=one.doc,
            description=f"{one.label}: {one.doc}. The values are written beside each "
            "output as OUT.orangemask.json; change them there and render again with --params.",
            epilog=_parameters(one),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        parser.add_argument(
            "inputs", nargs="+", metavar="SCAN" if one.of_film else "PHOTO", type=Path,
            help="RAW, TIFF, PNG, JPEG or OpenEXR",
        )  # fmt: skip
        parser.add_argument(
            "-o", "--output", required=True, metavar="OUT",
            help=f"a file ({' '.join(SUFFIXES)}), or a folder (made if it is missing)",
        )  # fmt: skip
        parser.add_argument(
            "--format", metavar="EXT", default=_usual_format(one),
            help=f"file type inside an output folder; default {_usual_format(one)}",
        )  # fmt: skip
        parser.add_argument(
            "--params", metavar="FILE", type=Path,
            help="values file to render with, instead of predicting",
        )  # fmt: skip
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=NUMBER", dest="changes",
            help="set a parameter by hand after prediction; may be repeated",
        )  # fmt: skip
        add_settings(parser, one)
        add_reading(parser, one)
        add_model(parser, family, of_files=not one.of_film)
        add_roll(parser, one)
        if listed(one) is not None:
            add_contact_sheet(parser, one)
        _add_writing(parser)
        parser.add_argument(
            "--json", action="store_true", help="print a JSON line on stdout for each output"
        )
        parser.set_defaults(run=run, family=family)


def _usual_format(one: Filter) -> str:
    """Return the file type that most users want: scans are edited on, photographs shown."""
    return "tif" if one.of_film else "jpg"


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
    from orangemask.job import Done, Job, render_file

    if is_model_path(options.model):
        return run_model_file(options)
    if getattr(options, "contact_sheet", False):
        return run_contact_sheet(options)
    refuse_sheet_options(options)
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
        scene=told_scene(options),
        settings=chosen_settings(one, options),
        force=options.force,
    )
    plan, folder = plan_outputs(options.inputs, options.output, options.format)
    # What would be the same for every file is refused once, before any is read.
    parse_encoding(options.encoding or "auto")
    for step in plan:
        if step.output is not None:
            pixel_dtype(step.output, save)
    job = replace(job, roll=roll_choice(options, one))

    def render(source: Path, output: Path, progress: Progress) -> Done:
        return render_file(job, source, output, progress=progress)

    return run_batch(plan, folder, render, as_json=options.json)


def _refuse_both(options: argparse.Namespace) -> None:
    """Refuse what a values file says already; `--set`, settings and `--encoding` may change it."""
    for name in ("model", "rig", "film", "base", "base_rect", "roll", "freedom"):
        if getattr(options, name) is not None:
            option = "--" + name.replace("_", "-")
            raise ParameterError(f"{option} and --params exclude each other: leave out one")
