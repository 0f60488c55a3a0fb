"""The documents of the bridge: their commands run, their lists are whole."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from orangemask.cli import main as orangemask
from orangemask_bridge.cli import main as bridge
from orangemask_bridge.jobs import JOBS
from orangemask_bridge.structs import LAYOUTS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "darktable_lua_bridge"
SAMPLE = ROOT / "tests/data/sample-negative.tif"
PROGRAMS = {"orangemask": orangemask, "orangemask-bridge": bridge}


def test_commands_of_the_front_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    commands = re.findall(r"^    (orangemask\S*) (.+)$", text, re.M)
    assert len(commands) == 2
    shutil.copyfile(SAMPLE, tmp_path / "scan.tif")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))  # where darktable's tables lie by default
    for program, words in commands:
        assert PROGRAMS[program](words.split()) == 0
    assert (tmp_path / "scan.tif.xmp").is_file()


def test_every_job_has_its_part() -> None:
    text = (FOLDER / "orangemask_bridge/README.md").read_text("utf-8")
    assert re.findall(r"^### (\w+)$", text, re.M) == list(JOBS)


def test_versions_of_modules_are_those_declared() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    (line,) = re.findall(r"^- The parameters of (.+)$", text, re.M)
    told = {
        name: int(version) for name, version in re.findall(r"(\w+) \((?:version )?(\d)\)", line)
    }
    assert told == {name: layout.version for name, layout in LAYOUTS.items()}
