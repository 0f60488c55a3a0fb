"""What is read from a picture before anything is predicted: a thumbnail, its frame, its film base.

Only here, and in a filter's `predict`, are pixels looked at for statistics. Rendering never is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Density
from orangemask.film_base import NO_BASE, FilmBase, find_film_base, looks_like_negative
from orangemask.frame import FLOOR, Frame, Light, Region, find_frame, whole_frame
from orangemask.image import Image
from orangemask.thumbnail import make_thumbnail

DENSEST = 3.0
"""D above base in every channel: denser than film gets. Data sheets end at 2.2 in Status M, which
narrow bands see as up to 2.9."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """A small linear copy of a picture and what was found in it.

    Attributes
    ----------
    thumbnail : (h, w, 3) float32
        Linear light in the source's RGB, area-averaged: transmittance of a scan.
    frame : Frame
        Picture, rebate, holder and bare light on the thumbnail.
    base : FilmBase
        Film base found there, or given.
    negative : float
        0…1, how much it looks like a colour negative.
    """

    thumbnail: NDArray[np.float32]
    frame: Frame
    base: FilmBase
    negative: float


def analyse(image: Image, base: FilmBase | None = None) -> Analysis:
    """Return the analysis of a picture; `base` replaces the film base that would be found."""
    return analyse_thumbnail(make_thumbnail(image), base)


def analyse_thumbnail(thumbnail: Light, base: FilmBase | None = None) -> Analysis:
    """Return the analysis of a picture by its thumbnail, (h, w, 3) float32 in linear light."""
    frame = find_frame(thumbnail)
    base = base or find_film_base(thumbnail, frame)
    frame = without_opaque(frame, thumbnail, base)
    return Analysis(thumbnail, frame, base, looks_like_negative(thumbnail, frame))


def analyse_photograph(image: Image) -> Analysis:
    """Return the analysis of what is not on film: a thumbnail that is all picture."""
    thumbnail = make_thumbnail(image)
    height, width = thumbnail.shape[:2]
    return Analysis(thumbnail, whole_frame(height, width, 1.0), NO_BASE, 0.0)


def without_opaque(frame: Frame, thumbnail: Light, base: FilmBase) -> Frame:
    """Return the frame without what is denser than film: holes, hairs, a holder not found.

    Where that would be most of the picture the film base is wrong, and nothing is taken out.
    """
    above = Density(FLOOR)(thumbnail) - np.asarray(base.density, np.float32)
    opaque = (above > DENSEST).all(axis=2) & frame.picture
    if not opaque.any() or opaque.sum() > 0.5 * frame.picture.sum():
        return frame
    labels = frame.labels.copy()
    labels[opaque] = Region.HOLDER
    return replace(frame, labels=labels)
