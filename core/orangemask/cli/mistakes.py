"""What the user is told of an error: one line, whatever it was."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

from orangemask.errors import OrangemaskError


def told(error: Exception, source: Path | None = None) -> str:
    """Return the one line that tells of an error.

    Parameters
    ----------
    error : Exception
        Of an unforeseen one the traceback goes to a log file.
    source : Path or None
        The input it is about; named unless the error names it already.
    """
    if isinstance(error, OrangemaskError):
        text = str(error)
    elif isinstance(error, MemoryError):
        text = "there is not enough memory for it; close other programs"
    else:
        text = _own_mistake(error)
    return text if source is None or str(source) in text else f"{source}: {text}"


def _own_mistake(error: Exception) -> str:
    what = (str(error).splitlines() or [""])[0]
    named = f"internal error ({type(error).__name__}: {what})"
    try:
        handle, name = tempfile.mkstemp(prefix="orangemask-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as log:
            log.write("".join(traceback.format_exception(error)))
    except OSError:  # a full disk, perhaps the very cause
        return f"{named}; please report it"
    return f"{named}; please report it with {name}"
