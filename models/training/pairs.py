"""Negatives and their positives from any folder of photographs.

    python -m training.pairs PHOTOS -o OUT --data DATA [--count N] [--size 512] [--kind c41 bw]

Every photograph gives NAME-negative.tif and NAME-positive.png, with --count more than one (or
fewer). The negative is 16 bit, linear, with all that the simulated scan did to it (8 bits, JPEG,
noise); the positive is 8-bit sRGB and black outside the picture. pairs.json tells of each pair
what was drawn: film, rig, exposure, the codes of film base and bare light. The same seed gives
the same pairs, whatever the number of jobs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from orangemask.cli.progress import bar, say
from orangemask.decode import open_image
from orangemask.encode import SaveOptions, write_image
from orangemask.encode.destination import check_free, destination
from orangemask.errors import OrangemaskError
from orangemask.spaces import SPACES
from training.films import HELD_OUT_STOCKS, TRAIN_STOCKS, default_data, load_stock
from training.kinds import FILM_KINDS
from training.rigs import KINDS, load_cameras
from training.scenes import Pixels, Scene
from training.simulator import Frame, Simulator, draw_frame, draw_roll

PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".exr")
SMALLEST = 32  # px, long side


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of all pairs.

    Attributes
    ----------
    output : Path
        Folder.
    data : Path
        The folder that holds `film`.
    stocks : tuple of str
    kinds : tuple of str
        Of `FILM_KINDS`; each pair is of one of them.
    size : int
        Long side of the negative in px.
    seed : int
    dressed : bool
        With what surrounds the picture in a scan.
    force : bool
        Replace files that are there.
    """

    output: Path
    data: Path
    stocks: tuple[str, ...]
    kinds: tuple[str, ...]
    size: int
    seed: int
    dressed: bool
    force: bool


@dataclass(frozen=True, slots=True)
class Task:
    """One pair: its number, the photograph, and how the files' names begin."""

    number: int
    photo: Path
    name: str


def read_photograph(path: Path, long_side: int) -> Scene:
    """Return a photograph in linear sRGB, 0 to 1, averaged over area to a long side in px.

    Raises
    ------
    OrangemaskError
        The file is no picture that can be read.
    ValueError
        The picture is smaller than the pairs are to be.
    """
    image = open_image(path)
    h, w = image.height, image.width
    if max(h, w) < long_side:
        raise ValueError(f"{path.name} has {max(h, w)} px on its long side, less than {long_side}")
    codes = image.pixels.astype(np.float32)
    if image.pixels.dtype == np.uint16:
        codes /= np.float32(65535.0)
    linear = np.stack([image.transfer[c](codes[:, :, c]) for c in range(3)], axis=2)
    if image.rgb_to_xyz is not None:
        matrix = np.linalg.solve(SPACES["srgb"].rgb_to_pcs, image.rgb_to_xyz)
        linear = linear @ matrix.T.astype(np.float32)
    size = max(1, round(w * long_side / max(h, w))), max(1, round(h * long_side / max(h, w)))
    small = cv2.resize(linear, size, interpolation=cv2.INTER_AREA)
    return Scene(path.name, np.clip(np.nan_to_num(small), 0.0, 1.0).astype(np.float16))


@cache
def empty_simulator(data: Path, stocks: tuple[str, ...]) -> Simulator:
    """Return a simulator with stocks and the training cameras but without photographs."""
    return Simulator(
        data,
        (),
        tuple(load_stock(data, name) for name in stocks),
        load_cameras(data, held_out=False),
        tuple(KINDS),
    )


def draw_pair(order: Order, task: Task) -> Frame:
    """Return the simulated pair of a task; it depends on the seed and its number alone."""
    rng = np.random.default_rng([order.seed, task.number])
    scene = read_photograph(task.photo, order.size)
    simulator = replace(empty_simulator(order.data, order.stocks), scenes=(scene,))
    roll = draw_roll(simulator, rng, str(rng.choice(order.kinds)))
    h, w = scene.linear.shape[:2]
    return draw_frame(simulator, roll, rng, (h, w), order.dressed)


def to_uint16(linear: Pixels) -> NDArray[np.uint16]:
    """Return codes 0 to 1 as 0 to 65535."""
    return np.asarray(np.rint(linear * np.float32(65535.0)), dtype=np.uint16)


