"""The command ``orangemask VERB INPUT… -o OUTPUT``.

Results go to stdout, all else to stderr. Exit 0: done; 1: failed, in whole or for one file of a
batch; 2: misused; 130: stopped with Ctrl-C.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Sequence

from orangemask.cli.mistakes import told
from orangemask.errors import reason

MISUSED = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in (["--version"], ["-V"]):  # before anything heavy is imported
        from orangemask._version import version

        print(f"orangemask {version()}")
        return 0
    _terminate_like_interrupt()
    _print_any_name()
    try:
        parsed = build_parser().parse_args(words)
        status = int(parsed.run(parsed))
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("orangemask: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our stdout went away, as `| head` does
        _drop_stdout()
        return 1
    except OSError as error:  # files are the verbs' own business; this is stdout
        print(f"orangemask: cannot write the results: {reason(error)}", file=sys.stderr)
        _drop_stdout()
        return 1
    except Exception as error:  # noqa: BLE001 - the rim: told in one line
        print(f"orangemask: {told(error)}", file=sys.stderr)
        return 1


class _Parser(argparse.ArgumentParser):
    """argparse, with errors that point to the verb's own help."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(MISUSED, f"{self.prog}: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with every verb, made from the installed filters."""
    from orangemask.cli import (
        digitalfilm,
        doctor,
        export,
        install,
        lists,
        option_lists,
        predict,
        render,
        roll,
        serve,
    )

    parser = _Parser(
        prog="orangemask",
        description="Turn scans of colour negatives into finished positives, and give digital "
        "photographs the look of film.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", "-V", action="store_true", help="print the version and end")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=_Parser)
    for module in (
        render,
        predict,
        roll,
        option_lists,
        lists,
        export,
        serve,
        install,
        doctor,
        digitalfilm,
    ):
        module.add_verbs(verbs)
    return parser


def _print_any_name() -> None:
    """Let file names be printed that the terminal's encoding does not have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _drop_stdout() -> None:
    """Let Python's own flush at the end succeed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate_like_interrupt() -> None:
    """Let SIGTERM unwind as Ctrl-C does, so that no partial file stays."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    if hasattr(signal, "SIGTERM"):
        try:
            signal.signal(signal.SIGTERM, stop)
        except ValueError:  # not in the main thread: the host's own handler stays
            return
