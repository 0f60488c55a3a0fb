"""Photographs that were taken less well: exposure, balance and contrast off, in the scene's light.

What a camera could have done to a scene is done to it before the camera's tone curve, so that
highlights are lost and shadows drown as they do in it; then 8 bits of sRGB, or scene-linear light.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from orangemask.curves import SRGB
from orangemask_filters.film_emulate.exposure import GREY, Camera
from training.films import Array
from training.lights import FILM_BALANCE, colour
from training.scenes import Pixels

MOST_EV, MOST_KELVIN, CONTRASTS = 2.0, 1500.0, (0.7, 1.3)  # what is promised to be mended
STEP_KELVIN = 50.0  # of the lights; finer is not seen


@dataclass(frozen=True, slots=True)
class Perturbation:
    """What is wrong with a photograph; the default is nothing.

    Attributes
    ----------
    ev : float
        Exposure, EV.
    kelvin : float
        The light's correlated colour temperature less that for which the camera was set, 5500 K.
    contrast : float
        Exponent of the light over an 18 % grey: fog and glare below 1.
    """

    ev: float = 0.0
    kelvin: float = 0.0
    contrast: float = 1.0

    def __call__(self, scene: Pixels) -> Pixels:
        """Return the scene's light (h, w, 3), linear sRGB, so perturbed; no value below 0."""
        flat = GREY * (np.maximum(scene, 0.0) / GREY) ** self.contrast * 2.0**self.ev
        if self.kelvin:
            flat = np.maximum(flat @ _off_balance(self.kelvin).T, 0.0)
        return np.asarray(flat, np.float32)


NOTHING = Perturbation()


@lru_cache(maxsize=128)
def _off_balance(kelvin: float) -> Array:
    """Return what a wrong balance does to linear sRGB, (3, 3), by Bradford's cones."""
    rounded = round(kelvin / STEP_KELVIN) * STEP_KELVIN
    whites = [
        colour.xy_to_XYZ(colour.temperature.CCT_to_xy_CIE_D(cct))
        for cct in (FILM_BALANCE, FILM_BALANCE + rounded)
    ]
    adapt = colour.adaptation.matrix_chromatic_adaptation_VonKries(*whites, transform="Bradford")
    to_xyz = colour.RGB_COLOURSPACES["sRGB"].matrix_RGB_to_XYZ
    return np.asarray(np.linalg.solve(to_xyz, adapt @ to_xyz))


def draw(rng: np.random.Generator, ev: bool, kelvin: bool, contrast: bool) -> Perturbation:
    """Return a perturbation of the kinds asked for, each even over its whole range."""
    return Perturbation(
        float(rng.uniform(-MOST_EV, MOST_EV)) if ev else 0.0,
        float(rng.uniform(-MOST_KELVIN, MOST_KELVIN)) if kelvin else 0.0,
        float(rng.uniform(*CONTRASTS)) if contrast else 1.0,
    )


def shown(scene: Pixels) -> Pixels:
    """Return the display-linear sRGB of a scene in 8 bits, as a camera's JPEG holds it."""
    codes = np.rint(SRGB.inverse(Camera()(scene)) * 255.0) / 255.0
    return np.asarray(SRGB(codes), np.float32)
