"""A picture of pictures: taken wrongly, as a fixed LUT, best rule and ours show it, and the truth.

The scenes are the repository's own, which are free. Which is wrong in which way is drawn, and the
rows are those at even places of the order of the network's error: none is picked by eye.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from inversion.classical import encode
from inversion.gallery import tile
from numpy.typing import NDArray

from emulation import small
from emulation.pictures import (
    BARE,
    FILTER,
    HEURISTICS,
    METHODS,
    context_of,
    measure,
    predicted,
    render,
)
from orangemask_filters.film_emulate.prediction import NETWORK

STOCK = "kodak-gold-200"
ROWS = 6
GAP, QUALITY = 8, 88  # px; of the JPEG


def write(path: Path) -> None:
    """Write the picture."""
    pictures = small.load()
    found = measure(pictures, [STOCK])[0, :, 0]  # (pictures, methods)
    rule = min(HEURISTICS, key=lambda name: found[:, METHODS.index(name)].mean())
    order = np.argsort(found[:, METHODS.index(NETWORK.name)], kind="stable")
    rows = []
    for index in order[np.linspace(0, len(order) - 1, ROWS).round().astype(int)]:
        taken = pictures[index]["together"]
        context = context_of(STOCK, is_scene=False)
        wrong = taken.wrong
        text = f"{wrong.ev:+.1f} EV, {wrong.kelvin:+.0f} K, contrast {wrong.contrast:.2f}"
        tiles = [tile(encode(taken.light), text)]
        for name, title in ((BARE, "fixed LUT"), (rule, rule), (NETWORK.name, "ours")):
            codes = render(taken.light, predicted(taken, context, name), context)
            tiles.append(tile(codes, f"{title}, {found[index, METHODS.index(name)]:.1f}"))
        tiles.append(tile(render(taken.well, FILTER.defaults(), context), "taken well"))
        rows.append(_joined(tiles, axis=1))
    whole = _joined(rows, axis=0)
    if not cv2.imwrite(str(path), whole[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY]):
        raise ValueError(f"cannot write {path}")


def _joined(parts: list[NDArray[np.uint8]], axis: int) -> NDArray[np.uint8]:
    """Return pictures beside or below one another with a white gap between."""
    shape = list(parts[0].shape)
    shape[axis] = GAP
    gap = np.full(shape, 255, np.uint8)
    spaced = [piece for part in parts for piece in (part, gap)][:-1]
    return np.concatenate(spaced, axis=axis)
