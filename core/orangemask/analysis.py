"""What is read from a picture before anything is predicted: a thumbnail, its frame, its film base.

Only here, and in a filter's `predict`, are pixels looked at for statistics. Rendering never is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orangemask.film_base import FilmBase, find_film_base, looks_like_negative
from orangemask.frame import Frame, find_frame
from orangemask.image import Image
from orangemask.thumbnail import make_thumbnail


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """A small linear copy of a picture and what was found in it.

    Attributes
    ----------
    thumbnail : (h, w, 3) float32
        Linear transmittance in the source's RGB, area-averaged.
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
    thumbnail = make_thumbnail(image)
    frame = find_frame(thumbnail)
    base = base or find_film_base(thumbnail, frame)
    return Analysis(thumbnail, frame, base, looks_like_negative(thumbnail, frame))
