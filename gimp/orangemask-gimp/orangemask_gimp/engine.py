"""The engine's client: JSON lines to a child process and back."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from orangemask_gimp import PROTOCOL
from orangemask_gimp.places import clean_environment, open_log
from orangemask_gimp.problems import PluginError, StoppedError

STARTING = 60.0  # s until the first answer, on a slow disk that has never read it
SILENCE = 600.0  # s without a word before a request is given up
TICK = 0.05  # s between looks at the clock while waiting
ENDING = 2.0  # s that a child gets to end by itself

Told = Callable[["float | None"], bool]
"""Told the part done, None where it is unknown; false asks to stop."""


class RefusedError(PluginError):
    """The engine answered with an error.

    Parameters
    ----------
    message, code : str
        As in the engine's protocol.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def _unheard(_part: float | None) -> bool:
    return True


class Engine:
    """One engine process.

    Parameters
    ----------
    command : sequence of str
        The program, without ``serve``.
    folder : Path
        The scratch folder, which the engine removes should we be killed.
    log : Path
        Where its standard error goes.

    Raises
    ------
    PluginError
        It cannot be started.
    """

    def __init__(self, command: Sequence[str], folder: Path, log: Path) -> None:
        self.log = log
        self._id = 0
        errors = open_log(log)
        try:
            self._process = subprocess.Popen(
                [*command, "serve", "--scratch", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=clean_environment(os.environ),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise PluginError(f"{command[0]} cannot be started: {error.strerror}.") from error
        finally:
            os.close(errors)
        self._lines: queue.Queue[bytes] = queue.Queue()  # an empty line is the end
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the engine: by the end of its input, else by force."""
        if self._process.stdin is not None:
            with suppress(OSError):  # it is gone already
                self._process.stdin.close()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def greet(self) -> None:
        """Check that it is an engine and speaks our protocol; waits until it has started.

        Raises
        ------
        PluginError
            It is none, or speaks another.
        """
        client = {"protocol": PROTOCOL, "client": "GIMP"}
        try:
            said = self.ask("hello", client, silence=STARTING)
        except RefusedError as error:
            if error.code != "bad-protocol":
                raise
            raise PluginError(
                f"The engine and this plug-in do not go together. {error} Run 'orangemask install "
                "gimp' with the newer of the two."
            ) from error
        if said.get("protocol") != PROTOCOL:
            raise PluginError(
                f"The engine speaks protocol {said.get('protocol')}, this plug-in {PROTOCOL}. Run "
                "'orangemask install gimp' with the newer of the two."
            )

    def ask(
        self,
        method: str,
        params: Mapping[str, object],
        told: Told = _unheard,
        silence: float = SILENCE,
    ) -> dict[str, Any]:
        """Return the result of a request.

        Parameters
        ----------
        method : str
        params : mapping
        told : callable
            Asked every few hundredths of a second.
        silence : float
            Seconds without a word after which the engine counts as hung.

        Raises
        ------
        RefusedError
            The engine answered with an error.
        StoppedError
            `told` asked for it; the engine has stopped too.
        PluginError
            The engine died, hangs or talks nonsense.
        """
        self._id += 1
        asked, stopping, waited = self._id, False, 0.0
        self._send({"id": asked, "method": method, "params": dict(params)})
        while True:
            try:
                answer, waited = self._read(self._lines.get(timeout=TICK)), 0.0
            except queue.Empty:
                answer, waited = {}, waited + TICK
                if waited > silence:
                    raise self._lost("does not answer") from None
            if answer.get("id") == asked and "result" in answer:
                if stopping:
                    raise StoppedError
                return dict(answer["result"])
            if answer.get("id") == asked and "error" in answer:
                if stopping or answer["error"].get("code") == "cancelled":
                    raise StoppedError
                message, code = answer["error"].get("message"), answer["error"].get("code")
                raise RefusedError(_sentence(str(message)), str(code))
            part = answer.get("progress") if answer.get("id") == asked else None
            if not told(part) and not stopping:
                stopping = True
                self._id += 1
                self._send({"id": self._id, "method": "cancel", "params": {"id": asked}})

    def _listen(self) -> None:
        pipe = self._process.stdout
        if pipe is not None:
            for line in iter(pipe.readline, b""):
                self._lines.put(line)
            pipe.close()
        self._lines.put(b"")

    def _send(self, request: Mapping[str, object]) -> None:
        pipe = self._process.stdin
        try:
            if pipe is not None:
                pipe.write(json.dumps(request).encode() + b"\n")
                pipe.flush()
        except OSError as error:
            raise self._lost("ended unexpectedly") from error

    def _read(self, line: bytes) -> dict[str, Any]:
        if not line:
            raise self._lost("ended unexpectedly")
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise self._lost("says what no Orangemask engine says")
        return answer

    def _lost(self, what: str) -> PluginError:
        with suppress(subprocess.TimeoutExpired):  # its end is heard before its status is known
            self._process.wait(0.5)
        status = self._process.poll()
        ended = f" (status {status})" if status is not None else ""
        program = self._process.args[0] if isinstance(self._process.args, list) else "the engine"
        return PluginError(
            f"Orangemask's engine {program} {what}{ended}. Its own words are in {self.log}; "
            "'orangemask doctor' may tell more."
        )


def _sentence(message: str) -> str:
    message = message[:1].upper() + message[1:]
    return message if message.endswith((".", "!", "?")) else message + "."
