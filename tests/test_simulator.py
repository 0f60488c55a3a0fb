"""The simulator against the data sheets it is built from."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ORANGEMASK_DATA", ROOT.parent / "shared/data"))
pytestmark = pytest.mark.skipif(
    not (DATA / "film/films").is_dir(), reason="no film data: set ORANGEMASK_DATA"
)
pytest.importorskip("colour", reason="colour-science is not installed")
sys.path.insert(0, str(ROOT / "models"))

from training import films, negative, rigs, scenes, simulator  # noqa: E402

STEP_TOLERANCE = 0.03  # D, the reading error of a printed curve
ALL_STOCKS = sorted(films.TRAIN_STOCKS | films.HELD_OUT_STOCKS)
# Red Status M density of a grey card on a normally exposed negative, Kodak e40JudgeNeg.
GREY_CARD = (0.75, 0.95)


@pytest.fixture(scope="module")
def small() -> simulator.Simulator:
    return simulator.load_simulator(DATA, limit=12)


@pytest.mark.parametrize("name", ALL_STOCKS)
def test_neutral_steps_have_the_published_status_m_density(name: str) -> None:
    stock = films.load_stock(DATA, name)
    weights = films.status_m(DATA)
    steps = np.repeat(stock.log_exposure[::10, None], 3, axis=1)
    tables = negative.layer_tables(stock, negative.Development.nominal())
    amounts = negative.log_exposure_to_amounts(steps, tables)
    codes = negative.film_transmittance(amounts, stock, negative.Development.nominal(), weights)
    above_base = -np.log10(codes) - films.spectral_to_status(stock.d_min, weights)
    published = stock.density[::10] - stock.density.min(axis=0)
    np.testing.assert_allclose(above_base, published, atol=STEP_TOLERANCE)


@pytest.mark.parametrize("name", ["Ektar100", "Gold200", "Portra160", "Portra400", "Ultramax400"])
def test_a_grey_card_has_the_density_kodak_names(name: str) -> None:
    stock = films.load_stock(DATA, name)
    red = np.interp(stock.grey, stock.log_exposure, stock.density[:, 0])
    assert GREY_CARD[0] - STEP_TOLERANCE <= red <= GREY_CARD[1] + STEP_TOLERANCE


@pytest.mark.parametrize("name", ALL_STOCKS)
def test_film_base_is_orange_in_white_light(name: str) -> None:
    stock = films.load_stock(DATA, name)
    for response in rigs.load_cameras(DATA, held_out=True).values():
        base = 10.0**-stock.d_min @ response / response.sum(axis=0)
        assert base[0] >= base[1] >= base[2]


def test_grey_in_film_balanced_daylight_exposes_all_layers_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stock = films.load_stock(DATA, "Gold200")
    film_light = ("D5500", negative.daylight(negative.FILM_BALANCE))
    monkeypatch.setattr(negative, "draw_scene_light", lambda rng: film_light)
    _, matrix = negative.exposure_matrix(stock, np.random.default_rng(0))
    np.testing.assert_allclose(np.log10(matrix @ np.full(3, 0.18)), stock.grey, atol=1e-6)


def test_the_same_seed_gives_the_same_frames(small: simulator.Simulator) -> None:
    one, two = (simulator.simulate_batch(small, np.random.default_rng(7), 3) for _ in range(2))
    np.testing.assert_array_equal(one.negative, two.negative)
    assert one.meta == two.meta


def test_frames_are_codes_with_labels_and_truth_only_in_the_picture(
    small: simulator.Simulator,
) -> None:
    batch = simulator.simulate_batch(small, np.random.default_rng(3), 24, (33, 47))
    assert batch.negative.shape == batch.truth.shape == (24, 33, 47, 3)
    assert batch.negative.dtype == batch.truth.dtype == np.float32
    assert batch.negative.min() >= 0.0 and batch.negative.max() <= 1.0
    assert set(np.unique(batch.labels)) == {0, 1, 2, 3, 4}
    assert not batch.truth[batch.labels != 0].any()


def test_more_light_makes_a_denser_negative() -> None:
    stock = films.load_stock(DATA, "Ektar100")
    tables = negative.layer_tables(stock, negative.Development.nominal())
    steps = np.repeat(np.linspace(-4.0, 3.0, 60)[:, None], 3, axis=1)
    amounts = negative.log_exposure_to_amounts(steps, tables)
    assert (np.diff(amounts, axis=0) >= -1e-3).all()


def test_a_frame_is_of_its_roll(small: simulator.Simulator) -> None:
    rng = np.random.default_rng(11)
    roll = simulator.draw_roll(small, rng)
    frames = [simulator.draw_frame(small, roll, rng) for _ in range(3)]
    assert len({tuple(frame.meta["base"]) for frame in frames}) == 1
    assert max(frames[0].meta["base"]) == pytest.approx(0.725, abs=0.226)


def test_the_split_depends_on_the_bytes_alone() -> None:
    # sha256 of "" begins e3b0c442, of "abc" ba7816bf (FIPS 180-4 examples).
    assert scenes.is_held_out(b"") == (0xE3B0C442 % 100 < 15)
    assert scenes.is_held_out(b"abc") == (0xBA7816BF % 100 < 15)
    cameras = [rigs.load_cameras(DATA, held_out=held) for held in (False, True)]
    assert not set(cameras[0]) & set(cameras[1])
    assert [len(part) for part in cameras] == [37, 7]
    assert not set(films.TRAIN_STOCKS) & set(films.HELD_OUT_STOCKS)
