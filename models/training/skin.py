"""Skin: measured reflectances, which no three basis spectra give exactly.

Data: NIST, 100 subjects, in the data folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from training.films import Array, read_json
from training.lights import colour, mallett_basis, to_wavelengths
from training.scenes import Pixels

FACES = 3  # at most
AREA = (0.05, 0.25)  # of the picture, all faces together
SHADING = (0.4, 1.1)  # of the reflectance measured straight on
FACE_LIGHT = "D55"  # the light under which a balanced photograph has the skin's colour


@dataclass(frozen=True, slots=True)
class Skin:
    """The skin of n people.

    Attributes
    ----------
    linear : (n, 3) float64
        Linear sRGB of each, white adapted.
    residual : (n, 31) float64
        Reflectance less that of the same linear sRGB in the basis of the photographs.
    """

    linear: Array
    residual: Array


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces in a picture.

    Attributes
    ----------
    cover : (h, w) float32
        How much of a pixel is skin, 0 to 1.
    shade : (h, w) float32
        Light on the skin; both multiply its reflectance.
    who : int
        Row of `Skin`: the people of one picture are of one family.
    """

    cover: Pixels
    shade: Pixels
    who: int


def reflectance_to_linear(wavelengths: Array, values: Array) -> Array:
    """Return the linear sRGB (3,) of a reflectance under `FACE_LIGHT`, white adapted (Bradford).

    CIE 1931 2° observer, summed by 1 nm over the wavelengths given.
    """
    shape = colour.SpectralShape(wavelengths[0], wavelengths[-1], 1)
    observer = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"].copy().align(shape).values
    light = colour.SDS_ILLUMINANTS[FACE_LIGHT].copy().align(shape).values
    at = np.interp(shape.wavelengths, wavelengths, values)
    white = light @ observer
    xyz = (light * at) @ observer / white[1]
    xy = white[:2] / white.sum()
    return np.asarray(colour.XYZ_to_RGB(xyz, "sRGB", xy, "Bradford"))


@cache
def load_skin(data: Path) -> Skin:
    """Return the skin of all subjects."""
    table = read_json(data / "film/standards/reflectance/nist_skin.json")
    linear, residual = [], []
    for subject in table.values():
        values = np.asarray(subject["values"], dtype=float)
        wavelengths = subject["wl_start"] + subject["wl_step"] * np.arange(len(values))
        linear.append(reflectance_to_linear(wavelengths, values))
        residual.append(to_wavelengths(wavelengths, values) - mallett_basis() @ linear[-1])
    return Skin(np.stack(linear), np.stack(residual))


def draw_faces(rng: np.random.Generator, people: int, h: int, w: int) -> Faces:
    """Return 1 to 3 soft ellipses, each lit from a side, that may overlap.

    Parameters
    ----------
    rng : Generator
    people : int
        Rows of `Skin`.
    h, w : int
        px.
    """
    count = int(rng.integers(1, FACES + 1))
    cover = np.zeros((h, w), np.float32)
    shade = np.ones((h, w), np.float32)
    share = rng.uniform(*AREA) / count
    y, x = np.mgrid[:h, :w].astype(np.float32)
    for _ in range(count):
        slim = rng.uniform(0.65, 1.0)
        tall = np.sqrt(share * h * w / (np.pi * slim))  # half the height; area π tall² slim
        dy, dx = (y - rng.uniform(0, h)) / tall, (x - rng.uniform(0, w)) / (tall * slim)
        radius = np.sqrt(dy * dy + dx * dx)
        soft = np.float32(1.0 + 0.05 * tall)  # px
        face = np.clip((1.0 - radius) * tall * slim / soft + 0.5, 0.0, 1.0)
        low, high = np.sort(rng.uniform(*SHADING, 2))
        angle = rng.uniform(0.0, 2.0 * np.pi)
        lit = np.clip(0.5 + 0.5 * (dx * np.cos(angle) + dy * np.sin(angle)), 0.0, 1.0)
        shade += face * (low + (high - low) * lit - shade)
        cover = np.maximum(cover, face)
    relief = cv2.resize(rng.normal(1.0, 0.06, (6, 9)).astype(np.float32), (w, h))
    shade = np.asarray(np.clip(shade * relief, *SHADING), dtype=np.float32)
    return Faces(np.asarray(cover, dtype=np.float32), shade, int(rng.integers(people)))
