"""A request: what Lua asks for, as JSON, and the reply to it, as a Lua literal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from orangemask._version import version
from orangemask.engine.fields import Fields
from orangemask.engine.protocol import ProtocolError, kind_of, one_line
from orangemask.errors import EngineError, InputError, OrangemaskError, reason

PROTOCOL = 1
MOST_BYTES = 8 << 20  # a roll of hundreds of frames with their values
MOST_JOBS = 10_000

Id: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    Attributes
    ----------
    jobs : tuple of mapping
        Not yet checked, but each has a ``job``, a text.
    reply, progress, cancel : Path or None
        Files of the caller.
    id : int, str or None
    """

    jobs: tuple[Mapping[str, Any], ...]
    reply: Path | None = None
    progress: Path | None = None
    cancel: Path | None = None
    id: Id | None = None


class UnreadableError(EngineError):
    """A text is no request; where the reply goes and the id are known if that could be read."""

    def __init__(self, message: str, reply: Path | None = None, id_: Id | None = None) -> None:
        super().__init__(message)
        self.reply, self.id = reply, id_


def read_request(path: Path) -> Request:
    """Return the request in a job file.

    Raises
    ------
    InputError
        It cannot be read.
    UnreadableError, ProtocolError
        As `parse_request`.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read the job {path}: {reason(error)}") from error
    return parse_request(raw)


def parse_request(raw: bytes) -> Request:
    """Return the request that some bytes of JSON hold.

    Bytes that are not UTF-8 are those of a file's name and stay what they are.

    Raises
    ------
    UnreadableError
        They are no request.
    ProtocolError
        It is of another version.
    """
    if len(raw) > MOST_BYTES:
        raise UnreadableError(f"the job is larger than {MOST_BYTES} bytes")
    try:
        content = json.loads(raw.decode("utf-8", "surrogateescape").removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"the job is not JSON: {one_line(error)}") from error
    if not isinstance(content, dict):
        raise UnreadableError(f"a request is an object, not {kind_of(content)}")
    fields = Fields(content, "the request")
    id_ = fields.taken("id")
    if id_ is not None and (isinstance(id_, bool) or not isinstance(id_, (int, str))):
        raise UnreadableError(f"id is {kind_of(id_)}; it must be an integer or a text")
    reply: Path | None = None
    try:
        reply = taken_path(fields, "reply")
        progress, cancel = taken_path(fields, "progress"), taken_path(fields, "cancel")
        protocol = fields.integer("protocol", 0, 1 << 31)
        jobs = _checked_jobs(fields.taken("jobs"))
        fields.end()
    except EngineError as error:
        raise UnreadableError(str(error), reply, id_) from error
    if protocol != PROTOCOL:
        told = f"the request is of protocol {protocol}, orangemask-bridge {version()} speaks"
        raise _OtherVersionError(f"{told} {PROTOCOL}: install the same version of both", reply, id_)
    return Request(jobs, reply, progress, cancel, id_)


def taken_path(fields: Fields, name: str) -> Path | None:
    """Return a member that is an absolute path, None where absent.

    Raises
    ------
    EngineError
        It is something else.
    """
    if not fields.has(name):
        return None
    text = fields.text(name)
    path = Path(text)
    if not path.is_absolute() or "\0" in text:
        raise EngineError(f"{name} is {one_line(repr(text[:200]))}; it must be an absolute path")
    return path


def needed_path(fields: Fields, name: str) -> Path:
    """Return a member that is an absolute path, or raise `EngineError`."""
    path = taken_path(fields, name)
    if path is None:
        raise EngineError(f"the job has no {name}")
    return path


def reply_to(request_id: Id | None, **members: Any) -> dict[str, Any]:
    """Return a reply, ready to be written as Lua."""
    return {"protocol": PROTOCOL, "version": version(), "id": request_id, **members}


def told_error(error: OrangemaskError) -> dict[str, str]:
    """Return what a reply says of an error."""
    return {"code": error.code, "message": one_line(error)}


class _OtherVersionError(UnreadableError):
    code = ProtocolError.code


def _checked_jobs(jobs: object) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(jobs, list) or not 1 <= len(jobs) <= MOST_JOBS:
        raise EngineError(f"jobs must be a list of 1 to {MOST_JOBS} jobs")
    for job in jobs:
        if not isinstance(job, dict) or not isinstance(job.get("job"), str):
            raise EngineError('each of the jobs must be an object with "job", its name')
    return tuple(jobs)
