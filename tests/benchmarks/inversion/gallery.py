"""A contact sheet: negative, ours, the best classical method, truth.

The rows are not picked by eye: they are the frames whose error with the network is nearest to the
5th, 20th, 35th, 50th, 65th, 80th and 95th percentile of the set shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inversion.classical import encode
from inversion.metrics import score, truth_of
from inversion.product import NETWORK
from inversion.run import Row, single_methods
from inversion.scan import Codes, Scan
from inversion.simulated import draw, to_scan
from inversion.small import Stored

QUANTILES = (5, 20, 35, 50, 65, 80, 95)
SET = "dressed"
SCALE, GAP, CAPTION = 2, 8, 26  # a pixel's size in px; px; px


def chosen(errors: Sequence[float]) -> list[int]:
    """Return the indices of those nearest to the percentiles, least error first."""
    order = np.argsort(errors, kind="stable")
    places = [round(q / 100 * (len(errors) - 1)) for q in QUANTILES]
    return [int(order[place]) for place in dict.fromkeys(places)]


def tile(codes: Codes, caption: str) -> NDArray[np.uint8]:
    """Return sRGB codes (h, w, 3) as an 8-bit picture with a line of text beneath."""
    picture = np.rint(np.clip(codes, 0.0, 1.0) * 255.0).astype(np.uint8)
    picture = picture.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    strip = np.full((CAPTION, picture.shape[1], 3), 255, np.uint8)
    place, size, ink = (2, CAPTION - 9), 0.48, (20, 20, 20)
    cv2.putText(strip, caption, place, cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)
    return np.vstack([picture, strip])


def write_gallery(path: Path, data: Path, rows: Sequence[Row], seed: int, classical: str) -> None:
    """Write the contact sheet as a PNG.

    Parameters
    ----------
    path : Path
    data : Path
        Data folder, from which the frames are drawn again.
    rows : sequence of Row
        Of the set `SET`.
    seed : int
        Of the run.
    classical : str
        Name of the best classical method.
    """
    shown = [rows[i] for i in chosen([row["scores"][NETWORK]["delta_e"] for row in rows])]
    sheet = []
    for row in shown:
        (frame,) = draw(data, SET, row["index"], seed)
        errors = {name: row["scores"][name]["delta_e"] for name in (NETWORK, classical)}
        meta = row["meta"]
        captions = f"{meta['stock']}, {meta['kind']}", f"truth, {meta['exposure']:+.1f} EV"
        sheet.append(strip(to_scan(frame), frame.truth, errors, captions))
    save(path, sheet)


def write_small_gallery(path: Path, frames: Sequence[Stored], classical: str) -> None:
    """Write the contact sheet of the repository's own frames, which are free, as a PNG."""
    methods = single_methods(border=True)
    scores = []
    for frame in frames:
        area = frame.scan.area
        truth = truth_of(frame.truth[area])
        scores.append(
            {
                name: score(methods[name](frame.scan)(frame.scan.negative[area]), truth)["delta_e"]
                for name in (NETWORK, classical)
            }
        )
    shown = chosen([each[NETWORK] for each in scores])
    captions = "negative", "truth"
    save(path, [strip(frames[i].scan, frames[i].truth, scores[i], captions) for i in shown])


def strip(
    scan: Scan, truth: Codes, errors: Mapping[str, float], captions: tuple[str, str]
) -> NDArray[np.uint8]:
    """Return one row: negative, the methods named in `errors`, linear sRGB truth."""
    methods = single_methods(border=True)
    tiles = [tile(encode(scan.negative), captions[0])]
    for name, error in errors.items():
        label = "Orangemask" if name == NETWORK else "best classical"
        tiles.append(tile(methods[name](scan)(scan.negative), f"{label}: {error:.1f}"))
    tiles.append(tile(encode(truth), captions[1]))
    gap = np.full((tiles[0].shape[0], GAP, 3), 255, np.uint8)
    return np.hstack([part for one in tiles for part in (one, gap)][:-1])


def save(path: Path, sheet: Sequence[NDArray[np.uint8]]) -> None:
    """Write rows as one picture.

    Raises
    ------
    ValueError
        The file cannot be written.
    """
    if not cv2.imwrite(str(path), np.vstack(sheet)[:, :, ::-1]):
        raise ValueError(f"cannot write {path}")
