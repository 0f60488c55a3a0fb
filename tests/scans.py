"""Synthetic negatives for tests of the whole program, and the program itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

PHYSICAL = ("--model", "physical")
COMMAND = (sys.executable, "-m", "orangemask.cli")


def negative(height: int = 40, width: int = 60) -> NDArray[np.uint16]:
    """Return linear transmittances of a scene of 1.2 D on a usual orange base."""
    y, x = np.mgrid[0:height, 0:width]
    scene = np.clip(x / max(width - 1, 1) * (0.7 + 0.3 * np.sin(y / 7)), 0, 1)
    exposure = 1.2 * scene[..., None] * [1.0, 0.97, 1.02]
    density = np.array([0.25, 0.62, 0.85]) + np.array([0.63, 0.70, 0.73]) * exposure
    return np.rint(10**-density * 65535).astype(np.uint16)


def write_scan(path: Path, height: int = 40, width: int = 60) -> Path:
    """Write a negative as a 16-bit TIFF, its parents made, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, negative(height, width), photometric="rgb", metadata=None)
    return path


def run_orangemask(
    *words: object, before: tuple[str, ...] = (), **options: object
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, started by the command `before`."""
    defaults = {"capture_output": True, "text": True, "timeout": 60, "check": False}
    command = [*before, *COMMAND, *map(str, words)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "default"}
    return subprocess.run(command, **{"env": environment, **defaults, **options})


def one_lines(text: str) -> list[str]:
    """Return the lines of stderr, each as a message has to be."""
    lines = text.splitlines()
    for line in lines:
        assert line.startswith("orangemask: "), line
        assert not line.endswith("."), line
        assert "Traceback" not in line and "internal error" not in line, line
    return lines


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def refused(invert, tmp_path, words, *said):
    """Check that `words` fail in one line that has `said`, and that nothing changes."""
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    folders = sorted(path for path in tmp_path.rglob("*") if path.is_dir())
    status, lines = invert(*words)
    assert status == 1 and len(lines) == 1, lines
    for text in said:
        assert text in lines[0]
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before
    assert folders == sorted(path for path in tmp_path.rglob("*") if path.is_dir())


def invert(run, *words):
    status, out, err = run("invert", *words, *PHYSICAL)
    assert status == 0, err
    return out, err


def pixels(path):
    return tifffile.imread(path)
