"""How this very program is started again: what editors are told to run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from orangemask.errors import OrangemaskError

ENDING = ".exe" if sys.platform == "win32" else ""
SECONDS = 60  # a virus scanner may read the whole program first


def engine_words() -> list[str]:
    """Return the command that is `orangemask`."""
    return _found("orangemask") or [sys.executable, "-m", "orangemask.cli"]


def bridge_words() -> list[str]:
    """Return the command that is `orangemask-bridge`.

    Raises
    ------
    OrangemaskError
        It is not there.
    """
    found = _found("orangemask-bridge")
    if found is None:
        raise OrangemaskError(
            f"orangemask-bridge{ENDING} is neither in {Path(sys.executable).parent} nor on the "
            "PATH; reinstall orangemask"
        )
    return found


def answer_of(words: list[str]) -> bytes:
    """Run a program of ours and return what it prints.

    Raises
    ------
    OrangemaskError
        It cannot be started, fails or does not end.
    """
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=True
        )
    except subprocess.CalledProcessError as error:
        told = error.stderr.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        raise OrangemaskError(f"{words[0]} failed: {told[-1]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OrangemaskError(f"{words[0]} cannot be run: {error}") from error
    return done.stdout


def _found(name: str) -> list[str] | None:
    """Return the program that lies beside this one, else the one on the PATH.

    pip puts it beside its Python, or for a user alone into a folder of the PATH.
    """
    beside = Path(sys.executable).parent / (name + ENDING)
    if beside.is_file():
        return [str(beside)]
    on_path = shutil.which(name)
    return [str(Path(on_path).absolute())] if on_path else None
