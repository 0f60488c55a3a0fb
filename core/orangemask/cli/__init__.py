"""The command ``orangemask VERB INPUT… -o OUTPUT``.

Results go to stdout, all else to stderr. Exit 0: done; 1: failed, in whole or for one file of a
batch; 2: misused; 130: stopped with Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from orangemask.cli.mistakes import own_mistake
from orangemask.errors import OrangemaskError

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
    try:
        parsed = build_parser().parse_args(words)
        return int(parsed.run(parsed))
    except OrangemaskError as error:
        print(f"orangemask: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("orangemask: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our stdout went away, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError:
        print(
            "orangemask: out of memory; close other programs or use smaller files", file=sys.stderr
        )
        return 1
    except Exception as error:  # noqa: BLE001 - the rim: our own mistake, told in one line
        print(f"orangemask: {own_mistake(error)}", file=sys.stderr)
        return 1


class _Parser(argparse.ArgumentParser):
    """argparse, with errors that point to the verb's own help."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(MISUSED, f"{self.prog}: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with every verb, made from the installed filters."""
    from orangemask.cli import doctor, export, lists, predict, render, serve

    parser = _Parser(
        prog="orangemask",
        description="Turn scans of colour negatives into finished positives.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", "-V", action="store_true", help="print the version and end")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=_Parser)
    for module in (render, predict, lists, export, serve, doctor):
        module.add_verbs(verbs)
    return parser


def _terminate_like_interrupt() -> None:
    """Let SIGTERM unwind as Ctrl-C does, so that no partial file stays."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    if hasattr(signal, "SIGTERM"):
        try:
            signal.signal(signal.SIGTERM, stop)
        except ValueError:  # not in the main thread: the host's own handler stays
            return


if __name__ == "__main__":
    raise SystemExit(main())
