"""Kinds of film against the standards that define them."""

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

from training import films, kinds, simulator  # noqa: E402

DRAWS = 12


@pytest.fixture(scope="module")
def small() -> simulator.Simulator:
    return simulator.load_simulator(DATA, limit=6)


@pytest.fixture(scope="module")
def gold() -> films.Stock:
    return films.load_stock(DATA, "Gold200")


def status_m_base(stock: films.Stock) -> films.Array:
    return films.spectral_to_status(stock.d_min, films.status_m(DATA))


def test_a_mask_is_orange_and_without_it_the_base_is_nearly_neutral(gold: films.Stock) -> None:
    masked = np.ptp(status_m_base(gold))
    assert masked > 0.5
    rng = np.random.default_rng(1)
    spreads = [np.ptp(status_m_base(kinds.draw_maskless(gold, rng))) for _ in range(60)]
    assert np.median(spreads) < 0.1
    assert max(spreads) < 0.4 * masked
    levels = [status_m_base(kinds.draw_maskless(gold, rng)).min() for _ in range(60)]
    assert max(levels) < 0.35


@pytest.mark.parametrize("gamma", [0.45, 0.6, 0.8])
def test_silver_film_has_its_speed_and_contrast(gamma: float) -> None:
    iso = 400.0
    curve = kinds.silver_curve(float(np.log10(films.GREY_EXPOSURE / iso)), gamma, 2.2)
    assert (np.diff(curve) >= 0.0).all()
    assert curve[0] == pytest.approx(0.0, abs=1e-3) and curve[-1] == pytest.approx(2.2, abs=0.01)
    # ISO 6:1993: 0.1 D above fog at 0.8 / S lux seconds.
    at_speed = np.interp(np.log10(0.8 / iso), kinds.LOG_EXPOSURE, curve)
    assert at_speed == pytest.approx(0.1, abs=0.002)
    assert np.gradient(curve, kinds.LOG_EXPOSURE).max() == pytest.approx(gamma, rel=0.05)


def test_silver_film_is_one_layer_and_its_greys_are_grey(gold: films.Stock) -> None:
    rng = np.random.default_rng(2)
    for _ in range(DRAWS):
        film = kinds.draw_silver(gold, rng)
        assert all((film.sensitivity[:, c] == film.sensitivity[:, 0]).all() for c in range(3))
        assert all((film.dyes[:, c] == film.dyes[:, 0]).all() for c in range(3))
        if film.name.startswith("silver"):
            image = film.amounts[-1] @ film.dyes.T
            above = films.spectral_to_status(image, films.status_m(DATA))
            assert np.ptp(above) < 0.12 * above.mean()
            assert np.ptp(status_m_base(film)) < 0.1


@pytest.mark.parametrize("name", kinds.SLIDES)
def test_slide_dyes_make_a_status_a_grey(name: str) -> None:
    dyes, amounts = kinds.slide_neutrals(DATA, name)
    table = films.read_json(DATA / "film/standards/StatusA_ISO5-3.json")
    wavelengths = np.asarray(table["wavelength_nm"], dtype=float)
    for c in ("red", "green", "blue"):
        response = np.asarray(table["responsivity_linear_peak1"][c], dtype=float)
        response = np.interp(films.WAVELENGTHS, wavelengths, response, left=0.0, right=0.0)
        transmitted = 10.0 ** -(amounts @ dyes.T)
        density = -np.log10(transmitted @ response / response.sum())
        np.testing.assert_allclose(density, kinds.SLIDE_STEPS, atol=1e-3)
    assert amounts.min() >= -1e-6


def test_more_light_makes_a_slide_clearer(gold: films.Stock) -> None:
    film = kinds.draw_slide(DATA, gold, np.random.default_rng(3))
    assert (np.diff(film.amounts, axis=0) <= 1e-9).all()
    grey = np.interp(film.grey, film.log_exposure, film.density[:, 0])
    assert grey == pytest.approx(1.0, abs=0.01)
    assert film.density[0, 0] >= 2.6 and film.density[-1, 0] < 0.01


