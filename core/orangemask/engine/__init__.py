"""The engine: predicts and renders for hosts over two pipes. `README.md` here is the protocol."""

from __future__ import annotations

import io
import os
import sys
from contextlib import ExitStack, suppress
from typing import BinaryIO

from orangemask.engine.session import Session

__all__ = ["serve"]


def serve(stdin: BinaryIO, stdout: BinaryIO) -> int:
    """Answer requests until `stdin` ends or nobody reads `stdout` any more.

    Parameters
    ----------
    stdin, stdout : binary files
        Where `stdout` is the process's own (descriptor 1), the protocol moves to a copy of it and
        descriptor 1 becomes standard error, so that no library can print between the lines.

    Returns
    -------
    int
        Exit status, 0; 130 if interrupted from the keyboard.
    """
    with ExitStack() as stack:
        source: BinaryIO | io.FileIO = stdin
        if (descriptor := _descriptor(stdin)) is not None:
            # Unbuffered: a thread that waits in a buffered file blocks the end of the interpreter.
            source = io.FileIO(descriptor, "rb", closefd=False)
        sink: BinaryIO | io.FileIO = stdout
        if (descriptor := _descriptor(stdout)) is not None:
            stdout.flush()
            sink = stack.enter_context(io.FileIO(os.dup(descriptor), "wb"))
            if descriptor == 1:
                stack.callback(os.dup2, sink.fileno(), 1)
                stack.callback(_flush, stdout)
                _point_at_standard_error(1)
        try:
            return Session(source, sink).run()
        except KeyboardInterrupt:
            return 130


def _descriptor(file: BinaryIO) -> int | None:
    try:
        return file.fileno()
    except (OSError, AttributeError):  # a file in memory
        return None


def _point_at_standard_error(descriptor: int) -> None:
    try:
        os.dup2(2, descriptor)
    except OSError:  # a program without console on Windows has none
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, descriptor)
        os.close(null)


def _flush(file: BinaryIO) -> None:
    """Send what was printed meanwhile to standard error, before descriptor 1 is put back."""
    with suppress(OSError, ValueError, AttributeError):  # sys.stdout is None without a console
        sys.stdout.flush()  # holds print's text above `file`, unless Python runs unbuffered
    with suppress(OSError, ValueError):
        file.flush()
