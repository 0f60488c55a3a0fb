"""The command line of the benchmark.

python tests/benchmarks/emulation --data DATA [--count 60] [--seed 2026] [--stocks NAME …]
python tests/benchmarks/emulation --small          # the scenes of the repository, no data
python tests/benchmarks/emulation --record         # the same, recorded for the tests
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from inversion.command import BEGIN, END, placed
from tqdm import tqdm

from emulation import gallery, report, small
from emulation.pictures import METHODS, SETS, Taken, measure, take
from orangemask_filters.film_emulate.exposure import Scene
from orangemask_filters.film_emulate.stock import stocks
from training.emulate_data import SIZE
from training.films import default_data
from training.scenes import load_scenes
from training.views import view_of

SEED = 2026


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python tests/benchmarks/emulation",
        description="How near a photograph that was taken less well comes, on film, to the one "
        "taken well: mean ΔE2000.",
        allow_abbrev=False,
    )
    parser.add_argument("--data", type=Path, default=default_data(), help="data folder")
    parser.add_argument("--count", type=int, default=60, help="photographs, default 60")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--stocks", nargs="+", default=list(stocks()), help="default all")
    parser.add_argument(
        "--markdown", type=Path,
        help=f"write the table there; between the lines {BEGIN} and {END} of a page that has them",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, help="write all numbers there")
    parser.add_argument("--gallery", type=Path, help="write a JPEG of the repository's scenes")
    parser.add_argument("--small", action="store_true", help="only the repository's own scenes")
    parser.add_argument("--record", action="store_true", help="record the small form's numbers")
    return parser


def draw_pictures(data: Path, count: int, seed: int) -> list[dict[str, Taken]]:
    """Return so many of the held-out photographs, evenly spread, each in all sets."""
    photographs = load_scenes(data, held_out=True)
    chosen = np.linspace(0, len(photographs) - 1, min(count, len(photographs))).round()
    found = []
    for i in chosen.astype(int):
        rng = np.random.default_rng((seed, i))
        scene = Scene()(view_of(photographs[i], *SIZE, rng, varied=False).truth)
        found.append({name: take(scene, name, rng) for name in SETS})
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(words)
    if options.gallery is not None:
        gallery.write(options.gallery)
    if options.small or options.record:
        return small.main(record=options.record)
    if options.data is None:
        parser.error("say --data or set ORANGEMASK_DATA")
    begun = time.monotonic()
    pictures = draw_pictures(options.data, options.count, options.seed)
    with tqdm(total=len(pictures) * len(options.stocks), unit="picture on film") as bar:
        found = measure(pictures, options.stocks, step=bar.update)
    table = report.summarise(found)
    text = report.markdown(table, len(pictures), len(options.stocks))
    print(text)
    print(f"{found[..., 0].size} renderings in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    if options.markdown is not None:
        options.markdown.write_text(placed(options.markdown, text), "utf-8")
    if options.json is not None:
        content = {
            "seed": options.seed,
            "table": table,
            "stocks": report.by_stock(found, options.stocks),
            "sets": SETS,
            "methods": METHODS,
            "wrong": [
                {
                    name: [one.wrong.ev, one.wrong.kelvin, one.wrong.contrast]
                    for name, one in each.items()
                }
                for each in pictures
            ],
            "pictures": found.mean(axis=0).round(3).tolist(),
        }
        options.json.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return 0
