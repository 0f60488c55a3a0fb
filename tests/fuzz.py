"""Fuzz the four parsers of others' bytes for a time.

    nice python tests/fuzz.py --minutes 30

Each parser has a process of its own, one after the other, a quarter of the time each. A finding is
an error of another kind than its own, a crash, a case that takes longer than `HANG` seconds, or
more than `MOST_MEMORY` bytes in use; its input is kept in out/fuzz, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE.parent / "out" / "fuzz"
HANG = 20.0  # s
MOST_MEMORY = 1 << 30  # bytes
FINDINGS = 5  # of one parser, then it stops


def main() -> int:
    """Fuzz all, or one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", metavar="PARSER")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    sys.path.insert(0, str(HERE))
    from fuzzing import PARSERS

    names = [told.only] if told.only else list(PARSERS)
    KEPT.mkdir(parents=True, exist_ok=True)
    if told.here:
        return fuzz(told.only, told.minutes * 60, told.seed)
    found = 0
    for name in names:
        until = time.monotonic() + told.minutes * 60 / len(names)
        seed = told.seed
        while (left := until - time.monotonic()) > 5:
            done = subprocess.run(
                [sys.executable, __file__, "--here", "--only", name, "--seed", str(seed),
                 "--minutes", str(left / 60)]
            )  # fmt: skip
            if done.returncode == 0:
                break
            if done.returncode < 0 or done.returncode > 1:  # a crash or a hang: keep, go on
                last = KEPT / f"{name}-last"
                last.replace(KEPT / f"{name}-crash-{seed}")
                print(f"{name}: crashed or hung ({done.returncode}): {name}-crash-{seed}")
            found, seed = found + 1, seed + 1
            if found >= FINDINGS:
                break
    return 1 if found else 0


def fuzz(name: str, seconds: float, seed: int) -> int:
    """Fuzz one parser in this process; return 1 if anything was found."""
    from fuzzing import PARSERS

    parser, chance = PARSERS[name], random.Random(seed)
    findings: Counter[str] = Counter()
    last, count, begun = KEPT / f"{name}-last", 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="orangemask-fuzz-") as folder:
        seeds = Path(folder) / "seeds"
        seeds.mkdir()
        goods = parser.seeds(seeds)
        kept = list(goods)
        for good in goods:
            parser.check(good, Path(folder))
        while time.monotonic() - begun < seconds and len(findings) < FINDINGS:
            case = parser.mutate(chance, chance.choice(kept), chance.choice(goods))
            last.write_bytes(case)
            faulthandler.dump_traceback_later(HANG, exit=True)
            try:
                parser.check(case, Path(folder))
            except Exception as error:  # noqa: BLE001  this is what is looked for
                kind = f"{type(error).__name__}: {str(error)[:200]}"
                place = error.__traceback__
                while place and place.tb_next:
                    place = place.tb_next
                where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
                if where not in findings:
                    (KEPT / f"{name}-{seed}-{count}").write_bytes(case)
                    print(f"{name}: {where}: {kind}: {name}-{seed}-{count}", flush=True)
                findings[where] += 1
            else:
                if len(kept) < 300 and chance.random() < 0.02:
                    kept.append(case)  # mutations of mutations
            faulthandler.cancel_dump_traceback_later()
            count += 1
    last.unlink(missing_ok=True)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    spent = time.monotonic() - begun
    print(
        f"{name}: {count} cases in {spent:.0f} s, {most >> 20} MB at most, seed {seed}", flush=True
    )
    if most > MOST_MEMORY:
        print(f"{name}: more than {MOST_MEMORY >> 20} MB were in use", flush=True)
    return 1 if findings or most > MOST_MEMORY else 0


if __name__ == "__main__":
    sys.exit(main())
