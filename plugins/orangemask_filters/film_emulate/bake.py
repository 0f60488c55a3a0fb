"""The cube of a stock: from exposure in EV to display light, with colour and tone by strength."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from orangemask.curves import Floats
from orangemask.errors import ParameterError
from orangemask.filters import unknown
from orangemask.spaces import Matrix3, conversion, space
from orangemask.transforms import Cube
from orangemask_filters.film_emulate import chain
from orangemask_filters.film_emulate.exposure import DARKEST, RANGE, Camera, FromEV, ToEV
from orangemask_filters.film_emulate.material import Array, Stock

# Björn Ottosson, "A perceptual color space for image processing" (2020): XYZ to LMS, and the
# cube roots of LMS to L, a, b.
OKLAB_LMS = np.asarray(
    [
        [0.8189330101, 0.3618667424, -0.1288597137],
        [0.0329845436, 0.9293118715, 0.0361456387],
        [0.0482003018, 0.2643662691, 0.6338517070],
    ]
)
OKLAB = np.asarray(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def film_cube(
    stock: Stock,
    finish: str,
    colour: float,
    tone: float,
    to_rec2020: Array,
    size: int = 33,
) -> Cube:
    """Return a stock as a cube.

    Parameters
    ----------
    stock : Stock
    finish : str
        One of the stock's.
    colour, tone : float
        Strength of the film's colour (a and b of Oklab) and tone (its L): 0 leaves those of the
        picture as `exposure.Camera` shows it, 1 gives the film's, above 1 exaggerates.
    to_rec2020 : (3, 3) float64
        Linear light of the source's primaries to linear Rec. 2020.
    size : int
        Nodes along an edge.

    Returns
    -------
    Cube
        From unit exposures (e − DARKEST) / (BRIGHTEST − DARKEST) in the source's primaries to
        the signed cube root of linear Rec. 2020 display light.

    Raises
    ------
    ParameterError
        The stock has no such finish, or `size` is not one that a cube may have.
    """
    if finish not in stock.finishes:
        raise ParameterError(unknown(f"finish of {stock.name}", finish, stock.finishes))
    rows = np.ascontiguousarray(to_rec2020, np.float64)
    return _baked(stock, finish, float(colour), float(tone), rows.tobytes(), size)


@lru_cache(maxsize=16)  # 0.4 MB each at 33 nodes
def _baked(
    stock: Stock, finish: str, colour: float, tone: float, to_rec2020: bytes, size: int
) -> Cube:
    """Return `film_cube` of arguments that can be a key; a stock is one by its identity."""
    matrix = np.frombuffer(to_rec2020).reshape(3, 3)
    unit = np.linspace(0.0, 1.0, size, dtype=np.float32)
    axis = FromEV()(unit * np.float32(RANGE) + np.float32(DARKEST))
    axis = np.maximum(axis, 0.0)  # rounding at no light
    light = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    shown = look(stock, finish, colour, tone, light, matrix)
    return Cube(np.cbrt(shown).reshape(size, size, size, 3))


def look(
    stock: Stock, finish: str, colour: float, tone: float, light: Floats, to_rec2020: Matrix3
) -> Floats:
    """Return display light (n, 3), linear Rec. 2020, of scene light (n, 3) in the source's RGB.

    What `film_cube` has at its nodes, exactly.
    """
    if colour == tone == 0.0:
        return Camera()(light) @ to_rec2020.T.astype(light.dtype)
    filmed = _filmed(stock, finish, light, to_rec2020)
    if colour == tone == 1.0:
        return filmed
    plain = Camera()(light) @ to_rec2020.T.astype(light.dtype)
    strength = np.asarray([tone, colour, colour], light.dtype)
    film_lab, plain_lab = rec2020_to_oklab(filmed), rec2020_to_oklab(plain)
    return oklab_to_rec2020(plain_lab + strength * (film_lab - plain_lab))


def rec2020_to_oklab(light: Floats) -> Floats:
    """Return Oklab (n, 3) of linear Rec. 2020 (n, 3)."""
    to_lms = OKLAB_LMS @ space("linear-rec2020").rgb_to_xyz
    return np.cbrt(light @ to_lms.T.astype(light.dtype)) @ OKLAB.T.astype(light.dtype)


def oklab_to_rec2020(lab: Floats) -> Floats:
    """Return linear Rec. 2020 (n, 3) of Oklab (n, 3)."""
    to_lms = OKLAB_LMS @ space("linear-rec2020").rgb_to_xyz
    roots = lab @ np.linalg.inv(OKLAB).T.astype(lab.dtype)
    return roots**3 @ np.linalg.inv(to_lms).T.astype(lab.dtype)


def _filmed(stock: Stock, finish: str, light: Floats, to_rec2020: Matrix3) -> Floats:
    """Return the film's display light (n, 3), linear Rec. 2020."""
    to_srgb = conversion(space("linear-rec2020"), space("srgb")) @ to_rec2020
    srgb = light @ to_srgb.T.astype(light.dtype)
    if stock.film is not None:
        return chain.render(srgb, stock.film, finish)
    if stock.cube is None:
        raise ParameterError(f"stock '{stock.name}' has neither curves nor a cube")
    unit = (ToEV()(srgb) - srgb.dtype.type(DARKEST)) / srgb.dtype.type(RANGE)
    codes = Cube(stock.cube)(np.clip(unit, 0, 1))
    decoded = np.asarray(space("srgb").transfer(codes))
    to_wide = conversion(space("srgb"), space("linear-rec2020"))
    return decoded @ to_wide.T.astype(light.dtype)
