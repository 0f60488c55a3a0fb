"""Time of simulating negatives on one core, per picture, beside a copy of the same array.

Times are of the processor, not of the clock, on one core. Needs the film data (ORANGEMASK_DATA)
and colour-science; without them only the copy is timed. Of `--size` only `tiny` counts; the
others are timed at the two sizes training uses, long side 192 and 256 px.
"""

from __future__ import annotations

import os

if hasattr(os, "sched_setaffinity"):  # before any library counts the cores
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import importlib.util
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from timing import Row, arguments, check, measured, report, row

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ORANGEMASK_DATA", ROOT.parent / "shared/data"))
PICTURES = 40  # different rolls, so that every light and layout has its share
SIZES = {"tiny": (32, 48), "192": (128, 192), "256": (171, 256)}  # h, w; name: long side in px
BARS = {"192": "≤ 16.7 ms (60/s)", "256": "≤ 50 ms (20/s)"}


def rows_of(size: str, repeats: int) -> list[Row]:
    """Return the times per picture for one size."""
    h, w = SIZES[size]
    source = np.ones((h, w, 3), np.float32)
    rows = [measured("copy", size, source.copy, repeats)]
    if not (DATA / "film/films").is_dir() or importlib.util.find_spec("colour") is None:
        print("no film data or no colour-science: only the copy is timed", file=sys.stderr)
        return rows
    sys.path.insert(0, str(ROOT / "models"))
    from training.simulator import draw_frame, draw_roll, load_simulator

    simulator = load_simulator(DATA, limit=2 if size == "tiny" else PICTURES)
    for work, dressed in (("frame, dressed", True), ("frame, plain", False)):
        rng = np.random.default_rng(1)
        times = []
        for _ in range(repeats + 1):  # the first fills the caches
            begin = time.process_time()
            for _ in range(PICTURES):
                frame = draw_frame(simulator, draw_roll(simulator, rng), rng, (h, w), dressed)
            times.append((time.process_time() - begin) * 1e3 / PICTURES)
            check(frame.negative.shape == (h, w, 3), f"shape {frame.negative.shape}")
            check(bool(np.isfinite(frame.negative).all()), "not finite")
        rows.append(row(work, size, times[1:], rows[0].best, bar=BARS.get(size, "")))
    return rows


if __name__ == "__main__":
    chosen = arguments(str(__doc__))
    cv2.setNumThreads(1)
    asked = ["tiny"] if chosen.size == ["tiny"] else ["192", "256"]
    report([one for size in asked for one in rows_of(size, chosen.repeats)], chosen)
