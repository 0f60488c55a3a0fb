"""The engine alone: ``python -m orangemask.engine``."""

from __future__ import annotations

import sys

from orangemask.engine import serve

if __name__ == "__main__":
    sys.exit(serve(sys.stdin.buffer, sys.stdout.buffer))
