"""Effects: tiles equal the whole, and the noise and the halo measure what physics says."""

from __future__ import annotations

from itertools import product
from statistics import NormalDist

import cv2
import numpy as np
import pytest

from orangemask.curves import SRGB, Affine
from orangemask.effects import Effect, Place
from orangemask.errors import Cancelled, ParameterError
from orangemask.execute import apply
from orangemask.grain import APERTURE_MM, Grain, field, hashed, selwyn
from orangemask.halation import DIRECT, HIDDEN, Halation
from orangemask.transforms import Cube, Curves, Matrix, Transform

FRAME = 36.0
FLAT = np.ones((2, 3), np.float32)
STILL = np.zeros((2, 3), np.float32)


def grain(strength: float = 1e-3, cloud: float = 0.003, frame: float = FRAME, seed: int = 7):
    """Return grain that is alike in all layers and at all values."""
    return Grain(strength * FLAT, STILL, np.eye(3), cloud, frame, seed)


MIXED = Grain(
    np.float32([[1e-4, 2e-4, 3e-4], [4e-4, 1e-4, 2e-4], [1e-4, 1e-4, 5e-4]]),
    np.float32([[0, 0, 0], [0.1, -0.1, 0.2], [0, 0, 0]]),
    np.array([[1.0, 0.1, -0.1], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9]]),
    0.003,
    FRAME,
    12345,
)
RED = Halation((0.06, 0.02, 0.0), 0.24, FRAME, 1.0)
LOOK = Cube(np.random.default_rng(5).random((9, 9, 9, 3)).astype(np.float32))
WHOLE = Transform.of(
    [Curves((SRGB,) * 3), RED, Curves((Affine(0.8, 0.1),) * 3), MIXED, LOOK,
     Matrix.of(np.eye(3) * 0.9), Curves((SRGB.inverse,) * 3)]
).folded()  # fmt: skip


def scene(h: int, w: int, seed: int = 1) -> np.ndarray:
    """Return float32 light with lamps in it."""
    light = np.random.default_rng(seed).random((h, w, 3), np.float32) ** 8
    return np.ascontiguousarray(light)


def cut(effect: Effect, light: np.ndarray, area: tuple[int, int, int, int]) -> np.ndarray:
    """Return an area (top, bottom, left, right) worked alone, with no more than its margin."""
    h, w = light.shape[:2]
    m = effect.margin(w, h)
    top, bottom, left, right = area
    y, x = max(0, top - m), max(0, left - m)
    block = light[y : min(h, bottom + m), x : min(w, right + m)]
    out = effect(np.ascontiguousarray(block), Place(x, y, w, h))
    return out[top - y : bottom - y, left - x : right - x]


@pytest.mark.parametrize("effect", [MIXED, grain(cloud=0.08), RED, Halation((0.1, 0, 0), 3.0, 36)])
@pytest.mark.parametrize(("h", "w"), [(301, 447), (64, 900), (1, 5)])
def test_a_tile_made_alone_is_that_part_of_the_whole(effect, h, w):
    light = scene(h, w)
    whole = effect(light, Place(0, 0, w, h))
    generator = np.random.default_rng(2)
    for _ in range(25):
        top, left = generator.integers(0, h), generator.integers(0, w)
        bottom, right = generator.integers(top, h) + 1, generator.integers(left, w) + 1
        area = (top, bottom, left, right)
        np.testing.assert_array_equal(cut(effect, light, area), whole[top:bottom, left:right])


@pytest.mark.parametrize("source", [np.uint16, np.float32])
@pytest.mark.parametrize("target", [np.uint8, np.uint16, np.float32])
def test_threads_and_tiles_change_nothing(monkeypatch, source, target):
    light = scene(333, 517)
    pixels = light if source is np.float32 else np.rint(light * 65535).astype(np.uint16)
    whole = apply(WHOLE, pixels, dtype=target, threads=1)
    for tile, threads in product((40, 128), (1, 3)):
        monkeypatch.setattr("orangemask.execute.TILE", tile)
        monkeypatch.setattr("orangemask.execute.MARGINS", 0)
        np.testing.assert_array_equal(apply(WHOLE, pixels, dtype=target, threads=threads), whole)


