"""The simulator against real film: the IT8 chart on Ektar 100 and Portra 160."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ORANGEMASK_DATA", ROOT.parent / "shared/data"))
pytestmark = pytest.mark.skipif(
    not (DATA / "negatives/it8-ektar100").is_dir(), reason="no charts: set ORANGEMASK_DATA"
)
pytest.importorskip("scipy.optimize", reason="SciPy is not installed")
pytest.importorskip("colour", reason="colour-science is not installed")
sys.path.insert(0, str(ROOT / "models"))

from training import compare_it8, films, negative, rigs  # noqa: E402
from training.lights import colour  # noqa: E402

AUTHOR = f"{compare_it8.AUTHOR_CAMERA}, triband for base"
READABLE = 0.03  # D, the reading error of a printed curve: as near as data sheets allow


def chart(name: str) -> tuple[films.Stock, films.Array, films.Array]:
    """Return a reading's stock, layer exposures and densities."""
    stock = films.load_stock(DATA, compare_it8.READINGS[name])
    real, xyz = compare_it8.load_reading(DATA, name)
    reflectances = compare_it8.paper_reflectances(DATA, xyz)
    return stock, compare_it8.layer_exposures(stock, reflectances), real


def test_paper_spectra_have_the_colours_of_the_chart() -> None:
    _, xyz = compare_it8.load_reading(DATA, "ektar100-0")
    reflectances = compare_it8.paper_reflectances(DATA, xyz)
    table = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    fine = colour.SpectralShape(400, 700, 10)
    shape = table.copy().align(fine).values * colour.SDS_ILLUMINANTS["D50"].copy().align(
        fine
    ).values.reshape(-1, 1)
    seen = reflectances @ shape / shape[:, 1].sum()
    assert np.abs(seen - xyz).max() < 0.02
    assert reflectances.min() > 0.0 and reflectances.max() < 1.0


@pytest.mark.parametrize("name", compare_it8.READINGS)
def test_the_authors_rig_with_inter_layer_effect_is_as_near_as_data_sheets_allow(
    name: str,
) -> None:
    stock, exposures, real = chart(name)
    response = compare_it8.rigs(DATA, stock)[AUTHOR]
    found = compare_it8.match(stock, exposures, response, real, "inter-layer")
    assert found.error < READABLE
    low, high = negative.INTER_LAYER_LOW, negative.INTER_LAYER_HIGH
    outside = ~np.eye(3, dtype=bool)
    coupling = -np.asarray(found.inter_layer).reshape(3, 3)[outside]
    # The range drawn from contains real film.
    assert (coupling >= low[outside] - 0.05).all() and (coupling <= high[outside] + 0.05).all()


def test_narrow_light_comes_nearer_than_white_light_to_a_narrow_rig() -> None:
    # The author photographed the film by red, green and blue light through three pass bands.
    for name in compare_it8.READINGS:
        stock, exposures, real = chart(name)
        responses = compare_it8.rigs(DATA, stock)
        error = {
            light: compare_it8.match(
                stock,
                exposures,
                responses[f"{compare_it8.AUTHOR_CAMERA}, {light}"],
                real,
                "nominal",
            ).error
            for light in ("triband for base", "W100", "D5000")
        }
        assert error["triband for base"] == min(error.values())


def test_two_stops_less_light_are_found_from_the_film() -> None:
    found = {}
    for name in ("ektar100-0", "ektar100-2"):
        stock, exposures, real = chart(name)
        response = compare_it8.rigs(DATA, stock)[AUTHOR]
        found[name] = compare_it8.match(stock, exposures, response, real, "inter-layer").ev
    # Two stops by the author's camera; its shutter and the sun are good to a third each.
    assert found["ektar100-0"] - found["ektar100-2"] == pytest.approx(2.0, abs=0.7)


def test_lamps_set_for_the_base_make_it_grey_and_blue_the_strongest() -> None:
    stock = films.load_stock(DATA, "Ektar100")
    lamps = rigs.rgb_lamps(DATA)
    for sensitivity in rigs.load_cameras(DATA, held_out=True).values():
        response = rigs.balanced_rgb(stock.d_min, sensitivity, np.ones(3), lamps)
        base = 10.0**-stock.d_min @ response
        np.testing.assert_allclose(base, base.mean(), rtol=0.05)
        bare = response.sum(axis=0)
        assert bare[2] > bare[1] > bare[0]  # the orange mask takes most from blue
