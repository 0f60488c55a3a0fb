"""Kinds of film: what the program takes masked, maskless, silver negatives and positives for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from inversion.simulated import SIZE, held_out
from orangemask.filters import find_filter
from orangemask.image import Image
from orangemask.render import predict_values
from training.kinds import FILM_KINDS
from training.simulator import draw_frame, draw_roll

SET = "kinds"
REFUSED = "refused"


def count_kinds(data: Path, count: int, seed: int) -> dict[str, Counter[str]]:
    """Return what `count` scans of each kind of film, half with border, were taken for.

    Scans that the program refuses to invert are counted as `REFUSED` besides.
    """
    one, simulator = find_filter("invert-c41"), held_out(data)
    found: dict[str, Counter[str]] = {}
    for kind in FILM_KINDS:
        found[kind] = Counter()
        rng = np.random.default_rng([seed, FILM_KINDS.index(kind)])
        for i in range(count):
            roll = draw_roll(simulator, rng, kind)
            frame = draw_frame(simulator, roll, rng, SIZE, dressed=i % 2 == 1)
            prediction = predict_values(Image(frame.negative), one, model="parametric")[1]
            found[kind][prediction.film.name if prediction.film else "?"] += 1
            found[kind][REFUSED] += bool(prediction.refusal)
    return found


def markdown(found: dict[str, Counter[str]]) -> str:
    """Return the table: a row for each true kind, in per cent."""
    names = (*FILM_KINDS, REFUSED)
    lines = [
        f"| kind of film, taken for | {' | '.join(names)} |",
        "| --- |" + " --: |" * len(names),
    ]
    for kind, counter in found.items():
        total = sum(counter[name] for name in FILM_KINDS)
        cells = [f"{counter[name] / total:.1%}" for name in names]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
