"""What goes wrong: one line for the user, nothing changed, nothing left behind."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from lua_runtime import Scripts, write_bridge

SAMPLE = Path(__file__).parents[1] / "data" / "sample-negative.tif"


def started(folder, executable):
    (folder / "config").mkdir(parents=True)
    scripts = Scripts(folder, executable)
    scripts.dt.preferences.write(
        "x", "plugins/darkroom/lut3d/def_path", "string", str(folder / "config")
    )
    scripts.require("orangemask")
    return scripts


@pytest.fixture
def bridge(tmp_path):
    scripts = started(tmp_path / "darktable", write_bridge(tmp_path / "orangemask-bridge"))
    scripts.select(scripts.image(shutil.copyfile(SAMPLE, tmp_path / "scan.tif")))
    yield scripts
    scripts.close()
    assert scripts.left_over() == []
    assert scripts.errors == []


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


FALSE_REPLY = """#!/bin/sh
echo 1 > "$3/ready"
while [ ! -e "$3/stop" ]; do
  for one in "$3"/*.request; do
    [ -e "$one" ] || continue
    rm "$one"
    printf %s '{reply}' > "${{one%.request}}.reply"
  done
  sleep 0.02
done
"""
WRONG = {
    "missing": (None, "ended with status 127"),
    "not a program": ("no program", "ended with status 12"),
    "another program": ("#!/bin/sh\nexit 0\n", "ended with status 0"),
    "of an old protocol": (
        FALSE_REPLY.format(reply='return {protocol=0, version="0.0.1", results={}}'),
        "orangemask-bridge 0.0.1 speaks protocol 0, these scripts speak 1",
    ),
    "of a new protocol, refusing ours": (
        FALSE_REPLY.format(
            reply='return {protocol=2, version="9", error={code="bad-protocol", message="speak 2"}}'
        ),
        "speak 2",
    ),
    "talking nonsense": (FALSE_REPLY.format(reply="return os.exit(1)"), "cannot be read"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_program_is_said_and_can_be_replaced(tmp_path, kind):
    text, said = WRONG[kind]
    executable = tmp_path / 'it\'s 50 % "the" bridge'
    if text is not None:
        program(executable, text)
    scripts = started(tmp_path / "darktable", executable)
    scripts.select(scripts.image(shutil.copyfile(SAMPLE, tmp_path / "scan.tif")))
    scripts.press("apply as darktable history")
    scripts.turn()
    assert len(scripts.said) == 1 and said in scripts.said[0], scripts.said
    assert len(scripts.dt.applied) == 0
    scripts.dt.preferences.write(
        "orangemask", "executable", "string", str(write_bridge(tmp_path / "right"))
    )
    scripts.press("test")
    scripts.turn(lambda: len(scripts.said) > 1)
    assert scripts.said[1].startswith("orangemask-bridge 0.")
    scripts.close()
    assert scripts.left_over() == [] and scripts.errors == []


def test_the_bridge_killed_at_work_is_said_and_started_again(bridge, tmp_path):
    bridge.press("render to TIFF")
    bridge.turn(lambda: list(bridge.folder.glob("tmp/*/ready")))
    bridge.kill_bridge()
    bridge.turn()
    assert len(bridge.said) == 1 and "ended with status 137" in bridge.said[0]
    assert sorted(path.name for path in tmp_path.glob("*.tif")) == ["scan.tif"]
    bridge.press("render to TIFF")
    bridge.turn()
    assert len(bridge.said) == 1
    assert (tmp_path / "scan_invert-c41.tif").is_file()


def test_the_bridge_killed_between_requests_is_started_again(bridge):
    bridge.press("predict")
    bridge.turn()
    bridge.kill_bridge()
    bridge.turn(lambda: bridge.dt.turn() == 0)
    bridge.press("apply as darktable history")
    bridge.turn()
    assert bridge.said == [] and len(bridge.dt.applied) == 1


def test_cancelled_work_changes_nothing(bridge, tmp_path):
    bridge.press("render to TIFF")
    bridge.dt.turn()
    list(bridge.dt.jobs.values())[-1].cancel()
    bridge.turn()
    assert len(bridge.said) == 1 and "stopped" in bridge.said[0]
    assert sorted(path.name for path in tmp_path.glob("*.tif")) == ["scan.tif"]
    assert not list(bridge.dt.jobs.values())[-1].valid


def test_only_one_thing_is_done_at_a_time(bridge):
    bridge.press("predict")
    bridge.press("predict")
    assert bridge.said == ["Orangemask is still at work; wait or cancel it"]
    bridge.turn()
    assert len(bridge.said) == 1


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"II*\0\xff\xff\xff\xff"])
def test_an_unreadable_picture_is_refused_by_name(bridge, tmp_path, content):
    bad = tmp_path / "bad.tif"
    if content is not None:
        bad.write_bytes(content)
    bridge.select(bridge.image(bad))
    for button in ("predict", "apply as darktable history", "render to TIFF"):
        bridge.press(button)
        bridge.turn()
    assert len(bridge.said) == 3 and all("bad.tif" in line for line in bridge.said), bridge.said
    assert len(bridge.dt.applied) == 0 and len(bridge.dt.imported) == 0


def test_two_darktables_do_not_meet(bridge, tmp_path):
    other = started(tmp_path / "other", write_bridge(tmp_path / "orangemask-bridge"))
    other.dt.configuration.tmp_dir = str(bridge.folder / "tmp")  # as both have /tmp
    other.select(other.image(tmp_path / "scan.tif"))
    for scripts in (bridge, other):
        scripts.press("apply as darktable history")
    while bridge.require("lib/tasks").busy() or other.require("lib/tasks").busy():
        bridge.dt.turn()
        other.dt.turn()
        time.sleep(0.002)
    assert len(bridge.left_over()) == 2  # a folder each
    for scripts in (bridge, other):
        assert scripts.said == [] and len(scripts.dt.applied) == 1
    other.close()


def test_a_folder_that_cannot_be_written_is_said(bridge, tmp_path):
    image = bridge.image(shutil.copyfile(SAMPLE, tmp_path / "gone.tif"))
    bridge.select(image)
    bridge.press("predict")
    bridge.turn()
    (tmp_path / "gone.tif").unlink()
    bridge.press("render to TIFF")
    bridge.turn()
    assert len(bridge.said) == 1 and "gone.tif" in bridge.said[0]
