"""Measuring rolls: rendered as the program renders, scored by what is known by construction."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from orangemask.execute import apply
from orangemask.film_base import FilmBase
from orangemask.filters import Context, find_filter
from orangemask.image import Image
from orangemask.nine import nine_to_values
from orangemask.render import full_transform
from orangemask.roll import Parts
from orangemask.spaces import space
from orangemask.values import Values

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ORANGEMASK_DATA", ROOT.parent / "shared/data"))
colour = pytest.importorskip("colour", reason="colour-science is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")
sys.path.insert(0, str(ROOT / "models"))

from training.fit_roll import Trial, colour_only, neutral_casts, score  # noqa: E402
from training.rolls import Draw, Rolls, draw_rolls  # noqa: E402

FILTER = find_filter("invert-c41")
RIG = FILTER.rigs[1]
BASE = FilmBase((0.25, 0.62, 0.85), 0.9, "roll")
FRAMES, PIXELS = 4, 40


@pytest.fixture
def light():
    """Return transmittances of some frames, each one row of pixels."""
    codes = np.random.default_rng(4).uniform(0.02, 0.5, (FRAMES, 1, PIXELS, 3))
    return codes.astype(np.float32)


@pytest.fixture
def rolls(light):
    """Return one roll whose frames differ by a third of a stop."""
    one = np.array([[0.15, 0.45, 0.65], [-0.2, 0.1, 0.3], [1.4, 1.9, 2.3]])
    nine = np.array([[one + np.array([[0.1], [0.0], [0.1]]) * i for i in range(FRAMES)]])
    crosstalk = np.tile(RIG.crosstalk, (1, FRAMES, 1, 1))
    return Rolls(
        density=-np.log10(light).reshape(1, FRAMES, PIXELS, 3),
        truth=np.full((1, FRAMES, PIXELS, 3), 0.2, np.float32),
        daylight=np.ones((1, FRAMES), bool),
        nine=nine,
        crosstalk=crosstalk,
        confidence=np.full((1, FRAMES), 0.6),
        negative=np.ones((1, FRAMES)),
        level=np.array([BASE.density]),
        base=np.tile(BASE.density, (1, FRAMES, 1)),
        origin=np.full((1, FRAMES), "rebate"),
        sureness=np.full((1, FRAMES), 0.9),
        single_nine=nine,
        single_crosstalk=crosstalk,
    )


def test_samples_are_rendered_as_the_program_renders(rolls, light):
    trial = Trial(rolls)
    for i in range(FRAMES):
        image = Image(light[i])
        values = nine_to_values(rolls.nine[0, i])
        chosen = Values(FILTER.name, values, Context(BASE, RIG, "linear"))
        transform = full_transform(image.transfer, FILTER, chosen, space("srgb"), linear=True)
        expected = np.clip(apply(transform, image.pixels, dtype=np.float32), 0.0, 1.0)
        np.testing.assert_allclose(trial.single[i], expected[0], atol=1e-3)  # E has five digits
    whole = trial.rendered([Parts(1.0, 1.0, 1.0, 1.0, 1.0)] * FRAMES)
    np.testing.assert_allclose(whole, trial.single, atol=1e-4)  # 32-bit floats


def test_rolls_come_back_from_their_file(rolls, tmp_path):
    rolls.save(tmp_path / "rolls")
    back = Rolls.load(tmp_path / "rolls")
    assert back.seen(0) == rolls.seen(0)
    np.testing.assert_array_equal(back.density, rolls.density)
    (tmp_path / "other").write_bytes(b"no rolls")
    with pytest.raises(ValueError, match="other holds no rolls"):
        Rolls.load(tmp_path / "other")


def test_one_curve_on_all_channels_is_no_error_of_colour():
    code = np.random.default_rng(1).uniform(0.1, 0.9, (2, 200, 3))
    result, truth = (torch.tensor(_decoded(x)) for x in (code, 0.2 + 0.6 * code**1.5))
    assert colour_only(result, truth).max() < 0.3  # the exponents tried are 11 % apart


def test_a_cast_of_grey_is_its_distance_from_the_truth():
    grey = torch.full((3, 30, 3), 0.2)
    coloured = torch.tensor([0.3, 0.1, 0.1]).expand(30, 3)
    truth = torch.stack([grey[0], grey[1], coloured])
    result = torch.stack([grey[0], coloured, coloured])
    casts = neutral_casts(result, truth)
    np.testing.assert_allclose(casts[0], 0.0, atol=1e-4)
    srgb = colour.RGB_COLOURSPACES["sRGB"]
    lab = colour.XYZ_to_Lab([0.3, 0.1, 0.1] @ srgb.matrix_RGB_to_XYZ.T, srgb.whitepoint)
    np.testing.assert_allclose(casts[1], lab[1:], atol=0.02)  # four digits of the matrix
    assert np.isnan(casts[2]).all()


def _decoded(code):
    """IEC 61966-2-1."""
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "film/films").is_dir(), reason="no film data: set ORANGEMASK_DATA")
@pytest.mark.parametrize("light", ["frame", "daylight"])
def test_rolls_of_stocks_and_cameras_held_out_are_better_than_single_frames(light):
    trial = Trial(draw_rolls(Draw(DATA, 11, True, light), 8))
    every = np.ones_like(trial.daylight)
    single = score(trial, trial.single, every)
    roll = score(trial, trial.rendered(trial.with_odds(0.5)), every)
    assert roll["mean"] < single["mean"] and roll["colour"] < single["colour"]
    if light == "daylight":  # nothing but the scene tells frames apart
        assert roll["spread"] < single["spread"]