@pytest.mark.parametrize("source", [np.uint16, np.float32])
def test_tiles_are_what_the_definition_says(source):
    light = scene(150, 200)
    pixels = light if source is np.float32 else np.rint(light * 65535).astype(np.uint16)
    exact = WHOLE(pixels.astype(np.float64) / (1 if source is np.float32 else 65535))
    out = apply(WHOLE, pixels, dtype=np.float32)
    assert np.abs(out - exact).max() < 1e-3  # tables, and OpenColorIO's cube
    assert [type(one) for one in WHOLE.effects] == [Halation, Grain]


def test_nothing_is_folded_across_an_effect():
    bright = Curves((Affine(0.5),) * 3)
    transform = Transform.of([LOOK, bright, MIXED, bright, LOOK, bright]).folded()
    kinds = [type(one) for one in transform.operations]
    assert kinds == [Cube, Grain, Curves, Cube]
    assert len(transform.between_effects()) == 2
    assert Transform.of([bright, RED, bright]).folded().operations[1] is RED
    bare = Transform.of([LOOK, bright, bright, LOOK, bright])
    light = scene(20, 30).astype(np.float64)
    np.testing.assert_array_equal(
        Transform.of([LOOK, bright, MIXED, RED, bright, LOOK, bright]).without_effects()(light),
        bare(light),
    )
    assert bare.without_effects() is bare


def test_progress_and_cancel_with_effects(monkeypatch):
    monkeypatch.setattr("orangemask.execute.TILE", 64)
    told: list[float] = []
    apply(WHOLE, scene(300, 300), progress=told.append)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 3
    with pytest.raises(Cancelled):
        apply(WHOLE, scene(300, 300), cancel=lambda: True)


def test_an_effect_needs_a_picture():
    with pytest.raises(ParameterError, match="halation needs a whole picture"):
        WHOLE(np.zeros((5, 3)))


@pytest.mark.parametrize(
    "act",
    [
        lambda: Halation((1.0, 0, 0), 0.2, 36),
        lambda: Halation((0.1, 0, 0), 0.0, 36),
        lambda: Halation((0.1, 0, 0), 0.2, np.inf),
        lambda: grain(cloud=-1.0),
        lambda: grain(strength=np.nan),
    ],
)
def test_numbers_that_make_no_sense_are_refused(act):
    with pytest.raises(ParameterError):
        act()


# Grain


def test_the_hash_is_splitmix64():
    golden = 0x9E3779B97F4A7C15
    states = np.array([(1234567 + k * golden) % 2**64 for k in (1, 2, 3, 4, 5)], np.uint64)
    published = [  # Rosetta Code, Pseudo-random numbers/Splitmix64
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431,
        16408922859458223821,
    ]  # fmt: skip
    assert hashed(states).tolist() == published


def test_noise_is_normal_white_and_independent():
    one = np.ones(1, np.float32)
    noise = field(3, 0, 0, 700, 600, one).astype(np.float64)
    for channel in range(3):
        assert (
            abs(noise[..., channel].mean()) < 0.006 and abs(noise[..., channel].std() - 1) < 0.005
        )
        for deviations in (-3, -2, -1, 0.5, 2.5):
            below = (noise[..., channel] < deviations).mean()
            assert below == pytest.approx(NormalDist().cdf(deviations), rel=0.12, abs=2e-3)
    assert np.abs(np.corrcoef(noise.reshape(-1, 3).T) - np.eye(3)).max() < 0.01
    power = np.abs(np.fft.fft2(noise[..., 0])) ** 2 / noise[..., 0].size
    bins = power[:600, :600].reshape(20, 30, 20, 30).mean(axis=(1, 3))
    assert np.abs(bins - 1).max() < 6 / 30  # 900 exponential values a bin
    other = field(4, 0, 0, 700, 600, one)
    assert abs(np.corrcoef(noise.ravel(), other.ravel())[0, 1]) < 0.01


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_a_seed_gives_the_same_noise_at_a_place(seed):
    one = np.ones(1, np.float32)
    whole = field(seed, -50, -40, 300, 200, one)
    np.testing.assert_array_equal(field(seed, 20, 30, 17, 9, one), whole[70:79, 70:87])


