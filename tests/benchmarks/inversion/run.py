"""Frames to scores, in several processes."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import cv2
from tqdm import tqdm

from inversion.classical import CLASSICAL, stretch_density_to_middle
from inversion.metrics import score
from inversion.negadoctor import NEGADOCTOR
from inversion.product import TOLD, product_methods, roll_methods
from inversion.scan import Method, whole_file
from inversion.simulated import draw, to_scan, to_truth
from training.simulator import Frame

Row: TypeAlias = dict[str, Any]
"""One frame: "set", "index", "frame" (within its roll), "meta" and "scores" by method."""

KEPT = ("stock", "kind", "rig_class", "exposure")  # of what the simulator says of a frame
CHUNK = 6  # frames whose nine numbers are fitted together
WHOLE = "density stretch, one gamma, of the whole file"
BORDER_ROWS = (WHOLE, TOLD)  # the same as others where there is no border


@dataclass(frozen=True, slots=True)
class Job:
    """Frames or rolls of one set that one process does in one go."""

    data: Path
    name: str
    indices: tuple[int, ...]
    seed: int
    oracle: bool = True


def single_methods(border: bool) -> dict[str, Method]:
    """Return all methods that look at one frame, by name; `border` adds those about borders."""
    methods = {**CLASSICAL, WHOLE: whole_file(stretch_density_to_middle), **NEGADOCTOR}
    methods |= product_methods()
    return {name: one for name, one in methods.items() if border or name not in BORDER_ROWS}


def run_job(job: Job) -> list[Row]:
    """Return the rows of a job's frames."""
    rows: list[Row] = []
    methods = single_methods(job.name == "dressed")
    for index in job.indices:
        frames = draw(job.data, job.name, index, job.seed)
        scans = [to_scan(frame) for frame in frames]
        together = {
            name: one(scans) for name, one in (roll_methods() if len(scans) > 1 else {}).items()
        }
        for i, (frame, scan) in enumerate(zip(frames, scans, strict=True)):
            truth, pixels = to_truth(frame), frame.negative[scan.area]
            scores = {name: score(one(scan)(pixels), truth) for name, one in methods.items()}
            for name, renderings in together.items():
                scores[name] = score(renderings[i](pixels), truth)
            rows.append(
                {
                    "set": job.name,
                    "index": index,
                    "frame": i,
                    "meta": {key: frame.meta[key] for key in KEPT},
                    "scores": scores,
                }
            )
            if job.oracle:
                rows[-1]["picture"] = frame
    if job.oracle:
        _add_oracle(rows)
    return rows


def _add_oracle(rows: Sequence[Row]) -> None:
    from inversion.oracle import ORACLES, best_nine, crosstalk_of

    frames: list[Frame] = [row.pop("picture") for row in rows]
    areas = [frame.labels == 0 for frame in frames]
    negatives = [frame.negative[area] for frame, area in zip(frames, areas, strict=True)]
    truths = [frame.truth[area] for frame, area in zip(frames, areas, strict=True)]
    bases = [frame.meta["base"] for frame in frames]
    for name in ORACLES:
        crosstalks = [crosstalk_of(name, frame.meta["rig_class"]) for frame in frames]
        found = best_nine(negatives, truths, bases, crosstalks)
        for row, frame, render, pixels in zip(rows, frames, found, negatives, strict=True):
            row["scores"][name] = score(render(pixels), to_truth(frame))


def make_jobs(data: Path, counts: dict[str, int], seed: int, oracle: bool = True) -> list[Job]:
    """Return the jobs of so many frames (or rolls) of each set, the longest first."""
    jobs = []
    for name, count in sorted(counts.items(), key=lambda item: item[0] != "roll"):
        size = 1 if name == "roll" else CHUNK
        for first in range(0, count, size):
            indices = tuple(range(first, min(first + size, count)))
            jobs.append(Job(data, name, indices, seed, oracle))
    return jobs


def _start(path: list[str], oracle: bool) -> None:
    """Prepare a process: our folders on its path, one thread per library."""
    sys.path[:] = path
    cv2.setNumThreads(1)
    if oracle:
        import torch

        torch.set_num_threads(1)


def run(jobs: Sequence[Job], processes: int) -> list[Row]:
    """Return the rows of all jobs in the order of set, index and frame."""
    rows: list[Row] = []
    # Started anew rather than forked: torch and OpenCV may have threads already.
    context = multiprocessing.get_context("spawn")
    arguments = (sys.path, any(job.oracle for job in jobs))
    pool = ProcessPoolExecutor(processes, context, initializer=_start, initargs=arguments)
    with pool, tqdm(total=sum(len(job.indices) for job in jobs), unit="frame or roll") as bar:
        pending = {pool.submit(run_job, job): job for job in jobs}
        for done in as_completed(pending):
            rows += done.result()
            bar.update(len(pending[done].indices))
    return sorted(rows, key=lambda row: (row["set"], row["index"], row["frame"]))
