"""What the network sees: where each number lies, and what leaves it as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from orangemask.analysis import analyse
from orangemask.film_base import FilmBase
from orangemask.filters import Rig
from orangemask.image import Image
from orangemask_filters.invert_c41.estimate import CONTRAST, estimate
from orangemask_filters.invert_c41.features import (
    FACTS,
    MOST_RANGE,
    PLANES,
    QUANTILES,
    SIDE,
    main_axis,
    make_features,
    physical,
)
from orangemask_filters.invert_c41.print_curve import BLACK_V, PRINT_FROM_BLACK
from orangemask_filters.invert_c41.rigs import RIGS, WHITE
from orangemask_filters.moments import MOMENTS, moments
from orangemask_filters.moments import QUANTILES as SHARES
from scans import negative

EACH_RIG = pytest.mark.parametrize("rig", [*RIGS.values(), Rig()], ids=lambda rig: rig.name)
SAME = 1e-4  # D and z: float32, and the thumbnail's float32 light


def analysed(factor: float = 1.0):
    """Return the analysis of a negative scanned with light `factor` times as strong."""
    return analyse(Image((negative(128, 192) / 65535 * factor).astype(np.float32)))


def split(facts):
    """Return the facts by name, in their order."""
    sizes = {
        "base": 2, "shadows": 3, "range": 3, "confidence": 1, "z": 15, "above": 15,
        "deviation": 3, "direction": 2, "share": 1, "rebate": 1, "rig": 3, "moments": MOMENTS,
    }  # fmt: skip
    assert sum(sizes.values()) == FACTS == len(facts)
    ends = np.cumsum(list(sizes.values()))[:-1]
    return dict(zip(sizes, np.split(facts.astype(np.float64), ends), strict=True))


@EACH_RIG
def test_the_facts_lie_where_they_are_said_to(rig):
    analysis = analysed()
    features = make_features(analysis, rig)
    base = np.array(analysis.base.density)
    told = split(features.facts)
    assert features.planes.shape == (PLANES, SIDE, SIDE)
    np.testing.assert_allclose(told["base"], (base - base[1])[[0, 2]], atol=SAME)
    np.testing.assert_allclose(told["shadows"], features.shadows - base, atol=SAME)
    spread = features.highlights - features.shadows
    np.testing.assert_allclose(told["range"], spread, atol=SAME)
    quantiles = told["z"].reshape(len(QUANTILES), 3)
    np.testing.assert_allclose(
        told["above"].reshape(len(QUANTILES), 3), told["shadows"] + quantiles * spread, atol=SAME
    )
    assert (np.diff(quantiles, axis=0) >= 0).all()
    assert told["confidence"] == pytest.approx(analysis.base.confidence)
    if rig.name in RIGS:
        np.testing.assert_allclose(told["rig"], [rig.name == name for name in RIGS], atol=1e-6)
    assert told["rig"].sum() == pytest.approx(1.0)


@EACH_RIG
def test_of_a_picture_of_shadows_white_is_not_beyond_what_film_holds(rig):
    above = np.broadcast_to(1.6 * np.linspace(0.0, 1.0, 192) ** 8, (128, 192))  # a lamp at night
    light = 10.0 ** -(above[..., None] * CONTRAST / CONTRAST[1] + [0.13, 0.59, 0.96])
    analysis = analyse(Image(light.astype(np.float32)))
    shadows, highlights = physical(analysis, np.array(rig.crosstalk))
    # From the darkest tone to white; the parameter S is below that tone.
    assert (highlights - shadows).max() * (1 - BLACK_V) == pytest.approx(MOST_RANGE)
    crosstalk = np.array(rig.crosstalk)
    darkest, _, white = estimate(
        analysis.thumbnail, analysis.frame, analysis.base, crosstalk, PRINT_FROM_BLACK
    )
    assert (white - darkest).max() > MOST_RANGE  # which is why


def test_density_above_base_is_that_of_the_picture():
    """Without cross-talk, against numpy's quantiles of the picture itself."""
    analysis = analysed()
    analysis = replace(analysis, base=FilmBase((0.25, 0.62, 0.85), 1.0, "given"))
    told = split(make_features(analysis, Rig()).facts)["above"].reshape(-1, 3)
    light = analysis.thumbnail[analysis.frame.picture]
    wanted = np.quantile(-np.log10(light) - [0.25, 0.62, 0.85], QUANTILES, axis=0)
    np.testing.assert_allclose(told, wanted, atol=1e-3)


