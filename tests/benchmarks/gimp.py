"""How long a photographer waits in GIMP, on a 24 MP 16-bit scan.

    ORANGEMASK_HOSTS=FOLDER python tests/benchmarks/gimp.py [3.0 | 3.2] …

From the menu's key to the dialog's window; from a click that moves a slider to the change of the
preview's pixels; from OK to the change of the image's own canvas. Seen from outside, by a watcher
of the screen within the host; beside a plain copy of the same array in memory. Best and median
of three.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import tifffile

sys.path.insert(0, str(Path(__file__).parents[1]))

from hosts.gimp import RealGimp
from scans import negative

ROUNDS = 3
WATCH = """
import sys, time, gi
gi.require_version("Gdk", "3.0")
from gi.repository import Gdk
root = Gdk.get_default_root_window()
def look(): return Gdk.pixbuf_get_from_window(root, *map(int, sys.argv[1:5])).get_pixels()
first, until = look(), time.time() + 60
print("ready", flush=True)
while time.time() < until:
    if look() != first:
        print(time.time(), flush=True)
        break
"""


def watch(gimp, screen, place, act):
    """Return the seconds from `act` to the first change of the screen's pixels at `place`."""
    import subprocess

    script = gimp.work / "watch.py"
    script.write_text(WATCH)
    command = gimp.host._within(["python3", script, *map(str, place)], screen.env)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watcher:
        watcher.stdout.readline()
        act()
        begun = time.time()  # xdotool has returned: the event is sent
        changed = watcher.stdout.readline()
    return float(changed) - begun if changed else float("nan")


def told(name, seconds):
    print(f"{name:38} best {min(seconds):5.2f} s, median {statistics.median(seconds):5.2f} s")


def measure(version):
    first = RealGimp(version, "bench-first")
    first.console("say(1)")
    gimp = RealGimp(version, "bench", like=first)
    scan = gimp.work / "scan.tif"
    small = negative(400, 600)
    grain = np.random.default_rng(1).normal(1, 0.02, (4000, 6000, 1))
    codes = np.clip(np.kron(small, np.ones((10, 10, 1))) * grain, 0, 65535).astype(np.uint16)
    tifffile.imwrite(scan, codes, photometric="rgb", metadata=None)
    times = {"menu to dialog": [], "slider to preview": [], "OK to finished layer": []}
    try:
        with gimp.window(scan) as screen:
            time.sleep(4)
            for _ in range(ROUNDS):
                screen.activate(screen.main)
                screen.key("alt+r", "Up", "Right")
                begun = time.time()
                screen.key("c")
                dialog = screen.window("^Invert C41$", 60)
                times["menu to dialog"].append(time.time() - begun)
                time.sleep(2)
                _, _, width, _ = screen.place(dialog)

                def plus(dialog=dialog, width=width, row=53):
                    told = (str(width - 28), str(row))
                    screen._xdotool("mousemove", "--window", dialog, *told, "click", "1")

                plus()
                time.sleep(1)
                for _ in range(3):
                    spot = (400, 650, 300, 100)
                    times["slider to preview"].append(watch(gimp, screen, spot, plus))
                    time.sleep(1)
                screen.activate(dialog)
                screen.key("alt+o")
                begun = time.time()
                screen.gone("^Invert C41$", 60)
                while len(gimp.left()) > 0:
                    time.sleep(0.02)
                times["OK to finished layer"].append(time.time() - begun)
                time.sleep(3)
                screen.shot("bench")
                screen.key("ctrl+z")
                time.sleep(2)
    finally:
        shutil.rmtree(gimp.work)
        shutil.rmtree(first.work)
    begun = time.perf_counter()
    codes.copy()
    print(f"GIMP {version}, 6000 × 4000 px, 16 bit; plain copy {time.perf_counter() - begun:.3f} s")
    for name, seconds in times.items():
        told(name, seconds)


for wanted in sys.argv[1:] or ("3.0", "3.2"):
    measure(wanted)
