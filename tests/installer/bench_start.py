"""How soon the standalone program answers, and how large it is.

python tests/installer/bench_start.py FOLDER_OF_THE_PROGRAM
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

TIMES = 5
HELLO = b'{"id": 1, "method": "hello", "params": {"protocol": 1}}\n'


def seconds_to_version(program: Path) -> float:
    """Return the time from the start to the end of ``--version``."""
    start = time.perf_counter()
    subprocess.run([program, "--version"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def seconds_to_answer(program: Path) -> float:
    """Return the time from the start to the engine's first answer."""
    start = time.perf_counter()
    with subprocess.Popen(
        [program, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as engine:
        assert engine.stdin and engine.stdout
        engine.stdin.write(HELLO)
        engine.stdin.flush()
        answer = engine.stdout.readline()
        passed = time.perf_counter() - start
        engine.stdin.close()
    assert b'"protocol": 1' in answer, answer
    return passed


def main() -> None:
    """Print best and median of `TIMES`, and the size."""
    folder = Path(sys.argv[1])
    for name, measured in (("--version", seconds_to_version), ("first answer", seconds_to_answer)):
        taken = [measured(folder / "orangemask") for _ in range(TIMES)]
        print(f"{name}: {min(taken):.2f} s ({statistics.median(taken):.2f})")
    once = {path.lstat().st_ino: path.lstat().st_size for path in folder.rglob("*")}
    print(f"{sum(once.values()) / 1e6:.1f} MB in {len(once)} files")


if __name__ == "__main__":
    main()