def through_aperture(values: np.ndarray, per_mm: float) -> np.ndarray:
    """Return means over round apertures of 48 µm, one beside the other."""
    fine = 8  # steps of the disc's edge in a pixel
    size = int(np.ceil(APERTURE_MM * per_mm)) | 1
    y, x = (np.mgrid[: size * fine, : size * fine] + 0.5) / fine - size / 2
    disc = (np.hypot(x, y) < APERTURE_MM * per_mm / 2).reshape(size, fine, size, fine)
    weights = disc.mean(axis=(1, 3))
    mean = cv2.filter2D(values, cv2.CV_64F, weights / weights.sum())
    return mean[size::size, size::size]


@pytest.mark.parametrize("cloud", [0.001, 0.003, 0.006])
@pytest.mark.parametrize("per_mm", [250.0, 500.0])
def test_an_aperture_of_48_um_reads_the_granularity(cloud, per_mm):
    granularity = 0.004
    effect = grain(selwyn(granularity, cloud), cloud, frame=6000 / per_mm)
    flat = np.full((3000, 3000, 3), 0.5, np.float32)
    read = through_aperture(effect(flat, Place(0, 0, 6000, 4000))[..., 0] - 0.5, per_mm)
    assert len(read.ravel()) > 10_000 // (per_mm / 250) ** 2
    assert read.std() == pytest.approx(granularity, rel=0.05)
    assert abs(read.mean()) < 0.05 * granularity


def test_selwyns_law_over_formats_and_sizes():
    def deviation(frame: float, width: int) -> float:
        flat = np.full((600, 300, 3), 0.5, np.float32)  # any part of the picture
        return float(grain(frame=frame)(flat, Place(0, 0, width, 100)).std())

    coarse = 300  # pixels of 0.12 mm: clouds are nothing beside them
    assert deviation(36, coarse) == pytest.approx(1e-3 * coarse / 36, rel=0.01)
    assert deviation(120, coarse) == pytest.approx(1e-3 * coarse / 120, rel=0.01)
    assert deviation(36, 2 * coarse) == pytest.approx(1e-3 * 2 * coarse / 36, rel=0.02)
    # A pixel of the same size on the film has the same grain; clouds bound that of small ones.
    assert deviation(36, 6000) == pytest.approx(deviation(72, 12000))
    assert deviation(36, 36000) < 0.2 * 1e-3 * 36000 / 36


def test_the_spectrum_of_grain_falls_with_the_clouds():
    per_mm, cloud = 400.0, 0.004
    flat = np.full((1024, 1024, 3), 0.5, np.float32)
    noise = grain(1e-3, cloud, frame=6000 / per_mm)(flat, Place(0, 0, 6000, 4000))[..., 0] - 0.5
    power = np.abs(np.fft.fft2(noise.astype(np.float64))) ** 2 / noise.size / per_mm**2
    f = np.hypot(*np.meshgrid(*[np.fft.fftfreq(1024, 1 / per_mm)] * 2))  # cycles a mm
    low = power[(f > 1) & (f < 10)].mean()
    assert low == pytest.approx(1e-6, rel=0.1)  # (σ √A)²
    for centre in (30.0, 62.0, 90.0):
        ring = np.abs(f - centre) < 2
        pixel = np.sinc(centre / per_mm) ** 2
        wanted = np.exp(-((2 * np.pi * cloud * centre) ** 2)) * pixel
        assert power[ring].mean() / 1e-6 == pytest.approx(wanted, rel=0.15)


# Halation


