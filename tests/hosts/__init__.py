"""Debian folders that hold a real GIMP or darktable, and a screen nobody sees.

A host is made once (`build`, a minute and about a gigabyte each) below $ORANGEMASK_HOSTS, or the
user's cache folder, and used again. It needs root and Debian's packages; where these are not to be
had, tests that want a host skip and say why. The engine of this checkout runs for the host's
programs through a view of the whole machine at /host within.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOSTS = Path(os.environ.get("ORANGEMASK_HOSTS") or Path.home() / ".cache/orangemask-hosts")
SHARED = Path("/var/tmp/orangemask-tests")  # seen under this path inside and outside
SCREEN = ("xvfb", "openbox", "xdotool", "imagemagick", "x11-utils", "dbus", "dbus-x11",
          "adwaita-icon-theme", "fonts-dejavu-core", "procps")  # fmt: skip
WITHIN = "/usr/local/bin:/usr/bin:/bin"
ENGINES = ("orangemask", "orangemask-bridge")


class Host:
    """A Debian folder with a program in it.

    Parameters
    ----------
    suite : str
        Debian's name: ``trixie``, ``forky``.
    name : str
        Of the folder.
    """

    def __init__(self, suite: str, name: str) -> None:
        self.suite, self.root = suite, HOSTS / name

    def build(self, packages: Sequence[str]) -> None:
        """Make the folder if need be, and mount what it needs.

        Raises
        ------
        pytest.skip.Exception
            Where it cannot be made.
        """
        if os.name != "posix" or os.getuid() != 0:
            pytest.skip("hosts of real programs are made and entered as root")
        done = self.root / ".orangemask-done"
        if not done.exists():
            self._install(packages)
            done.touch()
        self._mount()
        self._wrap()

    def run(
        self,
        *command: str | Path,
        env: Mapping[str, str] | None = None,
        timeout: float = 300,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command within and return what it printed."""
        done = subprocess.run(
            self._within(command, env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
        )
        if check and done.returncode:
            raise AssertionError(f"{command[0]}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def start(
        self, *command: str | Path, env: Mapping[str, str], log: Path
    ) -> subprocess.Popen[bytes]:
        """Start a command within, in a process group of its own."""
        with log.open("ab") as out:
            return subprocess.Popen(
                self._within(command, env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def _within(self, command: Sequence[str | Path], env: Mapping[str, str] | None) -> list[str]:
        clean = {"HOME": "/root", "PATH": WITHIN, "LANG": "C.UTF-8", **(env or {})}
        told = [f"{name}={value}" for name, value in clean.items()]
        return ["chroot", str(self.root), "/usr/bin/env", "-i", *told, *map(str, command)]

    def _install(self, packages: Sequence[str]) -> None:
        if not shutil.which("debootstrap"):
            pytest.skip("debootstrap is not installed")
        self.root.parent.mkdir(parents=True, exist_ok=True)
        script = Path("/usr/share/debootstrap/scripts")
        known = self.suite if (script / self.suite).exists() else "sid"
        mirror = _mirror()
        if not (self.root / "usr/bin/apt-get").exists():
            told = ["debootstrap", "--variant=minbase", self.suite, str(self.root), mirror]
            _must([*told, str(script / known)], f"debootstrap of {self.suite}")
        for name in ("resolv.conf", "hosts"):
            shutil.copyfile(f"/etc/{name}", self.root / "etc" / name)
        never = self.root / "usr/sbin/policy-rc.d"  # no services are started
        never.write_text("#!/bin/sh\nexit 101\n")
        never.chmod(0o755)
        # Testing's list of files may be older than it says it is good for.
        (self.root / "etc/apt/apt.conf.d/90tests").write_text(
            'APT::Install-Recommends "false";\nAcquire::Retries "5";\n'
            'Acquire::Check-Valid-Until "false";\n'
        )
        self._mount()
        env = {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        for told in (["update", "-q"], ["install", "-qy", *packages, *SCREEN], ["clean"]):
            _must(self._within(["apt-get", *told], env), f"apt-get {told[0]} in {self.suite}")
        _must(self._within(["dbus-uuidgen", "--ensure=/etc/machine-id"], env), "dbus-uuidgen")

    def _mount(self) -> None:
        SHARED.mkdir(parents=True, exist_ok=True)
        for source, inside, options in (
            ("/proc", "proc", ["--bind"]),
            ("/sys", "sys", ["--rbind", "--make-rslave"]),
            ("/dev", "dev", ["--rbind", "--make-rslave"]),
            ("/", "host", ["--bind"]),
            ("/dev", "host/dev", ["--rbind", "--make-rslave"]),
            ("/proc", "host/proc", ["--bind"]),
            (str(SHARED), str(SHARED).lstrip("/"), ["--bind"]),
        ):
            point = self.root / inside
            point.mkdir(parents=True, exist_ok=True)
            told = ["mount", *options, source, str(point)]
            if not os.path.ismount(point) and subprocess.run(told).returncode:
                pytest.skip(f"this machine lets nobody mount {source}")
        for line in Path("/proc/mounts").read_text().splitlines():
            place = line.split()[1]  # the checkout or its Python may lie on a disk of their own
            if place != "/" and any(str(p).startswith(place + "/") for p in (ROOT, sys.prefix)):
                point = self.root / "host" / place.lstrip("/")
                if not os.path.ismount(point):
                    subprocess.run(["mount", "--bind", place, str(point)], check=True)

    def _wrap(self) -> None:
        for name in ENGINES:
            program = Path(sys.prefix) / "bin" / name
            wrapper = self.root / "usr/local/bin" / name
            wrapper.write_text(
                "#!/bin/sh\nexec /usr/sbin/chroot /host /usr/bin/env -i HOME=/root LANG=C.UTF-8 "
                f'PATH=/usr/bin:/bin TMPDIR={SHARED} "{program}" "$@"\n'
            )
            wrapper.chmod(0o755)


class Screen:
    """A virtual screen with a window manager, within a host."""

    def __init__(self, host: Host, number: int, folder: Path) -> None:
        self.host, self.folder = host, folder
        self.env = {"DISPLAY": f":{number}", "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11"}
        self._shots = 0

    def key(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for each in keys:
            self._xdotool("key", each)
            time.sleep(0.3)

    def write(self, text: str) -> None:
        """Type a text."""
        self._xdotool("type", "--delay", "20", text)

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Click at a place of the screen."""
        self._xdotool("mousemove", str(x), str(y), "click", str(button))
        time.sleep(0.2)

    def click_in(self, window: str, x: int, y: int) -> None:
        """Click at a place of a window."""
        self._xdotool("mousemove", "--window", window, str(x), str(y), "click", "1")
        time.sleep(0.2)

    def rest(self) -> None:
        """Put the mouse where it points at nothing."""
        self._xdotool("mousemove", "1590", "990")

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag with the first button."""
        self._xdotool("mousemove", *map(str, start), "mousedown", "1")
        middle = [(a + b) // 2 for a, b in zip(start, end, strict=True)]
        for place in (middle, end):
            self._xdotool("mousemove", *map(str, place))
            time.sleep(0.1)
        self._xdotool("mouseup", "1")

    def window(self, name: str, seconds: float = 30) -> str:
        """Wait for a visible window whose name matches, and return its number."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            done = self.host.run(
                "xdotool", "search", "--onlyvisible", "--name", name, env=self.env, check=False
            )
            if done.stdout.split():
                return done.stdout.split()[-1]
            time.sleep(0.1)
        raise AssertionError(f"no window {name!r} within {seconds} s: {self.shot('missing')}")

    def gone(self, name: str, seconds: float = 30) -> None:
        """Wait until no such window is visible."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            done = self.host.run(
                "xdotool", "search", "--onlyvisible", "--name", name, env=self.env, check=False
            )
            if not done.stdout.split():
                return
            time.sleep(0.1)
        raise AssertionError(f"window {name!r} stays: {self.shot('stays')}")

    def place(self, window: str) -> tuple[int, int, int, int]:
        """Return x, y, width, height of a window."""
        done = self._xdotool("getwindowgeometry", "--shell", window)
        told = dict(line.split("=") for line in done.split() if "=" in line)
        return int(told["X"]), int(told["Y"]), int(told["WIDTH"]), int(told["HEIGHT"])

    def activate(self, window: str) -> None:
        """Bring a window to the front."""
        self._xdotool("windowactivate", "--sync", window)
        time.sleep(0.3)

    def resize(self, window: str, x: int, y: int, width: int, height: int) -> None:
        """Move and size a window."""
        self._xdotool("windowmove", window, str(x), str(y))
        self._xdotool("windowsize", window, str(width), str(height))
        time.sleep(0.5)

    def shot(self, name: str) -> Path:
        """Save the screen as PNG and return the file."""
        self._shots += 1
        file = self.folder / f"{self._shots:02d}-{name}.png"
        inside = SHARED / f"shot-{os.getpid()}.png"
        self.host.run("import", "-window", "root", inside, env=self.env)
        shutil.move(inside, file)
        return file

    def _xdotool(self, *told: str) -> str:
        return self.host.run("xdotool", *told, env=self.env).stdout


@contextmanager
def screen(host: Host, folder: Path, size: str = "1600x1000") -> Iterator[Screen]:
    """Give a screen in the host; its pictures go to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = Path("/proc/net/unix").read_text()  # screens of all hosts: their sockets are shared
    number = next(n for n in random.sample(range(100, 1000), 900) if f"X11-unix/X{n}" not in taken)
    shown = Screen(host, number, folder)
    log = folder / "screen.log"
    running = [
        host.start("Xvfb", f":{number}", "-screen", "0", f"{size}x24", "-nolisten", "tcp",
                   env={}, log=log)
    ]  # fmt: skip
    try:
        for _ in range(100):
            if not host.run("xdpyinfo", env=shown.env, check=False).returncode:
                break
            time.sleep(0.1)
        running.append(host.start("openbox", env=shown.env, log=log))
        time.sleep(0.5)
        yield shown
    finally:
        for process in reversed(running):
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and all of its group."""
    import signal

    for told in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, told)
            process.wait(5)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _mirror() -> str:
    told = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    done = subprocess.run(told, capture_output=True, text=True)
    found = [line for line in done.stdout.split() if "security" not in line]
    if not found:
        pytest.skip("apt knows no mirror of Debian")
    return found[0]


def _must(command: Sequence[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        pytest.skip(f"{what} failed: {(done.stdout + done.stderr)[-300:]}")
