"""The spectral simulator: from a photograph to the scan of its negative.

The formulas, in order, and their sources are in README.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.dress import BARE, HOLDER, PICTURE, Dressing, draw_dressing, plain
from training.films import HELD_OUT_STOCKS, TRAIN_STOCKS, Array, Stock, load_stock
from training.negative import (
    Development,
    exposure_matrix,
    film_transmittance,
    layer_tables,
    log_exposure_to_amounts,
)
from training.rigs import KINDS, Rig, draw_rig, load_cameras
from training.scenes import Pixels, Scene, load_scenes
from training.sensor import Capture, capture, draw_capture

EXPOSURE_MEAN, EXPOSURE_SIGMA = 0.5, 1.1  # EV; people expose negatives generously
EXPOSURE_RANGE = (-2.0, 4.0)  # EV
SIDE, VARIED_SIDE = 216, 432  # px, long side photographs are kept at
SMALLEST_PART = 0.45  # of the largest crop's side
SATURATION_SIGMA = 0.16  # natural logarithm
EDGE_PRINTING = 1.2  # log10 exposure of edge markings above normal grey


@dataclass(frozen=True, slots=True)
class Simulator:
    """What is loaded once: photographs, stocks and cameras of one split.

    `varied` draws from each photograph many: parts of it, more or less saturated.
    """

    data: Path
    scenes: tuple[Scene, ...]
    stocks: tuple[Stock, ...]
    cameras: dict[str, Array]
    kinds: tuple[str, ...]
    varied: bool = False


@dataclass(frozen=True, slots=True)
class Roll:
    """What all frames of a roll share: film, process, rig and the scan's exposure."""

    stock: Stock
    development: Development
    rig: Rig
    capture: Capture


@dataclass(frozen=True, slots=True)
class Frame:
    """A simulated scan with its truth.

    Attributes
    ----------
    negative : (h, w, 3) float32
        Linear codes of the rig, 0 to 1; 8-bit scans are already decoded.
    truth : (h, w, 3) float32
        Linear sRGB of the photograph, 0 to 1; 0 outside the picture.
    labels : (h, w) uint8
        0 picture, 1 rebate, 2 holder, 3 bare light.
    meta : dict
        "stock", "rig", "kind", "photo", "light", "exposure" in EV, "base" and "bare" (the
        noiseless codes of film base and bare light as lists of 3), "bits", "encoded".
    """

    negative: Pixels
    truth: Pixels
    labels: NDArray[np.uint8]
    meta: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames stacked: negative and truth (n, h, w, 3), labels (n, h, w), meta of length n."""

    negative: Pixels
    truth: Pixels
    labels: NDArray[np.uint8]
    meta: tuple[dict[str, Any], ...]


def load_simulator(
    data: Path,
    *,
    held_out_photos: bool = False,
    held_out_stocks: bool = False,
    held_out_cameras: bool = False,
    kinds: tuple[str, ...] = tuple(KINDS),
    limit: int | None = None,
    varied: bool = False,
) -> Simulator:
    """Return a simulator; each of its sources is the training or the held-out part.

    Parameters
    ----------
    data : Path
        The folder that holds `photos` and `film`.
    held_out_photos, held_out_stocks, held_out_cameras : bool
        True takes the part never to be trained on.
    kinds : tuple of str
        Kinds of rig, of `rigs.KINDS`.
    limit : int, optional
        Load no more photographs than that.
    varied : bool
        See `Simulator`; for training.
    """
    names = HELD_OUT_STOCKS if held_out_stocks else TRAIN_STOCKS
    return Simulator(
        data,
        tuple(load_scenes(data, held_out_photos, limit, VARIED_SIDE if varied else SIDE)),
        tuple(load_stock(data, name) for name in names),
        load_cameras(data, held_out_cameras),
        kinds,
        varied,
    )


def draw_roll(simulator: Simulator, rng: np.random.Generator) -> Roll:
    """Return the film, process and rig of one roll."""
    stock = simulator.stocks[int(rng.integers(len(simulator.stocks)))]
    development = Development.draw(rng)
    rig = draw_rig(rng, simulator.cameras, simulator.data, simulator.kinds)
    base = film_transmittance(
        log_exposure_to_amounts(np.full((1, 3), -9.0), layer_tables(stock, development)),
        stock,
        development,
        rig.response,
    )[0].astype(np.float64)
    return Roll(stock, development, rig, draw_capture(rng, base, narrow=rig.kind == "scanner"))


def expand_highlights(linear: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a scene whose clipped whites differ: brighter the larger the clipped area about."""
    brightest = linear.max(axis=2)
    clipped = np.clip((brightest - 0.8) / 0.2, 0.0, 1.0) ** 2
    around = cv2.GaussianBlur(clipped, (0, 0), 0.03 * max(brightest.shape))
    gain = 1.0 + rng.uniform(0.0, 1.5) * clipped * around
    return np.asarray(linear * gain[:, :, None].astype(np.float32))