@pytest.mark.parametrize("light", [0.0, 0.18, 1.0, 5.0])
@pytest.mark.parametrize("white", [None, 1.0])
def test_a_flat_field_stays_what_it_is(light, white):
    effect = Halation((0.06, 0.02, 0.0), 0.24, FRAME, white)
    flat = np.full((300, 400, 3), light, np.float32)
    out = effect(flat, Place(0, 0, 6000, 4000))
    np.testing.assert_allclose(out, flat, rtol=1e-6, atol=1e-9)


def enclosed(r: np.ndarray, ring: float) -> np.ndarray:
    """Return the part of a point's halo within r, by the integral of the kernel."""
    q = r * r / ring**2  # r² / 2σ², σ = ring / √2
    return DIRECT * (1 - np.exp(-q)) + (1 - DIRECT) * (1 - (1 + q) * np.exp(-q))


@pytest.mark.parametrize("per_mm", [30.0, 166.0, 400.0])
def test_light_around_a_point_is_the_kernels_integral(per_mm):
    share, ring = 0.05, 0.24
    size = int(2 * 1.0 * per_mm) | 1
    dot = max(1, int(per_mm / 100)) | 1
    light = np.zeros((size, size, 3), np.float32)
    middle = slice(size // 2 - dot // 2, size // 2 + dot // 2 + 1)
    light[middle, middle] = 1000.0
    effect = Halation((share, 0.0, 0.0), ring, FRAME)
    out = effect(light, Place(0, 0, round(FRAME * per_mm), size))
    np.testing.assert_array_equal(out[..., 1:], light[..., 1:])
    gained = (out - light)[..., 0].astype(np.float64)
    assert abs(gained.sum()) < 0.005 * share * light[..., 0].sum()  # nothing is made
    gained[middle, middle] += share * 1000.0
    y, x = np.mgrid[:size, :size] - size // 2
    r = np.hypot(x, y) / per_mm
    for radius in (0.1, 0.2, 0.24, 0.3, 0.4, 0.6):
        part = gained[r < radius].sum() / (share * light[..., 0].sum())
        assert part == pytest.approx(enclosed(np.float64(radius), ring), abs=0.03)
    at = np.array([gained[(r > a) & (r < a + 0.04)].mean() for a in np.arange(0, 0.6, 0.04)])
    assert 0.16 < 0.04 * at.argmax() + 0.02 < 0.28  # a ring


def test_a_bright_disc_has_a_red_halo_and_a_clipped_one_a_stronger():
    y, x = np.mgrid[:300, :300] - 150
    light = np.full((300, 300, 3), 0.01, np.float32)
    light[np.hypot(x, y) < 20] = 1.0
    near = np.abs(np.hypot(x, y) - 35) < 3
    place = Place(0, 0, 6000, 4000)
    plain = Halation((0.06, 0.02, 0.0), 0.24, FRAME)(light, place)
    red, green, blue = plain[near].mean(axis=0) - 0.01
    assert red > 2.5 * green > 0 and blue == pytest.approx(0, abs=1e-6)
    clipped = Halation((0.06, 0.02, 0.0), 0.24, FRAME, 1.0)(light, place)
    assert clipped[near].mean(axis=0)[0] - 0.01 == pytest.approx(HIDDEN * red, rel=0.05)
    assert (plain >= 0.94 * light - 1e-6).all() and (clipped >= 0.94 * light - 1e-6).all()


def test_broken_light_does_not_spread():
    light = np.full((200, 200, 3), 0.2, np.float32)
    light[50, 50] = np.nan
    light[60, 60] = -5.0
    out = RED(light, Place(0, 0, 6000, 4000))
    assert np.isfinite(out).sum() == out.size - 3
    light[60, 60] = np.inf
    assert np.isfinite(RED(light, Place(0, 0, 6000, 4000))).sum() == out.size - 6


def test_a_halo_finer_than_a_pixel_is_left_out():
    light = scene(40, 60)
    assert RED.margin(60, 40) == 0
    np.testing.assert_array_equal(RED(light, Place(0, 0, 60, 40)), light)
