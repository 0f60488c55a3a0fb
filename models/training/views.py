"""What stands before the camera in one frame, beside the photograph wanted of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.films import Array
from training.lights import mallett_basis
from training.panoramas import roll_off
from training.scenes import Pixels, Scene
from training.skin import Skin, draw_faces

SMALLEST_PART, SMALLEST_VIEW = 0.45, 0.8  # of the largest crop's side; views are small
SATURATION_SIGMA = 0.16  # natural logarithm
CHART_SHARE, PANORAMA_SHARE, JOINED_SHARE, FACES_SHARE = 0.15, 0.15, 0.35, 0.25
JOINED_EV = 0.3  # ±, of what is joined on
SEAM = 3.0  # px, the seam's width


@dataclass(frozen=True, slots=True)
class View:
    """A scene and its photograph.

    Attributes
    ----------
    name : str
        Of the photograph, or photographs.
    truth : (h, w, 3) float32
        Linear sRGB, 0 to 1.
    scene : (h, w, 3) float32
        Linear sRGB before anything clipped; no light's cast in it.
    skin : (h, w) float32, optional
        Factor of `residual` at each pixel.
    residual : (31,) float64, optional
        Reflectance that the three basis spectra of `scene` leave over.
    """

    name: str
    truth: Pixels
    scene: Pixels
    skin: Pixels | None = None
    residual: Array | None = None

    def expose(self, weights: Array) -> Pixels:
        """Return exposures (h · w, 3) for `weights` (31, 3), exposure per reflectance."""
        matrix = (mallett_basis().T @ weights).astype(np.float32)
        exposed = self.scene.reshape(-1, 3) @ matrix
        if self.skin is not None and self.residual is not None:
            exposed += self.skin.reshape(-1, 1) * (self.residual @ weights).astype(np.float32)
        return exposed


def expand_highlights(linear: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a scene whose clipped whites differ: brighter the larger the clipped area about."""
    brightest = linear.max(axis=2)
    clipped = np.clip((brightest - 0.8) / 0.2, 0.0, 1.0) ** 2
    around = cv2.GaussianBlur(clipped, (0, 0), 0.03 * max(brightest.shape))
    gain = 1.0 + rng.uniform(0.0, 1.5) * clipped * around
    return np.asarray(linear * gain[:, :, None].astype(np.float32))


def fit_scene(
    linear: NDArray[np.floating],
    h: int,
    w: int,
    rng: np.random.Generator,
    smallest: float = 1.0,
) -> Pixels:
    """Return a random crop of the photograph at size (h, w), averaged over area, maybe mirrored.

    It is `smallest` to 1 times as large as the largest crop of that shape.
    """
    rows, columns = linear.shape[:2]
    scale = min(rows / h, columns / w) * rng.uniform(smallest, 1.0)
    take_h, take_w = max(1, int(h * scale)), max(1, int(w * scale))
    y, x = int(rng.integers(rows - take_h + 1)), int(rng.integers(columns - take_w + 1))
    part = linear[y : y + take_h, x : x + take_w]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    how = cv2.INTER_AREA if take_w >= w else cv2.INTER_LINEAR
    small = cv2.resize(np.ascontiguousarray(part, dtype=np.float32), (w, h), interpolation=how)
    return np.asarray(small, dtype=np.float32)


def vary_saturation(linear: Pixels, rng: np.random.Generator, top: float = 1.0) -> Pixels:
    """Return the scene with its colours about a sixth nearer to or farther from grey."""
    grey = linear.mean(axis=2, keepdims=True)
    factor = np.float32(np.exp(rng.normal(0.0, SATURATION_SIGMA)))
    return np.asarray(np.clip(grey + factor * (linear - grey), 0.0, top))


def view_of(scene: Scene, h: int, w: int, rng: np.random.Generator, varied: bool) -> View:
    """Return a view of one scene at size (h, w)."""
    smallest = SMALLEST_VIEW if scene.unclipped else SMALLEST_PART
    linear = fit_scene(scene.linear, h, w, rng, smallest if varied else 1.0)
    if varied:
        linear = vary_saturation(linear, rng, np.inf if scene.unclipped else 1.0)
    if scene.unclipped:
        return View(scene.name, roll_off(linear), linear)
    return View(scene.name, linear, expand_highlights(linear, rng))


def draw_seam(rng: np.random.Generator, h: int, w: int) -> Pixels:
    """Return the weight (h, w) of what is joined on: a half, or a rectangle, with a soft edge."""
    mask = np.zeros((h, w), np.float32)
    if rng.random() < 0.5:
        cut = rng.uniform(0.3, 0.7)
        if rng.random() < 0.5:
            mask[:, int(cut * w) :] = 1.0
        else:
            mask[int(cut * h) :] = 1.0
    else:
        tall, wide = (int(n * rng.uniform(0.3, 0.8)) for n in (h, w))
        y, x = int(rng.integers(h - tall + 1)), int(rng.integers(w - wide + 1))
        mask[y : y + tall, x : x + wide] = 1.0
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), SEAM / 2.0), dtype=np.float32)


def join_views(one: View, other: View, rng: np.random.Generator) -> View:
    """Return `one` with a part of `other` in it, which is at most `JOINED_EV` lighter or darker."""
    gain = np.float32(2.0 ** rng.uniform(-JOINED_EV, JOINED_EV))
    weight = draw_seam(rng, *one.truth.shape[:2])[:, :, None]
    truth = one.truth + weight * (np.minimum(other.truth * gain, 1.0) - one.truth)
    scene = one.scene + weight * (other.scene * gain - one.scene)
    return View(f"{one.name}, {other.name}", truth, scene)


def add_faces(view: View, skin: Skin, rng: np.random.Generator) -> View:
    """Return a view with 1 to 3 faces before it, whose exposures come of the skin's spectrum."""
    faces = draw_faces(rng, len(skin.linear), *view.truth.shape[:2])
    cover = faces.cover[:, :, None]
    face = faces.shade[:, :, None] * skin.linear[faces.who].astype(np.float32)
    truth = view.truth + cover * (np.clip(face, 0.0, 1.0) - view.truth)
    scene = view.scene + cover * (face - view.scene)
    return View(view.name, truth, scene, faces.cover * faces.shade, skin.residual[faces.who])


def draw_view(
    photographs: Sequence[Scene],
    panoramas: Sequence[Scene],
    charts: Sequence[Scene],
    skin: Skin | None,
    size: tuple[int, int],
    rng: np.random.Generator,
    varied: bool,
) -> View:
    """Return what is before the camera.

    Parameters
    ----------
    photographs, panoramas : sequence of Scene
        Panoramas, where there are any, are taken in `PANORAMA_SHARE` of the other frames.
    charts : sequence of Scene
        Taken, where there are any, in `CHART_SHARE` of the frames.
    skin : Skin, optional
        With it, one frame in four has faces.
    size : (h, w)
        px.
    rng : Generator
    varied : bool
        For training: parts of photographs, two of them joined, more or less saturated.
    """
    source = photographs
    if charts and rng.random() < CHART_SHARE:
        source = charts
    elif panoramas and rng.random() < PANORAMA_SHARE:
        source = panoramas
    view = view_of(source[int(rng.integers(len(source)))], *size, rng, varied)
    if varied and rng.random() < JOINED_SHARE:
        other = photographs[int(rng.integers(len(photographs)))]
        view = join_views(view, view_of(other, *size, rng, varied), rng)
    if skin is not None and rng.random() < FACES_SHARE:
        view = add_faces(view, skin, rng)
    return view