@EACH_RIG
@pytest.mark.parametrize("factor", [0.5, 0.25])
def test_more_light_leaves_the_features_and_moves_the_estimate(rig, factor):
    one, other = (make_features(analysed(each), rig) for each in (1.0, factor))
    np.testing.assert_allclose(other.planes, one.planes, atol=SAME)
    np.testing.assert_allclose(other.facts, one.facts, atol=SAME)
    shift = -np.log10(factor)
    np.testing.assert_allclose(other.shadows, one.shadows + shift, atol=SAME)
    np.testing.assert_allclose(other.highlights, one.highlights + shift, atol=SAME)


def test_a_picture_of_nothing_has_finite_features():
    for pixels in (np.zeros((1, 1, 3)), np.ones((30, 40, 3)), np.full((1, 90, 3), 0.2)):
        features = make_features(analyse(Image(pixels.astype(np.float32))), WHITE)
        assert np.isfinite(features.facts).all() and np.isfinite(features.planes).all()


def test_the_main_axis_is_that_of_a_cloud_along_a_known_line():
    rng = np.random.default_rng(4)
    along = np.array([0.85, 1.0, 1.1])
    cloud = rng.normal(0, 0.4, (4000, 1)) * along + rng.normal(0, 0.03, (4000, 3)) + [0.5, 0.9, 1.2]
    deviation, direction = main_axis(cloud)
    centred = cloud - cloud.mean(axis=0)
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(deviation[::-1] ** 2, singular**2 / 3999, atol=2e-6)  # its floor
    np.testing.assert_allclose(direction, (axes[0] / axes[0, 1])[[0, 2]], atol=1e-9)
    # The error of a slope is about noise / (√n · spread): 0.03 / (√4000 · 0.4) = 0.0012.
    np.testing.assert_allclose(direction, along[[0, 2]], atol=5e-3)


@pytest.mark.parametrize(
    "cloud", [np.zeros((1, 3)), np.ones((50, 3)), np.outer(np.arange(9.0), [1, 0, -1])]
)
def test_the_main_axis_of_too_little_is_finite_and_bounded(cloud):
    deviation, direction = main_axis(cloud)
    assert np.isfinite(deviation).all() and (np.diff(deviation) >= 0).all()
    assert ((direction >= 0) & (direction <= 3)).all()


def test_moments_of_a_known_picture_are_what_numpy_says():
    rng = np.random.default_rng(8)
    picture = rng.normal(0.5, 0.2, (40, 50, 3)).astype(np.float32)
    mask = np.ones((40, 50), np.float32)
    mask[:, 30:] = 0.0
    found = moments(picture, mask)
    assert found.shape == (MOMENTS,)
    inside = picture[:, :30].reshape(-1, 3)
    count = 3 * len(SHARES)
    np.testing.assert_allclose(
        found[:count].reshape(-1, 3), np.quantile(inside, SHARES, axis=0), atol=1e-6
    )
    triples = (MOMENTS - 10) // 5
    named = found[: 3 * triples].reshape(triples, 3)
    np.testing.assert_allclose(named[14], inside.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(named[15], inside.std(axis=0), atol=1e-6)
    apart = found[3 * triples : 5 * triples].reshape(2, triples)
    np.testing.assert_allclose(apart, (named[:, [0, 2]] - named[:, [1]]).T, atol=1e-6)
    fitted = np.polyfit(inside[:, 1].astype(np.float64), inside[:, 0], 1)[0]
    assert found[-4] == pytest.approx(fitted, abs=1e-3)


def test_a_cast_moves_the_averages_and_leaves_the_spreads():
    rng = np.random.default_rng(9)
    picture = rng.uniform(0.2, 0.8, (32, 32, 3)).astype(np.float32)
    mask = np.ones((32, 32), np.float32)
    cast = np.array([0.1, 0.0, -0.05], np.float32)
    plain, moved = moments(picture, mask), moments(picture + cast, mask)
    np.testing.assert_allclose(moved[:24] - plain[:24], np.tile(cast, 8), atol=1e-6)
    np.testing.assert_allclose(moved[45:57], plain[45:57], atol=1e-6)  # deviations and edges


@pytest.mark.parametrize("value", [0.0, 1.0, np.float32(0.3)])
def test_moments_of_nothing_are_finite(value):
    picture = np.full((64, 64, 3), value, np.float32)
    for mask in (np.zeros((64, 64), np.float32), np.ones((64, 64), np.float32)):
        assert np.isfinite(moments(picture, mask)).all()
