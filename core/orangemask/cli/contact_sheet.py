"""``orangemask emulate PHOTO --contact-sheet -o SHEET``: one photograph on every stock."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from orangemask.cli.options import (
    changes,
    chosen_settings,
    filter_of_model,
    filter_of_values,
    listed,
    told_scene,
)
from orangemask.cli.progress import bar, say
from orangemask.encode.destination import check_free
from orangemask.encode.formats import SaveOptions, format_of
from orangemask.errors import OutputError, ParameterError
from orangemask.filters import Choice, Filter
from orangemask.spaces import space
from orangemask.values import read_values


def add_contact_sheet(parser: argparse.ArgumentParser, one: Filter) -> None:
    """Add ``--contact-sheet`` and, as ``--stocks``, what is to be on it."""
    choice = _listed(one)
    parser.add_argument(
        "--contact-sheet", action="store_true",
        help=f"write one picture that shows a photograph with every {choice.name}",
    )  # fmt: skip
    parser.add_argument(
        f"--{choice.plural}", dest="on_sheet", metavar="A,B,…",
        help="with --contact-sheet: only these, in this order",
    )  # fmt: skip


def refuse_sheet_options(options: argparse.Namespace) -> None:
    """Refuse what only a contact sheet understands."""
    if getattr(options, "on_sheet", None) is not None:
        choice = _listed(options.family[0])
        raise ParameterError(
            f"--{choice.plural} is for --contact-sheet; for one picture give --{choice.name} NAME"
        )


def run_contact_sheet(options: argparse.Namespace) -> int:
    """Write the sheet.

    Raises
    ------
    ParameterError, OutputError, InputError, ModelError
        One line each; nothing is left behind.
    """
    from orangemask._version import version
    from orangemask.contact_sheet import contact_sheet
    from orangemask.decode import open_image
    from orangemask.encode import pixel_dtype, write_image
    from orangemask.job import refuse_same

    given = read_values(options.params) if options.params is not None else None
    one = filter_of_model(options.family, options.model)
    if given is not None:
        one = filter_of_values(options.family, given, options.params)
    choice = _listed(one)
    if len(options.inputs) != 1:
        raise ParameterError(f"--contact-sheet shows one picture; {len(options.inputs)} are given")
    source, output = options.inputs[0], Path(options.output)
    if "8" not in format_of(output).depths:
        raise OutputError(f"cannot write {output}: a contact sheet has 8 bits; give .png or .jpg")
    save = SaveOptions("8", options.compression, options.quality)
    pixel_dtype(output, save)  # refuses what cannot be written
    refuse_same(source, output)
    check_free(output, force=options.force)
    shared = {**(given.context.settings if given else {}), **chosen_settings(one, options)}
    shown = _on_sheet(choice, options.on_sheet)
    image = open_image(
        source, encoding=options.encoding or "auto", photograph=True, scene=told_scene(options)
    )
    for warning in image.warnings:
        say(f"orangemask: warning: {source}: {warning}")
    with bar(1) as show:
        sheet = contact_sheet(
            image,
            one,
            [(choice.by_name[name].label, {**shared, choice.name: name}) for name in shown],
            space(options.space),
            model=options.model,
            given=given,
            changes=changes(one, options.changes),
            progress=show,
        )
    write_image(
        output,
        sheet,
        space=space(options.space),
        options=save,
        software=f"Orangemask {version()}",
        force=options.force,
    )
    if options.json:
        print(json.dumps({"output": str(output), choice.plural: shown}), flush=True)
    return 0


def _on_sheet(choice: Choice, text: str | None) -> list[str]:
    """Return the names of the options to show: all, or those with commas between."""
    if text is None:
        return list(choice.by_name)
    return [choice.checked(name.strip()) for name in text.split(",")]


def _listed(one: Filter) -> Choice:
    choice = listed(one)
    if choice is None:
        raise ParameterError(f"{one.name} has nothing to show on a contact sheet")
    return choice
