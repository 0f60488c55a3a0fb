"""Photographs less well taken beside the same well taken: examples for Film Emulate's predictor.

    python -m training.emulate_data --data DATA -o FILE.npz --count 50000 --seed 1
    python -m training.emulate_data --data DATA -o FILE.npz --count 1725 --part validation --plain

Most have everything wrong at once, over the whole range; some one thing only; one in five has
nothing wrong, and is to stay as it is. Some are scene-linear, as from RAW (cut off at the sensor's
white) or OpenEXR (not cut off). The photographs that the benchmark shows are in neither part:
settings are chosen by networks fitted to one and checked on the other, then both are fitted to.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
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
from training.scenes import Pixels, Scene, is_held_out, load_scenes
from training.simulator import SIDE as KEPT_SIDE
from training.simulator import VARIED_SIDE
from training.skin import Skin, load_skin
from training.views import draw_view, view_of

SIZE = (LONG_SIDE * 2 // 3, LONG_SIDE)  # px of a photograph, as the program looks at it
SAMPLES = 64  # pixels on which the loss is measured
UNTOUCHED, TOGETHER = 0.2, 0.6  # shares; of the rest one thing alone is wrong
MILD = 0.15  # share of perturbations that are shrunk towards nothing
PLAIN = 0.4  # share of whole photographs; others are parts, two joined, with faces, panoramas
SCENE_SHARE = 0.2
TAKES = 4  # of each view in training
RAISED = 2.5  # a photograph's whites are raised to that at most; only panoramas have brighter light
SENSOR_WHITE = 1.0  # of RAW; half of the scene-linear pictures are not cut off
TRAINING, VALIDATION = "training", "validation"


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
    facts : (n, PICTURE_FACTS) float16
        Without those of a stock: each is shown on many.
    found, wanted : (n, 64, 3) float16
        Exposure of some pixels, 0…1 as `features.light_to_unit` has it, and what it would be
        had the photograph been taken well.
    wrong : (n, 3) float32
        EV, K and contrast; see `perturb.Perturbation`.
    untouched : (n,) bool
    """

    def __init__(self, n: int) -> None:
        self.planes = np.zeros((n, 3, SIDE, SIDE), np.float16)
        self.facts = np.zeros((n, PICTURE_FACTS), np.float16)
        self.found = np.zeros((n, SAMPLES, 3), np.float16)
        self.wanted = np.zeros((n, SAMPLES, 3), np.float16)
        self.wrong = np.zeros((n, 3), np.float32)
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


def is_validation(name: str) -> bool:
    """Return whether a photograph to train on is kept to choose networks by, by its name alone."""
    return is_held_out(name.encode())


def load_sources(data: Path, part: str, plain: bool) -> Sources:
    """Return the photographs of `TRAINING` or `VALIDATION`; `plain` mixes nothing in."""
    scenes = load_scenes(data, False, long_side=KEPT_SIDE if plain else VARIED_SIDE)
    chosen = [scene for scene in scenes if is_validation(scene.name) == (part == VALIDATION)]
    if plain:
        return Sources(chosen, (), None)
    return Sources(chosen, load_panoramas(data, held_out=False), load_skin(data))


def draw_scene(sources: Sources, rng: np.random.Generator) -> Pixels:
    """Return the scene-linear light (h, w, 3) of a photograph that was taken well."""
    if rng.random() < PLAIN:
        photographs = sources.photographs
        one = photographs[int(rng.integers(len(photographs)))]
        return FromDisplay()(view_of(one, *SIZE, rng, varied=False).truth)
    view = draw_view(
        sources.photographs, sources.panoramas, (), sources.skin, SIZE, rng, varied=True
    )
    is_light = ", " not in view.name and float(view.scene.max()) > RAISED
    return view.scene if is_light else FromDisplay()(view.truth)


def draw_scenes(sources: Sources, rng: np.random.Generator) -> Iterator[Pixels]:
    """Give scenes without end: each `TAKES` times, or the photographs in turn if all is plain."""
    while True:
        if sources.skin is None:
            for one in sources.photographs:
                yield FromDisplay()(view_of(one, *SIZE, rng, varied=False).truth)
        else:
            scene = draw_scene(sources, rng)
            for _ in range(TAKES):
                yield scene


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
    examples.wrong[i] = wrong.ev, wrong.kelvin, wrong.contrast
    examples.untouched[i] = wrong == NOTHING


def make_examples(sources: Sources, count: int, seed: int) -> Examples:
    """Return `count` examples."""
    rng = np.random.default_rng(seed)
    examples = Examples(count)
    start = time.perf_counter()
    scenes = draw_scenes(sources, rng)
    for i in range(count):
        add_example(examples, i, next(scenes), rng)
        if (i + 1) % 2000 == 0:
            rate = (i + 1) / (time.perf_counter() - start)
            print(f"{i + 1} of {count}, {rate:.0f}/s", flush=True)
    return examples


def main() -> None:
    """Write a file of examples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data(), required=not default_data())
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--count", type=int, default=50000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=(TRAINING, VALIDATION), default=TRAINING)
    parser.add_argument("--plain", action="store_true", help="whole photographs in turn, as shown")
    options = parser.parse_args()
    sources = load_sources(options.data, options.part, options.plain)
    make_examples(sources, options.count, options.seed).save(options.output)


if __name__ == "__main__":
    main()
