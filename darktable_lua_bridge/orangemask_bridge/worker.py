"""Does the jobs of a request one after the other; tells how far it is, and stops when asked."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from orangemask.engine.fields import Fields
from orangemask.errors import Cancelled, EngineError, OrangemaskError
from orangemask.params import unknown
from orangemask_bridge.request import Request, reply_to, told_error

DONE, FAILED, MISUSED, CANCELLED = 0, 1, 2, 3
"""Exit statuses, the worst of a request's jobs."""

SELDOM = 0.1  # s between two words of progress
OFTEN = 0.02  # s between two looks for the file that says stop

Tell: TypeAlias = Callable[[float, str], None]


@dataclass(slots=True)
class Work:
    """How a job speaks while it works.

    Attributes
    ----------
    tell : callable
        Told the part done, 0…1, and what of.
    cancel : Path or None
        A file that stops the work once it is there.
    """

    tell: Tell
    cancel: Path | None = None
    stopped: bool = False
    _looked: float = 0.0

    def cancelled(self) -> bool:
        """Return whether to stop."""
        now = time.monotonic()
        if not self.stopped and self.cancel is not None and now - self._looked >= OFTEN:
            self._looked = now
            self.stopped = self.cancel.exists()
        return self.stopped

    def stop_if_cancelled(self) -> None:
        """Raise `Cancelled` if the work is to stop."""
        if self.cancelled():
            raise Cancelled("stopped as asked")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request.

    Attributes
    ----------
    reply : dict
        Ready to be written as Lua.
    status : int
        The exit status that goes with it.
    interrupted : bool
        Whether a signal, not the caller's file, stopped it.
    """

    reply: dict[str, Any]
    status: int
    interrupted: bool


def do_jobs(request: Request, tell: Tell) -> Outcome:
    """Return what came of a request's jobs.

    A `KeyboardInterrupt` (Ctrl-C, SIGTERM) stops as the file does.
    """
    count = len(request.jobs)
    results: list[dict[str, Any]] = []
    status, interrupted = DONE, False
    work = Work(lambda part, what: None, request.cancel)
    for i, job in enumerate(request.jobs):
        work.tell = _within(tell, i, count)
        try:
            result, outcome = _do(dict(job), work)
        except KeyboardInterrupt:
            work.stopped = interrupted = True
            result, outcome = _failed(job["job"], Cancelled("stopped as asked")), CANCELLED
        results.append(result)
        tell((i + 1) / count, job["job"])
        status = max(status, outcome)
    return Outcome(reply_to(request.id, results=results), status, interrupted)


def seldom(tell: Tell) -> Tell:
    """Return `tell`, told ten times a second at most, and the end."""
    last = -1.0

    def told(part: float, what: str) -> None:
        nonlocal last
        now = time.monotonic()
        if part >= 1.0 or now - last >= SELDOM:
            last = now
            tell(part, what)

    return told


def progress_file(path: Path | None) -> Tell:
    """Return what appends a line to a file for each word of progress, nothing without a file.

    That the file cannot be written stops no work.
    """

    def tell(part: float, what: str) -> None:
        if path is not None:
            line = f"{part:.3f} {' '.join(what.split())}\n"
            with suppress(OSError), path.open("ab") as file:
                file.write(line.encode("utf-8", "surrogateescape"))

    return seldom(tell)


def _do(job: dict[str, Any], work: Work) -> tuple[dict[str, Any], int]:
    from orangemask_bridge.jobs import JOBS

    name = job.pop("job")
    try:
        work.stop_if_cancelled()
        if name not in JOBS:
            raise EngineError(unknown("job", name, JOBS))
        result = JOBS[name](Fields(job, name), work)
    except Cancelled as error:
        return _failed(name, error), CANCELLED
    except OrangemaskError as error:
        return _failed(name, error), FAILED
    except MemoryError:
        return _failed(name, OrangemaskError("there is not enough memory for it")), FAILED
    except Exception as error:  # noqa: BLE001 - a defect; the other jobs are done
        traceback.print_exc(file=sys.stderr)
        return _failed(
            name, DefectError(f"internal error: {type(error).__name__}: {error}")
        ), FAILED
    return {"job": name, "ok": True, "result": result}, DONE


class DefectError(OrangemaskError):
    """A defect of ours."""

    code = "internal"


def _failed(name: str, error: OrangemaskError) -> dict[str, Any]:
    return {"job": name, "ok": False, "error": told_error(error)}


def _within(tell: Tell, i: int, count: int) -> Tell:
    return lambda part, what: tell((i + part) / count, what)
