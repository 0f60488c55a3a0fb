"""Verbs that list what a setting may be chosen from (``orangemask stocks``), with swatches."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from orangemask.cli.options import listed, verb_filters
from orangemask.cli.progress import say
from orangemask.filters import Choice, Context, Filter, Option

# Colours that are asked of a film, 8-bit sRGB of the ColorChecker (X-Rite, 2005): dark skin, light
# skin, blue sky, foliage, red, yellow, neutral 5, white.
SWATCHES = (
    (115, 82, 68),
    (194, 150, 130),
    (98, 122, 157),
    (87, 108, 67),
    (175, 54, 60),
    (231, 199, 31),
    (122, 122, 121),
    (243, 243, 242),
)


def add_verbs(verbs: Any) -> None:
    """Add a verb for every choice that has a list of its own."""
    for family in verb_filters().values():
        choice = listed(family[0])
        if choice is None:
            continue
        told = f"list what {family[0].verb} --{choice.name} may be"
        parser = verbs.add_parser(
            choice.plural, help=told, allow_abbrev=False,
            description=f"{told[:1].upper()}{told[1:]}. On a terminal with colour each is shown "
            "with what it makes of dark and light skin, sky, foliage, red, yellow, grey, white.",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="as JSON")
        parser.set_defaults(run=partial(run, one=family[0], choice=choice))


def run(options: argparse.Namespace, *, one: Filter, choice: Choice) -> int:
    """Print the list; return 1 if an option cannot be read."""
    broken = choice.broken() if choice.broken is not None else {}
    for told in broken.values():
        say(f"orangemask: {told}")
    offered = list(choice.by_name.values())
    if options.json:
        rows = [
            {
                "name": option.name,
                "label": option.label,
                **option.facts,
                **option.details,
                "doc": option.doc,
                "swatches": [
                    f"#{red:02x}{green:02x}{blue:02x}"
                    for red, green, blue in swatches(one, choice, option)
                ],
            }
            for option in offered
        ]
        print(json.dumps(rows, indent=1))
        return 1 if broken else 0
    shown = _has_colour()
    table = [_head(choice, offered), *(_cells(option) for option in offered)]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for row, option in zip(table, [None, *offered], strict=True):
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        if shown and option is not None:
            line += "  " + "".join(
                f"\x1b[48;2;{red};{green};{blue}m  "
                for red, green, blue in swatches(one, choice, option)
            )
        print(f"{line}\x1b[0m" if shown else line.rstrip(), flush=shown)
    return 1 if broken else 0


def swatches(one: Filter, choice: Choice, option: Option) -> list[tuple[int, int, int]]:
    """Return what an option makes of `SWATCHES`, 8-bit sRGB."""
    import numpy as np

    from orangemask.curves import SRGB
    from orangemask.film_base import NO_BASE
    from orangemask.render import full_transform
    from orangemask.spaces import space
    from orangemask.values import Values

    settings = one.checked_settings({choice.name: option.name})
    values = Values(one.name, one.defaults(), Context(NO_BASE, encoding="srgb", settings=settings))
    transform = full_transform((SRGB, SRGB, SRGB), one, values, space("srgb"))
    codes = transform(np.array(SWATCHES) / 255.0)
    whole = np.rint(255 * np.clip(codes, 0.0, 1.0)).astype(int)
    return [(int(red), int(green), int(blue)) for red, green, blue in whole]


def _head(choice: Choice, offered: Sequence[Option]) -> list[str]:
    """Return the columns' names; what is yes or no says so itself."""
    facts = offered[0].facts if offered else {}
    named = ["" if isinstance(fact, bool) else name for name, fact in facts.items()]
    return [choice.name, "", *named]


def _cells(option: Option) -> list[str]:
    """Return a row: the name, the label and each fact."""
    return [option.name, option.label, *(_cell(*fact) for fact in option.facts.items())]


def _cell(name: str, fact: str | float | bool) -> str:
    if isinstance(fact, bool):
        return name if fact else ""
    return fact if isinstance(fact, str) else f"{fact:g}"


def _has_colour() -> bool:
    """Return whether stdout is a terminal that shows 24-bit colour, and wants to."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():  # no-color.org
        return False
    told = os.environ.get("COLORTERM", "").lower()
    return told in ("truecolor", "24bit") or "WT_SESSION" in os.environ
