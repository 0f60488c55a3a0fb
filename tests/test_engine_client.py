"""The smallest client of the engine, as a front end would write it: standard library only;
and the greeting."""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

Reply = dict[str, Any]


class Client:
    """An engine process; use as a context manager."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "orangemask.engine"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.log: list[str] = []
        self._replies: queue.Queue[Reply | None] = queue.Queue()
        self._last_id = 0
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._listen, self._keep)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None and not stream.closed:
                stream.close()

    def send(self, method: str, params: Reply | None = None) -> int:
        self._last_id += 1
        request = {"id": self._last_id, "method": method, "params": params or {}}
        self.send_raw(json.dumps(request).encode() + b"\n")
        return self._last_id

    def send_raw(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def receive(self, timeout: float = 20.0) -> Reply | None:
        """Return the next line, None at the end."""
        return self._replies.get(timeout=timeout)

    def answer(self, id_: int | str | None) -> tuple[list[float], Reply]:
        """Return the progress and the last answer of a request; others' lines must not come."""
        progress: list[float] = []
        while True:
            reply = self.receive()
            assert reply is not None, "\n".join(self.log)
            assert reply["id"] == id_, reply
            if "progress" not in reply:
                return progress, reply
            progress.append(reply["progress"])

    def ask(self, method: str, params: Reply | None = None) -> Reply:
        """Return the last answer of a new request."""
        return self.answer(self.send(method, params))[1]

    def end(self) -> tuple[int, float]:
        """Close the engine's input; return its exit status and the seconds it took."""
        assert self.process.stdin is not None
        begin = time.perf_counter()
        self.process.stdin.close()
        status = self.process.wait(timeout=20)
        return status, time.perf_counter() - begin

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._replies.put(json.loads(line))
        self._replies.put(None)

    def _keep(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line.decode(errors="replace").rstrip())


@pytest.fixture(scope="module")
def engine() -> Iterator[Client]:
    with Client() as client:
        yield client


def test_hello_tells_protocol_version_and_filters(engine: Client) -> None:
    result = engine.ask("hello", {"protocol": 1, "client": "tests"})["result"]
    assert result["protocol"] == 1
    assert "invert-c41" in result["filters"]
    assert re.match(r"\d+\.\d+", result["version"])


@pytest.mark.parametrize("protocol", [0, 2, 99])
def test_another_protocol_is_refused(engine: Client, protocol: int) -> None:
    error = engine.ask("hello", {"protocol": protocol})["error"]
    assert error["code"] == "bad-protocol"
    assert str(protocol) in error["message"]
