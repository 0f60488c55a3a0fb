"""Simulated negatives as the network meets them: features, and the pixels its loss is measured on.

    python -m training.dataset --data DATA -o FILE.npz --count 24000 --seed 1 [--frames 12]

Every frame goes through the program's own analysis (frame, film base, physical estimate), so
that what is learned is the correction of what the program really finds. One roll in ten is not
masked colour negative film; those teach the network to tell kinds of film. Frames are of a film
each, the more films the better; with `--frames` they come by rolls, so that what a roll tells of
its frames can be learned as well.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orangemask.analysis import analyse_thumbnail
from orangemask.curves import Density
from orangemask.filters import Rig
from orangemask.thumbnail import LONG_SIDE
from orangemask_filters.invert_c41.features import FACTS, PLANES, SIDE, make_features
from orangemask_filters.invert_c41.rigs import RIGS, WHITE
from training.films import default_data
from training.kinds import FILM_KINDS
from training.lights import draw_scene_light
from training.negative import film_transmittance, layer_tables, log_exposure_to_amounts
from training.simulator import (
    UNEXPOSED,
    Frame,
    Roll,
    Simulator,
    draw_frame,
    draw_roll,
    load_simulator,
)

SIZE = (LONG_SIDE * 2 // 3, LONG_SIDE)  # px of a simulated frame, as the program analyses it
SAMPLES = 500  # pixels of the picture on which the loss is measured
GREYS = (-2.0, 0.0, 2.0)  # EV of what `Examples.told` tells
TOLD = 3 + 3 * len(GREYS)
DRESSED = 0.7  # share of frames that may show border, holder and neighbours
OTHER_KINDS = 0.10  # share of rolls that are not masked colour negative film
ONE_LIGHT = 0.5  # share of rolls whose scenes all have the same light
# Share of frames whose cross-talk is undone as that of their own class of rig, of white light (as
# where the class is not known yet); the rest as that of any.
OWN_RIG, WHITE_RIG = 0.65, 0.25


class Examples:
    """Arrays of n examples.

    Attributes
    ----------
    planes : (n, 4, 32, 32) float16
    facts : (n, FACTS) float32
    shadows, highlights : (n, 3) float32
        Physical estimate, D.
    base : (n, 3) float32
        Film base found, D.
    corrected : (n, 500, 3) float16
        D' − base of the sampled pixels, D; the rig of `facts` undone.
    truth : (n, 500, 3) float16
        Linear sRGB of the photograph there.
    film : (n,) int8
        Index in `FILM_KINDS`.
    rig : (n,) int8
        Index of the true class of rig in `RIGS`.
    true_base : (n, 3) float32
        Noiseless density of the base, D.
    scene : (n,) int16
        Index of its photograph in the simulator's, −1 for a panorama.
    roll : (n,) int64
        Which roll each is of: no two runs with different seeds give the same number.
    told : (n, 12) float32
        What one who knows stock, process and rig knows: the true film base, and the density above
        it of greys exposed at −2, 0 and 2 EV in daylight, D.
    """

    def __init__(self, n: int) -> None:
        self.planes = np.zeros((n, PLANES, SIDE, SIDE), np.float16)
        self.facts = np.zeros((n, FACTS), np.float32)
        self.shadows = np.zeros((n, 3), np.float32)
        self.highlights = np.zeros((n, 3), np.float32)
        self.base = np.zeros((n, 3), np.float32)
        self.corrected = np.zeros((n, SAMPLES, 3), np.float16)
        self.truth = np.zeros((n, SAMPLES, 3), np.float16)
        self.film = np.zeros(n, np.int8)
        self.rig = np.zeros(n, np.int8)
        self.true_base = np.zeros((n, 3), np.float32)
        self.scene = np.full(n, -1, np.int16)
        self.roll = np.zeros(n, np.int64)
        self.told = np.zeros((n, TOLD), np.float32)

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


def grey_density(roll: Roll) -> NDArray[np.float64]:
    """Return the density above base (3 steps, 3) that a roll's rig reads of greys, D."""
    steps = roll.stock.grey + np.asarray(GREYS) * np.log10(2.0)
    exposures = np.append(steps, UNEXPOSED)[:, None].repeat(3, axis=1)
    tables = layer_tables(roll.stock, roll.development)
    amounts = log_exposure_to_amounts(exposures, tables)
    read = film_transmittance(amounts, roll.stock, roll.development, roll.rig.response)
    density = Density()(read.astype(np.float64))
    return np.asarray(density[:-1] - density[-1])


