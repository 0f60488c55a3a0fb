"""Two threads: one reads lines and sees `cancel` at once, one works on a request at a time."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Condition, Lock, Thread
from typing import Any, Protocol

from orangemask.engine.fields import Fields
from orangemask.engine.protocol import (
    BusyError,
    Id,
    Request,
    RequestError,
    Source,
    checked_id,
    error_reply,
    one_line,
    parse_request,
    progress_reply,
    read_lines,
    reply_line,
    result_reply,
)
from orangemask.engine.requests import METHODS, Work
from orangemask.errors import Cancelled, EngineError, OrangemaskError

MAX_WAITING = 64

_log = logging.getLogger(__name__)


class Sink(Protocol):
    """Where answers go: an unbuffered file."""

    def write(self, line: bytes, /) -> int | None:
        """Write some of `line` and return how much."""
        ...


class InternalError(OrangemaskError):
    """A defect of ours."""

    code = "internal"


@dataclass(slots=True, eq=False)
class _Job:
    """A request that waits or is worked on."""

    request: Request
    cancelled: bool = False


class Session:
    """The conversation with one client.

    Parameters
    ----------
    source : Source
        Requests.
    sink : Sink
        Answers.
    """

    def __init__(self, source: Source, sink: Sink) -> None:
        self._source, self._sink = source, sink
        self._sending = Lock()
        self._changed = Condition()  # guards what follows; never held while sending
        self._waiting: deque[_Job] = deque()
        self._running: _Job | None = None
        self._ended = False  # no more requests will come
        self._gone = False  # nobody reads the answers

    def run(self) -> int:
        """Answer every request, then return 0."""
        # A daemon: it may wait for a line for ever after the client stopped reading.
        Thread(target=self._listen, name="orangemask-requests", daemon=True).start()
        while (job := self._next()) is not None:
            reply = self._done(job)
            with self._changed:
                self._running = None
                cancelled = job.cancelled
            if cancelled:  # `cancel` was told true, whatever came of the work since
                reply = error_reply(job.request.id, Cancelled("stopped as asked"))
            self._send(reply)
        return 0

    def _next(self) -> _Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            if self._gone or not self._waiting:
                return None
            self._running = self._waiting.popleft()
            return self._running

    def _done(self, job: _Job) -> Mapping[str, Any]:
        """Return the last answer to a request; the files it mapped are closed by then."""
        request = job.request
        work = Work(
            progress=lambda part: self._send(progress_reply(request.id, part)),
            cancelled=lambda: job.cancelled or self._ended,
        )
        try:
            if job.cancelled:
                raise Cancelled("stopped before it began")
            params = Fields(request.params, request.method)
            return result_reply(request.id, METHODS[request.method](params, work))
        except OrangemaskError as error:
            return error_reply(request.id, error)
        except MemoryError:
            return error_reply(request.id, OrangemaskError("there is not enough memory for it"))
        except Exception as error:  # noqa: BLE001  a defect must not take the other requests along
            _log.exception("request %r failed", request.id)
            return error_reply(
                request.id,
                InternalError(f"internal error: {type(error).__name__}: {one_line(error)}"),
            )

    def _listen(self) -> None:
        try:
            for line in read_lines(self._source):
                if (reply := self._received(line)) is not None:
                    self._send(reply)
                if self._gone:
                    break
        finally:
            self._end()

    def _received(self, line: bytes | None) -> Mapping[str, Any] | None:
        """Queue the request on a line, or return the answer it gets at once."""
        try:
            request = parse_request(line)
            self._refuse_id_in_use(request.id)
        except RequestError as error:
            return error_reply(error.id, error)
        try:
            if request.method == "cancel":
                return result_reply(request.id, {"cancelled": self._cancel(request)})
            if request.method not in METHODS:
                raise EngineError(
                    f"unknown method {one_line(repr(request.method[:100]))}; "
                    f"allowed: {', '.join(METHODS)}, cancel"
                )
            with self._changed:
                if len(self._waiting) >= MAX_WAITING:
                    raise BusyError(f"{MAX_WAITING} requests wait already; send it again later")
                self._waiting.append(_Job(request))
                self._changed.notify()
        except OrangemaskError as error:
            return error_reply(request.id, error)
        return None

    def _refuse_id_in_use(self, id_: Id) -> None:
        if self._find(id_) is not None:
            # Under its id this would be read as the end of the request that has it.
            raise RequestError(f"id {one_line(repr(id_))} is in use by a request not yet answered")

    def _cancel(self, request: Request) -> bool:
        params = Fields(request.params, "cancel")
        wanted = checked_id(params.taken("id"))
        params.end()
        with self._changed:
            job = self._find(wanted)
            if job is not None:
                job.cancelled = True
        return job is not None

    def _find(self, id_: Id) -> _Job | None:
        with self._changed:  # re-entrant
            jobs = [*self._waiting, self._running] if self._running else [*self._waiting]
            return next((job for job in jobs if job.request.id == id_), None)

    def _send(self, reply: Mapping[str, Any]) -> None:
        """Write one line whole; a client that is gone ends the session."""
        line = reply_line(reply)
        with self._sending:
            try:
                while line and not self._gone:
                    line = line[self._sink.write(line) or 0 :]
            except (OSError, ValueError):
                self._gone = True
        if self._gone:
            self._end()

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
