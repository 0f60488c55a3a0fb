"""The command ``orangemask-bridge``.

Exit 0: done; 1: a job or export failed; 2: misused; 3: stopped.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orangemask.errors import OrangemaskError

if TYPE_CHECKING:
    from orangemask_bridge.request import Request

DONE, FAILED, MISUSED, STOPPED = 0, 1, 2, 3
IDLE = 600.0  # s
KINDS = {".dtstyle": "style", ".xmp": "xmp"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in (["--version"], ["-V"]):  # before anything heavy is imported
        from orangemask._version import version

        print(f"orangemask-bridge {version()}")
        return DONE
    parsed = _parser().parse_args(words)
    _terminate_like_interrupt()
    try:
        return int(parsed.run(parsed))
    except KeyboardInterrupt:
        print("orangemask-bridge: stopped", file=sys.stderr)
        return STOPPED
    except OrangemaskError as error:
        print(f"orangemask-bridge: {error}", file=sys.stderr)
        return FAILED if parsed.verb == "export" else MISUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="orangemask-bridge",
        description="Does what darktable's Lua scripts ask of Orangemask.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", "-V", action="store_true", help="print the version and end")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    one = verbs.add_parser("run", help="do the jobs in a file", allow_abbrev=False)
    one.add_argument("job", type=Path, metavar="JOB", help="JSON; see the bridge's README")
    one.set_defaults(run=_run)
    one = verbs.add_parser("serve", help="answer requests until told to end", allow_abbrev=False)
    one.add_argument("--folder", type=Path, help="with requests as files; default: standard input")
    one.add_argument(
        "--idle", type=_seconds, default=IDLE, metavar="SECONDS",
        help="with --folder: end after so long without a request; default %(default)g",
    )  # fmt: skip
    one.set_defaults(run=_serve)
    one = verbs.add_parser(
        "export", help="write a values file as a darktable style or sidecar", allow_abbrev=False
    )
    one.add_argument("params", type=Path, metavar="VALUES", help="values file, *.orangemask.json")
    one.add_argument(
        "-o", "--output", type=Path, required=True, metavar="LOOK", help=" or ".join(KINDS)
    )
    one.add_argument("--scan", type=Path, metavar="FILE", help="the picture; of a RAW file needed")
    one.add_argument("--name", help="of a style; default: its file's")
    one.add_argument(
        "--existing", type=Path, metavar="XMP", help="the picture's present sidecar, which is kept"
    )
    one.add_argument(
        "--lut-root", type=Path, metavar="FOLDER",
        help="darktable's folder of 3D LUTs; default: the home folder, as darktable's",
    )  # fmt: skip
    one.add_argument("--darktable", metavar="VERSION", help="of the program, as 5.0; default 5.4")
    one.add_argument("--force", action="store_true", help="replace a file that exists")
    one.set_defaults(run=_export)
    one = verbs.add_parser(
        "lua-filters", help="write the filters' declarations as Lua", allow_abbrev=False
    )
    one.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")
    one.set_defaults(run=_lua_filters)
    return parser


def _run(options: argparse.Namespace) -> int:
    from orangemask_bridge.lua import chunk
    from orangemask_bridge.request import UnreadableError, read_request, reply_to, told_error
    from orangemask_bridge.worker import do_jobs, progress_file

    try:
        request = read_request(options.job)
    except UnreadableError as error:
        _write_reply(error.reply, chunk(reply_to(error.id, error=told_error(error))))
        print(f"orangemask-bridge: {error}", file=sys.stderr)
        return MISUSED
    _check_reply(request)
    outcome = do_jobs(request, progress_file(request.progress))
    _write_reply(request.reply, chunk(outcome.reply))
    return outcome.status


def _serve(options: argparse.Namespace) -> int:
    from orangemask_bridge.serve import serve_folder, serve_lines

    if options.folder is not None:
        return serve_folder(options.folder, options.idle)
    return serve_lines(sys.stdin.buffer, sys.stdout.buffer)


def _export(options: argparse.Namespace) -> int:
    from orangemask.engine.fields import Fields
    from orangemask.errors import OutputError
    from orangemask.values import read_values
    from orangemask_bridge.jobs import JOBS
    from orangemask_bridge.worker import Work

    output = options.output.absolute()
    kind = KINDS.get(output.suffix.lower())
    if kind is None:
        raise OutputError(f"cannot write {output}: give {' or '.join(KINDS)}")
    job: dict[str, Any] = {
        "state": read_values(options.params).to_json(),
        kind: str(output),
        "force": options.force,
        "darktable": options.darktable,
        "name": (options.name or output.stem) if kind == "style" else None,
    }
    for name in ("scan", "existing", "lut_root"):
        path = getattr(options, name)
        job["file" if name == "scan" else name] = None if path is None else str(path.absolute())
    given = {name: value for name, value in job.items() if value is not None}
    told = JOBS[kind](Fields(given, kind), Work(lambda part, what: None))
    print(told[kind], told["lut"], sep="\n")
    return DONE


def _lua_filters(options: argparse.Namespace) -> int:
    from orangemask_bridge.declarations import filters_lua

    _write_reply(options.output, filters_lua())
    return DONE


def _check_reply(request: Request) -> None:
    """Refuse a reply that could not be written, before hours of work."""
    from orangemask.encode.destination import check_free
    from orangemask.errors import OutputError

    if request.reply is not None:
        check_free(request.reply, force=True)
        if not request.reply.parent.is_dir():
            raise OutputError(f"cannot write {request.reply}: there is no such folder")


def _write_reply(path: Path | None, text: str) -> None:
    from orangemask.encode.destination import destination

    if path is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    with destination(path, force=True) as part:
        part.write_text(text, "ascii", newline="\n")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0.0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r}: seconds, more than 0")
    return seconds


def _terminate_like_interrupt() -> None:
    """Let SIGTERM unwind as Ctrl-C does, so that no partial file stays."""

    def stop(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


if __name__ == "__main__":
    sys.exit(main())
