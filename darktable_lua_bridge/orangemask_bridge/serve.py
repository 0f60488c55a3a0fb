"""One process for many requests: through lines of a pair of pipes, or through files in a folder."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from orangemask.encode.destination import destination
from orangemask.errors import OutputError
from orangemask_bridge.lua import chunk
from orangemask_bridge.request import (
    MOST_BYTES,
    UnreadableError,
    parse_request,
    reply_to,
    told_error,
)
from orangemask_bridge.worker import DONE, do_jobs, progress_file, seldom

BUSY, REST = 0.005, 0.05  # s between two looks at the folder
WAKE = 10.0  # s after a request before it rests
REQUEST = re.compile(r"([A-Za-z0-9-]{1,64})\.request")


def serve_lines(source: BinaryIO, sink: BinaryIO) -> int:
    """Answer each line until there are no more, or nobody reads the answers."""
    try:
        # A longer line is refused piece by piece, which is as good as at once.
        while line := source.readline(MOST_BYTES + 2):
            if line.strip() and _answer_line(line, sink):
                break
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sink.fileno())  # for Python's flush at the end
    return DONE


def serve_folder(folder: Path, idle: float) -> int:
    """Answer the requests that are put into a folder, until a file ``stop`` or its removal.

    Parameters
    ----------
    folder : Path
        The caller's own.
    idle : float
        Seconds without a request after which to end.

    Raises
    ------
    OutputError
        It is no folder, or cannot be written.
    """
    if not folder.is_dir():
        raise OutputError(f"there is no folder {folder}")
    ready, stop = folder / "ready", folder / "stop"
    with destination(ready, force=True) as part:
        part.write_text(str(os.getpid()), "ascii")
    last = time.monotonic()
    try:
        while folder.is_dir() and not stop.exists():
            since = time.monotonic() - last
            if since > idle:
                break
            found = _oldest(folder)
            if found is None:
                time.sleep(BUSY if since < WAKE else REST)
                continue
            interrupted = _answer_file(found)
            last = time.monotonic()
            if interrupted:
                break
    finally:
        for path in (ready, stop):
            with suppress(OSError):
                path.unlink()
    return DONE


def _answer_line(line: bytes, sink: BinaryIO) -> bool:
    """Answer one request; return whether it was interrupted by a signal."""

    def send(content: dict[str, Any]) -> None:
        sink.write(chunk(content).encode("ascii"))
        sink.flush()

    try:
        request = parse_request(line)
        if request.reply is not None or request.progress is not None:
            raise UnreadableError("serve answers in lines: leave out reply and progress")
    except UnreadableError as error:
        send(reply_to(error.id, error=told_error(error)))
        return False

    def tell(part: float, what: str) -> None:
        send({"id": request.id, "progress": part, "text": what})

    outcome = do_jobs(request, seldom(tell))
    send(outcome.reply)
    return outcome.interrupted


def _answer_file(path: Path) -> bool:
    """Answer the request in a file; return whether it was interrupted by a signal."""
    raw = path.read_bytes()
    path.unlink()
    reply, interrupted = path.with_suffix(".reply"), False
    try:
        request = parse_request(raw)
        if request.reply is not None:
            raise UnreadableError("serve names the reply itself: leave out reply")
        outcome = do_jobs(request, progress_file(request.progress))
        content, interrupted = outcome.reply, outcome.interrupted
    except UnreadableError as error:
        content = reply_to(error.id, error=told_error(error))
    with destination(reply, force=True) as part:
        part.write_bytes(chunk(content).encode("ascii"))
    return interrupted


def _oldest(folder: Path) -> Path | None:
    """Return the request that has waited longest."""
    waiting: list[tuple[int, str]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if REQUEST.fullmatch(entry.name):
                with suppress(OSError):
                    waiting.append((entry.stat().st_mtime_ns, entry.path))
    return Path(min(waiting)[1]) if waiting else None
