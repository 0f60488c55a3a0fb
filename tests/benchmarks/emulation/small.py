"""The small form: the scenes of tests/data/inversion on a few stocks, beside recorded numbers."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from inversion.small import ACROSS, DOWN, TRUTHS, WORSE
from inversion.small import FOLDER as FRAMES

from emulation.pictures import BARE, METHODS, UNTOUCHED, Taken, measure, take
from emulation.report import Table, summarise
from orangemask_filters.film_emulate.exposure import Scene
from orangemask_filters.film_emulate.prediction import NETWORK
from training.scenes import srgb_to_linear

RECORDED = FRAMES.parent / "emulation/recorded.json"
STOCKS = ("kodak-portra-400", "kodak-gold-200", "fuji-velvia-50", "kodak-vision3-500t")
SETS = ("together", UNTOUCHED)
SEED = 2026
LEAST = 0.3  # ΔE; less of a change is none


def load() -> list[dict[str, Taken]]:
    """Return the repository's scenes, each taken wrongly and well.

    Raises
    ------
    ValueError
        The sheet cannot be read.
    """
    path = FRAMES / TRUTHS
    sheet = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if sheet is None:
        raise ValueError(f"cannot read {path}: not a picture that OpenCV decodes")
    light = srgb_to_linear(np.asarray(sheet, np.uint8))
    rows = [part for row in np.vsplit(light, DOWN) for part in np.hsplit(row, ACROSS)]
    rng = np.random.default_rng(SEED)
    scenes = [Scene()(row) for row in rows]
    return [{name: take(scene, name, rng) for name in SETS} for scene in scenes]


def table(methods: tuple[str, ...] = METHODS) -> Table:
    """Return what is measured."""
    return summarise(measure(load(), STOCKS, methods), SETS, methods)


def recorded(path: Path = RECORDED) -> Table:
    """Return what was recorded."""
    found: Table = json.loads(path.read_text("utf-8"))
    return found


def worse(found: Table, wanted: Table, method: str = NETWORK.name) -> list[str]:
    """Return a sentence for each of a method's numbers that is too much worse than recorded."""
    return [
        f"{method}: {name} is {found[method][name]:.2f}, recorded {wanted[method][name]:.2f}; at "
        f"most {WORSE:g} times that is allowed"
        for name in SETS
        if found[method][name] > max(WORSE * wanted[method][name], LEAST)
    ]


def main(*, record: bool) -> int:
    """Print the table; compare it with what is recorded, or record it. Return the exit status."""
    found = table()
    print("| repository's scenes, n = 18, on 4 stocks | all at once | nothing wrong |")
    print("| --- | --: | --: |")
    for name, row in found.items():
        print(f"| {name} | " + " | ".join(f"{row[each]:.2f}" for each in SETS) + " |")
    if record:
        kept = {
            name: {key: round(value, 3) for key, value in found[name].items()}
            for name in (BARE, NETWORK.name)
        }
        RECORDED.parent.mkdir(parents=True, exist_ok=True)
        RECORDED.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        return 0
    complaints = worse(found, recorded())
    print("\n".join(complaints), end="\n" if complaints else "", file=sys.stderr)
    return 1 if complaints else 0
