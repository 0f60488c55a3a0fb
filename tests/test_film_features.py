"""What the network of Film Emulate is told: physical limits and invariances."""

from __future__ import annotations

import numpy as np
import pytest

from orangemask_filters.film_emulate.exposure import BRIGHTEST, DARKEST, GREY, Camera
from orangemask_filters.film_emulate.features import (
    BRIGHT,
    CHROMAS,
    COLOURS,
    DARK,
    ENDS,
    FACTS,
    GREYS,
    LAYOUT,
    PICTURE_FACTS,
    RANGE,
    SIDE,
    STEEPNESS,
    TONES,
    light_to_unit,
    make_features,
    picture_features,
    stock_facts,
)
from orangemask_filters.film_emulate.stock import find_stock, stocks

HALF = 3e-3  # of 0…1: the foot, and half a code of 8 bits


def scene(seed: int = 3, shape: tuple[int, int] = (48, 72)) -> np.ndarray:
    """Return light far above the foot, and no brighter than a camera's white when doubled."""
    return np.random.default_rng(seed).uniform(0.1, 0.9, (*shape, 3)).astype(np.float32)


def test_exposure_runs_from_none_to_the_brightest():
    light = np.float32([[0.0, GREY, 23.1]])
    np.testing.assert_allclose(
        light_to_unit(light, scene=True), [[0.0, -DARKEST / RANGE, 1.0]], atol=1e-3
    )
    broken = np.float32([[-1.0, np.inf, 1e30]])
    np.testing.assert_array_equal(light_to_unit(broken, scene=True), [[0.0, 1.0, 1.0]])
    assert RANGE == BRIGHTEST - DARKEST


def test_a_stop_more_moves_the_planes_by_a_stop():
    one, two = (picture_features(scene() * k, scene=True) for k in (0.5, 1.0))
    np.testing.assert_allclose(two.planes - one.planes, 1.0 / RANGE, atol=HALF)


def test_a_display_picture_is_told_as_the_scene_it_was_taken_of():
    """`exposure.Camera` and its inverse: both ways in give the same planes."""
    linear, shown = scene(), Camera()(scene())
    one, two = picture_features(linear, scene=True), picture_features(shown, scene=False)
    np.testing.assert_allclose(one.planes, two.planes, atol=1e-5)
    assert (one.facts[-1], two.facts[-1]) == (1.0, 0.0)


def test_what_is_cut_off_is_told():
    """Roots of the shares at fixed levels come first, channel by channel."""
    light = scene()
    light[:12] = 2.0  # a quarter, 3.47 EV above grey
    light[12:18, :, 2] = 0.0  # an eighth, of blue alone
    facts = picture_features(light, scene=True).facts
    bright = facts[: 3 * len(BRIGHT)].reshape(-1, 3)
    dark = facts[3 * len(BRIGHT) : 3 * (len(BRIGHT) + len(DARK))].reshape(-1, 3)
    np.testing.assert_allclose(bright[BRIGHT.index(3.2)], 0.5)
    np.testing.assert_allclose(bright[BRIGHT.index(3.499)], 0.0)
    np.testing.assert_allclose(dark[DARK.index(-6.0)], [0.0, 0.0, np.sqrt(1 / 8)], rtol=1e-6)


def test_grey_lies_in_the_middle_of_the_colours():
    light = np.full((40, 60, 3), 1.2 * GREY, np.float32)
    facts = picture_features(light, scene=True).facts
    colours = facts[ENDS : ENDS + COLOURS].reshape(TONES, CHROMAS, CHROMAS)
    assert colours[2, CHROMAS // 2, CHROMAS // 2] == pytest.approx(1.0)
    assert np.count_nonzero(colours) == 1
    red = picture_features(light * np.float32([2.0, 1.0, 1.0]), scene=True).facts
    tones, reds, blues = np.nonzero(red[ENDS : ENDS + COLOURS].reshape(TONES, CHROMAS, CHROMAS))
    assert reds[0] > CHROMAS // 2 and blues[0] == CHROMAS // 2 and len(tones) == 1


def test_edges_and_layout_are_told():
    """The upper half 2 EV brighter: means of parts, and no edge but across the middle."""
    light = np.full((64, 96, 3), GREY / 4, np.float32)
    light[:32] = GREY
    layout = picture_features(light, scene=True).facts[-LAYOUT - STEEPNESS - 1 : -STEEPNESS - 1]
    parts = layout[:24].reshape(4, 6)
    np.testing.assert_allclose(parts[:2] - parts[2:], 2.0, atol=0.05)  # the foot
    across, down = layout[96:102].reshape(2, 3)
    np.testing.assert_allclose(across, 0.0, atol=1e-5)
    assert down[0] == pytest.approx(2.0 / 63, rel=0.03)
    np.testing.assert_allclose(down[1:], 0.0, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (192, 3), (33, 64)])
def test_any_shape_has_features(shape):
    told = stock_facts(next(iter(stocks().values())), "print", 1.0, 1.0)
    found = make_features(scene(shape=shape), scene=False, stock=told)
    assert found.planes.shape == (3, SIDE, SIDE) and found.facts.shape == (FACTS,)
    assert np.isfinite(found.facts).all() and np.isfinite(found.planes).all()
    assert PICTURE_FACTS + len(GREYS) == FACTS


@pytest.mark.parametrize("light", [0.0, 1.0])
def test_a_blank_picture_has_features(light):
    found = picture_features(np.full((20, 30, 3), light, np.float32), scene=False)
    assert np.isfinite(found.facts).all()


def test_a_stock_is_told_by_its_tones():
    """Lightness rises with exposure; without tone it is that of the camera's curve."""
    stock = find_stock("kodak-gold-200")
    told = stock_facts(stock, "print", 1.0, 1.0)
    assert (np.diff(told) > 0).all() and told[0] >= -0.2 and told[-1] <= 1.01
    plain = stock_facts(stock, "print", 0.0, 0.0)
    exposed = GREY * np.exp2(GREYS[2])
    lightness = 1.16 * np.cbrt(Camera()(np.float64([exposed]))[0]) - 0.16
    assert plain[2] == pytest.approx(lightness, abs=2e-3)  # the foot
    assert np.abs(told - plain).max() > 0.02
