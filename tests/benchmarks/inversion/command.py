"""The command line of the benchmark.

python tests/benchmarks/inversion --data DATA [--count 100] [--rolls 6] [--seed 2026]
python tests/benchmarks/inversion --small          # the frames of the repository, no data
python tests/benchmarks/inversion --record         # the same, recorded for the tests
python tests/benchmarks/inversion --make-small --data DATA
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inversion import charts, gallery, kinds, report, small
from inversion.product import NETWORK
from inversion.run import Row, make_jobs, run
from inversion.simulated import BANDS, SETS
from training.films import default_data

SEED = 2026
BEGIN, END = "<!-- tables -->", "<!-- end of tables -->"
CLASSICAL_SHOWN = "percentile stretch of density"  # of the small form's gallery
ALL_SETS = (*SETS, "charts", kinds.SET)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python tests/benchmarks/inversion",
        description="How near automatic inversion comes to the known scene: mean ΔE2000.",
        allow_abbrev=False,
    )
    parser.add_argument("--data", type=Path, default=default_data(), help="data folder")
    parser.add_argument("--count", type=int, default=100, help="frames per set, default 100")
    parser.add_argument("--rolls", type=int, default=6, help="rolls of 12, default 6")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument(
        "--sets", nargs="+", choices=ALL_SETS, default=list(ALL_SETS),
        help="default all; under, normal and over have a third of the count each",
    )  # fmt: skip
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="default one per core"
    )
    parser.add_argument("--no-oracle", action="store_true", help="leave the best nine numbers out")
    parser.add_argument(
        "--markdown", type=Path,
        help=f"write the tables there; between the lines {BEGIN} and {END} of a page that has them",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, help="write tables and single frames there")
    parser.add_argument("--gallery", type=Path, help="write a PNG of frames there")
    parser.add_argument("--small", action="store_true", help="only the repository's own frames")
    parser.add_argument("--record", action="store_true", help="record the small form's numbers")
    parser.add_argument("--make-small", action="store_true", help="draw the small form's frames")
    return parser


def measure(options: argparse.Namespace) -> list[Row]:
    """Return the rows of the sets asked for."""
    counts = dict.fromkeys(("single", "dressed"), options.count)
    counts |= {name: -(-options.count // len(BANDS)) for name in BANDS} | {"roll": options.rolls}
    counts = {name: count for name, count in counts.items() if name in options.sets}
    jobs = make_jobs(options.data, counts, options.seed, oracle=not options.no_oracle)
    rows = run(jobs, options.processes) if jobs else []
    if "charts" in options.sets:
        rows += charts.chart_rows(charts.load_charts(options.data))
    return rows


def to_markdown(rows: Sequence[Row]) -> str:
    """Return all tables."""
    parts = []
    for name, table in report.tables(rows).items():
        chosen = [row for row in rows if row["set"] == name]
        parts.append(report.markdown(name, table, len(chosen)))
        if name == "charts":
            parts.append(report.charts_markdown(chosen))
    return "\n".join(parts)


def placed(page: Path, tables: str) -> str:
    """Return what is to be written to a page: the tables, within its marks where it has them."""
    whole = page.read_text("utf-8") if page.exists() else ""
    if BEGIN not in whole or END not in whole:
        return tables
    before, rest = whole.split(BEGIN, 1)
    return f"{before}{BEGIN}\n\n{tables}\n{END}{rest.split(END, 1)[1]}"


def main(words: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(words)
    if options.small or options.record:
        status = small.main(record=options.record)
        if options.gallery is not None:
            gallery.write_small_gallery(options.gallery, small.load(), CLASSICAL_SHOWN)
        return status
    if options.data is None:
        parser.error("say --data or set ORANGEMASK_DATA")
    if options.make_small:
        small.make(options.data)
        return 0
    if options.gallery and gallery.SET not in options.sets:
        parser.error(f"--gallery shows the set {gallery.SET}; name it in --sets")
    begun = time.monotonic()
    rows = measure(options)
    text = to_markdown(rows)
    found = {}
    if kinds.SET in options.sets:
        found = kinds.count_kinds(options.data, options.count, options.seed)
        text += "\n" + kinds.markdown(found)
    print(text)
    print(f"{len(rows)} pictures in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    if options.markdown is not None:
        options.markdown.write_text(placed(options.markdown, text), "utf-8")
    if options.json is not None:
        content: dict[str, Any] = {
            "seed": options.seed,
            "method": NETWORK,
            "tables": report.tables(rows),
            "kinds": found,
            "frames": report.plain(rows),
        }
        options.json.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    if options.gallery is not None:
        dressed = [row for row in rows if row["set"] == gallery.SET]
        best = report.best_classical(dressed)
        gallery.write_gallery(options.gallery, options.data, dressed, options.seed, best)
    return 0