@pytest.mark.parametrize("kind", kinds.FILM_KINDS)
def test_each_kind_is_told_and_reproduced(small: simulator.Simulator, kind: str) -> None:
    one, two = (
        simulator.simulate_batch(small, np.random.default_rng(7), 8, (48, 72), kind=kind)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.negative, two.negative)
    np.testing.assert_array_equal(one.truth, two.truth)
    assert one.meta == two.meta
    assert all(meta["film_kind"] == kind for meta in one.meta)
    assert np.isfinite(one.negative).all()
    assert one.negative.min() >= 0.0 and one.negative.max() <= 1.0


@pytest.mark.parametrize("kind", kinds.FILM_KINDS)
def test_negatives_fall_and_positives_rise_with_the_truth(
    small: simulator.Simulator, kind: str
) -> None:
    rng = np.random.default_rng(12)
    signs = []
    for _ in range(DRAWS):
        roll = simulator.draw_roll(small, rng, kind)
        frame = simulator.draw_frame(small, roll, rng, (96, 144), dressed=False)
        dark, light = (
            frame.truth.mean(axis=2) <= np.percentile(frame.truth.mean(axis=2), 10),
            frame.truth.mean(axis=2) >= np.percentile(frame.truth.mean(axis=2), 90),
        )
        signs.append(frame.negative[light].mean() - frame.negative[dark].mean())
    assert np.mean(np.asarray(signs) > 0.0) == (1.0 if kind == "positive" else 0.0)


def test_truth_and_negative_register_where_the_film_is_turned(small: simulator.Simulator) -> None:
    rng = np.random.default_rng(21)
    checked = 0
    while checked < 6:
        roll = simulator.draw_roll(small, rng, "bw")
        frame = simulator.draw_frame(small, roll, rng, (128, 192))
        if abs(frame.meta["angle"]) < 0.3:
            continue
        inside = frame.labels == 0
        inside = np.asarray(inside & np.roll(inside, 8, 0) & np.roll(inside, -8, 0))
        inside &= np.roll(inside, 8, 1) & np.roll(inside, -8, 1)
        if inside.sum() < 4000:
            continue
        # Silver density rises with light everywhere: ranks of the two must agree, best unshifted.
        truth = frame.truth[:, :, 1]
        dense = -frame.negative[:, :, 1]

        def agreement(dy: int, dx: int, dense=dense, truth=truth, inside=inside) -> float:
            moved = np.roll(dense, (dy, dx), (0, 1))
            ranks = [part[inside].argsort().argsort() for part in (moved, truth)]
            return float(np.corrcoef(*ranks)[0, 1])

        shifts = [(dy, dx) for dy in (-2, 0, 2) for dx in (-2, 0, 2)]
        found = max(shifts, key=lambda shift: agreement(*shift))
        assert found == (0, 0)
        assert agreement(0, 0) > 0.9
        checked += 1


def test_black_and_white_truth_is_the_luminance(small: simulator.Simulator) -> None:
    photo = np.random.default_rng(1).random((4, 5, 3), dtype=np.float32)
    grey = kinds.truth_of("bw", photo)
    # IEC 61966-2-1: Y = 0.2126 R + 0.7152 G + 0.0722 B.
    np.testing.assert_allclose(grey[:, :, 2], photo @ [0.2126, 0.7152, 0.0722], rtol=1e-5)
    assert kinds.truth_of("c41", photo) is photo


def test_half_of_the_positives_are_photographs_as_they_are(small: simulator.Simulator) -> None:
    rng = np.random.default_rng(5)
    rolls = [simulator.draw_roll(small, rng, "positive") for _ in range(200)]
    photographs = [roll for roll in rolls if roll.rig.kind == kinds.PHOTOGRAPH]
    assert 0.4 < len(photographs) / 200 < 0.6
    for roll in photographs[:5]:
        frame = simulator.draw_frame(small, roll, rng, (48, 72), dressed=False)
        shown = frame.negative / roll.capture.gain.astype(np.float32)
        assert np.abs(shown - frame.truth).mean() < 0.02  # 8 bits, JPEG, flare


def test_an_unknown_kind_is_refused(small: simulator.Simulator) -> None:
    with pytest.raises(ValueError, match="c41, maskless, bw, positive"):
        simulator.draw_roll(small, np.random.default_rng(0), "tintype")
