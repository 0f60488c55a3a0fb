"""The fast ways to render against the exact one, tiles against the whole."""

import threading

import numpy as np
import pytest

from orangemask.curves import SRGB, Affine, Chain, Density
from orangemask.errors import Cancelled
from orangemask.execute import apply
from orangemask.transforms import Cube, Curves, Matrix, Transform
from test_cube import film_cube, random_cube
from test_luts_bake import delta_e, photographs

STEPS_OF_16_BIT = 2  # the index between matrix and curve has 16 bits too
STEPS_WITH_TWO_MATRICES = 8

CROSSTALK = Matrix.of([[1.2, -0.1, -0.1], [-0.05, 1.1, -0.05], [0.0, -0.2, 1.2]], (0.01, 0, -0.02))
PRIMARIES = Matrix.of([[0.8, 0.2, 0.0], [0.1, 0.9, 0.0], [0.0, 0.1, 0.9]])


class Paper:
    def __call__(self, v):
        return np.maximum(0, 1.08 * (1 - 10 ** -np.maximum(v, -2))) ** 4


def channels(curve):
    return Curves((curve, curve, curve))


NINE = Curves(
    (
        Chain((Affine(0.9, -0.2), Paper())),
        Chain((Affine(0.8, -0.4), Paper())),
        Chain((Affine(0.7, -0.5), Paper())),
    )
)
TABLES = Transform.of([channels(Density()), NINE, channels(SRGB.inverse)])
ONE_MATRIX = Transform.of([channels(Density()), CROSSTALK, NINE, channels(SRGB.inverse)])
TWO_MATRICES = Transform.of(
    [channels(Density()), CROSSTALK, NINE, PRIMARIES, channels(SRGB.inverse)]
)
ENDS_IN_MATRIX = Transform.of([channels(Density()), CROSSTALK, NINE, PRIMARIES])
STARTS_WITH_MATRIX = Transform.of([PRIMARIES, channels(SRGB.inverse)])
UNIT = Curves(tuple(Chain((SRGB.inverse, Affine(slope, 0.1))) for slope in (0.9, 0.7, 1.1)))
CUBE = Transform.of([UNIT, film_cube()])
CUBES = [
    CUBE,
    Transform.of([channels(SRGB.inverse), random_cube(17)]),  # one table for all channels
    Transform.of([random_cube(33)]),
    Transform.of([channels(SRGB), PRIMARIES, UNIT, film_cube()]),
    Transform.of([UNIT, film_cube(), PRIMARIES, channels(SRGB.inverse)]),
    Transform.of([UNIT, film_cube(), CROSSTALK, random_cube(5)]),
]


def tolerance(transform):
    two = transform in (TWO_MATRICES, ENDS_IN_MATRIX)
    return STEPS_WITH_TWO_MATRICES if two else STEPS_OF_16_BIT


ALL = [TABLES, ONE_MATRIX, TWO_MATRICES, ENDS_IN_MATRIX, STARTS_WITH_MATRIX, Transform(), *CUBES]


@pytest.fixture(scope="module")
def negative():
    rng = np.random.default_rng(7)
    return rng.integers(0, 65536, (211, 307, 3), dtype=np.uint16)


def exact(transform, pixels):
    return transform(pixels.astype(np.float64) / 65535)


@pytest.mark.parametrize("transform", ALL)
def test_uint16_agrees_with_the_exact_evaluation(transform, negative):
    wanted = np.clip(np.rint(exact(transform, negative) * 65535), 0, 65535)
    error = np.abs(apply(transform, negative).astype(float) - wanted)
    assert error.max() <= tolerance(transform)


@pytest.mark.parametrize("transform", ALL)
def test_uint16_to_float_agrees_with_the_exact_evaluation(transform, negative):
    result = apply(transform, negative, dtype=np.float32)
    wanted = exact(transform, negative)
    inside = (wanted > 0) & (wanted < 1)
    assert np.abs(result - wanted)[inside].max() < tolerance(transform) / 65535


@pytest.mark.parametrize("transform", ALL)
def test_float_agrees_with_the_exact_evaluation(transform, negative):
    floats = (negative / 65535).astype(np.float32)
    result = apply(transform, floats, dtype=np.float32)
    assert np.abs(result - transform(floats.astype(np.float64))).max() < 1e-5


