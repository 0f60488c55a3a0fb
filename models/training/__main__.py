"""From nothing to the shipped networks, by one command that can be stopped and called again.

    python -m training --data DATA --work FOLDER

Examples are made; for scans two networks of different seeds, one of the matrix and one of kinds of
film are trained, for photographs two that place them on film; the ONNX files are exported with
models.json. What lies finished in FOLDER is not made again; training goes on where it was. Then
measure: `python tests/benchmarks/inversion`, `python tests/benchmarks/emulation`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from training.emulate_data import VALIDATION
from training.films import default_data

FILES, COUNT, HELD = 2, 35000, 2400  # files of examples, examples in each, held out
STEPS, MATRIX_STEPS, FILM_STEPS, ROLL_STEPS = 7500, 7500, 4000, 4000
SEEDS = (0, 1)
FIRST_SEED, HELD_SEED, ROLL_SEED = 101, 900, 301
ROLLS = ("--frames", 12)
FILMS, FILMS_HELD = (8000, 401), (1200, 402)  # examples of all kinds of film, and their seeds
ALL_KINDS = ("--other", 0.75)
PHOTOGRAPHS, PLACE_STEPS = 22500, 2400  # in each of two files
KEPT_BACK, CHECKED = 7200, 1725  # examples of photographs that a first network has not seen
PHOTOGRAPH_SEED, KEPT_BACK_SEED, CHECKED_SEED = 501, 503, 590


def run(module: str, *words: object) -> None:
    """Run one of the other commands on one core; raise `SystemExit` where it fails."""
    command = [sys.executable, "-m", f"training.{module}", *map(str, words)]
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    print(" ".join(command[1:]), flush=True)
    status = subprocess.run(command, env=os.environ | alone, check=False).returncode
    if status != 0:
        raise SystemExit(f"training.{module} failed; what is finished is kept, call it again")


def make(module: str, flag: str, path: Path, words: Sequence[object]) -> None:
    """Have one of the other commands make a file, named after `flag`, unless it is there."""
    if not path.exists():
        begun = path.with_suffix(f".part{path.suffix}")
        run(module, flag, begun, *words)
        begun.rename(path)


def make_examples(path: Path, words: Sequence[object]) -> None:
    """Make a file of examples of scans unless it is there."""
    make("dataset", "-o", path, words)


def place_photographs(
    data: Path, work: Path, pool: ThreadPoolExecutor, count: int, steps: int
) -> None:
    """Make the networks for photographs of `count` examples in each of two files.

    A first one is checked on photographs it has not seen; those that are shipped are fitted to all.
    """
    names = ("check", "kept_back", *range(FILES))
    check, kept_back, *parts = (work / f"photographs_{name}.npz" for name in names)
    apart = ("--part", VALIDATION)
    wanted = [
        (check, ["--count", CHECKED, "--seed", CHECKED_SEED, *apart, "--plain"]),
        (
            kept_back,
            ["--count", KEPT_BACK * count // PHOTOGRAPHS, "--seed", KEPT_BACK_SEED, *apart],
        ),
    ]
    wanted += [
        (part, ["--count", count, "--seed", PHOTOGRAPH_SEED + i]) for i, part in enumerate(parts)
    ]
    for job in [
        pool.submit(make, "emulate_data", "-o", path, ["--data", data, *words])
        for path, words in wanted
    ]:
        job.result()
    checked = work / "placing_checked.pt"
    words = ("--train", *parts, "--check", check, "--steps", steps)
    make("emulate_train", "--weights", checked, words)
    weights = [work / f"placing{seed}.pt" for seed in SEEDS]
    words = ("--train", *parts, kept_back, "--like", checked, "--steps", steps)
    for job in [
        pool.submit(make, "emulate_train", "--weights", path, [*words, "--seed", seed])
        for seed, path in zip(SEEDS, weights, strict=True)
    ]:
        job.result()
    run("export", "placing", *weights)


def main() -> None:
    """Do what is not done yet."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data(), required=not default_data())
    parser.add_argument("--work", type=Path, required=True, help="folder for examples and weights")
    parser.add_argument("--count", type=int, default=COUNT, help="examples in each of two files")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--jobs", type=int, default=2, help="commands at a time, a core each")
    options = parser.parse_args()
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    held, films, films_held = (work / f"{name}.npz" for name in ("held", "films", "films_held"))
    film = work / "film.pt"
    parts = [work / f"train{i}.npz" for i in range(FILES)]
    rolls = [work / f"rolls{i}.npz" for i in range(FILES)]
    with ThreadPoolExecutor(options.jobs) as pool:
        wanted = [(held, ["--count", HELD, "--seed", HELD_SEED, *ROLLS, "--held-out"])]
        wanted.append((films, ["--count", FILMS[0], "--seed", FILMS[1], *ALL_KINDS]))
        told = ["--count", FILMS_HELD[0], "--seed", FILMS_HELD[1], *ALL_KINDS, "--held-out"]
        wanted.append((films_held, told))
        wanted += [
            (part, ["--count", options.count, "--seed", FIRST_SEED + i])
            for i, part in enumerate(parts)
        ]
        wanted += [
            (part, ["--count", options.count, "--seed", ROLL_SEED + i, *ROLLS])
            for i, part in enumerate(rolls)
        ]
        for job in [
            pool.submit(make_examples, path, ["--data", options.data, *words])
            for path, words in wanted
        ]:
            job.result()
        if not film.exists():
            run(
                "train_film", "--train", films, *parts, "--check", films_held,
                "--steps", FILM_STEPS * options.steps // STEPS, "--weights", film,
            )  # fmt: skip
        runs = [("parametric", seed, options.steps) for seed in SEEDS]
        runs.append(("matrix", 0, MATRIX_STEPS * options.steps // STEPS))
        for job in [
            pool.submit(
                run, "train", kind, "--train", *parts, "--check", held, "--seed", seed,
                "--steps", steps, "--weights", work / f"{kind}{seed}.pt",
                "--log", work / "log" / f"{kind}{seed}",
            )
            for kind, seed, steps in runs
        ]:  # fmt: skip
            job.result()
        count = PHOTOGRAPHS * options.count // COUNT
        steps = PLACE_STEPS * options.steps // STEPS
        place_photographs(options.data, work, pool, count, steps)
    networks = [work / f"parametric{seed}.pt" for seed in SEEDS]
    in_roll = work / "roll.pt"
    roll_steps = ROLL_STEPS * options.steps // STEPS
    make(
        "train_roll", "--weights", in_roll,
        [*networks, "--train", *rolls, "--check", held, "--steps", roll_steps],
    )  # fmt: skip
    run("export", "parametric", *networks, "--film", film, "--roll", in_roll)
    run("export", "matrix", work / "matrix0.pt", "--film", film)


if __name__ == "__main__":
    main()
