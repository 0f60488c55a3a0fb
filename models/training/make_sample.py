"""The sample negative of the tests, and the picture of it at the top of the README.

    python -m training.make_sample --data DATA    # tests/data/sample-negative.tif
    python -m training.make_sample --picture      # tests/data/before-after.jpg, no data needed

The scene is a view into the panorama "Chinese Garden" of Poly Haven (CC0).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from orangemask.cli import main as orangemask
from training.dress import HOLDER, PICTURE, REBATE
from training.films import default_data, load_stock
from training.lights import lamp
from training.negative import (
    GREY,
    Development,
    film_transmittance,
    layer_tables,
    log_exposure_to_amounts,
    reference_matrix,
)
from training.rigs import load_cameras
from training.scenes import Pixels, srgb_to_linear
from training.sensor import Capture, capture, encode

TESTS = Path(__file__).resolve().parents[2] / "tests"
SAMPLE = TESTS / "data/sample-negative.tif"
PICTURE_FILE = TESTS / "data/before-after.jpg"

SEED = 35
SIZE = (580, 870)  # h, w in px
HOLDER_WIDTH, REBATE_WIDTH = 14, 20  # px
PANORAMA, LICENCE = "chinese_garden", "CC0, polyhaven.com/a/chinese_garden"
YAW, VIEW = -40.0, 130.0  # degrees: middle of the view, its width
STOCK = "Gold200"
EXPOSURE = 0.7  # EV
SOFTNESS = 0.6  # px, σ: the lens of the rig
ELECTRONS, READ_NOISE = 1.5e6, 3e-5  # as `sensor.Capture`


def panorama_to_view(panorama: Pixels, yaw: float, width: float, h: int, w: int) -> Pixels:
    """Return a view into a panorama, Pannini projection with d = 1.

    Parameters
    ----------
    panorama : (rows, columns, 3) float32
        Equirectangular, linear light.
    yaw, width : float
        Middle of the view and its width in degrees.
    h, w : int
        px.

    References
    ----------
    Sharpless, Postle and German (2010), Pannini: a new projection.
    """
    rows, columns = panorama.shape[:2]
    unit = 2.0 * np.tan(np.radians(width) / 4.0) / (w / 2.0)
    x, y = np.meshgrid((np.arange(w) + 0.5 - w / 2) * unit, (np.arange(h) + 0.5 - h / 2) * unit)
    longitude = 2.0 * np.arctan(x / 2.0)
    latitude = np.arctan(y * (1.0 + np.cos(longitude)) / 2.0)
    at_x = ((longitude + np.radians(yaw)) / (2.0 * np.pi) + 0.5) * columns - 0.5
    at_y = (latitude / np.pi + 0.5) * rows - 0.5
    # In the logarithm, where a sun leaves no rings.
    stops = cv2.remap(
        np.log2(np.maximum(panorama, 1e-6)),
        at_x.astype(np.float32),
        at_y.astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_WRAP,
    )
    return np.asarray(np.exp2(stops), dtype=np.float32)


def draw_negative(data: Path) -> NDArray[np.uint16]:
    """Return the sample, linear codes of a camera without a profile.

    Returns
    -------
    (580, 870, 3) uint16
    """
    rng = np.random.default_rng(SEED)
    h, w = SIZE
    labels = np.full(SIZE, HOLDER, np.uint8)
    inner = HOLDER_WIDTH + REBATE_WIDTH
    labels[HOLDER_WIDTH : h - HOLDER_WIDTH, HOLDER_WIDTH : w - HOLDER_WIDTH] = REBATE
    labels[inner : h - inner, inner : w - inner] = PICTURE

    path = data / f"hdr/{PANORAMA}_1k.hdr"
    read = cv2.imread(str(path), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR_RGB)
    if read is None:
        raise FileNotFoundError(f"{path} cannot be read: it is a panorama of polyhaven.com")
    panorama = np.asarray(read, dtype=np.float32)
    view = panorama_to_view(panorama, YAW, VIEW, h - 2 * inner, w - 2 * inner)
    view *= np.float32(GREY / np.exp(np.log(view.mean(axis=2)).mean()))

    stock, development = load_stock(data, STOCK), Development.draw(rng)
    matrix = reference_matrix(stock.name, stock.sensitivity.tobytes())
    matrix = (10.0**stock.grey / (GREY * matrix.sum(axis=1)))[:, None] * matrix
    exposed = view.reshape(-1, 3) @ (matrix * 2.0**EXPOSURE).T
    log_exposure = np.full((h, w, 3), -9.0, np.float32)
    log_exposure[labels == PICTURE] = np.log10(np.maximum(exposed, 1e-9))

    camera, sensitivity = next(iter(sorted(load_cameras(data, held_out=False).items())))
    print(f"{STOCK} with {camera} on LED-B3, seed {SEED}", file=sys.stderr)
    response = lamp("LED-B3")[:, None] * sensitivity
    response = response / response.sum(axis=0)  # balanced on the bare light
    tables = layer_tables(stock, development)
    amounts = log_exposure_to_amounts(log_exposure.reshape(-1, 3), tables)
    codes = film_transmittance(amounts, stock, development, response).reshape(h, w, 3)
    codes[labels == HOLDER] = 1e-4
    codes = np.asarray(cv2.GaussianBlur(codes, (0, 0), SOFTNESS), dtype=np.float32)
    base = codes[labels == REBATE].max(axis=0).astype(np.float64)
    gain = np.full(3, 0.8 / base.max())
    how = Capture(base, gain, 0.003, ELECTRONS, READ_NOISE, 16, "linear")
    return np.asarray(np.rint(capture(codes, how, rng) * 65535.0), dtype=np.uint16)


def write_sample(data: Path, path: Path = SAMPLE) -> None:
    """Write the sample as a 16-bit TIFF, deflate with predictor."""
    tifffile.imwrite(
        path,
        draw_negative(data),
        photometric="rgb",
        compression="deflate",
        compressionargs={"level": 9},
        predictor=True,
        metadata=None,
        description=f"Simulated negative, orangemask training.make_sample; scene: {LICENCE}",
    )


def write_picture(model: str | None, path: Path = PICTURE_FILE) -> None:
    """Write the sample beside what `orangemask invert` makes of it, cropped to the frame."""
    with tempfile.TemporaryDirectory() as folder:
        positive = Path(folder) / "positive.tif"
        words = ["invert", str(SAMPLE), "-o", str(positive), "--encoding", "linear", "--depth", "8"]
        status = orangemask(words + (["--model", model] if model else []))
        if status != 0:
            raise SystemExit(status)
        right = tifffile.imread(positive)
    negative = tifffile.imread(SAMPLE).astype(np.float32) / 65535.0
    left = np.rint(encode(negative, "srgb") * 255.0).astype(np.uint8)
    frame = slice(HOLDER_WIDTH, -HOLDER_WIDTH)
    linear = np.hstack([srgb_to_linear(part)[frame, frame] for part in (left, right)])
    h, w = linear.shape[:2]
    small = cv2.resize(linear, (1280, round(1280 * h / w)), interpolation=cv2.INTER_AREA)
    codes = np.rint(encode(np.clip(small, 0.0, 1.0), "srgb") * 255.0).astype(np.uint8)
    cv2.imwrite(str(path), codes[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 86])


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data", type=Path, default=default_data(), help="folder with hdr, film")
    parser.add_argument("--picture", action="store_true", help="the picture of the README alone")
    parser.add_argument("--model", help="model that inverts for the picture; default the first")
    options = parser.parse_args()
    if not options.picture:
        if options.data is None:
            parser.error("say --data or set ORANGEMASK_DATA")
        SAMPLE.parent.mkdir(exist_ok=True)
        write_sample(options.data)
    write_picture(options.model)


if __name__ == "__main__":
    main()
