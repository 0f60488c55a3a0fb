"""What goes wrong in a real darktable: a toast, nothing changed, nothing left, darktable alive."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
import tifffile
from lua_window import SAMPLE, Darktable, darktable, write_roll

from hosts import Host

pytestmark = pytest.mark.darktable


def last_toast(shown: Darktable, wanted: str) -> str:
    """Return what was said last; `wanted` may come a moment after the work's end."""
    shown.rest()
    end = time.monotonic() + 10
    while True:
        said = shown.do('return said[#said] or ""')
        if wanted in said or time.monotonic() > end:
            return said
        time.sleep(0.05)


def altered(shown: Darktable, *names: str) -> list[str]:
    return [name for name in names if shown.do(f'return image("{name}").is_altered') == "true"]


def bridge_process(shown: Darktable) -> int:
    """Return the process of the bridge, as it wrote it into the file `ready`."""
    for _ in range(500):
        found = list(shown.temporary.glob("orangemask*/ready"))
        if found and found[0].read_text():
            return int(found[0].read_text())
        time.sleep(0.02)
    raise AssertionError("the bridge does not run")


def test_faults_are_said_and_change_nothing(host: Host, folder: Path) -> None:
    roll = write_roll(folder / "roll", 2)
    large = folder / "roll" / "scan-03.tif"
    pixels = tifffile.imread(SAMPLE)
    tifffile.imwrite(large, pixels.repeat(7, 0).repeat(7, 1), photometric="rgb")  # 25 MP
    names = [path.name for path in (*roll, large)]
    with darktable(host, [folder / "roll"], f"faults-{host.root.name}") as shown:
        time.sleep(2)
        shown.open_panel()
        before = altered(shown, *names)
        shown.select(names[0])
        for executable, said in (
            ("/none/it's 50 % off/orangemask-bridge", "ended with status 127"),
            ("/bin/false", "ended with status 1;"),
        ):
            shown.choose(executable)
            shown.press("apply as darktable history")
            assert said in last_toast(shown, said)
        time.sleep(0.5)
        shown.screen.shot("no-bridge")
        shown.choose("/usr/local/bin/orangemask-bridge")
        shown.press("test")
        shown.wait('said[#said]:match("^orangemask%-bridge %d") ~= nil')

        shutil.move(roll[1], folder / "kept.tif")
        roll[1].write_bytes(b"no picture")
        shown.select(names[1])
        shown.press("apply as darktable history")
        assert names[1] in last_toast(shown, names[1])
        time.sleep(0.5)
        shown.screen.shot("unreadable")
        shutil.move(folder / "kept.tif", roll[1])

        shown.select(names[2])
        shown.press("render to TIFF")
        time.sleep(0.25)
        os.kill(bridge_process(shown), signal.SIGKILL)
        assert "ended with status 137" in last_toast(shown, "ended with status 137")
        time.sleep(0.5)
        shown.screen.shot("killed")
        assert altered(shown, *names) == before
        assert sorted(path.name for path in large.parent.glob("*.tif")) == names

        shown.select(*names)
        shown.press("apply as darktable history")
        shown.rest()
        assert altered(shown, *names) == names
        time.sleep(8)  # thumbnails: closed while it made them, darktable 5.0.1 crashed
        assert shown.errors() == []
        assert shown.quit() == 0
        assert shown.left_over() == []


def test_two_darktables_work_side_by_side(host: Host, folder: Path) -> None:
    (one,), (two,) = write_roll(folder / "one", 1), write_roll(folder / "two", 1)
    with (
        darktable(host, [folder / "one"], f"first-{host.root.name}") as first,
        darktable(host, [folder / "two"], f"second-{host.root.name}") as second,
    ):
        for shown, scan in ((first, one), (second, two)):
            time.sleep(1)
            shown.select(scan.name)
        for shown in (first, second):
            shown.press("apply as darktable history")
        for shown, scan in ((first, one), (second, two)):
            shown.rest()
            assert altered(shown, scan.name) == [scan.name]
            assert shown.do("return #said") == "0"
            assert shown.quit() == 0
            assert shown.left_over() == []