@pytest.mark.parametrize("target", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("source", [np.uint16, np.float32])
@pytest.mark.parametrize("transform", ALL)
def test_tiles_equal_the_whole(transform, source, target, negative):
    pixels = negative if source == np.uint16 else (negative / 65535).astype(np.float32)
    whole = apply(transform, pixels, dtype=target)
    for y, x in ((0, 0), (3, 1), (17, 5), (100, 299), (210, 306)):
        for h, w in ((1, 1), (1, 9), (64, 31), (200, 300)):
            tile = (slice(y, y + h), slice(x, x + w))
            assert np.array_equal(apply(transform, pixels[tile], dtype=target), whole[tile])


@pytest.mark.parametrize("transform", [ONE_MATRIX, CUBE])
def test_threads_and_block_sizes_do_not_matter(transform, negative, monkeypatch):
    whole = apply(transform, negative, threads=1)
    monkeypatch.setattr("orangemask.execute.BLOCK_PIXELS", 1000)
    assert np.array_equal(apply(transform, negative, threads=4), whole)


@pytest.mark.parametrize("target", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("source", [np.uint16, np.float32])
def test_tiles_of_a_cube_do_not_matter(source, target, negative, monkeypatch):
    pixels = negative if source == np.uint16 else (negative / 65535).astype(np.float32)
    whole = apply(CUBE, pixels, dtype=target)
    monkeypatch.setattr("orangemask.cubes.CUBE_TILE", 2048)
    assert np.array_equal(apply(CUBE, pixels, dtype=target), whole)


def test_a_cube_shows_no_difference_from_its_exact_evaluation(negative):
    for name, photo in [("random", negative / 65535), *photographs()]:
        codes = np.rint(photo * 65535).astype(np.uint16)
        wanted = CUBE(codes / 65535)
        for target in (np.uint16, np.float32):
            result = apply(CUBE, codes, dtype=target) / (65535 if target == np.uint16 else 1)
            error = delta_e(wanted, result)
            print(f"{name} to {target.__name__}: mean {error.mean():.5f}, worst {error.max():.4f}")
            assert error.mean() <= 0.02  # issue 4, B1


def test_a_cube_gives_values_beyond_0_and_1_to_floats_and_clips_codes():
    cube = Transform.of([Cube(np.broadcast_to(np.float32([-0.5, 0.5, 1.5]), (2, 2, 2, 3)))])
    pixels = np.array([[[0, 30000, 65535]]], np.uint16)
    assert np.allclose(apply(cube, pixels, dtype=np.float32), [-0.5, 0.5, 1.5])
    assert np.array_equal(apply(cube, pixels, dtype=np.uint8), [[[0, 128, 255]]])
    assert np.array_equal(apply(cube, pixels), [[[0, 32768, 65535]]])


def test_eight_bit_output_is_the_rounded_sixteen_bit_one(negative):
    eight = apply(TABLES, negative, dtype=np.uint8)
    wanted = np.rint(np.clip(exact(TABLES, negative), 0, 1) * 255)
    assert np.abs(eight - wanted).max() == 0


def test_writes_into_the_array_given_even_a_strided_one(negative):
    canvas = np.zeros((211, 307, 4), np.uint16)
    out = canvas[..., :3]
    assert apply(ONE_MATRIX, negative, out) is out
    assert np.array_equal(out, apply(ONE_MATRIX, negative))
    assert not canvas[..., 3].any()


@pytest.mark.parametrize("transform", [ONE_MATRIX, CUBE, CUBES[2]])
def test_infinite_and_missing_numbers_render_to_numbers(transform):
    pixels = np.array([[[np.nan, np.inf, -np.inf], [0.1, 0.2, 0.3]]], np.float32)
    result = apply(transform, pixels, dtype=np.float32)
    assert np.isfinite(result).all()
    assert np.array_equal(result[:, 1:], apply(transform, pixels[:, 1:], dtype=np.float32))


@pytest.mark.parametrize("transform", [ONE_MATRIX, CUBE])
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (5000, 1, 3), (0, 7, 3)])
def test_odd_shapes(shape, transform):
    pixels = np.full(shape, 20000, np.uint16)
    assert apply(transform, pixels).shape == shape


def test_progress_rises_to_one(negative, monkeypatch):
    monkeypatch.setattr("orangemask.execute.BLOCK_PIXELS", 1000)
    seen = []
    apply(TABLES, negative, progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0 and len(seen) > 3


def test_cancel_stops_and_says_so(negative, monkeypatch):
    monkeypatch.setattr("orangemask.execute.BLOCK_PIXELS", 307)
    done = []
    with pytest.raises(Cancelled):
        apply(TABLES, negative, progress=done.append, cancel=lambda: len(done) > 3)
    assert done[-1] < 1.0
    assert threading.active_count() < 10


def test_transform_merges_neighbours_and_drops_identities():
    assert len(TABLES.operations) == 1
    assert len(Transform.of([Matrix.of(np.eye(3)), channels(SRGB)]).operations) == 1
    merged = Transform.of([CROSSTALK, PRIMARIES])
    x = np.random.default_rng(0).random((5, 3))
    assert len(merged.operations) == 1
    assert np.allclose(merged(x), PRIMARIES(CROSSTALK(x)))
