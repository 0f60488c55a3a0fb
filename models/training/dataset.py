"""Simulated negatives as the network meets them: features, and the pixels its loss is measured on.

    python -m training.dataset --data DATA -o FILE.npz --count 24000 --seed 1 [--held-out]

Every frame goes through the program's own analysis (frame, film base, physical estimate), so
that what is learned is the correction of what the program really finds.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orangemask.analysis import Analysis
from orangemask.curves import Density
from orangemask.film_base import find_film_base
from orangemask.frame import find_frame
from orangemask.thumbnail import LONG_SIDE
from orangemask_filters.invert_c41.features import FACTS, SIDE, make_features
from orangemask_filters.invert_c41.print_curve import RIG
from training.films import default_data
from training.simulator import Frame, Simulator, draw_frame, draw_roll, load_simulator

SIZE = (LONG_SIDE * 2 // 3, LONG_SIDE)  # px of a simulated frame, as the program analyses it
SAMPLES = 1200  # pixels of the picture on which the loss is measured


class Examples:
    """Arrays of n examples.

    Attributes
    ----------
    planes : (n, 4, 64, 64) float16
    facts : (n, 24) float32
    shadows, highlights : (n, 3) float32
        Physical estimate, D.
    base : (n, 3) float32
        Film base found, D.
    corrected : (n, 1200, 3) float32
        D' of the sampled pixels.
    density : (n, 1200, 3) float32
        D of the same pixels.
    truth : (n, 1200, 3) float32
        Linear sRGB of the photograph there.
    """

    planes: NDArray[np.float16]
    facts: NDArray[np.float32]
    shadows: NDArray[np.float32]
    highlights: NDArray[np.float32]
    base: NDArray[np.float32]
    corrected: NDArray[np.float32]
    density: NDArray[np.float32]
    truth: NDArray[np.float32]

    def __init__(self, n: int) -> None:
        self.planes = np.zeros((n, 4, SIDE, SIDE), np.float16)
        self.facts = np.zeros((n, FACTS), np.float32)
        self.shadows = np.zeros((n, 3), np.float32)
        self.highlights = np.zeros((n, 3), np.float32)
        self.base = np.zeros((n, 3), np.float32)
        self.corrected = np.zeros((n, SAMPLES, 3), np.float32)
        self.density = np.zeros((n, SAMPLES, 3), np.float32)
        self.truth = np.zeros((n, SAMPLES, 3), np.float32)

    def save(self, path: Path) -> None:
        """Write all arrays, uncompressed."""
        np.savez(path, **vars(self))

    @classmethod
    def load(cls, *paths: Path) -> Examples:
        """Return the examples of several files as one."""
        files = [np.load(path) for path in paths]
        loaded = cls(0)
        for name in vars(loaded):
            setattr(loaded, name, np.concatenate([file[name] for file in files]))
        return loaded

    def __len__(self) -> int:
        return len(self.facts)


def analyse_frame(negative: NDArray[np.float32]) -> Analysis:
    """Return the program's analysis of a simulated scan, which is its own thumbnail."""
    frame = find_frame(negative)
    return Analysis(negative, frame, find_film_base(negative, frame), 1.0)


def add_example(examples: Examples, i: int, frame: Frame, rng: np.random.Generator) -> None:
    """Fill example `i` from a simulated frame."""
    analysis = analyse_frame(frame.negative)
    features = make_features(analysis, RIG.crosstalk)
    base = np.asarray(analysis.base.density)
    y, x = np.nonzero(frame.labels == 0)
    chosen = rng.integers(len(y), size=SAMPLES)
    density = Density()(frame.negative[y[chosen], x[chosen]])
    examples.planes[i] = features.planes
    examples.facts[i] = features.facts
    examples.shadows[i], examples.highlights[i] = features.shadows, features.highlights
    examples.base[i] = base
    examples.density[i] = density
    examples.corrected[i] = base + (density - base) @ np.asarray(RIG.crosstalk).T
    examples.truth[i] = frame.truth[y[chosen], x[chosen]]


def make_examples(simulator: Simulator, count: int, seed: int) -> Examples:
    """Return `count` examples, one roll each."""
    rng = np.random.default_rng(seed)
    examples = Examples(count)
    start = time.perf_counter()
    for i in range(count):
        frame = draw_frame(simulator, draw_roll(simulator, rng), rng, SIZE)
        add_example(examples, i, frame, rng)
        if (i + 1) % 1000 == 0:
            print(
                f"{i + 1} of {count}, {(i + 1) / (time.perf_counter() - start):.0f}/s", flush=True
            )
    return examples


def main() -> None:
    """Write a file of examples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data())
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--count", type=int, default=24000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", action="store_true", help="photographs, stocks and cameras")
    options = parser.parse_args()
    held = options.held_out
    simulator = load_simulator(
        options.data,
        held_out_photos=held,
        held_out_stocks=held,
        held_out_cameras=held,
        varied=not held,
    )
    make_examples(simulator, options.count, options.seed).save(options.output)


if __name__ == "__main__":
    main()
