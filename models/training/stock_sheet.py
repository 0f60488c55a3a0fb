"""The contact sheet of all stocks, models/stocks.jpg: two photographs and six patches on each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from orangemask.curves import Floats
from orangemask.spaces import conversion, space
from orangemask_filters.film_emulate.bake import film_cube
from orangemask_filters.film_emulate.exposure import DARKEST, RANGE, Camera, Scene, ToEV
from orangemask_filters.film_emulate.material import Stock
from training.films import Array
from training.hues import DARK_SKIN, FOLIAGE, LIGHT_SKIN, SKY, YELLOW_GREEN
from training.reflectances import chart_reflectances, to_srgb

# Positives of the inversion benchmark, CC0-1.0: flowers among leaves, and the Colosseum with sky.
PICTURES = Path(__file__).parents[2] / "tests/data/inversion/truths.png"
COLUMNS, ROWS = 3, 6  # of that file
SHOWN = (0, 1)
BLUE = 12  # of the ColorChecker
PATCHES = (DARK_SKIN, LIGHT_SKIN, FOLIAGE, YELLOW_GREEN, SKY, BLUE)
STRIP, LABEL, GAP = 28, 18, 6  # px: patches, line of text, ground around a tile
ACROSS = 5  # tiles
GROUND, INK = 24, 220  # 8-bit codes
QUALITY = 82  # JPEG


def photographs() -> NDArray[np.uint8]:
    """Return the photographs side by side, sRGB codes (h, w, 3)."""
    with Image.open(PICTURES) as file:
        codes = np.asarray(file.convert("RGB"))
    h, w = codes.shape[0] // ROWS, codes.shape[1] // COLUMNS
    cut = [divmod(i, COLUMNS) for i in SHOWN]
    return np.concatenate([codes[y * h :][:h, x * w :][:, :w] for y, x in cut], axis=1)


def strip(width: int) -> Array:
    """Return the patches as scene-linear sRGB (STRIP, width, 3)."""
    colours = to_srgb(chart_reflectances()[list(PATCHES)])
    index = np.arange(width) * len(PATCHES) // width
    return np.repeat(colours[index][None], STRIP, axis=0)


def on_film(stock: Stock, scene: Floats) -> Floats:
    """Return linear sRGB (h, w, 3) of scene-linear sRGB (h, w, 3) through the stock's cube."""
    to_rec2020 = conversion(space("srgb"), space("linear-rec2020"))
    cube = film_cube(stock, stock.finishes[0], 1.0, 1.0, to_rec2020)
    unit = (ToEV()(scene.reshape(-1, 3)) - DARKEST) / RANGE
    shown = cube(np.clip(unit, 0.0, 1.0)) ** 3 @ np.linalg.inv(to_rec2020).T
    return np.asarray(shown.reshape(scene.shape))


def tile(light: Floats, label: str) -> Image.Image:
    """Return display-linear sRGB (h, w, 3) above its label."""
    codes = np.round(space("srgb").encode(np.clip(light, 0.0, 1.0)) * 255.0).astype(np.uint8)
    height, width = codes.shape[:2]
    picture = Image.new("RGB", (width + GAP, height + LABEL + GAP), (GROUND,) * 3)
    picture.paste(Image.fromarray(codes), (GAP // 2, GAP // 2))
    font = ImageFont.load_default(LABEL - 4)
    ImageDraw.Draw(picture).text((GAP, height + GAP // 2), label, fill=(INK,) * 3, font=font)
    return picture


def sheet(stocks: list[Stock]) -> Image.Image:
    """Return the sheet: the original first, then the stocks in their order."""
    codes = photographs()
    scene = Scene()(np.asarray(space("srgb").transfer(codes / 255.0)))
    scene = np.concatenate([scene, strip(codes.shape[1])])
    tiles = [tile(Camera()(scene), "Original")]
    tiles += [tile(on_film(stock, scene), stock.label) for stock in stocks]
    width, height = tiles[0].size
    rows = -(-len(tiles) // ACROSS)
    whole = Image.new("RGB", (ACROSS * width, rows * height), (GROUND,) * 3)
    for i, one in enumerate(tiles):
        row, column = divmod(i, ACROSS)
        whole.paste(one, (column * width, row * height))
    return whole
