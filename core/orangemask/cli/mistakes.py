"""Errors that should not happen: one line for the user, the traceback in a log file."""

from __future__ import annotations

import os
import tempfile
import traceback


def own_mistake(error: Exception) -> str:
    """Return one line for an error that should not happen; the traceback goes to a log file."""
    handle, name = tempfile.mkstemp(prefix="orangemask-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as log:
        log.write("".join(traceback.format_exception(error)))
    what = (str(error).splitlines() or [""])[0]
    return f"internal error ({type(error).__name__}: {what}); please report it with {name}"
