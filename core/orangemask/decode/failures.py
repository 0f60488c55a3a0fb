"""Refusals in one line, and libraries kept quiet while they read."""

from __future__ import annotations

import logging
import os
import struct
import tempfile
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from orangemask.errors import InputError

# What NumPy, Pillow, tifffile, imagecodecs and OpenEXR raise at damaged files. MemoryError is told
# apart before this tuple is asked.
LIBRARY_FAILURES = (
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,  # Pillow's word for a broken PNG or JPEG header
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

LONGEST_CAUSE = 160  # characters of a library's own words; more is noise in one line

_native_stderr = threading.Lock()


def refusal(path: Path, cause: object, remedy: str = "") -> InputError:
    """Return the error to raise for a file: what, why, what to do, on one line.

    Parameters
    ----------
    path : Path
        As the caller gave it: in a batch, the name alone may be that of several.
    cause : object
        A phrase, or the exception of a library.
    remedy : str
        What the user may do.
    """
    text = one_line(cause)
    return InputError(f"cannot read {printable(path)}: {text}" + (f"; {remedy}" * bool(remedy)))


def one_line(words: object) -> str:
    """Return `words` printable, on one line and not too long."""
    if isinstance(words, BaseException) and words.args and isinstance(words.args[0], bytes):
        words = words.args[0].decode("ascii", "replace")  # LibRaw's
    text = " ".join(printable(words).split()).rstrip(".") or type(words).__name__
    return text if len(text) <= LONGEST_CAUSE else text[: LONGEST_CAUSE - 1] + "…"


def printable(words: object) -> str:
    """Return `words` without line breaks and control characters."""
    return "".join(c if c.isprintable() else " " for c in str(words))


@contextmanager
def quiet(*loggers: str) -> Iterator[None]:
    """Silence Python warnings and the named loggers within."""
    kept = [(logging.getLogger(name), logging.getLogger(name).disabled) for name in loggers]
    try:
        for logger, _ in kept:
            logger.disabled = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, disabled in kept:
            logger.disabled = disabled


@contextmanager
def native_output(*marks: str) -> Iterator[list[str]]:
    """Catch what a native library writes to file descriptor 2; the list is filled on leaving.

    Kept are the lines that contain one of `marks`. Lines of others (threads that log meanwhile)
    are passed on afterwards. Without a usable descriptor nothing is caught.
    """
    caught: list[str] = []
    with _native_stderr, ExitStack() as opened:
        try:
            file = opened.enter_context(tempfile.TemporaryFile())
            saved = os.dup(2)
        except OSError:  # a program without console, or without a temporary folder
            saved = -1
        else:
            os.dup2(file.fileno(), 2)
        try:
            yield caught
        finally:
            if saved >= 0:
                os.dup2(saved, 2)
                file.seek(0)
                for line in file:
                    if any(os.fsencode(mark) in line for mark in marks):
                        caught.append(line.decode(errors="replace").strip())
                    else:
                        os.write(saved, line)
                os.close(saved)
