"""What must hold for the repository as a whole."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOP = {"core", "plugins", "models", "gimp", "darktable_lua_bridge", "installer", "tests"}
LONGEST = 400  # lines
GENERATED = {"LICENSE", "models/training/form.json", "gimp/orangemask-gimp/filters.json"}
HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".", "deb.debian" + ".org")
PLACES = ("/work" + "/", "/tmp/" + "e/", "/root" + "/")


def files() -> list[Path]:
    """Return what git knows or would add; where there is no git, all but hidden folders."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            # A checkout may belong to someone else than who tests it.
            ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        paths = [ROOT / line for line in listed.splitlines()]
    else:
        paths = [
            path
            for path in ROOT.rglob("*")
            if path.relative_to(ROOT).parts[0] in TOP | {".ci"}
            or (path.parent == ROOT and not path.name.startswith("."))
        ]
    return [path for path in paths if path.is_file() and "__pycache__" not in path.parts]


def texts() -> list[tuple[str, str]]:
    """Return every text file as its name and content."""
    found = []
    for path in files():
        content = path.read_bytes()
        if b"\0" not in content:
            found.append((path.relative_to(ROOT).as_posix(), content.decode("utf-8")))
    return found


def test_top_level_folders_are_the_seven() -> None:
    parts = [path.relative_to(ROOT).parts for path in files()]
    assert {first[0] for first in parts if len(first) > 1} - {".ci"} == TOP


def test_licence_is_gpl_3_or_later() -> None:
    assert "GNU GENERAL PUBLIC LICENSE\n                       Version 3" in (
        ROOT / "LICENSE"
    ).read_text("utf-8")
    assert 'license = "GPL-3.0-or-later"' in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("word", [*HOSTS, *PLACES])
def test_no_file_names_a_registry_or_a_place_of_one_machine(word: str) -> None:
    assert [name for name, text in texts() if word in text] == []


def test_no_file_is_too_long() -> None:
    long = {name: text.count("\n") for name, text in texts() if name not in GENERATED}
    assert {name: lines for name, lines in long.items() if lines > LONGEST} == {}


def test_changelog_begins_with_the_present_version_or_what_comes_after() -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    newest = re.search(
        r"\A# .*\n\n(?:## Unreleased\n(?:(?!## ).*\n)+)?## (\S+)",
        (ROOT / "CHANGELOG.md").read_text("utf-8"),
    )
    assert version and newest and version[1] == newest[1]


@pytest.mark.slow
def test_wheel_holds_everything_that_is_shipped(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    sources = ("core/orangemask", "plugins/orangemask_filters", "models/orangemask_models",
               "darktable_lua_bridge/orangemask_bridge")  # fmt: skip
    for source in sources:
        root = ROOT / source
        shipped = [path for path in files() if path.is_relative_to(root)]
        assert len(shipped) > 3
        for path in shipped:
            assert path.relative_to(root.parent).as_posix() in held
    assert not [name for name in held if name.startswith(("training/", "tests/"))]
