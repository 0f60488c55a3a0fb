"""What the benchmarks share: a negative, a stopwatch, a table, and what machine this is."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIZES = {"tiny": (64, 96), "preview": (683, 1024), "24": (4000, 6000), "100": (8660, 11547)}
BAND = 64  # rows made at a time


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: times in ms, peak memory in MB, and what was allowed."""

    work: str
    size: str
    best: float
    median: float
    of: int
    times_copy: float | None = None
    memory: float | None = None
    bar: str = ""


def arguments(doc: str, sizes: Sequence[str] = ("24",)) -> argparse.Namespace:
    """Return the options every benchmark has."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--size", nargs="+", choices=SIZES, default=list(sizes), help="megapixels")
    parser.add_argument("--repeats", type=int, default=9, metavar="N")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def negative(size: str) -> NDArray[np.uint16]:
    """Return a linear scan of a colour negative: a smooth scene, grain and a rebate all around."""
    h, w = SIZES[size]
    generator = np.random.default_rng(1)
    grain = generator.normal(0, 0.015, (BAND, w, 3)).astype(np.float32)
    x = np.linspace(0, 9, w, dtype=np.float32)[:, None]
    picture = np.empty((h, w, 3), np.uint16)
    for top in range(0, h, BAND):
        y = np.arange(top, min(top + BAND, h), dtype=np.float32)[:, None, None]
        scene = 0.5 + 0.25 * np.sin(x + 2 * y / h) + 0.25 * np.cos(5 * y / h - x)
        scene *= (np.abs(y / h - 0.5) < 0.46) & (np.abs(x / 9 - 0.5) < 0.47)
        density = np.float32([0.25, 0.62, 0.85]) + np.float32([0.76, 0.84, 0.88]) * scene
        light = np.exp(np.float32(-2.302585) * (density + grain[: len(y)]))
        picture[top : top + BAND] = np.minimum(light, 1) * 65535
    return picture


def measured(
    work: str,
    size: str,
    act: Callable[[], object],
    repeats: int,
    copy: float | None = None,
    **more: str,
) -> Row:
    """Return the times of `act`, called once before to warm up."""
    act()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        act()
        times.append((time.perf_counter() - begin) * 1e3)
    return row(work, size, times, copy, **more)


def row(
    work: str,
    size: str,
    times: list[float],
    copy: float | None = None,
    memory: float | None = None,
    bar: str = "",
) -> Row:
    """Return a line for times in ms; `copy` is the best of a plain copy of the same array, ms."""
    best = min(times)
    return Row(
        work, size, best, float(np.median(times)), len(times), copy and best / copy, memory, bar
    )


def report(rows: list[Row], options: argparse.Namespace) -> None:
    """Print the rows and the machine."""
    if options.json:
        told = {"machine": machine(), "commit": commit(), "rows": [asdict(one) for one in rows]}
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"{machine()}; commit {commit()}\n")
    print("| work | size | best ms | median ms | of | × copy | peak MB | bar |")
    print("| --- | --- | --: | --: | --: | --: | --: | --- |")
    for one in rows:
        ratio = "" if one.times_copy is None else f"{one.times_copy:.1f}"
        memory = "" if one.memory is None else f"{one.memory:.0f}"
        print(
            f"| {one.work} | {one.size} | {one.best:.1f} | {one.median:.1f} | {one.of} "
            f"| {ratio} | {memory} | {one.bar} |"
        )


def machine() -> str:
    """Return processor, cores and system in a line."""
    name = platform.processor() or platform.machine()
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        names = [line for line in listed.read_text().splitlines() if line.startswith("model name")]
        name = names[0].partition(":")[2].strip() if names else name
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{name}, {os.cpu_count()} cores{load}, {sys.platform}, Python {platform.python_version()}"
    )


def commit() -> str:
    """Return the commit, with + where there are changes to it."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def check(is_right: bool, what: str) -> None:
    """End with a message where a timed result is wrong."""
    if not is_right:
        raise SystemExit(f"wrong result: {what}")
