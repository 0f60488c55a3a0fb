"""Where the picture is: what of a scan is picture, bare film, holder and bare light.

Statistics of a scan mean nothing when a black holder or a clipped light table is in them. This
module labels a thumbnail by physics and geometry: a holder is far denser than any picture and runs
along a whole side; bare light is brighter than film can be, by the density of the orange mask;
rebate is the least density of the film, and ends on a straight line. Where that does not hold the
answer is "all picture": a border left in costs a little accuracy, a picture cut costs a picture.

The four sides are found one by one. Along each line from a side inwards the run of pixels that are
holder, light or bare film is measured; the picture's edge is the straight line, slanted by a few
degrees at most, on which the most runs end. Letters on the rebate and black things in the scene
make some runs shorter or longer and do not move it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Density
from orangemask.thumbnail import Mask, close, components, grow, rough_quantile, spread

Light: TypeAlias = NDArray[np.float32]

FLOOR = 1e-4
"""Transmittance of the darkest level that counts, D = 4: the black of any scanner."""

HOLDER_DENSITY = 1.6
"""D of a holder above the brightest film, at least, in its brightest channel. Red, the brightest
channel of a negative, spans 1.3 D from base to a bright sky in the scene."""

LIGHT_GAP = (0.0, 0.2, 0.3)
"""D by which film is denser than bare light, red, green, blue, beyond what it is in red. About half
of what Status M densities of C-41 base give: .22, .62, .83 D."""

LIGHT_CAST = 0.35
"""D by which bare light may be darker in blue than in red; film base is darker by .6 D."""

FLAT = 0.012
"""D by which bare light differs from itself; also from full scale where the scanner cuts it off."""

BASE_TOLERANCE = 0.07
"""D by which rebate may differ from itself: uneven light and grain of a thumbnail."""

WIDEST_REBATE, WIDEST_PERFORATED = 0.12, 0.25
"""Rebate that is believed, relative to the thumbnail's side; 35 mm film is 16 % on either side.
More is rather a dark sea below a straight horizon."""

SLANTS = np.tan(np.radians(np.arange(-4.0, 4.01, 0.5)))
"""Slants of a picture's edge that are tried, as rise over run."""

SMALLEST_SIDE = 12
"""Thumbnails with a shorter side (px) are not searched."""


