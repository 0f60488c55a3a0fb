"""Start the benchmark: ``python tests/benchmarks/emulation --data DATA``."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "models")]
    from emulation.command import main

    sys.exit(main())
