"""Our Lua scripts in a real Lua 5.4, beside the stand-in for darktable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

lupa = pytest.importorskip("lupa.lua54", reason="lupa is not installed: pip install lupa")

SCRIPTS = Path(__file__).parents[2] / "darktable_lua_bridge" / "lua"
STAND_IN = Path(__file__).with_name("stand_in.lua")
PATIENCE = 60  # seconds; a machine under load starts the bridge slowly


def write_bridge(path: Path) -> Path:
    """Write a program that is this interpreter's bridge, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -m orangemask_bridge.cli "$@"\n')
    path.chmod(0o755)
    return path


class Scripts:
    """One darktable with our scripts: its Lua, its widgets, its programs."""

    def __init__(self, folder: Path, executable: Path | str, running_os: str = "linux") -> None:
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        self.folder, self.programs = folder, []
        self.lua = lupa.LuaRuntime(unpack_returned_tuples=True, encoding="utf-8")
        self.lua.execute("package.path = ...", f"{SCRIPTS}/?.lua")
        host = self.lua.table(spawn=self._spawn, status=self._status, clock=time.monotonic)
        load = self.lua.eval("function(path, ...) return assert(loadfile(path))(...) end")
        self.dt = load(str(STAND_IN), host, str(folder))
        self.dt.configuration.running_os = running_os
        self.dt.preferences.write("orangemask", "executable", "string", str(executable))
        self.lua.execute("package.loaded.darktable = ...", self.dt)

    def _spawn(self, command: str) -> int:
        program = subprocess.Popen(
            ["sh", "-c", command],
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self.programs.append(program)
        return len(self.programs) - 1

    def _status(self, index: int) -> int | None:
        """Return the raw wait status, as C's `system` does; None while the program runs."""
        status = self.programs[index].poll()
        if status is None:
            return None
        return -status if status < 0 else status << 8

    def require(self, name: str):
        return self.lua.eval("function(name) return (require(name)) end")(f"orangemask/{name}")

    def image(self, path: Path):
        return self.dt.new_image(str(path))

    def select(self, *images) -> None:
        self.dt.selected = self.lua.table_from(images)
        event = self.dt.events["selection-changed"]
        if event:
            event("selection-changed")

    def open_darkroom(self, image) -> None:
        self.dt.shown, self.dt.view = image, self.dt.gui.views.darkroom
        self.dt.events["view-changed"]("view-changed", None, self.dt.view)
        self.dt.events["darkroom-image-loaded"]("darkroom-image-loaded", True, image)

    def close_darkroom(self) -> None:
        self.dt.view = self.dt.gui.views.lighttable
        event = self.dt.events["view-changed"]
        if event:
            event("view-changed", None, self.dt.view)

    def widgets(self, kind: str, label: str):
        return [w for w in self.dt.widgets.values() if w.kind == kind and w.label == label]

    def press(self, label: str) -> None:
        self.widgets("button", label)[0].clicked_callback()

    def slider(self, label: str, filter_name: str = "invert-c41"):
        return self.widgets("slider", label)[0 if filter_name == "invert-c41" else 1]

    def turn(self, until=None) -> None:
        """Let darktable's threads go on until `until()`, else until no button's work is left."""
        end = time.monotonic() + PATIENCE
        until = until or (lambda: not self.require("lib/tasks").busy())
        while not until():
            self.dt.turn()
            time.sleep(0.002)
            assert time.monotonic() < end, "the scripts are still at work"

    @property
    def said(self) -> list[str]:
        return list(self.dt.printed.values())

    @property
    def errors(self) -> list[str]:
        return list(self.dt.errors.values())

    def left_over(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "tmp").iterdir())

    def kill_bridge(self) -> None:
        """Kill the bridge hard, not the shell that started it."""
        shell = self.programs[-1].pid
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)

    def close(self) -> None:
        bridge = self.require("lib/bridge")
        self.close_darkroom()
        self.dt.control.dispatch(bridge.stop)
        self.turn(lambda: self.dt.turn() == 0)
        for program in self.programs:
            program.wait(timeout=10)
