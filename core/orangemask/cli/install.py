"""``orangemask install``: put the plug-ins and scripts where the editors look."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from orangemask.install.places import HOSTS


def add_verbs(verbs: Any) -> None:
    """Add ``install``."""
    parser = verbs.add_parser(
        "install", help="put the plug-ins into GIMP and darktable", allow_abbrev=False,
        description="Copy the plug-in for GIMP and the scripts for darktable to where each of your "
        "editors looks for them, say where this program is, and print what was done. A second run "
        "changes only what is not up to date.",
    )  # fmt: skip
    parser.add_argument(
        "editor", choices=(*HOSTS, "all"), metavar="|".join((*HOSTS, "all")),
        help="which editors; of each, every version that is found",
    )  # fmt: skip
    parser.add_argument("--uninstall", action="store_true", help="take them away again")
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be done, do nothing"
    )
    parser.add_argument(
        "--prefix", type=Path, metavar="FOLDER", help="another home folder than yours"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Install or uninstall."""
    from orangemask.install.places import this_user
    from orangemask.install.work import install, uninstall

    wanted = HOSTS if options.editor == "all" else (options.editor,)
    work = uninstall if options.uninstall else install
    if options.dry_run:
        print("dry run, nothing is changed; without --dry-run this is done:")
    print("\n".join(work(this_user(options.prefix), wanted, dry_run=options.dry_run)))
    return 0