class Region(IntEnum):
    """What a pixel shows."""

    PICTURE = 0
    REBATE = 1
    HOLDER = 2
    LIGHT = 3


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What of a thumbnail is picture.

    Attributes
    ----------
    labels : (h, w) uint8
        A `Region` for each pixel.
    confidence : float
        0 to 1: how sure the borders are. 0 where the search was declined and all is PICTURE.
    box : tuple of 4 floats
        x, y, width and height of the smallest upright rectangle around the picture, relative to
        the width and height of the whole.
    """

    labels: NDArray[np.uint8]
    confidence: float
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    @property
    def picture(self) -> Mask:
        """(h, w) bool: where the picture is."""
        return np.asarray(self.labels == Region.PICTURE)


def whole_frame(height: int, width: int, confidence: float = 0.0) -> Frame:
    """Return the frame of a thumbnail that is all picture."""
    return Frame(np.zeros((height, width), np.uint8), confidence)


def find_frame(thumbnail: Light) -> Frame:
    """Return what of a thumbnail is picture, rebate, holder and bare light.

    Parameters
    ----------
    thumbnail : (h, w, 3) float32
        Linear light, as of `make_thumbnail`; the scale does not matter.

    Returns
    -------
    Frame
        All PICTURE where nothing is found (confidence 1 if the borders clearly belong to the
        picture) and where what is found makes no sense (confidence 0).
    """
    height, width = thumbnail.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        return whole_frame(height, width)
    planes = np.ascontiguousarray(np.moveaxis(thumbnail, 2, 0), np.float32)
    density = Density(FLOOR)(planes)  # (3, h, w)
    holder = _find_holder(density)
    light = _find_light(density, holder)
    known = grow(holder | light, 1)
    base = _find_base(density, grow(known, 1))
    widest = WIDEST_REBATE
    if base.any():
        holes = _find_dark_holes(density, holder, base)
        widest = WIDEST_PERFORATED if holes.any() or light.any() else WIDEST_REBATE
        holder = holder | holes
        known = grow(holder | light, 1)
    frame = _assemble(close(known | base), known, holder, light, base, widest)
    if frame is None and base.any():
        frame = _assemble(known, known, holder, light, np.zeros_like(base), widest)
    return frame or whole_frame(height, width)


def _assemble(
    outside: Mask, known: Mask, holder: Mask, light: Mask, base: Mask, widest: float
) -> Frame | None:
    """Return the frame inside four straight edges, None where it makes no sense."""
    height, width = outside.shape
    inside = np.ones((height, width), bool)
    confidence = 1.0
    for turns in range(4):
        depth, support = _side(np.rot90(outside, turns), np.rot90(known, turns), widest)
        confidence = min(confidence, support)
        cut = np.arange((height, width)[turns % 2])[:, None] < depth[None, :]
        inside &= ~np.rot90(cut, -turns)
    if inside.mean() < 0.08 or (inside & ~outside).sum() < 0.25 * inside.sum():
        return None
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    y, x = int(rows[0]), int(columns[0])
    h, w = int(rows[-1]) + 1 - y, int(columns[-1]) + 1 - x
    if max(h, w) > 8 * min(h, w):
        return None
    # The blurred rim of a holder or a light is of no use to anyone; letters count as rebate.
    rest = Region.REBATE if (base & ~inside).any() else Region.HOLDER
    labels = np.where(inside, Region.PICTURE, rest).astype(np.uint8)
    labels[~inside & grow(holder, 2) & ~base] = Region.HOLDER
    labels[~inside & grow(light, 2) & ~base] = Region.LIGHT
    # A holder's rounded corner or a hair reaches into the picture a little, a black tree far.
    deep = ~grow(~inside, max(2, min(h, w) // 16))
    labels[holder & ~deep] = Region.HOLDER
    labels[light] = Region.LIGHT
    return Frame(labels, float(confidence), (x / width, y / height, w / width, h / height))


def _find_dark(density: NDArray[np.float32]) -> Mask:
    least = np.minimum(np.minimum(density[0], density[1]), density[2])
    return np.asarray(least > rough_quantile(least, 0.02) + HOLDER_DENSITY, bool)


def _find_dark_holes(density: NDArray[np.float32], holder: Mask, base: Mask) -> Mask:
    """Return perforations through which a dark holder is seen: all around them is base."""
    labels, count = components(_find_dark(density) & ~holder)
    if count < 2:
        return np.zeros(holder.shape, bool)
    wide = spread(labels, 4)
    rim = (wide > 0) & ~grow(labels > 0, 2)
    total = np.bincount(wide[rim], minlength=count)
    framed = np.bincount(wide[rim & base], minlength=count) > 0.6 * np.maximum(total, 1)
    framed[0] = False
    return framed[labels]


def _find_holder(density: NDArray[np.float32]) -> Mask:
    """Return what is far denser than the rest, joined to and along the whole of a side."""
    dark = _find_dark(density)
    if not dark.any():
        return dark
    labels, count = components(dark)
    keep = np.zeros(count, bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        share = np.bincount(side, minlength=count) / len(side)
        keep |= share > 0.9
    # Pieces of one holder that a strip of film or light cuts apart.
    if keep[1:].any():
        edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
        keep |= np.bincount(edge, minlength=count) > 0
    return keep[labels] & dark


def _find_light(density: NDArray[np.float32], holder: Mask) -> Mask:
    """Return what is brighter than film can be: by its colour, or cut off and next to bare film."""
    closed_off = grow(holder, 2)
    least = np.array([rough_quantile(plane, 0.0005) for plane in density], np.float32)
    blue = (density[2] < least[2] + 0.15) & ~holder
    if blue.any() and blue.mean() < 0.5:
        level = np.median(density[:, blue], axis=1)
        rest = ~(grow(blue, 2) | closed_off)
        if level[2] - level[0] < LIGHT_CAST and rest.sum() > 0.05 * rest.size:
            film = np.quantile(density[:, rest], 0.01, axis=1)
            gap = film - level
            if gap[0] > 0.0 and (gap - gap[0] > LIGHT_GAP)[1:].all():
                middle = (film[0], *(level + film)[1:] / 2)  # within the blur of its edge
                return np.asarray(blue | _below(middle, density) & ~holder, bool)
    flat = _below(least + FLAT, density) & ~holder
    around = grow(flat, 4) & ~grow(flat, 2) & ~closed_off
    if 0.003 * flat.size < flat.sum() < 0.5 * flat.size and around.sum() > 30:
        values = density[:, around]  # (3, n)
        film = np.median(values, axis=1)
        alike = (np.abs(values - film[:, None]) < BASE_TOLERANCE).all(axis=0).mean()
        # A perforation borders on base in one step, a dark thing of the scene on a scene.
        clipped = bool((least < FLAT).all())
        step = float((film - least).mean())
        if alike > (0.6 if clipped else 0.7) and step > (0.04 if clipped else 0.1):
            return _below((least + film) / 2, density) & ~holder
    return np.zeros(holder.shape, bool)


def _below(levels: Sequence[float] | NDArray[np.floating], density: NDArray[np.float32]) -> Mask:
    """Return where every channel is less dense than its level."""
    red, green, blue = density
    return np.asarray((red < levels[0]) & (green < levels[1]) & (blue < levels[2]), bool)


def _find_base(density: NDArray[np.float32], known: Mask) -> Mask:
    """Return the pixels of the least density of the film, if its border has that density."""
    film = ~known
    none = np.zeros(known.shape, bool)
    if film.sum() < 0.05 * film.size:
        return none
    ring = grow(known, 3) if known.any() else none.copy()
    ring[:3] = ring[-3:] = ring[:, :3] = ring[:, -3:] = True
    values = density[:, ring & film]  # (3, n)
    if values.shape[1] < 30:
        return none
    bins = np.floor(values.mean(axis=0) / 0.03).astype(np.int64)
    bins -= bins.min()
    counts = np.convolve(np.bincount(bins), (1, 1, 1), "same")
    crowded = np.flatnonzero(counts > 0.06 * len(bins))
    if not len(crowded):
        return none
    base = np.median(values[:, np.abs(bins - crowded[0]) <= 1], axis=1)
    lower = np.zeros(known.shape, bool)
    near = film.copy()
    for plane, level in zip(density, base, strict=True):
        lower |= plane < level - 1.5 * BASE_TOLERANCE
        near &= np.abs(plane - level) < BASE_TOLERANCE
    return near if (lower & film).sum() < 0.01 * film.sum() else none


def _side(outside: Mask, known: Mask, widest: float) -> tuple[NDArray[np.int64], float]:
    """Return the upper edge with the rebate above it, without where that is doubtful."""
    plain, sure = _edge(known)
    # Printing on the rebate is 2 mm high on 35 mm film.
    depth, support = _edge(close(outside, max(3, known.shape[0] // 14), 1))
    if not depth.any() or np.median(depth - plain) > widest * known.shape[0]:
        return plain, min(sure, 0.5 + 0.5 * support)
    return depth, support


def _edge(outside: Mask) -> tuple[NDArray[np.int64], float]:
    """Return the rows above the picture for each column, and the share of columns that agree."""
    height, width = outside.shape
    run = np.where(outside.all(0), height, np.argmin(outside, axis=0))
    nothing = np.zeros(width, np.int64)
    if (run <= 1).mean() > 0.9:
        return nothing, 1.0
    x = np.arange(width) - width / 2
    # Corners belong to the neighbouring sides.
    middle = np.abs(x) < 0.46 * width
    seen = middle & (run < 0.6 * height)
    best, best_line = 0.0, (0.0, 0.0)
    for slant in SLANTS:
        offset = run[seen] - slant * x[seen]
        if not len(offset):
            break
        bins = np.bincount(np.maximum(np.round(offset), 0).astype(np.int64), minlength=4)
        votes = np.convolve(bins, (0.5, 1.0, 0.5), "same")
        votes[:2] = 0
        # A black thing in the scene lengthens runs, a letter shortens them; more of either than
        # this and the line is no edge. A level line is preferred where two are as good.
        short = np.cumsum(bins) - bins
        votes = np.where(short > 0.3 * middle.sum(), 0, votes) / middle.sum() - 0.2 * abs(slant)
        if votes.max() > best:
            best, best_line = float(votes.max()), (float(slant), float(np.argmax(votes)))
    if best < 0.3:
        return nothing, float((run <= 2).mean())
    slant, offset_at = best_line
    depth = np.ceil(offset_at + slant * x).astype(np.int64)
    return np.clip(depth, 0, height), min(1.0, best / 0.7)