def fit_scene(
    linear: Pixels, h: int, w: int, rng: np.random.Generator, smallest: float = 1.0
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
    small = cv2.resize(np.ascontiguousarray(part), (w, h), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def vary_saturation(linear: Pixels, rng: np.random.Generator) -> Pixels:
    """Return the scene with its colours about a sixth nearer to or farther from grey."""
    grey = linear.mean(axis=2, keepdims=True)
    factor = np.float32(np.exp(rng.normal(0.0, SATURATION_SIGMA)))
    return np.asarray(np.clip(grey + factor * (linear - grey), 0.0, 1.0))


def draw_frame(
    simulator: Simulator,
    roll: Roll,
    rng: np.random.Generator,
    size: tuple[int, int] = (96, 144),
    dressed: bool = True,
) -> Frame:
    """Return one frame of a roll.

    Parameters
    ----------
    simulator : Simulator
    roll : Roll
    rng : Generator
    size : (h, w)
        px.
    dressed : bool
        False shows nothing but the picture.
    """
    h, w = size
    dressing: Dressing = draw_dressing(rng, h, w) if dressed else plain(h, w)
    scene = simulator.scenes[int(rng.integers(len(simulator.scenes)))]
    box = (
        slice(dressing.top, dressing.top + dressing.height),
        slice(dressing.left, dressing.left + dressing.width),
    )
    photo = fit_scene(
        scene.linear.astype(np.float32),
        dressing.height,
        dressing.width,
        rng,
        SMALLEST_PART if simulator.varied else 1.0,
    )
    if simulator.varied:
        photo = vary_saturation(photo, rng)
    ev = float(np.clip(rng.normal(EXPOSURE_MEAN, EXPOSURE_SIGMA), *EXPOSURE_RANGE))
    light, matrix = exposure_matrix(roll.stock, rng)
    exposed = expand_highlights(photo, rng).reshape(-1, 3) @ (matrix * 2.0**ev).T
    exposed += rng.uniform(0.0, 0.01) * exposed.mean(axis=0)  # the taking lens' flare
    log_exposure = np.full((h, w, 3), -9.0, np.float32)
    log_exposure[box] = np.log10(np.maximum(exposed, 1e-9)).reshape(*photo.shape)
    log_exposure[dressing.printing] = roll.stock.grey + EDGE_PRINTING

    tables = layer_tables(roll.stock, roll.development)
    amounts = log_exposure_to_amounts(log_exposure.reshape(-1, 3), tables)
    codes = film_transmittance(amounts, roll.stock, roll.development, roll.rig.response)
    labels = dressing.labels
    codes = codes.reshape(h, w, 3)
    bare = roll.rig.response.sum(axis=0)
    codes[labels == BARE] = bare
    codes[labels == HOLDER] = bare * 10.0 ** -rng.uniform(2.5, 4.5)
    truth = np.zeros((h, w, 3), np.float32)
    truth[box] = photo
    truth[labels != PICTURE] = 0.0
    meta = {
        "stock": roll.stock.name,
        "rig": roll.rig.name,
        "kind": roll.rig.kind,
        "photo": scene.name,
        "light": light,
        "exposure": ev,
        "base": (roll.capture.base * roll.capture.gain).tolist(),
        "bare": np.minimum(bare * roll.capture.gain, 1.0).tolist(),
        "bits": roll.capture.bits,
        "encoded": roll.capture.encoded,
    }
    return Frame(capture(codes, roll.capture, rng), truth, labels, meta)


def simulate_batch(
    simulator: Simulator,
    rng: np.random.Generator,
    n: int,
    size: tuple[int, int] = (96, 144),
    dressed: bool = True,
) -> Batch:
    """Return `n` frames, each of a roll of its own."""
    frames = [
        draw_frame(simulator, draw_roll(simulator, rng), rng, size, dressed) for _ in range(n)
    ]
    return Batch(
        np.stack([frame.negative for frame in frames]),
        np.stack([frame.truth for frame in frames]),
        np.stack([frame.labels for frame in frames]),
        tuple(frame.meta for frame in frames),
    )
