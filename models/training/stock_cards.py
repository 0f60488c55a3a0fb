"""Write models/stocks.md, its contact sheet and a swatch for each stock, from the shipped files.

python -m training.stock_cards
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from orangemask.spaces import conversion, space
from orangemask_filters.film_emulate.bake import look
from orangemask_filters.film_emulate.chain import render
from orangemask_filters.film_emulate.exposure import GREY
from orangemask_filters.film_emulate.material import Stock
from orangemask_filters.film_emulate.stock import stocks
from training.films import Array
from training.hues import FOLIAGE, LIGHT_SKIN, SKY, change
from training.lights import colour
from training.reflectances import chart_reflectances, to_srgb
from training.stock_sheet import QUALITY, sheet

MODELS = Path(__file__).parents[1]
FOLDER = MODELS / "orangemask_models/stocks"
PAGE = MODELS / "stocks.md"
SHEET = MODELS / "stocks.jpg"
HEAD = MODELS / "training/stocks_head.md"
CHART = "ColorChecker24 - After November 2014"
PATCH = 20  # px
RAMP = np.arange(-5.5, 6.1, 1.0)  # EV from grey, below the chart
SLOPE_AT = 0.25  # EV to both sides of grey


def chart() -> Array:
    """Return linear sRGB (24, 3) of a ColorChecker, X-Rite's values as in colour-science."""
    checker = colour.CCS_COLOURCHECKERS[CHART]
    xyz = np.stack([colour.xyY_to_XYZ(value) for value in checker.data.values()])
    return np.asarray(colour.XYZ_to_RGB(xyz, "sRGB", checker.illuminant, "Bradford"))


def swatch(stock: Stock) -> NDArray[np.uint8]:
    """Return the chart above a ramp of greys, -5.5 to +5.5 EV, as sRGB codes (h, w, 3)."""
    to_srgb = conversion(space("linear-rec2020"), space("srgb"))
    greys = np.repeat((GREY * 2.0**RAMP)[:, None], 3, axis=1)
    light = np.concatenate([chart(), greys])
    shown = look(
        stock,
        stock.finishes[0],
        1.0,
        1.0,
        light,
        conversion(space("srgb"), space("linear-rec2020")),
    )
    codes = space("srgb").encode(np.clip(shown @ to_srgb.T, 0.0, 1.0))
    patches = np.round(codes * 255.0).astype(np.uint8)
    top = patches[:24].reshape(4, 6, 3).repeat(PATCH, axis=0).repeat(PATCH, axis=1)
    ramp = patches[24:][None].repeat(PATCH, axis=0).repeat(PATCH // 2, axis=1)
    return np.concatenate([top, ramp])


def slope(stock: Stock) -> float:
    """Return the slope in log-log of the first finish at mid grey."""
    if stock.film is None:
        raise ValueError(f"{stock.name} has no film")
    light = np.repeat((GREY * 2.0 ** np.asarray([-SLOPE_AT, SLOPE_AT]))[:, None], 3, axis=1)
    low, high = render(light, stock.film, stock.finishes[0])[:, 1]
    return float(np.log2(high / low) / (2.0 * SLOPE_AT))


def told_colours(stock: Stock) -> list[str]:
    """Return what becomes of light skin, foliage and sky in the first finish, and of all hues."""
    if stock.film is None:
        raise ValueError(f"{stock.name} has no film")
    srgb = to_srgb(chart_reflectances()[:18])
    turn, ratio = change(stock.film, stock.finishes[0], srgb)
    found = [f"{turn[i]:+.0f}° × {ratio[i]:.1f}" for i in (LIGHT_SKIN, FOLIAGE, SKY)]
    return [*found, f"{abs(turn).mean():.1f}° × {ratio.mean():.2f}"]


def own_stocks() -> list[Stock]:
    """Return the stocks that are shipped, by name."""
    return [stock for stock in stocks().values() if (FOLDER / f"{stock.name}.json").is_file()]


def page() -> str:
    """Return models/stocks.md."""
    own = own_stocks()
    rows = [
        f"| [{s.name}](#{s.name}) | {s.process} | {s.iso:g} | "
        f"{'discontinued' if s.discontinued else ''} | {slope(s):.2f} | "
        f"{' | '.join(told_colours(s))} | ![{s.label}](orangemask_models/stocks/{s.name}.png) |"
        for s in own
    ]
    heads = ["stock", "process", "ISO", "", "slope at grey", "skin", "foliage", "sky", "18 colours"]
    table = f"| {' | '.join([*heads, ''])} |\n|{' --- |' * (len(heads) + 1)}\n"
    cards = [card(stock) for stock in own]
    head = HEAD.read_text(encoding="utf-8")
    return head.rstrip() + "\n\n" + table + "\n".join(rows) + "\n\n" + "\n".join(cards)


def card(stock: Stock) -> str:
    """Return the card of one stock."""
    film = stock.film
    printed = f", printed on {film.paper.label}" if film is not None and film.paper else ""
    light = f"{stock.balance_K:.0f} K"
    state = "; discontinued" if stock.discontinued else ""
    return "\n".join(
        [
            f"### {stock.name}",
            "",
            f"**{stock.label}** ({stock.maker}, {stock.process}{printed}; balanced for {light}"
            f"{state}). {stock.doc}",
            "",
            f"- Granularity: RMS {stock.granularity:g} ({stock.granularity_source}); halation "
            f"{stock.halation:g}.",
            f"- Sources: {'; '.join(stock.sources)}. Licence: {stock.licence}.",
            "",
        ]
    )


def write_cards() -> None:
    """Write the page, the contact sheet and the swatches."""
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for stock in own_stocks():
        Image.fromarray(swatch(stock)).save(FOLDER / f"{stock.name}.png", optimize=True)
    sheet(own_stocks()).save(SHEET, quality=QUALITY, optimize=True)
    PAGE.write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_cards()