def draw_rig_told(rng: np.random.Generator, true: str) -> Rig:
    """Return the rig whose cross-talk is undone: mostly the true one, or white light's."""
    chance = rng.random()
    if chance < OWN_RIG:
        return RIGS[true]
    return WHITE if chance < OWN_RIG + WHITE_RIG else RIGS[str(rng.choice(list(RIGS)))]


def told_white(true: str) -> float:
    """Return in what share of the examples of a class of rig `draw_rig_told` says white."""
    by_chance = (1.0 - OWN_RIG - WHITE_RIG) / len(RIGS)
    return WHITE_RIG + by_chance + (OWN_RIG if true == WHITE.name else 0.0)


def add_example(
    examples: Examples, i: int, roll: Roll, frame: Frame, told: Rig, rng: np.random.Generator
) -> None:
    """Fill example `i` from a simulated frame of a roll, its cross-talk undone as `told`."""
    analysis = analyse_thumbnail(frame.negative)  # a frame is its own thumbnail
    features = make_features(analysis, told)
    base = np.asarray(analysis.base.density)
    y, x = np.nonzero(frame.labels == 0)
    chosen = rng.integers(len(y), size=SAMPLES)
    density = Density()(frame.negative[y[chosen], x[chosen]])
    examples.planes[i] = features.planes
    examples.facts[i] = features.facts
    examples.shadows[i], examples.highlights[i] = features.shadows, features.highlights
    examples.base[i] = base
    examples.corrected[i] = (density - base) @ np.asarray(told.crosstalk).T
    examples.truth[i] = frame.truth[y[chosen], x[chosen]]
    examples.film[i] = FILM_KINDS.index(frame.meta["film_kind"])
    examples.rig[i] = list(RIGS).index(frame.meta["rig_class"])
    true_base = Density()(np.asarray(frame.meta["base"]))
    examples.true_base[i] = true_base
    examples.told[i] = np.concatenate([true_base, grey_density(roll).ravel()])


def draw_roll_lit(simulator: Simulator, rng: np.random.Generator, kind: str) -> Roll:
    """Return a roll, its scenes in one light or each in its own."""
    roll = draw_roll(simulator, rng, kind)
    return replace(roll, light=draw_scene_light(rng)) if rng.random() < ONE_LIGHT else roll


def make_examples(
    simulator: Simulator, count: int, seed: int, other: float, frames: int = 1
) -> Examples:
    """Return `count` examples, rolls of `frames`; `other` is the share of other kinds of film."""
    rng = np.random.default_rng(seed)
    scenes = {scene.name: index for index, scene in enumerate(simulator.scenes)}
    examples = Examples(count)
    start = time.perf_counter()
    for i in range(count):
        if i % frames == 0:
            is_other = rng.random() < other
            kind = str(rng.choice(FILM_KINDS[1:])) if is_other else FILM_KINDS[0]
            roll = draw_roll_lit(simulator, rng, kind)
            told = draw_rig_told(rng, roll.rig.rig_class)
        frame = draw_frame(simulator, roll, rng, SIZE, rng.random() < DRESSED)
        add_example(examples, i, roll, frame, told, rng)
        examples.scene[i] = scenes.get(frame.meta["photo"].split(", ")[0], -1)
        examples.roll[i] = (seed << 32) + i // frames
        if (i + 1) % 1000 == 0:
            rate = (i + 1) / (time.perf_counter() - start)
            print(f"{i + 1} of {count}, {rate:.0f}/s", flush=True)
    return examples


def main() -> None:
    """Write a file of examples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data())
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--count", type=int, default=24000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", action="store_true", help="photographs, stocks and cameras")
    parser.add_argument("--other", type=float, default=OTHER_KINDS, help="share of other films")
    parser.add_argument("--frames", type=int, default=1, help="of a roll")
    options = parser.parse_args()
    held = options.held_out
    simulator = load_simulator(
        options.data,
        held_out_photos=held,
        held_out_stocks=held,
        held_out_cameras=held,
        varied=not held,
    )
    examples = make_examples(simulator, options.count, options.seed, options.other, options.frames)
    examples.save(options.output)


if __name__ == "__main__":
    main()
