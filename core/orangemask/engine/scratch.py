"""The client's folder of pixels: removed by the engine too, which outlives a client killed."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from orangemask.errors import InputError, reason

PREFIX = "orangemask-"
OWN = 0o700


def checked_scratch(folder: Path) -> Path:
    """Return `folder` if it is one that may be removed with all that it holds.

    Raises
    ------
    InputError
        It is a link, no folder, another user's, open to others, or has another name than ours.
    """
    try:
        status = folder.lstat()
    except OSError as error:
        raise InputError(f"cannot use {folder} as scratch folder: {reason(error)}") from error
    if not stat.S_ISDIR(status.st_mode) or not folder.is_absolute():
        raise InputError(f"scratch folder {folder} must be a folder's absolute path, not a link")
    if not folder.name.startswith(PREFIX):
        raise InputError(f"the name of scratch folder {folder} must begin with {PREFIX}")
    if hasattr(os, "getuid") and (
        status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) != OWN
    ):
        raise InputError(f"scratch folder {folder} must be yours and closed to others (mode 0700)")
    return folder


def remove_scratch(folder: Path) -> None:
    """Remove a folder that `checked_scratch` allowed; what is gone already is no error."""
    shutil.rmtree(folder, ignore_errors=True)
