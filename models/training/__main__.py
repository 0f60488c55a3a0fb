"""From nothing to the shipped networks, by one command that can be stopped and called again.

    python -m training --data DATA --work FOLDER

Examples are made; two networks of different seeds, one of the matrix and one of kinds of film are
trained; both ONNX files are exported with models.json. What lies finished in FOLDER is not made
again; training goes on where it was. Then measure: `python tests/benchmarks/inversion`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from training.films import default_data

FILES, COUNT, HELD = 2, 32000, 1500  # files of examples, examples in each, held out
STEPS, MATRIX_STEPS, FILM_STEPS = 28000, 8000, 4000
SEEDS = (0, 1)
FIRST_SEED, HELD_SEED = 101, 900
FILMS, FILMS_HELD = (8000, 401), (1200, 402)  # examples of all kinds of film, and their seeds
ALL_KINDS = ("--other", 0.75)


def run(module: str, *words: object) -> None:
    """Run one of the other commands on one core; raise `SystemExit` where it fails."""
    command = [sys.executable, "-m", f"training.{module}", *map(str, words)]
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    print(" ".join(command[1:]), flush=True)
    status = subprocess.run(command, env=os.environ | alone, check=False).returncode
    if status != 0:
        raise SystemExit(f"training.{module} failed; what is finished is kept, call it again")


def make_examples(path: Path, words: Sequence[object]) -> None:
    """Make a file of examples unless it is there."""
    if not path.exists():
        begun = path.with_suffix(".part.npz")
        run("dataset", "-o", begun, *words)
        begun.rename(path)


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
    with ThreadPoolExecutor(options.jobs) as pool:
        wanted = [(held, ["--count", HELD, "--seed", HELD_SEED, "--held-out"])]
        wanted.append((films, ["--count", FILMS[0], "--seed", FILMS[1], *ALL_KINDS]))
        told = ["--count", FILMS_HELD[0], "--seed", FILMS_HELD[1], *ALL_KINDS, "--held-out"]
        wanted.append((films_held, told))
        wanted += [
            (part, ["--count", options.count, "--seed", FIRST_SEED + i])
            for i, part in enumerate(parts)
        ]
        for job in [
            pool.submit(make_examples, path, ["--data", options.data, *words])
            for path, words in wanted
        ]:
            job.result()
        if not film.exists():
            run(
                "train_film", "--train", films, parts[0], "--check", films_held,
                "--steps", min(FILM_STEPS, options.steps), "--weights", film,
            )  # fmt: skip
        runs = [("parametric", seed, options.steps) for seed in SEEDS]
        runs.append(("matrix", 0, min(MATRIX_STEPS, options.steps)))
        for job in [
            pool.submit(
                run, "train", kind, "--train", *parts, films, "--check", held, "--seed", seed,
                "--steps", steps, "--weights", work / f"{kind}{seed}.pt",
                "--log", work / "log" / f"{kind}{seed}",
            )
            for kind, seed, steps in runs
        ]:  # fmt: skip
            job.result()
    run("export", "parametric", *[work / f"parametric{seed}.pt" for seed in SEEDS], "--film", film)
    run("export", "matrix", work / "matrix0.pt", "--film", film)


if __name__ == "__main__":
    main()
