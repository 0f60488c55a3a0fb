"""What surrounds a picture on the scan: rebate, neighbouring frames, holder, bare light.

Everything is laid out straight on the film, then the film is turned in the scan. The holder
does not turn with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.films import Array
from training.scenes import Pixels

PICTURE, REBATE, HOLDER, BARE, NEIGHBOUR = 0, 1, 2, 3, 4
PLAIN = 0.4  # share of scans cropped to the picture
LARGEST_ANGLE = 4.0  # degrees
FRAME_GAPS = (1.0, 2.5)  # mm of unexposed film between frames, which cameras vary
# 35 mm film, ISO 1007 and the KS perforation of ISO 491: all in mm.
FILM_WIDTH, PICTURE_LENGTH, PICTURE_MARGIN = 35.0, 36.0, 5.5
PITCH, HOLE_ALONG, HOLE_ACROSS, HOLE_FROM_EDGE = 4.75, 2.0, 2.8, 2.0

Box = tuple[int, int, int, int]  # top, bottom, left, right in px


@dataclass(frozen=True, slots=True)
class Dressing:
    """The layout of a scan.

    Attributes
    ----------
    labels : (h, w) uint8
        `PICTURE`, `REBATE`, `HOLDER`, `BARE` or `NEIGHBOUR`, as scanned.
    top, left, height, width : int
        Rectangle of the picture in px before the film is turned; it reaches beyond the scan
        where that cuts into the picture.
    printing : (h, w) bool
        Exposed edge markings within the rebate.
    angle : float
        Degrees by which the film is turned counter-clockwise about the middle of the scan.
    """

    labels: NDArray[np.uint8]
    top: int
    left: int
    height: int
    width: int
    printing: NDArray[np.bool_]
    angle: float = 0.0

    def place(self, picture: Pixels) -> Pixels:
        """Return the picture (height, width, 3) where the scan has it, as (h, w, 3).

        Interpolated linearly; beyond its edges it is mirrored, which is what `NEIGHBOUR` shows.
        """
        h, w = self.labels.shape
        straight = self.angle == 0.0
        if straight and (self.top, self.left, self.height, self.width) == (0, 0, h, w):
            return picture
        onto = turn(h, w, self.angle)
        onto[:, 2] += onto[:, :2] @ (self.left, self.top)
        how = cv2.INTER_NEAREST if straight else cv2.INTER_LINEAR
        placed = cv2.warpAffine(picture, onto, (w, h), flags=how, borderMode=cv2.BORDER_REFLECT_101)
        return np.asarray(placed, dtype=np.float32)


def turn(h: int, w: int, angle: float) -> Array:
    """Return the affine (2, 3) that turns pixels (x, y) of a scan about its middle."""
    return np.asarray(cv2.getRotationMatrix2D(((w - 1) / 2.0, (h - 1) / 2.0), angle, 1.0))


def plain(h: int, w: int) -> Dressing:
    """Return the layout of a scan that shows nothing but the picture."""
    return Dressing(np.zeros((h, w), np.uint8), 0, 0, h, w, np.zeros((h, w), bool))


def draw_angle(rng: np.random.Generator) -> float:
    """Return degrees: none for a third, mostly below 1, up to `LARGEST_ANGLE`."""
    kind = rng.random()
    if kind < 0.33:
        return 0.0
    if kind < 0.93:
        return float(np.clip(rng.normal(0.0, 0.5), -LARGEST_ANGLE, LARGEST_ANGLE))
    return float(rng.uniform(-LARGEST_ANGLE, LARGEST_ANGLE))


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
    angle = draw_angle(rng)
    has_holder = rng.random() < 0.65
    outer = draw_margins(rng, h, w, 0.12) if rng.random() < 0.7 else [0, 0, 0, 0]
    film = (outer[2], h - outer[3], outer[0], w - outer[1])
    # Film lies under the holder's edge, but for one holder in five that shows light beside it.
    under = -int(rng.integers(1, 4)) if rng.random() < 0.2 else max(h, w)
    labels = np.full((h, w), BARE, np.uint8)
    fill(labels, grown(film, outer, under) if has_holder else film, REBATE)

    perforated, lengthwise = rng.random() < 0.35, rng.random() < 0.8
    if perforated:
        punch(rng, labels, film, lengthwise)
    printing = draw_printing(rng, labels, film)
    margins = draw_margins(rng, film[1] - film[0], film[3] - film[2], 0.10)
    if perforated:
        across = film[1] - film[0] if lengthwise else film[3] - film[2]
        for side in (2, 3) if lengthwise else (0, 1):
            margins[side] = max(margins[side], round(PICTURE_MARGIN / FILM_WIDTH * across))
    gaps = draw_gaps(rng, film, margins, lengthwise) if rng.random() < 0.25 else []
    if sum(margins) == 0 and sum(outer) == 0:
        margins = [2, 2, 2, 2]
    picture = (
        film[0] + margins[2],
        film[1] - margins[3],
        film[2] + margins[0],
        film[3] - margins[1],
    )
    for side, gap in gaps:
        fill(labels, beyond(picture, film, side, gap), NEIGHBOUR)
    printing &= labels == REBATE
    picture = draw_picture(rng, labels, picture, angle)
    printing &= labels == REBATE

    if angle != 0.0:
        labels, printing = turn_film(labels, printing, angle)
    if has_holder and sum(outer) > 0:
        outside = draw_aperture(rng, h, w, film) == 0
        labels[outside] = HOLDER
        printing &= ~outside
    if not (labels == PICTURE).any():  # a scan of a few px
        return plain(h, w)
    top, bottom, left, right = picture
    return Dressing(labels, top, left, bottom - top, right - left, printing, angle)


def fill(labels: NDArray[np.uint8], box: Box, label: int) -> None:
    """Write a label into a box, in place; what lies outside the array is left out."""
    top, bottom, left, right = (max(0, side) for side in box)
    labels[top:bottom, left:right] = label


def grown(box: Box, outer: list[int], by: int) -> Box:
    """Return a box with the sides that have a margin moved out by `by` px."""
    left, right, top, bottom = (by if margin else 0 for margin in outer)
    return box[0] - top, box[1] + bottom, box[2] - left, box[3] + right


def draw_gaps(
    rng: np.random.Generator, film: Box, margins: list[int], lengthwise: bool
) -> list[tuple[int, int]]:
    """Return where neighbouring frames show, as (side, gap in px); widens `margins` for them.

    The sides count as in `margins`: left, right, top, bottom.
    """
    first, last = (2, 3) if lengthwise else (0, 1)
    along = film[last] - film[first]
    sides = (0, 1) if lengthwise else (2, 3)
    chosen = sides if rng.random() < 0.4 else (sides[int(rng.integers(2))],)
    gaps, visible = rng.uniform(*FRAME_GAPS, 2), rng.uniform(0.01, 0.08, 2)
    # The picture's own length follows from what gaps and neighbours leave of the film.
    n = len(chosen)
    other = sum(margins[side] for side in sides if side not in chosen)
    length = (along - other) / (1.0 + gaps[:n].sum() / PICTURE_LENGTH + visible[:n].sum())
    widths = []
    for side, gap, share in zip(chosen, gaps, visible, strict=False):
        width = max(1, round(gap * length / PICTURE_LENGTH))
        margins[side] = width + max(1, round(share * length))
        widths.append((side, width))
    return widths


def beyond(picture: Box, film: Box, side: int, gap: int) -> Box:
    """Return the box from `gap` px beyond a side of the picture to the end of the film."""
    top, bottom, left, right = picture
    return (
        (top, bottom, film[2], left - gap),
        (top, bottom, right + gap, film[3]),
        (film[0], top - gap, left, right),
        (bottom + gap, film[1], left, right),
    )[side]


def draw_printing(
    rng: np.random.Generator, labels: NDArray[np.uint8], film: Box
) -> NDArray[np.bool_]:
    """Return (h, w) bool: short strokes of edge markings, on six films in ten none."""
    printing = np.zeros(labels.shape, bool)
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(2, 9))):
            y, x = int(rng.integers(film[0], film[1])), int(rng.integers(film[2], film[3]))
            printing[y : y + 2, x : x + int(rng.integers(1, 6))] = True
    return printing


def draw_picture(
    rng: np.random.Generator, labels: NDArray[np.uint8], picture: Box, angle: float
) -> Box:
    """Label the picture, in place, and return its rectangle.

    A side that meets the edge of the scan is moved out: the crop cuts into the picture, by
    as much as the turned film needs and up to 3 % more. Other sides may be a little oblique.
    """
    h, w = labels.shape
    slack = int(np.ceil(np.tan(np.radians(abs(angle))) * max(h, w) / 2.0)) + 1 if angle else 0
    cut = rng.uniform(0.0, 0.03, 4) * (rng.random(4) < 0.5) * np.asarray([h, h, w, w])
    slacks = [slack + int(part) for part in cut]
    uneven = rng.uniform(0.0, 0.012) * min(h, w) if rng.random() < 0.4 else 0.0
    steps = np.abs(rng.normal(0.0, 0.5, (2, 4))) * uneven  # inward, of the ends of each side
    top, bottom, left, right = picture
    if top <= 0:
        top, steps[:, 0] = -slacks[0], 0.0
    if bottom >= h:
        bottom, steps[:, 1] = h + slacks[1], 0.0
    if left <= 0:
        left, steps[:, 2] = -slacks[2], 0.0
    if right >= w:
        right, steps[:, 3] = w + slacks[3], 0.0
    (t0, b0, l0, r0), (t1, b1, l1, r1) = np.rint(steps).astype(int)
    corners = [
        (left + l0, top + t0),
        (right - 1 - r0, top + t1),
        (right - 1 - r1, bottom - 1 - b1),
        (left + l1, bottom - 1 - b0),
    ]
    cv2.fillConvexPoly(labels, np.asarray(corners, np.int32), PICTURE)
    return top, bottom, left, right


def turn_film(
    labels: NDArray[np.uint8], printing: NDArray[np.bool_], angle: float
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return labels and printing of the turned film, each pixel that of the nearest."""
    h, w = labels.shape
    both = np.stack([labels, printing.view(np.uint8)], axis=2)
    turned = cv2.warpAffine(
        both,
        turn(h, w, angle),
        (w, h),
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.ascontiguousarray(turned[:, :, 0]), turned[:, :, 1] > 0


def draw_aperture(rng: np.random.Generator, h: int, w: int, film: Box) -> NDArray[np.uint8]:
    """Return (h, w), 1 where the holder is open: uneven sides, corners rounded or sharp."""
    top, bottom, left, right = film
    corners = np.asarray([(left, top), (right, top), (right, bottom), (left, bottom)], float)
    corners += rng.normal(0.0, 0.003, (4, 2)) * (w, h)
    # A side that is outside the scan stays outside: well beyond, so that no corner shows.
    corners[[0, 3], 0] -= w * (left == 0)
    corners[[1, 2], 0] += w * (right == w)
    corners[[0, 1], 1] -= h * (top == 0)
    corners[[2, 3], 1] += h * (bottom == h)
    is_open = np.zeros((h, w), np.uint8)
    cv2.fillConvexPoly(is_open, np.rint(corners - 0.5).astype(np.int32), 1)
    radius = round(rng.uniform(0.0, 0.05) * min(h, w)) if rng.random() < 0.5 else 0
    if radius > 0:
        # Opening with a disc leaves only what a disc within the aperture reaches.
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        rounded = cv2.morphologyEx(is_open, cv2.MORPH_OPEN, disc)
        return np.asarray(rounded, dtype=np.uint8)
    return is_open


def punch(rng: np.random.Generator, labels: NDArray[np.uint8], film: Box, lengthwise: bool) -> None:
    """Draw two rows of holes into the film, in place; light or holder shows through them."""
    top, bottom, left, right = film
    behind = BARE if rng.random() < 0.75 else HOLDER
    across = bottom - top if lengthwise else right - left
    along = right - left if lengthwise else bottom - top
    unit = across / FILM_WIDTH
    pitch, hole_along, hole_across = PITCH * unit, HOLE_ALONG * unit, HOLE_ACROSS * unit
    phase = rng.uniform(0.0, pitch)
    area = labels[top:bottom, left:right]
    for start in np.arange(phase - pitch, along, pitch):
        a = slice(max(0, round(start)), max(0, round(start + hole_along)))
        for edge in (HOLE_FROM_EDGE * unit, across - HOLE_FROM_EDGE * unit - hole_across):
            b = slice(round(edge), round(edge + hole_across))
            area[(b, a) if lengthwise else (a, b)] = behind
