"""A real darktable in a window, with our scripts, driven from Python and by the mouse."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from hosts import ROOT, SHARED, Host, Screen, screen, stop

SCRIPTS = ROOT / "darktable_lua_bridge" / "lua"
SHOTS = ROOT / "out" / "darktable"  # git ignores out/
PATIENCE = 90  # seconds
SIZE = "1600x1000"
SAMPLE = ROOT / "tests" / "data" / "sample-negative.tif"
SETTINGS = {"ui_last/maximized": "TRUE", "write_sidecar_files": "never"}
LUT_ROOT = "plugins/darkroom/lut3d/def_path"


class Darktable:
    """A darktable that runs in a window."""

    def __init__(
        self,
        host: Host,
        shown: Screen,
        folder: Path,
        pictures: Sequence[Path],
        settings: Mapping[str, str],
    ) -> None:
        self.host, self.screen, self.folder = host, shown, folder
        self._orders = 0
        self.log = folder / "darktable.log"
        self.temporary, self.luts = folder / "tmp", folder / "luts"
        self._prepare()
        command = ["dbus-run-session", "--", "darktable", "--configdir", folder / "config"]
        command += ["--library", self.folder / "library.db", "--disable-opencl", "-d", "lua"]
        for name, value in {**SETTINGS, LUT_ROOT: self.luts, **settings}.items():
            command += ["--conf", f"{name}={value}"]
        env = {**shown.env, "HOME": str(folder), "TMPDIR": str(self.temporary)}
        self.process = host.start(*command, *pictures, env=env, log=self.log)

    def _prepare(self) -> None:
        config = self.folder / "config"
        self.folder.mkdir()
        shutil.copytree(SCRIPTS / "orangemask", config / "lua" / "orangemask")
        self.temporary.mkdir()
        self.luts.mkdir()
        remote = self.folder / "remote.lua"
        shutil.copyfile(Path(__file__).with_name("remote.lua"), remote)
        (config / "luarc").write_text(
            f'assert(loadfile("{remote}"))("{self.folder}", "orangemask/orangemask")\n'
        )

    def has_started(self) -> bool:
        """Wait for the first answer; return whether it comes before darktable ends."""
        try:
            self.do("return 1")
        except AssertionError:
            return False
        return True

    def choose(self, executable: Path | str) -> None:
        """Put the bridge's path into the preferences."""
        self.do(f'dt.preferences.write("orangemask", "executable", "string", "{executable}")')

    def do(self, chunk: str, patience: float = PATIENCE) -> str:
        """Run Lua within, and return its first result as text."""
        self._orders += 1
        order = self.folder / f"{self._orders}.lua"
        done = order.with_suffix(".done")
        part = order.with_suffix(".new")
        part.write_text(chunk)
        part.rename(order)
        end = time.monotonic() + patience
        while not done.exists():
            assert time.monotonic() < end, f"no answer to {chunk!r}\n{self.tail()}"
            assert self.process.poll() is None, f"darktable has ended\n{self.tail()}"
            time.sleep(0.004)
        how, _, result = done.read_text().partition(" ")
        assert how == "ok", result
        return result

    def number(self, expression: str) -> float:
        return float(self.do(f"return {expression}"))

    def wait(self, condition: str, patience: float = PATIENCE) -> float:
        """Wait until a Lua expression is true; return how many seconds that took."""
        start = time.monotonic()
        while self.do(f"return {condition}") != "true":
            passed = time.monotonic() - start
            assert passed < patience, f"not {condition} in {patience} s\n{self.tail()}"
            time.sleep(0.01)
        return time.monotonic() - start

    def press(self, label: str) -> None:
        self.do(f'widget("button", "{label}").clicked_callback()')

    def rest(self) -> float:
        """Wait until no button's work is left."""
        return self.wait('not require("orangemask/lib/tasks").busy()')

    def select(self, *names: str) -> None:
        images = ", ".join(f'image("{name}")' for name in names)
        self.do(f"dt.gui.selection({{{images}}})")
        time.sleep(0.3)

    def open_panel(self) -> None:
        self.do("dt.gui.libs.orangemask.expanded = true")
        time.sleep(0.7)

    def darkroom(self, name: str) -> None:
        self.select(name)
        self.do("dt.gui.current_view(dt.gui.views.darkroom)")
        self.wait("dt.gui.current_view() == dt.gui.views.darkroom")
        time.sleep(4)
        self.open_panel()

    def lighttable(self) -> None:
        self.do("dt.gui.current_view(dt.gui.views.lighttable)")
        time.sleep(2)

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def errors(self) -> list[str]:
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if "LUA ERROR" in line or "Orangemask:" in line]

    def left_over(self) -> list[str]:
        found = self.temporary.glob("orangemask*")
        return sorted(str(path.relative_to(self.temporary)) for path in found)

    def quit(self) -> int:
        """Close darktable as a user does, and return its exit status.

        Not from the darkroom, where it would hang once in some dozens of times because sliders are
        followed (live.lua); and not before it has made its thumbnails, when 5.0.1 crashes. Not by
        `dt.gui.action`: that holds Lua's lock in darktable's main thread, which may want it once
        more while it closes.
        """
        if self.do("return dt.gui.current_view() == dt.gui.views.darkroom") == "true":
            self.lighttable()
            time.sleep(4)
        self.screen.key("ctrl+q")
        return self.process.wait(PATIENCE)


@contextmanager
def darktable(
    host: Host, pictures: Sequence[Path], name: str, settings: Mapping[str, str] | None = None
) -> Iterator[Darktable]:
    """Give a darktable that shows the pictures; its screenshots go to out/darktable/NAME."""
    folder = Path(tempfile.mkdtemp(prefix="window-", dir=SHARED))
    shots = SHOTS / name
    shutil.rmtree(shots, ignore_errors=True)
    with screen(host, shots, SIZE) as shown:
        running = Darktable(host, shown, folder / "1", pictures, settings or {})
        try:
            if not running.has_started():  # a few darktables in a hundred crash as they start
                stop(running.process)
                running = Darktable(host, shown, folder / "2", pictures, settings or {})
            running.do("return 1")
            running.choose("/usr/local/bin/orangemask-bridge")
            time.sleep(2)
            yield running
        finally:
            stop(running.process)
            shutil.copyfile(running.log, shots / "darktable.log")
            shutil.rmtree(folder, ignore_errors=True)


def write_roll(folder: Path, count: int) -> list[Path]:
    """Write scans of one roll: windows into the sample negative, each a little denser."""
    pixels = tifffile.imread(SAMPLE)
    h, w = pixels.shape[0] * 3 // 4, pixels.shape[1] * 3 // 4
    written = []
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        y, x = (number % 2) * (pixels.shape[0] - h), (number % 3) * (pixels.shape[1] - w) // 2
        window = pixels[y : y + h, x : x + w] * 0.97**number
        written.append(folder / f"scan-{number + 1:02d}.tif")
        tifffile.imwrite(written[-1], np.rint(window).astype(np.uint16), photometric="rgb")
    return written


def brightness(file: Path, box: tuple[int, int, int, int]) -> np.ndarray:
    """Return the mean red, green, blue 0…255 of a part of a screenshot: x, y, width, height."""
    x, y, w, h = box
    with Image.open(file) as shot:
        return np.asarray(shot.convert("RGB"), np.float64)[y : y + h, x : x + w].mean((0, 1))
