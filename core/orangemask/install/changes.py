"""Changes to the disk: each is told, and in a dry run only told."""

from __future__ import annotations

import os
from pathlib import Path

from orangemask.encode.destination import destination
from orangemask.errors import InputError, OutputError, reason


class Changes:
    """What is done to files, in order.

    Parameters
    ----------
    dry_run : bool
        Tell everything and do nothing.

    Attributes
    ----------
    told : list of str
        A line for each change.
    """

    def __init__(self, dry_run: bool) -> None:
        self.dry_run = dry_run
        self.told: list[str] = []
        self._made: set[Path] = set()
        self._removed: set[Path] = set()

    def make_folder(self, folder: Path) -> list[Path]:
        """Make a folder and those above it; return the new ones, the outermost first.

        Raises
        ------
        OutputError
            It cannot be made.
        """
        chain = (folder, *folder.parents)
        new = [each for each in chain if each not in self._made and not each.is_dir()][::-1]
        self._made.update(new)
        for each in new:
            self._tell("made", each)
        if not self.dry_run:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"cannot make {folder}: {reason(error)}") from error
        return new

    def write(self, file: Path, content: bytes, *, program: bool = False) -> None:
        """Write a file whole or not at all; nothing where it is so already.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        mode = 0o755 if program else 0o644
        same = _read(file) == content
        if same and (os.name != "posix" or file.stat().st_mode & 0o777 == mode):
            return
        self._tell("wrote", file)
        if self.dry_run:
            return
        with destination(file, force=True) as part:
            part.write_bytes(content)
            part.chmod(mode)

    def rewrite(self, file: Path, content: bytes, why: str) -> None:
        """Change a file of the user's; its mode stays.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        self.told.append(f"{why} {file}")
        if self.dry_run:
            return
        mode = file.stat().st_mode & 0o777 if file.exists() else None
        with destination(file, force=True) as part:
            part.write_bytes(content)
            if mode is not None:
                part.chmod(mode)

    def remove(self, file: Path) -> None:
        """Remove a file, if it is there.

        Raises
        ------
        OutputError
            It cannot be removed.
        """
        if not os.path.lexists(file):
            return
        if not self.dry_run:
            try:
                file.unlink()
            except OSError as error:
                raise OutputError(f"cannot remove {file}: {reason(error)}") from error
        self._tell_removed(file)

    def remove_compiled(self, folder: Path) -> None:
        """Remove what Python wrote beside our modules."""
        for file in sorted(folder.rglob("__pycache__/*.py[co]")):
            self.remove(file)
        for cache in sorted(folder.rglob("__pycache__")):
            self.remove_if_empty(cache)

    def remove_if_empty(self, folder: Path) -> None:
        """Remove a folder that holds nothing more.

        Raises
        ------
        OutputError
            It cannot be removed.
        """
        if not folder.is_dir() or folder.is_symlink() or folder in self._removed:
            return
        if any(each not in self._removed for each in folder.iterdir()):
            return
        if not self.dry_run:
            try:
                folder.rmdir()
            except OSError as error:
                raise OutputError(f"cannot remove {folder}: {reason(error)}") from error
        self._tell_removed(folder)

    def _tell_removed(self, path: Path) -> None:
        self._removed.add(path)
        self._tell("removed", path)

    def _tell(self, done: str, path: Path) -> None:
        self.told.append(f"{done} {path}")


def read_own(file: Path) -> bytes | None:
    """Return the content of a user's file, None where there is none.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"cannot read {file}: {reason(error)}") from error


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