def write_pair(order: Order, task: Task) -> dict[str, Any] | str:
    """Write the two files of a task; return what is told of them, or why there are none."""
    negative = order.output / f"{task.name}-negative.tif"
    positive = order.output / f"{task.name}-positive.png"
    try:
        check_free(negative, force=order.force)
        check_free(positive, force=order.force)
        frame = draw_pair(order, task)
        srgb = SPACES["srgb"]
        codes = np.rint(srgb.encode(frame.truth) * np.float32(255.0)).astype(np.uint8)
        with destination(negative, force=order.force) as part:
            tifffile.imwrite(part, to_uint16(frame.negative), photometric="rgb", metadata=None)
            # Within the block, so that without a positive there is no negative.
            write_image(
                positive, codes, space=srgb, options=SaveOptions(depth="8"), force=order.force
            )
    except (OrangemaskError, ValueError) as error:
        return str(error)
    files = {"negative": negative.name, "positive": positive.name, "number": task.number}
    return files | frame.meta


def list_tasks(photos: Path, count: int | None) -> list[Task]:
    """Return the tasks for a folder: one per photograph, or `count` going round the folder.

    Raises
    ------
    ValueError
        The folder is missing or has no pictures.
    """
    if not photos.is_dir():
        raise ValueError(f"{photos} is not a folder")
    found = sorted(path for path in photos.iterdir() if path.suffix.lower() in PICTURES)
    if not found:
        raise ValueError(f"{photos} has no pictures ({' '.join(PICTURES)})")
    shared = Counter(path.stem for path in found)
    tasks = []
    for number in range(len(found) if count is None else count):
        path = found[number % len(found)]
        name = path.stem if shared[path.stem] == 1 else path.name
        round_ = number // len(found)
        tasks.append(Task(number, path, f"{name}-{round_ + 1}" if round_ else name))
    return tasks


def use_one_thread() -> None:
    """Keep OpenCV from more threads than the jobs asked for."""
    cv2.setNumThreads(1)


def results_of(order: Order, tasks: list[Task], jobs: int) -> Iterator[dict[str, Any] | str]:
    """Yield the results of the tasks in their order, by `jobs` processes."""
    if jobs == 1:
        yield from map(partial(write_pair, order), tasks)
        return
    # Spawned: a fork would copy the locks of OpenCV's threads, and once in a while hang on one.
    spawning = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawning, initializer=use_one_thread) as pool:
        yield from pool.map(partial(write_pair, order), tasks)


def write_pairs(order: Order, tasks: list[Task], jobs: int = 1) -> list[str]:
    """Write all pairs and pairs.json; return the reasons for those left out.

    Raises
    ------
    OutputError
        pairs.json is there already, or the folder cannot be written.
    """
    order.output.mkdir(parents=True, exist_ok=True)
    index = order.output / "pairs.json"
    check_free(index, force=order.force)
    pairs, problems = [], []
    with bar(len(tasks)) as show:
        for done, result in enumerate(results_of(order, tasks, jobs), start=1):
            if isinstance(result, str):
                problems.append(result)
                say(f"left out {result}")
            else:
                pairs.append(result)
            show(done)
    told = {"seed": order.seed, "dressed": order.dressed, "pairs": pairs, "left_out": problems}
    with destination(index, force=order.force) as part:
        part.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return problems


def at_least(least: int, text: str) -> int:
    """Return a whole number of an option, no smaller than `least`."""
    if (number := int(text)) < least:
        raise argparse.ArgumentTypeError(f"{number} is less than {least}")
    return number


def main(words: list[str] | None = None) -> int:
    """Write what is asked for; return 0, or 1 where a photograph was left out."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    one = partial(at_least, 1)
    parser.add_argument("photos", type=Path, help="folder of photographs")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the pairs")
    parser.add_argument("--data", type=Path, default=default_data(), help="folder with film")
    parser.add_argument("--count", type=one, metavar="N", help="pairs; default: one a photograph")
    parser.add_argument("--size", type=partial(at_least, SMALLEST), default=512, help="long side")
    parser.add_argument("--seed", type=partial(at_least, 0), default=1)
    stocks = sorted(TRAIN_STOCKS | HELD_OUT_STOCKS)
    parser.add_argument("--stock", choices=stocks, help="default: any of those to train on")
    parser.add_argument("--kind", nargs="+", choices=FILM_KINDS, default=["c41"])
    surround = parser.add_mutually_exclusive_group()
    surround.add_argument("--dressed", action="store_true", default=True, help="the default")
    surround.add_argument("--plain", dest="dressed", action="store_false", help="picture alone")
    parser.add_argument("--jobs", type=one, default=1, metavar="N", help="processes")
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    options = parser.parse_args(words)
    if options.data is None:
        parser.error("say --data or set ORANGEMASK_DATA")
    order = Order(
        options.output,
        options.data,
        (options.stock,) if options.stock else tuple(TRAIN_STOCKS),
        tuple(options.kind),
        options.size,
        options.seed,
        options.dressed,
        options.force,
    )
    try:
        problems = write_pairs(order, list_tasks(options.photos, options.count), options.jobs)
    except (OrangemaskError, ValueError, OSError) as error:
        parser.error(str(error))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
