"""The standalone program, built once, and a machine without Python to run it on.

`python installer/build.py` takes two minutes; ORANGEMASK_ARCHIVE may name an archive it made.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hosts import HOSTS, ROOT, SHARED, _mirror, _must

sys.path.append(str(ROOT / "tests/darktable_lua_bridge"))  # its darktable in a window

SUITE = "bookworm"  # the oldest Debian that the program is for


class Bare:
    """A Debian of what debootstrap calls minbase and nothing more: no Python, no X, no network."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *words: str | Path, home: str = "/root") -> subprocess.CompletedProcess[str]:
        """Run a command within."""
        env = ["/usr/bin/env", "-i", f"HOME={home}", "PATH=/usr/bin:/bin"]
        return subprocess.run(
            ["unshare", "--net", "chroot", str(self.root), *env, *map(str, words)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )


@pytest.fixture(scope="session")
def archive() -> Iterator[Path]:
    """The archive of a release."""
    if told := os.environ.get("ORANGEMASK_ARCHIVE"):
        yield Path(told)
        return
    if importlib.util.find_spec("PyInstaller") is None:
        pytest.skip("PyInstaller is not installed: pip install -e '.[installer]'")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, ROOT / "installer/build.py", "-o", folder]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        yield next(Path(folder).glob("*.tar.gz"))


@pytest.fixture(scope="session")
def folder(archive: Path) -> Iterator[Path]:
    """The unpacked folder, under the same path within the hosts."""
    SHARED.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=SHARED))
    try:
        with tarfile.open(archive) as tar:
            # Python before 3.11.4 has no filters.
            tar.extraction_filter = getattr(tarfile, "tar_filter", None)
            tar.extractall(place)
        yield next(place.iterdir())
    finally:
        shutil.rmtree(place)


@pytest.fixture(scope="session")
def bare() -> Iterator[Bare]:
    """A machine without Python."""
    if os.name != "posix" or os.getuid() != 0:
        pytest.skip("a bare Debian is made and entered as root")
    root = HOSTS / "bare"
    if not (root / "usr/bin/apt-get").exists():
        if not shutil.which("debootstrap"):
            pytest.skip("debootstrap is not installed")
        root.parent.mkdir(parents=True, exist_ok=True)
        _must(["debootstrap", "--variant=minbase", SUITE, str(root), _mirror()], "debootstrap")
    proc = root / "proc"
    if subprocess.run(["mount", "-t", "proc", "proc", str(proc)]).returncode:
        pytest.skip("this machine lets nobody mount /proc")
    try:
        yield Bare(root)
    finally:
        subprocess.run(["umount", str(proc)], check=True)
