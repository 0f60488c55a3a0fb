"""A file that is either written whole or not there: made beside its place, then renamed onto it."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orangemask.errors import OrangemaskError, OutputError, reason

_ZEROS = bytes(1 << 20)


@contextmanager
def destination(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Give the path of a new, empty file in the folder of `path`; on leaving, rename it there.

    Parameters
    ----------
    path : Path
        The file to be. Links are followed.
    force : bool
        Whether an existing file may be replaced.

    Yields
    ------
    Path
        ``.name.1f2e3d4c.part.tif``, the ending kept. It is removed if anything is raised.

    Raises
    ------
    OutputError
        The file exists, the folder is missing or read-only, the disk is full …
    """
    target = Path(os.path.realpath(path))
    check_free(path, force=force)
    part = target.with_name(f".{target.stem[:100]}.{secrets.token_hex(4)}.part{target.suffix}")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise OutputError(f"cannot write {path}: {_reason(error, target)}") from error
    except BaseException:  # a signal that came while the file was made
        with suppress(OSError):
            part.unlink()
        raise
    try:
        yield part
        check_free(path, force=force)
        part.replace(target)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OSError) and not isinstance(error, OrangemaskError):
            raise OutputError(f"cannot write {path}: {_reason(error, target)}") from error
        raise


def reserve(descriptor: int, size: int) -> None:
    """Make an open file `size` bytes long with its space on the disk taken.

    Writing to a map of a file on a full disk kills the process (SIGBUS); here it is an OSError.
    """
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
        else:
            return
    os.lseek(descriptor, 0, os.SEEK_SET)
    while size > 0:
        size -= os.write(descriptor, _ZEROS[:size])


def check_free(path: Path, *, force: bool = False) -> None:
    """Refuse a path where no file may be put.

    Parameters
    ----------
    path : Path
        The file to be. Links are followed.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        The file exists, is a folder, or lies where nothing can be looked up.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"cannot write {path}: {_reason(error, path)}") from error
    if stat.S_ISDIR(mode):
        raise OutputError(f"cannot write {path}: it is a folder")
    if not force:
        raise OutputError(f"{path} exists; say --force to replace it")


def _reason(error: OSError, target: Path) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"there is no folder {target.parent}"
    return reason(error)
