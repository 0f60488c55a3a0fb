"""Thumbnails against plain averages."""

from __future__ import annotations

import time

import numpy as np
import pytest

from orangemask.curves import SRGB
from orangemask.errors import ParameterError
from orangemask.image import Image
from orangemask.thumbnail import make_thumbnail

SAMPLING = 0.004  # of a smooth ramp: a grid of samples is not the whole area


def ramp(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack([x / width, y / height, (x + y) / (width + height)], axis=-1)


def test_thumbnail_is_the_mean_of_linear_light():
    black_and_white = np.zeros((400, 400, 3), np.uint16)
    black_and_white[:, ::2] = 65535
    image = Image(black_and_white, transfer=(SRGB, SRGB, SRGB))
    # Area average of light is 0.5; an average of codes would give 0.214.
    assert make_thumbnail(image, 25).mean() == pytest.approx(0.5, abs=SAMPLING)


def test_thumbnail_equals_the_area_average_of_a_ramp():
    light = ramp(600, 900)
    image = Image((light * 65535).astype(np.uint16))
    small = make_thumbnail(image, 90)
    expected = light.reshape(60, 10, 90, 10, 3).mean(axis=(1, 3))
    assert small.shape == (60, 90, 3)
    assert np.abs(small - expected).max() < SAMPLING


def test_integers_and_floats_agree():
    codes = (ramp(300, 500) * 65535).astype(np.uint16)
    for transfer in ((SRGB,) * 3, Image(codes).transfer):
        whole = make_thumbnail(Image(codes, transfer=transfer))
        floats = (codes / np.float32(65535)).astype(np.float32)
        assert np.abs(whole - make_thumbnail(Image(floats, transfer=transfer))).max() < 1e-5


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1, 1), (1, 1)),
        ((1, 20000), (1, 256)),
        ((20000, 1), (256, 1)),
        ((100, 101), (100, 101)),
        ((257, 256), (256, 255)),
        ((3, 2), (3, 2)),
    ],
)
def test_shapes(size, expected):
    small = make_thumbnail(Image(np.full((*size, 3), 0.25, np.float32)), 256)
    assert small.shape == (*expected, 3)
    assert small.dtype == np.float32
    assert np.allclose(small, 0.25)


def test_nan_counts_as_black_and_infinity_as_full_scale():
    pixels = np.full((4, 4, 3), 0.5, np.float32)
    pixels[0, 0], pixels[0, 1], pixels[0, 2], pixels[0, 3] = np.nan, np.inf, -np.inf, 3e38
    for transfer in ((SRGB,) * 3, Image(pixels).transfer):
        small = make_thumbnail(Image(pixels, transfer=transfer))
        assert np.isfinite(small).all()
        assert small[0, 0, 0] == 0
        assert small[0, 1, 0] == pytest.approx(1)


def test_empty_pictures_are_refused():
    with pytest.raises(ParameterError, match="empty"):
        make_thumbnail(Image(np.zeros((0, 5, 3), np.uint16)))
    with pytest.raises(ParameterError, match="long side"):
        make_thumbnail(Image(np.zeros((5, 5, 3), np.uint16)), 0)


def test_a_mapped_file_is_read_fast_and_the_same_each_time(tmp_path):
    codes = np.memmap(tmp_path / "scan", np.uint16, "w+", shape=(4000, 6000, 3))
    codes[::2] = 30000
    image = Image(codes)
    first = make_thumbnail(image)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        again = make_thumbnail(image)
        times.append(time.perf_counter() - start)
        assert np.array_equal(first, again)
    assert min(times) < 0.2  # 5 times the aim, for a busy machine
