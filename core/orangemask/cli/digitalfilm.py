"""``orangemask digitalfilm -i IN -o OUT -m STOCK``: the flags of DigitalFilm, for its users."""

from __future__ import annotations

import argparse
from typing import Any

from orangemask.cli.options import is_model_path, listed, verb_filters
from orangemask.encode.formats import FORMATS
from orangemask.errors import ParameterError

VERB = "emulate"


def add_verbs(verbs: Any) -> None:
    """Add ``digitalfilm``, where the filter it stands for is installed."""
    family = verb_filters().get(VERB)
    choice = listed(family[0]) if family else None
    if choice is None:
        return
    parser = verbs.add_parser(
        "digitalfilm", help=f"{VERB} with the flags of DigitalFilm", allow_abbrev=False,
        description=f"The same as orangemask {VERB}, with the flags of DigitalFilm.",
    )  # fmt: skip
    parser.add_argument("-i", "--input", dest="input", metavar="IN", help="photograph")
    parser.add_argument("-o", "--output", dest="output", metavar="OUT", help="picture to write")
    parser.add_argument(
        "-m", "--model", dest="model", metavar="STOCK", default=choice.default,
        help=f"see orangemask {choice.plural}, or FILE.onnx; default {choice.default}",
    )  # fmt: skip
    parser.add_argument("-g", "--gui", action="store_true", help="choose files in a window")
    parser.add_argument("-v", "--version", action="store_true", help="print the version and end")
    parser.add_argument("--force", action="store_true", help="replace a file that exists")
    parser.set_defaults(run=run, setting=choice.name)


def run(options: argparse.Namespace) -> int:
    """Do what the flags say by the verb they stand for."""
    from orangemask.cli import build_parser

    if options.version:
        from orangemask._version import version

        print(f"orangemask {version()}")
        return 0
    source, output = options.input, options.output
    if options.gui:
        source, output = _chosen(source, output)
    for flag, given in (("-i", source), ("-o", output)):
        if not given:
            raise ParameterError(f"{flag} is missing: give a file, or -g to choose in a window")
    option = "--model" if is_model_path(options.model) else f"--{options.setting}"
    words = [VERB, source, "-o", output, option, options.model]
    parsed = build_parser().parse_args([*words, *(["--force"] if options.force else [])])
    return int(parsed.run(parsed))


def _chosen(source: str | None, output: str | None) -> tuple[str, str]:
    """Ask for what is not given yet.

    Raises
    ------
    ParameterError
        There is no display, or nothing was chosen.
    """
    try:
        import tkinter
        from tkinter import filedialog
    except ImportError as error:
        raise ParameterError(f"this Python has no windows ({error}); give -i and -o") from error
    try:
        root = tkinter.Tk()
    except tkinter.TclError as error:
        raise ParameterError(f"no window can be opened: {error}; give -i and -o") from error
    root.withdraw()
    try:
        source = source or filedialog.askopenfilename(parent=root, title="Photograph")
        if source and not output:
            kinds = [(one.name, " ".join(one.suffixes)) for one in FORMATS]
            output = filedialog.asksaveasfilename(
                parent=root, title="Save as", defaultextension=".jpg", filetypes=kinds
            )
    finally:
        root.destroy()
    if not source or not output:
        raise ParameterError("nothing was chosen, nothing is done")
    return source, output
