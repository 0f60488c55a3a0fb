"""``python -m orangemask.cli``."""

from __future__ import annotations

from orangemask.cli import main

raise SystemExit(main())
