"""Lines to requests, and answers to lines. Nothing here knows what a request means."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from orangemask.errors import EngineError, OrangemaskError

PROTOCOL = 1
MAX_LINE = 1 << 20  # bytes; a request with a scanner's profile in it has some 100 kB
MAX_ID = 2**53 - 1  # the largest integer that every JSON reader keeps exact
MAX_ID_LENGTH = 100
MAX_DIGITS = 19  # of an integer; more is no size and no parameter
_CHUNK = 1 << 16

Id: TypeAlias = int | str


class Source(Protocol):
    """Where requests come from: an unbuffered file, whose `read` returns what is there."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to `size` bytes, none at the end."""
        ...


class BusyError(EngineError):
    """Too many requests wait."""

    code = "busy"


class ProtocolError(EngineError):
    """The client speaks another version of the protocol."""

    code = "bad-protocol"


class RequestError(EngineError):
    """A line is no request; `id` is known where that much could be read."""

    def __init__(self, message: str, id_: Id | None = None) -> None:
        super().__init__(message)
        self.id = id_


@dataclass(frozen=True, slots=True)
class Request:
    """What one line asks for."""

    id: Id
    method: str
    params: Mapping[str, Any]


def read_lines(source: Source) -> Iterator[bytes | None]:
    """Give each line without its end, None for one longer than `MAX_LINE`.

    A failure to read is the end, as it is when a terminal goes away.
    """
    line = bytearray()
    while chunk := _read(source):
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line += end
            yield bytes(line) if len(line) <= MAX_LINE else None
            line.clear()
        if len(line) <= MAX_LINE:  # what follows of a long line is not kept
            line += rest
    if line:
        yield bytes(line) if len(line) <= MAX_LINE else None


def parse_request(line: bytes | None) -> Request:
    """Return the request on a line.

    Parameters
    ----------
    line : bytes or None
        As `read_lines` gives it.

    Raises
    ------
    RequestError
        It is too long, not UTF-8, not JSON, or not a request.
    """
    if line is None:
        raise RequestError(f"the line is longer than {MAX_LINE} bytes")
    try:
        content = json.loads(
            line.decode("utf-8"),
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise RequestError("the line is nested too deeply") from None
    except ValueError as error:
        raise RequestError(f"the line is not JSON: {one_line(error)}") from error
    if not isinstance(content, dict):
        raise RequestError(f"a request is an object, not {kind_of(content)}")
    id_ = checked_id(content.pop("id", None))
    method, params = content.pop("method", None), content.pop("params", {})
    if not isinstance(method, str):
        raise RequestError(f"method is {kind_of(method)}; it must be a text", id_)
    if not isinstance(params, dict):
        raise RequestError(f"params is {kind_of(params)}; it must be an object", id_)
    if content:
        raise RequestError(
            f"a request has id, method and params, not {one_line(repr(min(content)))}", id_
        )
    return Request(id_, method, params)


def checked_id(value: object) -> Id:
    """Return `value` if it may be a request's id.

    Raises
    ------
    RequestError
        It is neither an integer from 0 to 2^53 - 1 nor a short text.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_ID:
        return value
    if isinstance(value, str) and len(value) <= MAX_ID_LENGTH:
        return value
    raise RequestError(
        f"id is {kind_of(value)}; it must be an integer from 0 to 2^53 - 1 "
        f"or a text of {MAX_ID_LENGTH} characters at most"
    )


def result_reply(id_: Id, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the last answer to a request that was done."""
    return {"id": id_, "result": result}


def progress_reply(id_: Id, part: float) -> dict[str, Any]:
    """Return word of how far a request is, 0…1."""
    return {"id": id_, "progress": round(part, 4)}


def error_reply(id_: Id | None, error: OrangemaskError) -> dict[str, Any]:
    """Return the last answer to a request that failed."""
    return {"id": id_, "error": {"code": error.code, "message": one_line(error)}}


def reply_line(reply: Mapping[str, Any]) -> bytes:
    """Return an answer as a line: ASCII, so that half a character can never be read."""
    return json.dumps(reply, allow_nan=False).encode("ascii") + b"\n"


def one_line(words: object) -> str:
    """Return `words` printable and on one line."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(words)).split())
    return text[:1000] or type(words).__name__


def kind_of(value: object) -> str:
    """Return what JSON calls the kind of `value`, with an article."""
    if value is None:
        return "null or missing"
    names = {bool: "a boolean", int: "an integer", float: "a number", str: "a text"}
    return names.get(type(value), "an object" if isinstance(value, dict) else "a list")


def _read(source: Source) -> bytes:
    try:
        return source.read(_CHUNK) or b""
    except (OSError, ValueError):
        return b""


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"an integer has more than {MAX_DIGITS} digits")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not a number")
