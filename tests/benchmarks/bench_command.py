"""Time and peak memory of the whole command, from the start of its process to its end.

Linux counts what the parent held when the command started as the command's own peak, so the scans
are written by a process apart.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image as Pillow
from timing import SIZES, Row, arguments, check, negative, report, row

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dng import mosaic_of, write_dng

MB = 1e6
BARS = {"24": "≤ 2000 ms"}


def write_exr(path: Path, pixels: NDArray[np.uint16]) -> None:
    """Write half floats, packed."""
    import OpenEXR

    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    light = (pixels / np.float32(65535)).astype(np.float16)
    OpenEXR.File(header, {"RGB": light}).write(str(path))


def write_scans(folder: Path, size: str) -> None:
    """Write the same negative as each of `FILES`."""
    pixels = negative(size)
    for name in FILES:
        write_scan(folder / name, pixels)


def write_scan(path: Path, pixels: NDArray[np.uint16]) -> None:
    """Write a negative in the format of the path's ending."""
    name = path.name
    if name == "plain.tif":
        tifffile.imwrite(path, pixels, photometric="rgb", metadata=None)
    elif name == "deflate.tif":
        how = {"compression": "zlib", "predictor": 2, "rowsperstrip": 64, "metadata": None}
        tifffile.imwrite(path, pixels, photometric="rgb", compressionargs={"level": 1}, **how)
    elif name == "scan.png":
        path.write_bytes(imagecodecs.png_encode(pixels, level=1))
    elif name == "scan.jpg":
        Pillow.fromarray((pixels >> 8).astype(np.uint8)).save(path, quality=95)
    elif name == "scan.exr":
        write_exr(path, pixels)
    elif name == "linear.dng":
        write_dng(path, pixels)
    else:
        write_dng(path, mosaic_of(pixels))


FILES = (
    "plain.tif", "deflate.tif", "scan.png", "scan.jpg", "scan.exr", "linear.dng", "mosaic.dng"
)  # fmt: skip


def run_once(source: Path, output: Path) -> tuple[float, float]:
    """Return the seconds and the peak memory in MB of a command."""
    command = [sys.executable, "-m", "orangemask.cli", "invert", str(source), "-o", str(output)]
    begin = time.perf_counter()
    child = subprocess.Popen([*command, "--force"], stderr=subprocess.DEVNULL)
    if not hasattr(os, "wait4"):
        child.wait()
        return time.perf_counter() - begin, float("nan")
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    check(child.returncode == 0, f"{source.name} ended with {child.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts bytes there, kB elsewhere
    return seconds, usage.ru_maxrss * unit / MB


def rows_of(size: str, repeats: int, folder: Path) -> list[Row]:
    """Return the times for one size."""
    h, w = SIZES[size]
    bar = f"≤ {2.5 * h * w * 6 / MB + 250:.0f} MB"
    apart = multiprocessing.get_context("spawn")
    writer = apart.Process(target=write_scans, args=(folder, size))
    writer.start()
    writer.join()
    rows = []
    for name in FILES:
        source, output = folder / name, folder / "positive.tif"
        runs = [run_once(source, output) for _ in range(repeats)]
        found = tifffile.memmap(output, mode="r")
        check(found.shape == (h, w, 3) and found[:: h // 8].std() > 0, f"{name} makes no picture")
        del found
        times = [seconds * 1e3 for seconds, _ in runs]
        told = f"{BARS[size]}, {bar}" if name == "plain.tif" and size in BARS else bar
        rows.append(row(name, size, times, memory=max(peak for _, peak in runs), bar=told))
        source.unlink()
    return rows


if __name__ == "__main__":
    chosen = arguments(str(__doc__), ("24", "100"))
    with tempfile.TemporaryDirectory() as place:
        report(
            [one for size in chosen.size for one in rows_of(size, chosen.repeats, Path(place))],
            chosen,
        )
