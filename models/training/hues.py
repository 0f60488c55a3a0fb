"""Hue and chroma of what a stock shows, against those of the scene."""

from __future__ import annotations

import numpy as np

from orangemask.curves import Floats
from orangemask.spaces import conversion, space
from orangemask_filters.film_emulate import chain
from orangemask_filters.film_emulate.bake import rec2020_to_oklab
from orangemask_filters.film_emulate.material import Film
from training.films import Array

# A ColorChecker's patches by what they stand for.
DARK_SKIN, LIGHT_SKIN, SKY, FOLIAGE, YELLOW_GREEN = 0, 1, 2, 3, 10
MEMORY = (DARK_SKIN, LIGHT_SKIN, SKY, FOLIAGE, YELLOW_GREEN)


def hue_and_chroma(light: Floats) -> tuple[Array, Array]:
    """Return Oklab's hue in degrees and chroma (n,) of linear Rec. 2020 (n, 3).

    Oklab and not L*a*b*, whose blues turn to purple as chroma grows.
    """
    lab = rec2020_to_oklab(light)
    return np.degrees(np.arctan2(lab[:, 2], lab[:, 1])), np.hypot(lab[:, 1], lab[:, 2])


def change(film: Film, finish: str, srgb: Array) -> tuple[Array, Array]:
    """Return how a film turns hues, in degrees, and the ratio of its chroma to the scene's.

    Parameters
    ----------
    film : Film
    finish : str
    srgb : (n, 3) float64
        Linear sRGB of the scene, grey 0.18.

    Returns
    -------
    turn, ratio : (n,) float64
        A turn above 0 is from red through yellow and green to blue.
    """
    scene = srgb @ conversion(space("srgb"), space("linear-rec2020")).T
    hue, chroma = hue_and_chroma(scene)
    shown_hue, shown_chroma = hue_and_chroma(chain.render(srgb, film, finish))
    return (shown_hue - hue + 180.0) % 360.0 - 180.0, shown_chroma / chroma
