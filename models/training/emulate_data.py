"""Photographs less well taken beside the same well taken: examples for Film Emulate's predictor.

    python -m training.emulate_data --data DATA -o FILE.npz --count 60000 --seed 1 [--held-out]

A third has everything wrong at once, a third one thing only, either over the whole range or mildly;
a quarter has nothing wrong, and is to stay as it is. One in four is scene-linear, as from RAW (cut
off at the sensor's white) or OpenEXR (not cut off).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orangemask.thumbnail import LONG_SIDE
from orangemask_filters.film_emulate.exposure import Scene as FromDisplay
from orangemask_filters.film_emulate.features import (
    PICTURE_FACTS,
    SIDE,
    light_to_unit,
    picture_features,
)
from training.films import default_data
from training.panoramas import load_panoramas
from training.perturb import NOTHING, Perturbation, draw, shown
from training.scenes import Pixels, Scene, load_scenes
from training.simulator import SIDE as KEPT_SIDE
from training.simulator import VARIED_SIDE
from training.skin import Skin, load_skin
from training.views import draw_view

SIZE = (LONG_SIDE * 2 // 3, LONG_SIDE)  # px of a photograph, as the program looks at it
SAMPLES = 256  # pixels on which the loss is measured
UNTOUCHED, TOGETHER = 0.25, 0.40  # shares; of the rest one thing alone is wrong
IN_PARTS = 0.5  # share of photographs to train on that are parts, two joined, or more saturated
MILD = 0.3  # share of perturbations that are shrunk towards nothing
SCENE_SHARE = 0.25
RAISED = 2.5  # a photograph's whites are raised to that at most; only panoramas have brighter light
SENSOR_WHITE = 1.0  # of RAW; half of the scene-linear pictures are not cut off


@dataclass(frozen=True, slots=True)
class Sources:
    """What photographs are made of; see `views.draw_view`."""

    photographs: Sequence[Scene]
    panoramas: Sequence[Scene]
    skin: Skin | None


class Examples:
    """Arrays of n examples.

    Attributes
    ----------
    planes : (n, 3, 32, 32) float16
    facts : (n, PICTURE_FACTS) float32
        Without those of a stock: each is shown on many.
    found, wanted : (n, 256, 3) float16
        Exposure of some pixels, 0…1 as `features.light_to_unit` has it, and what it would be
        had the photograph been taken well.
    untouched : (n,) bool
    """

    def __init__(self, n: int) -> None:
        self.planes = np.zeros((n, 3, SIDE, SIDE), np.float16)
        self.facts = np.zeros((n, PICTURE_FACTS), np.float32)
        self.found = np.zeros((n, SAMPLES, 3), np.float16)
        self.wanted = np.zeros((n, SAMPLES, 3), np.float16)
        self.untouched = np.zeros(n, bool)

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


def load_sources(data: Path, held_out: bool) -> Sources:
    """Return the photographs to train on, in parts and with faces, or those held out."""
    photographs = load_scenes(data, held_out, long_side=KEPT_SIDE if held_out else VARIED_SIDE)
    panoramas = load_panoramas(data, held_out)
    return Sources(photographs, panoramas, None if held_out else load_skin(data))


def draw_scene(sources: Sources, rng: np.random.Generator, varied: bool) -> Pixels:
    """Return the scene-linear light (h, w, 3) of a photograph that was taken well."""
    view = draw_view(sources.photographs, sources.panoramas, sources.skin, SIZE, rng, varied)
    is_light = ", " not in view.name and float(view.scene.max()) > RAISED
    return view.scene if is_light else FromDisplay()(view.truth)


def draw_wrong(rng: np.random.Generator) -> Perturbation:
    """Return what is wrong with an example."""
    chance = rng.random()
    if chance < UNTOUCHED:
        return NOTHING
    alone = int(rng.integers(3)) if chance > UNTOUCHED + TOGETHER else None
    ev, kelvin, contrast = (alone is None or alone == i for i in range(3))
    found = draw(rng, ev, kelvin, contrast)
    if rng.random() > MILD:
        return found
    share = float(rng.random())
    return Perturbation(found.ev * share, found.kelvin * share, float(found.contrast**share))


def add_example(examples: Examples, i: int, scene: Pixels, rng: np.random.Generator) -> None:
    """Fill example `i` from the scene-linear light of a photograph."""
    wrong = draw_wrong(rng)
    is_scene = rng.random() < SCENE_SHARE
    if is_scene:
        white = SENSOR_WHITE if rng.random() < 0.5 else np.inf
        taken = np.minimum(wrong(scene), white).astype(np.float32)
        well = np.minimum(scene, white).astype(np.float32) if wrong == NOTHING else scene
    else:
        taken, well = shown(wrong(scene)), shown(scene)
    features = picture_features(taken, scene=is_scene)
    chosen = rng.integers(taken.shape[0] * taken.shape[1], size=SAMPLES)
    examples.planes[i], examples.facts[i] = features.planes, features.facts
    for name, light in (("found", taken), ("wanted", well)):
        getattr(examples, name)[i] = light_to_unit(light.reshape(-1, 3)[chosen], scene=is_scene)
    examples.untouched[i] = wrong == NOTHING


def make_examples(sources: Sources, count: int, seed: int, varied: bool) -> Examples:
    """Return `count` examples."""
    rng = np.random.default_rng(seed)
    examples = Examples(count)
    start = time.perf_counter()
    for i in range(count):
        in_parts = varied and rng.random() < IN_PARTS
        add_example(examples, i, draw_scene(sources, rng, in_parts), rng)
        if (i + 1) % 2000 == 0:
            rate = (i + 1) / (time.perf_counter() - start)
            print(f"{i + 1} of {count}, {rate:.0f}/s", flush=True)
    return examples


def main() -> None:
    """Write a file of examples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data(), required=not default_data())
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--count", type=int, default=60000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", action="store_true", help="photographs kept from training")
    options = parser.parse_args()
    held = options.held_out
    sources = load_sources(options.data, held)
    make_examples(sources, options.count, options.seed, not held).save(options.output)


if __name__ == "__main__":
    main()
