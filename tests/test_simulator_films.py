"""Film stocks and scene lights of the simulator against published numbers."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ORANGEMASK_DATA", ROOT.parent / "shared/data"))
needs_data = pytest.mark.skipif(
    not (DATA / "film/films").is_dir(), reason="no film data: set ORANGEMASK_DATA"
)
pytest.importorskip("colour", reason="colour-science is not installed")
sys.path.insert(0, str(ROOT / "models"))

from training import films, lights, mixtures, negative  # noqa: E402
from training.lights import colour  # noqa: E402

NEW_STOCKS = sorted(films.read_json(films.SHEETS)["stocks"])
SHEET_TOLERANCE = 0.03  # D, the reading error of a printed curve
# Slopes over the log10 unit above mid grey: those of the ten stocks of the other source are
# 0.52 to 0.83; film for cinemas, made to be printed on steeper film, is about 0.5.
GAMMA_RANGE = (0.42, 0.85)


@pytest.fixture(scope="module")
def training_stocks() -> list[films.Stock]:
    return [films.load_stock(DATA, name) for name in films.TRAIN_STOCKS]


def status_above_base(stock: films.Stock) -> films.Array:
    """Return integral Status M densities of a stock's neutral steps above its base."""
    weights = films.status_m(DATA)
    spectral = stock.d_min + stock.amounts @ stock.dyes.T
    base = films.spectral_to_status(stock.d_min, weights)
    return films.spectral_to_status(spectral, weights) - base


def test_the_sheets_keep_their_licence_and_their_split() -> None:
    whole = films.read_json(films.SHEETS)
    assert "MIT License" in whole["licence"] and "Jan Lohse" in whole["licence"]
    assert "spectral_film_lut" in whole["origin"]
    known = films.TRAIN_STOCKS | films.HELD_OUT_STOCKS
    assert set(NEW_STOCKS) < set(known)
    assert all(known[name] == sheet["iso"] for name, sheet in whole["stocks"].items())
    held_out = set(NEW_STOCKS) & set(films.HELD_OUT_STOCKS)
    assert len(held_out) == len(NEW_STOCKS) // 3
    assert {"Pro160C", "Pro160S"} <= held_out  # twins stay together


@needs_data
def test_two_digitisations_of_curves_agree() -> None:
    # Vision3 500T was traced from Kodak's sheet by the authors of both sources independently.
    traced = films.read_json(DATA / "film/films/V3500T_datasheet_curves.json")["char_curves"]
    sheet = films.read_json(films.SHEETS)["stocks"]["Vision3_500T"]
    first, step = sheet["log_exposure"]["first"], sheet["log_exposure"]["step"]
    for c in "RGB":
        ours = np.asarray(sheet["statusM_density"][c])
        at = first + step * np.arange(len(ours))
        table = np.asarray([traced["log_exposure"], traced["density"][c]], dtype=float)
        x, y = table[:, np.isfinite(table[1])]
        inside = (x[0] <= at) & (at <= x[-1])
        difference = (ours - np.interp(at, x, y))[inside]
        assert np.sqrt((difference**2).mean()) < SHEET_TOLERANCE  # both have reading errors


@needs_data
def test_two_digitisations_of_a_stock_agree() -> None:
    # Both packages read Vision3 250D's dyes off Kodak's sheet, independently of each other.
    one = films.load_stock(DATA, "Vision3_250D").dyes
    other = films.load_dyes(DATA, "Vision3_250D")
    assert np.sqrt(((one - other) ** 2).mean()) < SHEET_TOLERANCE


@needs_data
@pytest.mark.parametrize("name", NEW_STOCKS)
def test_a_new_stock_is_a_possible_colour_negative(name: str) -> None:
    stock = films.load_stock(DATA, name)
    assert stock.amounts.min() >= 0.0 and stock.dyes.min() >= 0.0 and stock.dyes.max() <= 1.0
    assert (np.diff(stock.density, axis=0) >= 0.0).all()
    above = status_above_base(stock)
    np.testing.assert_allclose(above, stock.density - stock.density[0], atol=SHEET_TOLERANCE)
    base = films.spectral_to_status(stock.d_min, films.status_m(DATA))
    assert base[0] < base[1] < base[2] < 1.2  # an orange mask
    assert stock.density.max() < 3.6
    # Each layer is most sensitive where its name says, in nm.
    peaks = films.WAVELENGTHS[stock.sensitivity.argmax(axis=0)]
    assert (np.asarray([600, 520, 400]) <= peaks).all()
    assert (peaks <= np.asarray([670, 590, 480])).all()
    steps = stock.grey + np.asarray([0.0, 1.0])
    low, high = (
        [np.interp(step, stock.log_exposure, above[:, c]) for c in range(3)] for step in steps
    )
    gamma = np.subtract(high, low)
    assert GAMMA_RANGE[0] <= gamma.min() and gamma.max() <= GAMMA_RANGE[1]
    red = low[0] + base[0]
    assert films.GREY_DENSITY[0] - 0.01 <= red <= films.GREY_DENSITY[1] + 0.01


