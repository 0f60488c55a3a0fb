"""The standalone program: `orangemask`, or under that name `orangemask-bridge`.

One file under two names keeps the archive smaller than two would.
"""

import sys
from pathlib import Path

if Path(sys.executable).stem == "orangemask-bridge":
    from orangemask_bridge.cli import main
else:
    from orangemask.cli import main

sys.exit(main())
