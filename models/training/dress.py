"""What surrounds a picture on the scan: film border, holder, bare light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PICTURE, REBATE, HOLDER, BARE = 0, 1, 2, 3
PLAIN = 0.4  # share of scans cropped to the picture


@dataclass(frozen=True, slots=True)
class Dressing:
    """The layout of a scan.

    Attributes
    ----------
    labels : (h, w) uint8
        `PICTURE`, `REBATE`, `HOLDER` or `BARE`.
    top, left, height, width : int
        Rectangle of the picture in px.
    printing : (h, w) bool
        Exposed edge markings within the rebate.
    """

    labels: NDArray[np.uint8]
    top: int
    left: int
    height: int
    width: int
    printing: NDArray[np.bool_]


def plain(h: int, w: int) -> Dressing:
    """Return the layout of a scan that shows nothing but the picture."""
    return Dressing(np.zeros((h, w), np.uint8), 0, 0, h, w, np.zeros((h, w), bool))


def draw_margins(rng: np.random.Generator, h: int, w: int, largest: float) -> list[int]:
    """Return widths in px left, right, top and bottom; each may be none."""
    sides = np.asarray([w, w, h, h]) * largest * rng.uniform(0.0, 1.0, 4) * (rng.random(4) < 0.75)
    return [int(side) for side in sides]


def draw_dressing(rng: np.random.Generator, h: int, w: int, plain_share: float = PLAIN) -> Dressing:
    """Return a random layout: from outside in bare light or holder, film with holes, picture.

    Parameters
    ----------
    rng : Generator
    h, w : int
        Size of the scan in px.
    plain_share : float
        Probability of a scan without any surround.
    """
    if rng.random() < plain_share:
        return plain(h, w)
    labels = np.full((h, w), HOLDER if rng.random() < 0.65 else BARE, np.uint8)
    outer = draw_margins(rng, h, w, 0.12) if rng.random() < 0.7 else [0, 0, 0, 0]
    left, right, top, bottom = outer
    if labels[0, 0] == HOLDER and rng.random() < 0.2:  # a gap between film and holder
        gap = int(rng.integers(1, 4))
        labels[max(0, top - gap) : h - bottom + gap, max(0, left - gap) : w - right + gap] = BARE
    labels[top : h - bottom, left : w - right] = REBATE
    film = (top, h - bottom, left, w - right)

    margins = draw_margins(rng, h, w, 0.10)
    perforated = rng.random() < 0.35
    lengthwise = rng.random() < 0.8
    if perforated:  # 35 mm: the holes take a sixth of the film's width on either side
        sides = (2, 3) if lengthwise else (0, 1)
        for side in sides:
            margins[side] = max(margins[side], int((h if lengthwise else w) * 0.13))
    if sum(margins) == 0:
        margins = [2, 2, 2, 2]
    m_left, m_right, m_top, m_bottom = margins
    top, bottom = film[0] + m_top, film[1] - m_bottom
    left, right = film[2] + m_left, film[3] - m_right
    if perforated:
        punch(rng, labels, film, lengthwise)
    printing = np.zeros((h, w), bool)
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(2, 9))):
            y, x = int(rng.integers(film[0], film[1])), int(rng.integers(film[2], film[3]))
            printing[y : y + 2, x : x + int(rng.integers(1, 6))] = True
    printing &= labels == REBATE
    labels[top:bottom, left:right] = PICTURE
    printing &= labels == REBATE
    return Dressing(labels, top, left, bottom - top, right - left, printing)


def punch(
    rng: np.random.Generator,
    labels: NDArray[np.uint8],
    film: tuple[int, int, int, int],
    lengthwise: bool,
) -> None:
    """Draw two rows of holes into the film, in place; light or holder shows through them."""
    top, bottom, left, right = film
    behind = BARE if rng.random() < 0.75 else HOLDER
    across = bottom - top if lengthwise else right - left
    along = right - left if lengthwise else bottom - top
    # 35 mm film: holes 2.8 mm × 2.0 mm, pitch 4.75 mm, 2.0 mm from the edge of 35 mm.
    unit = across / 35.0
    pitch, hole_along, hole_across = 4.75 * unit, 2.0 * unit, 2.8 * unit
    phase = rng.uniform(0.0, pitch)
    for start in np.arange(phase - pitch, along, pitch):
        a = slice(max(0, round(start)), max(0, round(start + hole_along)))
        for edge in (2.0 * unit, across - 2.0 * unit - hole_across):
            b = slice(round(edge), round(edge + hole_across))
            area = labels[top:bottom, left:right]
            area[(b, a) if lengthwise else (a, b)] = behind
