"""Scene-linear views into panoramas: what the film sees before a photograph clips it.

Data: Poly Haven, CC0.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np

from training.films import Array
from training.scenes import LUMINANCE, Pixels, Scene, is_held_out

VIEWS = 24  # a panorama; the same ones every time
VIEW_SIZE = (144, 216)  # px; 1024 px all around are 100 to 213 px a view
PITCH, FIELD = 25.0, (35.0, 75.0)  # degrees: ± up or down; the view's width
BRIGHTEST = 32.0  # of the truth's white: 5 EV above it a film's curve and a lens' flare are level
# Medians of our photographs' luminance: ln has median −1.9 and σ 1, quartiles 0.07 and 0.27;
# their 95th percentile is at most about 0.9, which a view may pass as far as white.
MEDIAN_LN, MEDIAN_SIGMA, MEDIAN_RANGE = -1.9, 1.0, (0.04, 0.45)
BRIGHT_QUANTILE, BRIGHT_LIMIT = 0.95, 1.2
# log2 of red over blue of a whole panorama: beyond it the file is taken to be off balance.
# Half of our photographs lie within −0.3 and 0.95.
CAST_LIMIT = 0.6
# Stops between the 5th and the 95th percentile: 99 of 100 photographs have more than 1.4.
FLAT, TRIES = 1.4, 8
ROLL_OFF = 0.8  # where the truth leaves the straight line


def read_panorama(path: Path) -> Pixels:
    """Return an equirectangular Radiance file (h, w, 3), linear sRGB, no value below 0."""
    read = cv2.imread(str(path), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR_RGB)
    if read is None:
        raise ValueError(f"cannot read {path}: not a Radiance picture that OpenCV decodes")
    return np.maximum(np.asarray(read, dtype=np.float32), 0.0)


def panorama_to_view(
    panorama: Pixels, yaw: float, pitch: float, field: float, h: int, w: int
) -> Pixels:
    """Return a perspective view, bilinear.

    Parameters
    ----------
    panorama : (rows, columns, 3) float32
        Equirectangular: the middle column is yaw 0, the upper edge the zenith.
    yaw, pitch : float
        Of the axis in degrees: to the right, and up.
    field : float
        Horizontal angle of view in degrees.
    h, w : int
        px.
    """
    rows, columns = panorama.shape[:2]
    unit = 2.0 * np.tan(np.radians(field) / 2.0) / w
    x, y = np.meshgrid((np.arange(w) + 0.5 - w / 2) * unit, (h / 2 - np.arange(h) - 0.5) * unit)
    sine, cosine = np.sin(np.radians(pitch)), np.cos(np.radians(pitch))
    up, ahead = y * cosine + sine, cosine - y * sine  # the ray (x, y, 1) tilted about the x axis
    longitude = np.arctan2(x, ahead) + np.radians(yaw)
    latitude = np.arctan2(up, np.hypot(x, ahead))
    at_x = (longitude / (2.0 * np.pi) + 0.5) % 1.0 * columns - 0.5
    at_y = np.clip((0.5 - latitude / np.pi) * rows - 0.5, 0.0, rows - 1.0)
    view = cv2.remap(
        panorama,
        at_x.astype(np.float32),
        at_y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    return np.asarray(view, dtype=np.float32)


def cast_gains(panorama: Pixels) -> Array:
    """Return gains (3,) that take out what exceeds `CAST_LIMIT` in a panorama's red over blue.

    Only along the axis of lights, red against blue: lawns and forests stay green. Means are of
    the darker 95 % of the pixels, weighted by the solid angle.
    """
    rows = len(panorama)
    area = np.cos((np.arange(rows) + 0.5) / rows * np.pi - np.pi / 2)[:, None]
    luminance = panorama @ LUMINANCE
    weight = area * (luminance <= np.quantile(luminance, 0.95))
    red, _, blue = (panorama * weight[:, :, None]).sum(axis=(0, 1))
    cast = float(np.log2(red / blue))
    excess = np.sign(cast) * max(abs(cast) - CAST_LIMIT, 0.0)
    return np.asarray([2.0 ** (-excess / 2.0), 1.0, 2.0 ** (excess / 2.0)])


def exposure_of_view(view: Pixels, rng: np.random.Generator) -> float:
    """Return the factor that exposes a view as photographs are: by its median, not too bright."""
    luminance = view @ LUMINANCE
    median, bright = np.quantile(luminance, (0.5, BRIGHT_QUANTILE))
    wanted = float(np.clip(np.exp(rng.normal(MEDIAN_LN, MEDIAN_SIGMA)), *MEDIAN_RANGE))
    return min(wanted / max(float(median), 1e-6), BRIGHT_LIMIT / max(float(bright), 1e-6))


def roll_off(linear: Pixels) -> Pixels:
    """Return 0 to 1: straight to `ROLL_OFF`, then an exponential that nears 1, smooth there."""
    rest = np.float32(1.0 - ROLL_OFF)
    above = np.maximum(linear - np.float32(ROLL_OFF), 0.0)
    return np.asarray(np.minimum(linear, np.float32(ROLL_OFF)) - rest * np.expm1(-above / rest))


def draw_panorama_view(panorama: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a random view, exposed; bare ceilings and skies are looked away from if possible."""
    for _ in range(TRIES):
        yaw, pitch = rng.uniform(-180.0, 180.0), rng.uniform(-PITCH, PITCH)
        view = panorama_to_view(panorama, yaw, pitch, rng.uniform(*FIELD), *VIEW_SIZE)
        low, high = np.quantile(view @ LUMINANCE, (0.05, 0.95))
        if high > low * 2.0**FLAT:
            break
    exposed = view * np.float32(exposure_of_view(view, rng))
    return np.asarray(np.minimum(exposed, BRIGHTEST), dtype=np.float32)


def load_panoramas(data: Path, held_out: bool, limit: int | None = None) -> list[Scene]:
    """Return `VIEWS` views into each training or held-out panorama, in the order of names.

    Parameters
    ----------
    data : Path
        The folder that holds `hdr`.
    held_out : bool
        The split is by the file's bytes, as of photographs.
    limit : int, optional
        Stop after so many panoramas.
    """
    scenes: list[Scene] = []
    for path in sorted((data / "hdr").glob("*.hdr")):
        if limit is not None and len(scenes) >= limit * VIEWS:
            break
        content = path.read_bytes()
        if is_held_out(content) != held_out:
            continue
        rng = np.random.default_rng(int(hashlib.sha256(content).hexdigest()[:16], 16))
        panorama = read_panorama(path)
        panorama *= cast_gains(panorama).astype(np.float32)
        for i in range(VIEWS):
            view = draw_panorama_view(panorama, rng)
            scenes.append(Scene(f"{path.stem} {i}", view.astype(np.float16), True))
    return scenes
