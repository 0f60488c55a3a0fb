"""Simulated frames: photographs, stocks and cameras that nothing was trained on.

Every frame has a seed of its own, made of the run's seed, its set and its number, so that any of
them can be drawn again alone and the number of processes changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from inversion.metrics import Truth, truth_of
from inversion.scan import Scan
from training.simulator import Frame, Simulator, draw_frame, draw_roll, load_simulator

SIZE = (128, 192)  # px, as large as the program's thumbnail
ROLL = 12  # frames
TRIES = 1000  # draws of a frame of the kind wanted
BANDS = {"under": (-2.0, -0.5), "normal": (-0.5, 1.5), "over": (1.5, 4.0)}  # EV
SETS = ("single", "dressed", *BANDS, "roll")


@lru_cache(maxsize=1)
def held_out(data: Path) -> Simulator:
    """Return the simulator of what was held out."""
    return load_simulator(data, held_out_photos=True, held_out_stocks=True, held_out_cameras=True)


def draw(data: Path, name: str, index: int, seed: int) -> list[Frame]:
    """Return one frame of a set, or all frames of a roll.

    Parameters
    ----------
    data : Path
        Data folder.
    name : str
        One of `SETS`: "single" shows the picture alone, "dressed" some border too; "under",
        "normal" and "over" are single frames of that exposure; "roll" is 12 single frames of one
        roll, each of another photograph.
    index, seed : int
        Of the frame, of the run.
    """
    rng = np.random.default_rng([seed, SETS.index(name), index])
    simulator = held_out(data)
    if name == "roll":
        return _draw_roll(simulator, rng)
    for frame in _frames(simulator, rng, dressed=name == "dressed"):
        low, high = BANDS.get(name, (-np.inf, np.inf))
        bordered = bool((frame.labels != 0).any())
        if low <= frame.meta["exposure"] <= high and bordered == (name == "dressed"):
            return [frame]
    raise ValueError(f"the simulator drew no frame of the set {name} in {TRIES}")


def _frames(simulator: Simulator, rng: np.random.Generator, dressed: bool) -> Iterator[Frame]:
    for _ in range(TRIES):
        yield draw_frame(simulator, draw_roll(simulator, rng), rng, SIZE, dressed)


def _draw_roll(simulator: Simulator, rng: np.random.Generator) -> list[Frame]:
    roll = draw_roll(simulator, rng)
    frames: dict[str, Frame] = {}
    for _ in range(TRIES):
        frame = draw_frame(simulator, roll, rng, SIZE, dressed=False)
        frames.setdefault(frame.meta["photo"], frame)
        if len(frames) == ROLL:
            return list(frames.values())
    raise ValueError(f"the simulator has fewer than {ROLL} photographs held out")


def to_scan(frame: Frame) -> Scan:
    """Return what the methods are given of a frame."""
    return Scan(frame.negative, frame.labels == 0, np.asarray(frame.meta["base"], np.float64))


def to_truth(frame: Frame) -> Truth:
    """Return the truth of the picture area, in the order of `negative[area]`."""
    return truth_of(frame.truth[frame.labels == 0])
