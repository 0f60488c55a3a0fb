"""Quoting and files, against the real shell."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from lua_runtime import Scripts

PARENT = """
import subprocess, sys, time
print(subprocess.Popen(["sh", "-c", sys.argv[1]], start_new_session=True).pid, flush=True)
time.sleep(60)
"""
NAMES = [
    "plain", "two words", "it's", 'a "quote"', "50 % off %PATH%", "Größe äöü", "写真",
    "$HOME `id` \\ ; & |", "-rf", "*", "new\nline",
]  # fmt: skip


@pytest.fixture
def scripts(tmp_path):
    return Scripts(tmp_path, "none")


@pytest.fixture
def system(scripts):
    return scripts.require("lib/system")


@pytest.mark.parametrize("name", NAMES)
def test_the_shell_gets_every_word_as_it_is(scripts, system, tmp_path, name):
    output = tmp_path / f"out {name.replace('/', '')}"
    words = scripts.lua.table(
        sys.executable, "-c", "import sys; print(ascii(sys.argv[1:]))", name, ""
    )
    command = system.posix_command(words, scripts.lua.table(output=str(output)))
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 0
    assert output.read_text() == ascii([name, ""]) + "\n"


def test_a_folder_is_made_for_this_user_alone_and_never_taken_over(scripts, system, tmp_path):
    folder = tmp_path / "it's 50 %"
    options = scripts.lua.table(folder=str(folder), output=str(folder / "log"))
    command = system.posix_command(scripts.lua.table("sh", "-c", "echo said; exit 3"), options)
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 3
    assert (folder / "log").read_text() == "said\n"
    assert folder.stat().st_mode & 0o777 == 0o700
    again = subprocess.run(["sh", "-c", command], check=False, capture_output=True)
    assert again.returncode == 1


def test_the_folder_goes_if_darktable_has_gone(scripts, system, tmp_path):
    folder = tmp_path / "folder"
    options = scripts.lua.table(folder=str(folder), output=str(folder / "log"))
    command = system.posix_command(scripts.lua.table("sleep", "1"), options)
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, command], stdout=subprocess.PIPE
    ) as parent:
        shell = Path("/proc", parent.stdout.readline().decode().strip())
        while not folder.exists():  # the shell knows its parent by then
            time.sleep(0.01)
        parent.kill()
    while shell.exists() and (shell / "stat").read_text().split()[2] != "Z":
        time.sleep(0.01)
    assert not folder.exists()


def test_batch_files_double_the_per_cent_sign_and_end_lines_as_windows_does(tmp_path):
    scripts = Scripts(tmp_path, "none", running_os="windows")
    system = scripts.require("lib/system")
    words = scripts.lua.table("C:\\Program Files\\50% Größe\\bridge.exe", "serve")
    options = scripts.lua.table(folder="C:\\tmp\\a b", output="C:\\tmp\\a b\\log")
    assert system.batch_text(words, options).split("\r\n") == [
        "@echo off",
        "chcp 65001 >nul",
        'mkdir "C:\\tmp\\a b" || exit /b 1',
        '"C:\\Program Files\\50%% Größe\\bridge.exe" "serve" >"C:\\tmp\\a b\\log" 2>&1 <nul',
        "exit /b %ERRORLEVEL%",
        "",
    ]


@pytest.mark.parametrize(
    ("status", "expected"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)]
)
def test_a_status_is_the_programs_own_or_its_signal(scripts, system, status, expected):
    got = []
    run = scripts.lua.eval(
        "function(run, words, done) return function() done(run(words, {})) end end"
    )
    scripts.dt.control.dispatch(run(system.run, scripts.lua.table("sh", "-c", status), got.append))
    scripts.turn(lambda: got)
    assert got == [expected]


def test_free_names_are_darktables(system, scripts, tmp_path):
    taken, stem = scripts.lua.table(), str(tmp_path / "a")
    (tmp_path / "a.tif").touch()
    assert system.free_path(stem, ".tif", taken) == f"{stem}_01.tif"
    assert system.free_path(stem, ".tif", taken) == f"{stem}_02.tif"


def test_temporary_names_are_ascii_and_differ(system, tmp_path):
    names = {system.temporary_path(".x") for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith(f"{tmp_path}/tmp/orangemask-") and name.isascii() for name in names)


def test_what_cannot_be_written_is_said(system, tmp_path):
    assert system.write(str(tmp_path / "none" / "x"), "text")[0] is None
    assert system.write(str(tmp_path / "x"), "text") is True
    assert system.read(str(tmp_path / "x")) == "text"
    assert system.read(str(tmp_path / "y")) is None
