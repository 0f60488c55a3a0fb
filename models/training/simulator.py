"""The spectral simulator: from a photograph to the scan of its negative.

The formulas, in order, and their sources are in README.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.charts import load_charts
from training.dress import (
    BARE,
    HOLDER,
    NEIGHBOUR,
    PICTURE,
    REBATE,
    Dressing,
    draw_dressing,
    plain,
)
from training.dust import Dust, draw_dust
from training.films import (
    HELD_OUT_STOCKS,
    TRAIN_STOCKS,
    Array,
    Stock,
    load_stock,
    status_m,
)
from training.kinds import (
    EXPOSURES,
    PHOTOGRAPH,
    PHOTOGRAPH_SHARE,
    draw_film,
    photograph_capture,
    photograph_rig,
    truth_of,
)
from training.mixtures import draw_stock
from training.negative import (
    Development,
    exposure_weights,
    film_transmittance,
    layer_tables,
    log_exposure_to_amounts,
)
from training.panoramas import load_panoramas
from training.rigs import KINDS, Rig, draw_rig, load_cameras
from training.scenes import Pixels, Scene, load_scenes
from training.sensor import Capture, add_grain, capture, draw_capture
from training.skin import Skin, load_skin
from training.views import draw_view

LOG10_2 = np.float32(np.log10(2.0))  # one stop
NEIGHBOUR_SIGMA = 1.0  # EV between frames that lie side by side
UNEXPOSED = np.float32(-9.0)  # log10 exposure
SIDE, VARIED_SIDE = 216, 432  # px, long side photographs are kept at
EDGE_PRINTING = 1.2  # log10 exposure of edge markings above normal grey


@dataclass(frozen=True, slots=True)
class Simulator:
    """What is loaded once: photographs, stocks and cameras of one split.

    `varied` draws from each photograph many: parts of it, more or less saturated, two joined.
    With `panoramas`, `skin` and `mixing` (Status M responses, (31, 3)) it also draws views into
    them, faces, and films between two stocks.
    """

    data: Path
    scenes: tuple[Scene, ...]
    stocks: tuple[Stock, ...]
    cameras: dict[str, Array]
    kinds: tuple[str, ...]
    varied: bool = False
    panoramas: tuple[Scene, ...] = ()
    skin: Skin | None = None
    mixing: Array | None = None
    charts: tuple[Scene, ...] = ()


@dataclass(frozen=True, slots=True)
class Roll:
    """What all frames of a roll share: film, process, rig and the scan's exposure.

    `kind` is one of `kinds.FILM_KINDS`. `light`, name and spectrum, is that of all its scenes;
    without it each frame draws its own.
    """

    stock: Stock
    development: Development
    rig: Rig
    capture: Capture
    kind: str = "c41"
    light: tuple[str, Array] | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A simulated scan with its truth.

    Attributes
    ----------
    negative : (h, w, 3) float32
        Linear codes of the rig, 0 to 1; 8-bit scans are already decoded.
    truth : (h, w, 3) float32
        Linear sRGB of the photograph, 0 to 1; 0 outside the picture. Of black and white
        film its luminance.
    labels : (h, w) uint8
        0 picture, 1 rebate, 2 holder, 3 bare light, 4 picture of a neighbouring frame.
    meta : dict
        "stock", "rig", "kind" and "rig_class" of the rig, "space" (`rigs.Rig`), "film_kind",
        "photo", "light", "exposure" in EV, "base" and "bare" (the noiseless codes of film base
        and bare light as lists of 3, where the rig's light is brightest; of a positive "base"
        is its clearest film), "bits", "encoded", "jpeg" (quality or 0), "fall_off" in EV (0
        behind a flat field), "grain" in D, "angle" in degrees.
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
    panoramas: bool | None = None,
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
        See `Simulator`; for training, with test charts, faces and, of training stocks, mixed films.
    panoramas : bool, optional
        Include views into panoramas, split as photographs are; if not said, as `varied`.
    """
    names = HELD_OUT_STOCKS if held_out_stocks else TRAIN_STOCKS
    scenes = load_scenes(data, held_out_photos, limit, VARIED_SIDE if varied else SIDE)
    with_panoramas = varied if panoramas is None else panoramas
    return Simulator(
        data,
        tuple(scenes),
        tuple(load_stock(data, name) for name in names),
        load_cameras(data, held_out_cameras),
        kinds,
        varied,
        tuple(load_panoramas(data, held_out_photos, limit)) if with_panoramas else (),
        load_skin(data) if varied else None,
        status_m(data) if varied and not held_out_stocks else None,
        tuple(load_charts(data)) if varied else (),
    )


