"""All options of a choice on one picture: the same photograph on every stock, side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from orangemask.analysis import analyse_photograph
from orangemask.curves import LINEAR
from orangemask.execute import Progress, apply
from orangemask.filters import Filter
from orangemask.image import Image
from orangemask.render import full_transform, photograph_context, predict_analysed, with_changes
from orangemask.spaces import Space, space
from orangemask.thumbnail import make_thumbnail
from orangemask.transforms import Curves, Matrix, Operation, Transform
from orangemask.values import Values, from_prediction

WIDEST = 3000  # px of the whole sheet
LARGEST_TILE = 600  # px of a picture's long side
GAP = 12  # px around pictures
LABEL = 30  # px of the line below each
LABEL_SIZE = 18  # px of its letters
PAPER = 24  # 8-bit codes of the ground: dark, so that white tones are seen
INK = 220
THREE_BY_TWO = 1.5  # the shape a sheet is to come near
PLAIN = (LINEAR, LINEAR, LINEAR)


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture of a sheet: (h, w, 3) uint8 and the line below it."""

    picture: NDArray[np.uint8]
    label: str


def contact_sheet(
    image: Image,
    one: Filter,
    settings: Sequence[tuple[str, dict[str, float | str]]],
    target: Space,
    *,
    model: str | None = None,
    given: Values | None = None,
    changes: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> NDArray[np.uint8]:
    """Return a picture of a photograph as it is and rendered with each of some settings.

    Parameters
    ----------
    image : Image
    one : Filter
        For photographs.
    settings : sequence of (label, settings)
        One for each picture, in order.
    target : Space
        Of the sheet.
    model : str, optional
        What predicts the values, for each picture anew.
    given : Values, optional
        The nine values of all pictures, instead of predicting them.
    changes : mapping, optional
        Parameters to set by hand.
    progress : callable, optional
        Told the part done, 0…1.

    Returns
    -------
    (h, w, 3) uint8
        Codes of `target`.
    """
    columns, side = _layout(len(settings) + 1, image.width / image.height)
    light = make_thumbnail(image, side)
    analysis = analyse_photograph(image)
    tiles = [Tile(_shown(_as_it_is(image, target), light), "Original")]
    for i, (label, chosen) in enumerate(settings):
        context = photograph_context(image, one.checked_settings(chosen))
        if given is not None:
            values = replace(given, context=context)
        else:
            prediction = predict_analysed(analysis, one, context, one.model(model).name)
            values = from_prediction(one, prediction)
        values = with_changes(one, values, changes or {})
        tiles.append(Tile(_shown(full_transform(PLAIN, one, values, target), light), label))
        if progress is not None:
            progress((i + 1) / len(settings))
    return _pasted(tiles, columns)


def _layout(count: int, aspect: float) -> tuple[int, int]:
    """Return the columns of the sheet that comes nearest to 3:2, and the long side of a tile."""

    def shape(columns: int) -> float:
        return columns * aspect / math.ceil(count / columns)

    columns = min(range(1, count + 1), key=lambda n: abs(math.log(shape(n) / THREE_BY_TWO)))
    rows = math.ceil(count / columns)
    width = (WIDEST - GAP) // columns - GAP
    height = (WIDEST - GAP) // rows - GAP - LABEL
    side = max(width, width / aspect) if width / aspect <= height else max(height, height * aspect)
    return columns, max(1, min(LARGEST_TILE, int(side)))


def _as_it_is(image: Image, target: Space) -> Transform:
    """Return the transform from a picture's light to codes of `target` that changes no colour."""
    primaries = image.rgb_to_xyz if image.rgb_to_xyz is not None else space("srgb").rgb_to_pcs
    operations: list[Operation] = [Matrix.of(np.linalg.solve(target.rgb_to_pcs, primaries))]
    return Transform.of([*operations, Curves(target.encoders)])


def _shown(transform: Transform, light: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(apply(transform, light, dtype=np.uint8), np.uint8)


def _pasted(tiles: Sequence[Tile], columns: int) -> NDArray[np.uint8]:
    """Return tiles of one size in rows, each above its label."""
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFont

    height, width = tiles[0].picture.shape[:2]
    rows = math.ceil(len(tiles) / columns)
    size = (GAP + columns * (width + GAP), GAP + rows * (height + LABEL + GAP))
    sheet = Pillow.new("RGB", size, (PAPER,) * 3)
    draw = ImageDraw.Draw(sheet)
    letters = ImageFont.load_default(LABEL_SIZE)
    for i, tile in enumerate(tiles):
        row, column = divmod(i, columns)
        x, y = GAP + column * (width + GAP), GAP + row * (height + LABEL + GAP)
        sheet.paste(Pillow.fromarray(tile.picture), (x, y))
        label = tile.label
        while label and draw.textlength(label, font=letters) > width:
            label = label[:-1]
        draw.text((x, y + height + LABEL // 6), label, fill=(INK,) * 3, font=letters)
    return np.asarray(sheet)