@needs_data
def test_split_dyes_add_up_to_the_neutral() -> None:
    typical = films.load_dyes(DATA, "Gold200").clip(0.0)
    truth = typical * np.linspace(0.9, 1.1, 31)[:, None]
    neutral = truth @ [0.8, 0.6, 0.7]
    dyes = films.split_neutral(neutral, typical)
    fitted = np.linalg.lstsq(dyes, neutral, rcond=None)[0]
    np.testing.assert_allclose(dyes @ fitted, neutral, atol=1e-9)
    with pytest.raises(ValueError, match="not a sum"):
        films.split_neutral(-neutral, typical)


def test_the_filter_for_tungsten_film_shifts_131_mired() -> None:
    # Kodak, Wratten 85B: 5500 K to 3200 K, +131 mired.
    filtered = lights.incandescent(films.DAYLIGHT) * films.tungsten_filter()
    wanted = lights.incandescent(films.TUNGSTEN)
    np.testing.assert_allclose(lights.unit_green(filtered), wanted, rtol=1e-6)


@needs_data
def test_grey_in_daylight_exposes_the_layers_of_tungsten_film_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stock = films.load_stock(DATA, "Vision3_500T")
    film_light = ("D5500", lights.daylight(lights.FILM_BALANCE))
    monkeypatch.setattr(negative, "draw_scene_light", lambda rng: film_light)
    _, weights = negative.exposure_weights(stock, np.random.default_rng(0))
    np.testing.assert_allclose(np.log10(0.18 * weights.sum(axis=0)), stock.grey, atol=2e-3)


@needs_data
def test_mixed_films_have_the_mixed_densities_and_lie_within_their_parents(
    training_stocks: list[films.Stock],
) -> None:
    weights = films.status_m(DATA)
    by_name = {stock.name: stock for stock in training_stocks}
    rng = np.random.default_rng(5)
    for _ in range(25):
        film = mixtures.mix_stocks(training_stocks, rng, weights)
        np.testing.assert_allclose(status_above_base(film), film.density, atol=SHEET_TOLERANCE)
        assert film.amounts.min() >= 0.0 and film.sensitivity.min() > 0.0
        parents = [by_name[name] for name in film.name.removeprefix("mix of ").split(", ")]
        d_min = np.stack([parent.d_min for parent in parents[4:]])
        assert (film.d_min >= d_min.min(axis=0) - 1e-12).all()
        assert (film.d_min <= d_min.max(axis=0) + 1e-12).all()
        assert film.iso == parents[0].iso


@needs_data
def test_nothing_is_mixed_without_being_asked(training_stocks: list[films.Stock]) -> None:
    rng = np.random.default_rng(6)
    drawn = {mixtures.draw_stock(training_stocks, rng, None).name for _ in range(300)}
    assert drawn == set(films.TRAIN_STOCKS)
    weights = films.status_m(DATA)
    names = [mixtures.draw_stock(training_stocks, rng, weights).name for _ in range(400)]
    share = np.mean([name.startswith("mix of ") for name in names])
    assert share == pytest.approx(mixtures.MIXED, abs=0.08)  # three sigma


def test_daylight_and_lamps_have_their_published_chromaticity() -> None:
    # CIE 15 as colour-science tabulates it; Planck: Kang et al. 2002.
    shape = colour.SpectralShape(400, 700, 10)
    observer = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"].copy().align(shape).values
    whites = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]
    planck = colour.temperature.CCT_to_xy(3000.0, method="Kang 2002")
    for spectrum, xy in (
        (lights.daylight(5503.0), whites["D55"]),
        (lights.lamp("FL10"), whites["FL10"]),
        (lights.incandescent(3000.0), planck),
    ):
        total = spectrum @ observer
        np.testing.assert_allclose(total[:2] / total.sum(), xy, atol=0.003)


def test_scene_lights_come_in_their_shares_and_corrections_near_daylight() -> None:
    rng = np.random.default_rng(8)
    drawn = [lights.draw_scene_light(rng) for _ in range(3000)]
    daylight = [float(name[1:]) for name, _ in drawn if re.fullmatch(r"D\d{4}", name)]
    assert len(daylight) / len(drawn) == pytest.approx(0.74, abs=0.025)
    assert min(daylight) >= 4000.0 and max(daylight) <= 7500.0
    assert np.mean(np.abs(np.asarray(daylight) - 5500.0) > 1400.0) == pytest.approx(0.12, abs=0.04)
    corrected = [name for name, _ in drawn if "+" in name]
    assert len(corrected) / len(drawn) == pytest.approx(0.26 * 0.6, abs=0.02)
    film = np.log(lights.daylight(lights.FILM_BALANCE))
    for name, spectrum in drawn:
        assert (spectrum > 0.0).all() or "+" not in name
        if match := re.fullmatch(r"P(\d+)\+(.+)", name):
            bare = np.log(lights.incandescent(float(match[1])))
            ratio = np.std(np.log(spectrum) - film) / np.std(bare - film)
            assert ratio == pytest.approx(1.0 - float(match[2]), abs=0.01)