def draw_roll(simulator: Simulator, rng: np.random.Generator, kind: str = "c41") -> Roll:
    """Return the film, process and rig of one roll of one of `kinds.FILM_KINDS`."""
    stock = draw_stock(simulator.stocks, rng, simulator.mixing)
    stock = draw_film(kind, stock, simulator.data, rng)
    development = Development.draw(rng)
    rig = draw_rig(rng, simulator.cameras, simulator.data, stock.d_min, simulator.kinds)
    is_photograph = kind == "positive" and rng.random() < PHOTOGRAPH_SHARE
    # The clearest film: unexposed, of a slide fully exposed.
    clearest = np.full((1, 3), -UNEXPOSED if kind == "positive" else UNEXPOSED)
    base = film_transmittance(
        log_exposure_to_amounts(clearest, layer_tables(stock, development)),
        stock,
        development,
        rig.response,
    )[0].astype(np.float64)
    how = draw_capture(rng, base, rig.kind == "scanner", rig.space != "sensor")
    if is_photograph:
        stock, rig = replace(stock, name=PHOTOGRAPH), photograph_rig()
        how = photograph_capture(how, rng)
    return Roll(stock, development, rig, how, kind)


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
    size_of_picture = (dressing.height, dressing.width)
    view = draw_view(
        simulator.scenes,
        simulator.panoramas,
        simulator.charts,
        simulator.skin,
        size_of_picture,
        rng,
        simulator.varied,
    )
    photo = view.truth
    mean, sigma, least, most = EXPOSURES[roll.kind]
    ev = float(np.clip(rng.normal(mean, sigma), least, most))
    light, weights = exposure_weights(roll.stock, rng, roll.light)
    exposed = view.expose(weights * 2.0**ev)
    exposed += rng.uniform(0.0, 0.01) * exposed.mean(axis=0)  # the taking lens' flare
    labels = dressing.labels
    bare = roll.rig.response.sum(axis=0).astype(np.float32)
    if roll.rig.kind == PHOTOGRAPH:
        codes = dressing.place(photo).copy()
        codes[labels == REBATE] = rng.choice([0.02, 0.95])  # a frame of black film or paper
    else:
        codes = film_codes(roll, dressing, exposed.reshape(photo.shape), rng)
    codes[labels == BARE] = bare
    codes[labels == HOLDER] = bare * np.float32(10.0 ** -rng.uniform(2.5, 4.5))
    dust = draw_dust(rng, h, w) if dressed else Dust()
    codes = dust.cover(codes, bare, (labels != BARE) & (labels != HOLDER))
    truth = dressing.place(truth_of(roll.kind, photo)) * (labels == PICTURE)[:, :, None]
    fall_off = roll.capture.fall_off
    meta = {
        "stock": roll.stock.name,
        "rig": roll.rig.name,
        "kind": roll.rig.kind,
        "rig_class": roll.rig.rig_class,
        "space": roll.rig.space,
        "film_kind": roll.kind,
        "photo": view.name,
        "light": light,
        "exposure": ev,
        "base": (roll.capture.base * roll.capture.gain).tolist(),
        "bare": np.minimum(bare * roll.capture.gain, 1.0).tolist(),
        "bits": roll.capture.bits,
        "encoded": roll.capture.encoded,
        "jpeg": roll.capture.jpeg,
        "fall_off": 0.0 if fall_off.flat_field else fall_off.stops,
        "grain": roll.capture.grain,
        "angle": dressing.angle,
    }
    return Frame(capture(codes, roll.capture, rng), truth, labels, meta)


def film_codes(
    roll: Roll, dressing: Dressing, exposed: NDArray[np.floating], rng: np.random.Generator
) -> Pixels:
    """Return what the rig reads of the film at gain 1, (h, w, 3), as if it filled the scan.

    Parameters
    ----------
    roll : Roll
    dressing : Dressing
    exposed : (height, width, 3) float
        Layer exposures of the picture in lux seconds.
    rng : Generator
    """
    labels = dressing.labels
    placed = dressing.place(exposed.astype(np.float32))
    log_exposure = np.log10(np.maximum(placed, np.float32(1e-9)))
    is_neighbour = labels == NEIGHBOUR
    if is_neighbour.any():
        log_exposure[is_neighbour] += LOG10_2 * np.float32(rng.normal(0.0, NEIGHBOUR_SIGMA))
    log_exposure[(labels != PICTURE) & ~is_neighbour] = UNEXPOSED
    log_exposure[dressing.printing] = roll.stock.grey + EDGE_PRINTING
    tables = layer_tables(roll.stock, roll.development)
    amounts = log_exposure_to_amounts(log_exposure.reshape(-1, 3), tables)
    amounts = add_grain(amounts.reshape(*labels.shape, 3), roll.capture.grain, rng)
    flat = amounts.reshape(-1, 3)
    codes = film_transmittance(flat, roll.stock, roll.development, roll.rig.response)
    return codes.reshape(*labels.shape, 3)


def simulate_batch(
    simulator: Simulator,
    rng: np.random.Generator,
    n: int,
    size: tuple[int, int] = (96, 144),
    dressed: bool = True,
    kind: str = "c41",
) -> Batch:
    """Return `n` frames, each of a roll of its own, all of one kind of film."""
    frames = [
        draw_frame(simulator, draw_roll(simulator, rng, kind), rng, size, dressed) for _ in range(n)
    ]
    return Batch(
        np.stack([frame.negative for frame in frames]),
        np.stack([frame.truth for frame in frames]),
        np.stack([frame.labels for frame in frames]),
        tuple(frame.meta for frame in frames),
    )
