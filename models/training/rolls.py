"""Simulated rolls and what the program predicts of their frames, kept to be tried many times.

A roll is 12 frames of one stock, process, rig and scan exposure, each of another scene and
exposure. Drawing and predicting takes seconds a roll, what is then tried on it milliseconds.
"""

from __future__ import annotations

import multiprocessing
import zipfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Density
from orangemask.film_base import FilmBase
from orangemask.filters import AUTO_RIG, Context, Prediction, find_filter
from orangemask.image import Image
from orangemask.nine import values_to_nine
from orangemask.render import predict_analysed
from orangemask.roll import Film, Seen, analyse_frames
from orangemask.roll_frames import analyse_roll, analyse_source, predict_with, seen_of
from training.dataset import SIZE
from training.lights import daylight, draw_daylight, draw_scene_light
from training.simulator import Frame, Simulator, draw_frame, draw_roll, load_simulator

FRAMES = 12
SAMPLES = 300  # pixels of a picture that are scored
LIGHTS = ("frame", "roll", "daylight", "mixed")
"""Each frame in a light of its own, the roll in one light of any kind, in one daylight; every
second roll in one daylight, the others as the first."""
FILTER = find_filter("invert-c41")

Floats: TypeAlias = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Draw:
    """How rolls are drawn.

    Attributes
    ----------
    data : Path
    seed : int
    held_out : bool
        Stocks and cameras never trained on; otherwise those of the training. Photographs are held
        out in either case, every second one here and the others there, because on those it was
        trained with the network errs less than in use.
    light : str
        One of `LIGHTS`.
    bare : bool
        Nothing but the picture in the scan.
    """

    data: Path
    seed: int
    held_out: bool
    light: str = LIGHTS[0]
    bare: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Rolls:
    """r rolls of f frames, p pixels of each; densities in D.

    Attributes
    ----------
    density : (r, f, p, 3) float32
        Of the scan.
    truth : (r, f, p, 3) float32
        Linear sRGB.
    daylight : (r, f) bool
        Whether the scene was lit by daylight.
    nine, crosstalk : (r, f, 3, 3) float64
        Rows S, m, H predicted with the roll's base, rig and kind of film; A of that prediction.
    confidence, negative : (r, f) float64
        As in `Seen`.
    level : (r, 3) float64
        The roll's film base.
    base : (r, f, 3) float64
        Found in the frame alone.
    origin : (r, f) str
    sureness : (r, f) float64
        Of `base`.
    single_nine, single_crosstalk : (r, f, 3, 3) float64
        Of the frame as if there were no roll.
    """

    density: NDArray[np.float32]
    truth: NDArray[np.float32]
    daylight: NDArray[np.bool_]
    nine: NDArray[np.float64]
    crosstalk: NDArray[np.float64]
    confidence: NDArray[np.float64]
    negative: NDArray[np.float64]
    level: NDArray[np.float64]
    base: NDArray[np.float64]
    origin: NDArray[np.str_]
    sureness: NDArray[np.float64]
    single_nine: NDArray[np.float64]
    single_crosstalk: NDArray[np.float64]

    def seen(self, i: int) -> list[Seen]:
        """Return what is known of each frame of roll `i`."""
        found = []
        for k in range(self.nine.shape[1]):
            red, green, blue = self.base[i, k].tolist()
            base = FilmBase((red, green, blue), float(self.sureness[i, k]), str(self.origin[i, k]))
            shadows, midtones, highlights = (tuple(row) for row in self.nine[i, k].tolist())
            found.append(
                Seen(
                    base,
                    (shadows, midtones, highlights),
                    float(self.confidence[i, k]),
                    float(self.negative[i, k]),
                )
            )
        return found

    def films(self) -> list[tuple[Film, NDArray[np.bool_]]]:
        """Return of each roll its film, and which of its frames do not belong to it."""
        found = []
        for i, (red, green, blue) in enumerate(self.level.tolist()):
            film, flaws = analyse_frames(self.seen(i), FilmBase((red, green, blue), 1.0, "roll"))
            found.append((film, np.array([bool(each) for each in flaws])))
        return found

    def save(self, path: Path) -> None:
        """Write all arrays to an npz file."""
        arrays: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        with path.open("wb") as file:  # a name alone would be given another end
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> Rolls:
        """Return what `save` wrote.

        Raises
        ------
        ValueError
            The file is none of that.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls(**{field.name: file[field.name] for field in fields(cls)})
        except (KeyError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path} holds no rolls; delete it to make them again") from error


def draw_rolls(how: Draw, count: int, jobs: int = 1) -> Rolls:
    """Return `count` rolls, by `jobs` processes; roll i is the same however many there are."""
    if jobs == 1:
        return _stacked([_one_roll(how, i) for i in range(count)])
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        return _stacked(list(pool.map(_one_roll, [how] * count, range(count))))


def measure_roll(simulator: Simulator, rng: np.random.Generator, how: Draw) -> Rolls:
    """Return one simulated roll as the program sees it."""
    roll = draw_roll(simulator, rng)
    if how.light == "daylight":
        cct = draw_daylight(rng)
        roll = replace(roll, light=(f"D{cct:.0f}", daylight(cct)))
    elif how.light == "roll":
        roll = replace(roll, light=draw_scene_light(rng))
    frames = [draw_frame(simulator, roll, rng, SIZE, not how.bare) for _ in range(FRAMES)]
    sources = [analyse_source(Image(frame.negative), str(i), "") for i, frame in enumerate(frames)]
    found = analyse_roll(sources, FILTER, encoding="linear")
    shared = Context(found.film.base, found.rig, "linear", film=found.kind, heard=found.heard)
    inside, single = [], []
    for source in sources:
        analysis = source.analysis
        alone = Context(analysis.base, AUTO_RIG, "linear")
        single.append(predict_analysed(analysis, FILTER, alone, found.model))
        inside.append(predict_with(analysis, FILTER, found.model, shared))
    pixels = [_pixels(frame, rng) for frame in frames]
    seen = [
        seen_of(source.analysis, prediction, FILTER)
        for source, prediction in zip(sources, inside, strict=True)
    ]
    return Rolls(
        density=np.array([[density for density, _ in pixels]]),
        truth=np.array([[truth for _, truth in pixels]]),
        daylight=np.array([[str(frame.meta["light"]).startswith("D") for frame in frames]]),
        nine=np.array([[each.nine for each in seen]]),
        crosstalk=np.array([[_crosstalk(each) for each in inside]]),
        confidence=np.array([[each.confidence for each in seen]]),
        negative=np.array([[each.negative for each in seen]]),
        level=np.array([found.film.base.density]),
        base=np.array([[each.base.density for each in seen]]),
        origin=np.array([[each.base.origin for each in seen]]),
        sureness=np.array([[each.base.confidence for each in seen]]),
        single_nine=np.array([[values_to_nine(each.values) for each in single]]),
        single_crosstalk=np.array([[_crosstalk(each) for each in single]]),
    )


@cache
def _simulator(data: Path, held_out: bool) -> Simulator:
    simulator = load_simulator(
        data, held_out_photos=True, held_out_stocks=held_out, held_out_cameras=held_out
    )
    return replace(simulator, scenes=simulator.scenes[int(held_out) :: 2])


def _one_roll(how: Draw, index: int) -> Rolls:
    if how.light == "mixed":
        how = replace(how, light=("frame", "daylight")[index % 2])
    rng = np.random.default_rng([how.seed, index])
    return measure_roll(_simulator(how.data, how.held_out), rng, how)


def _stacked(rolls: Sequence[Rolls]) -> Rolls:
    names = [field.name for field in fields(Rolls)]
    return Rolls(
        **{name: np.concatenate([getattr(each, name) for each in rolls]) for name in names}
    )


def _pixels(frame: Frame, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return density and truth of some pixels of a frame's picture."""
    y, x = np.nonzero(frame.labels == 0)
    take = rng.choice(y.size, SAMPLES, replace=y.size < SAMPLES)
    return Density()(frame.negative[y[take], x[take]]), frame.truth[y[take], x[take]]


def _crosstalk(prediction: Prediction) -> tuple[tuple[float, float, float], ...]:
    return prediction.context.rig.crosstalk
