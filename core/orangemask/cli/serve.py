"""``orangemask serve``: the engine on stdin and stdout, for editors."""

from __future__ import annotations

import argparse
from typing import Any


def add_verbs(verbs: Any) -> None:
    """Add ``serve``."""
    parser = verbs.add_parser(
        "serve", help="run the engine on stdin and stdout", allow_abbrev=False,
        description="Answer JSON lines on stdin with JSON lines on stdout until stdin ends; "
        "the protocol is described in core/orangemask/engine/README.md.",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    """Serve until stdin ends."""
    import sys

    from orangemask.engine import serve

    return serve(sys.stdin.buffer, sys.stdout.buffer)
