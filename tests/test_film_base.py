"""The film base against known ones."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from orangemask.curves import SRGB
from orangemask.errors import ParameterError
from orangemask.film_base import (
    DOUBTFUL,
    base_from_rectangle,
    base_given,
    block_densities,
    find_film_base,
    looks_like_negative,
)
from orangemask.frame import find_frame, whole_frame
from orangemask.image import Image
from orangemask.thumbnail import make_thumbnail

DATA = Path(os.environ.get("ORANGEMASK_DATA", Path(__file__).parents[2] / "shared" / "data"))
BASE = np.array([0.25, 0.6, 0.85])
GRAIN = 0.01  # D, of the noise that is drawn

real = pytest.mark.skipif(not (DATA / "negatives").is_dir(), reason="needs ../shared/data")


def scan(rebate: int, darkest: float = 0.0) -> np.ndarray:
    """Return a (170, 256) negative whose scene begins `darkest` D above the base."""
    rng = np.random.default_rng(3)
    steps = rng.uniform(darkest, darkest + 1.0, (17, 26, 3)).repeat(10, 0).repeat(10, 1)[:, :256]
    steps[40:60, 40:80] = darkest
    inside = np.zeros((170, 256, 1))
    inside[rebate : 170 - rebate, rebate : 256 - rebate] = 1
    density = BASE + steps * inside + rng.normal(0, GRAIN, (170, 256, 3))
    return (10**-density).astype(np.float32)


def test_the_rebate_is_the_base():
    light = scan(10, darkest=0.3)
    base = find_film_base(light, find_frame(light))
    assert base.origin == "rebate"
    assert base.density == pytest.approx(tuple(BASE), abs=GRAIN)
    assert base.confidence > 0.7


def test_without_a_rebate_the_thinnest_part_is_the_base():
    light = scan(0)
    base = find_film_base(light, find_frame(light))
    assert base.origin == "envelope"
    assert base.density == pytest.approx(tuple(BASE), abs=3 * GRAIN)
    assert 0.1 < base.confidence < 0.8


@pytest.mark.parametrize("rebate", [0, 10])
def test_more_light_moves_the_base_and_nothing_else(rebate):
    light = scan(rebate)
    frame = find_frame(light)
    plain = find_film_base(light, frame)
    gain = np.float32([0.5, 0.25, 0.125])
    moved = find_film_base(light * gain, frame)
    assert np.array(moved.density) - plain.density == pytest.approx(-np.log10(gain), abs=1e-5)
    assert moved.confidence == pytest.approx(plain.confidence, abs=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (7, 7)])
def test_tiny_pictures_get_the_usual_base(size):
    light = np.full((*size, 3), 0.5, np.float32)
    base = find_film_base(light, find_frame(light))
    assert base.origin == "prior"
    assert base.confidence < 0.1


def test_a_rectangle_gives_its_median():
    light = 10**-BASE
    codes = np.zeros((50, 60, 3), np.uint16)
    codes[10:20, 30:50] = np.round(light * 65535)
    codes[12, 33] = 65535
    for rectangle in ((30, 10, 20, 10), (31, 11, 5, 5)):
        base = base_from_rectangle(Image(codes), rectangle)
        assert base.density == pytest.approx(tuple(BASE), abs=1e-4)
        assert (base.origin, base.confidence, base.warnings) == ("given", 1.0, ())


def test_a_rectangle_is_cut_at_the_picture_and_refused_outside():
    image = Image(np.full((50, 60, 3), 6554, np.uint16))
    assert base_from_rectangle(image, (-5, 45, 10, 10)).density == pytest.approx((1,) * 3, abs=1e-4)
    for rectangle in ((60, 0, 5, 5), (0, 50, 5, 5), (-5, 0, 5, 5), (0, 0, 0, 5)):
        with pytest.raises(ParameterError, match="base rectangle"):
            base_from_rectangle(image, rectangle)


def test_uneven_and_clipped_rectangles_are_reported():
    rng = np.random.default_rng(0)
    noise = Image(rng.integers(1000, 60000, (50, 60, 3), np.uint16))
    assert "uneven" in base_from_rectangle(noise, (0, 0, 60, 50)).warnings[0]
    clipped = Image(np.full((50, 60, 3), 65535, np.uint16))
    assert "clipped" in base_from_rectangle(clipped, (0, 0, 60, 50)).warnings[0]


@pytest.mark.parametrize("value", [0.0, -1.0, 1.5, float("nan"), float("inf")])
def test_impossible_bases_are_refused(value):
    with pytest.raises(ParameterError, match="base"):
        base_given(0.5, value, 0.5)


def test_a_given_base_is_its_density():
    assert base_given(1.0, 0.1, 0.01).density == pytest.approx((0, 1, 2))


def test_block_densities_ignore_dust():
    light = np.full((30, 30, 3), 0.1, np.float32)
    light[::3, ::3] = 1.0
    assert np.allclose(block_densities(light, np.ones((30, 30), bool)), 1.0)


@pytest.mark.parametrize("level", [0.0, 0.2, 1.0])
def test_a_blank_picture_is_no_negative(level):
    light = np.full((170, 256, 3), level, np.float32)
    assert looks_like_negative(light, find_frame(light)) == 0.0


def test_a_negative_looks_like_one_and_its_positive_does_not():
    light = scan(0)
    assert looks_like_negative(light, whole_frame(170, 256)) > 0.5
    positive = (10 ** -(2.6 - 2.2 * (-np.log10(light) - BASE))).astype(np.float32)
    assert looks_like_negative(positive, whole_frame(170, 256)) < DOUBTFUL


def negative_score(path: Path) -> float:
    from PIL import Image as Pillow

    with Pillow.open(path) as file:
        codes = np.asarray(file.convert("RGB")).astype(np.uint16) * 257
    thumbnail = make_thumbnail(Image(codes, transfer=(SRGB,) * 3))
    return looks_like_negative(thumbnail, find_frame(thumbnail))


@real
def test_real_negatives_are_not_doubted():
    folder = DATA / "negatives"
    negatives = sorted(folder.glob("varied/*.jpeg"))
    for path in (*negatives, folder / "holder/negative_scan.jpg", folder / "pair/negative.jpg"):
        assert negative_score(path) > 0.5, path.name
    for name in ("varied/not-a-negative.jpg", "pair/positive.jpg"):
        assert negative_score(folder / name) < DOUBTFUL, name


@real
def test_most_photographs_are_doubted():
    paths = sorted((DATA / "photos").glob("*.jpg"))[::40]
    doubted = sum(negative_score(path) < DOUBTFUL for path in paths)
    assert doubted > 0.7 * len(paths)  # 0.79 of all 1,040
