"""``orangemask serve``: the engine on stdin and stdout, for editors."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_verbs(verbs: Any) -> None:
    """Add ``serve``."""
    parser = verbs.add_parser(
        "serve", help="run the engine on stdin and stdout", allow_abbrev=False,
        description="Answer JSON lines on stdin with JSON lines on stdout until stdin ends; "
        "the protocol is described in core/orangemask/engine/README.md.",
    )  # fmt: skip
    parser.add_argument(
        "--scratch", type=Path, metavar="FOLDER",
        help="the client's own folder of pixels (mode 0700, its name begins with orangemask-), "
        "removed at the end in case the client was killed",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until stdin ends."""
    import sys

    from orangemask.engine import serve
    from orangemask.engine.scratch import checked_scratch, remove_scratch

    folder = checked_scratch(options.scratch) if options.scratch else None
    try:
        return serve(sys.stdin.buffer, sys.stdout.buffer)
    finally:
        if folder is not None:
            remove_scratch(folder)
