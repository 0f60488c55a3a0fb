"""What surrounds the picture, and what the rig does to it, against norms and own measurements."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ORANGEMASK_DATA", ROOT.parent / "shared/data"))
pytest.importorskip("colour", reason="colour-science is not installed")
sys.path.insert(0, str(ROOT / "models"))

from training import dress, dust, films, rigs, sensor  # noqa: E402

needs_data = pytest.mark.skipif(
    not (DATA / "film/cameras").is_dir(), reason="no film data: set ORANGEMASK_DATA"
)
SIZE = (480, 720)
KS_PITCH, KS_HOLE, FILM = 4.75, 1.98, 35.0  # mm, ISO 491 type P: 4.750 ± 0.013, hole 1.981 wide
PIXEL = 1.0  # px by which a rounded edge may be off
PLAIN = sensor.Capture(np.ones(3), np.ones(3), 0.0, 1e12, 0.0, 16, "linear")


def test_perforations_have_the_pitch_of_the_norm() -> None:
    labels = np.full((350, 1400), dress.REBATE, np.uint8)
    dress.punch(np.random.default_rng(2), labels, (0, 350, 0, 1400), lengthwise=True)
    row = labels[35] != dress.REBATE  # 3.5 mm from the edge: through the holes' middle
    starts = np.flatnonzero(np.diff(row.astype(int)) == 1)
    ends = np.flatnonzero(np.diff(row.astype(int)) == -1)
    unit = 350 / FILM
    assert len(starts) > 20
    assert abs(np.diff(starts).mean() - KS_PITCH * unit) < PIXEL / len(starts)
    whole = ends[ends > starts[0]]
    widths = whole - starts[: len(whole)]
    assert abs(np.median(widths) - KS_HOLE * unit) <= PIXEL


def test_a_turned_film_shows_its_edges_at_that_angle() -> None:
    labels = np.full(SIZE, dress.REBATE, np.uint8)
    labels[100:380, 100:620] = dress.PICTURE
    for angle in (-4.0, -0.7, 2.5):
        turned, _ = dress.turn_film(labels, np.zeros(SIZE, bool), angle)
        columns = np.arange(200, 520)
        edge = (turned[:, columns] == dress.PICTURE).argmax(axis=0)
        slope = np.polyfit(columns, edge, 1)[0]
        # Rows grow downwards, so that counter-clockwise rises to the right.
        assert np.degrees(np.arctan(-slope)) == pytest.approx(angle, abs=0.1)


def test_picture_and_labels_turn_together() -> None:
    seen = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        dressing = dress.draw_dressing(rng, *SIZE, plain_share=0.0)
        h, w = dressing.height, dressing.width
        # A picture whose codes are its own coordinates.
        y, x = np.mgrid[:h, :w].astype(np.float32)
        placed = dressing.place(np.stack([x, y, x], axis=2))
        angle = np.radians(dressing.angle)
        rows, columns = np.nonzero(dressing.labels == dress.PICTURE)
        middle = (np.asarray([SIZE[1], SIZE[0]]) - 1.0) / 2.0
        back = np.asarray([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        on_film = (np.stack([columns, rows], axis=1) - middle) @ back.T + middle
        expected = on_film - (dressing.left, dressing.top)
        found = placed[rows, columns, :2]
        inside = ((expected > 1) & (expected < (w - 2, h - 2))).all(axis=1)
        np.testing.assert_allclose(found[inside], expected[inside], atol=0.1)
        assert inside.mean() > 0.95
        seen += dressing.angle != 0.0
    assert seen > 20


def test_angles_are_mostly_below_one_degree_and_never_above_four() -> None:
    rng = np.random.default_rng(4)
    angles = np.asarray([dress.draw_angle(rng) for _ in range(4000)])
    assert np.abs(angles).max() <= 4.0
    assert 0.85 < (np.abs(angles) < 1.0).mean() < 0.97


def test_frame_gaps_are_one_to_two_and_a_half_millimetres() -> None:
    gaps = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        film = (0, 800, 0, 1200)
        margins = [0, 0, 0, 0]
        found = dress.draw_gaps(rng, film, margins, lengthwise=True)
        length = 1200 - margins[0] - margins[1]
        for side, gap in found:
            assert side in (0, 1) and margins[side] > gap
            gaps.append(gap * 36.0 / length)  # a frame is 36 mm long
    assert min(gaps) > 0.95 and max(gaps) < 2.55  # rounded to px


def test_every_layout_has_a_picture_and_known_labels() -> None:
    neighbours = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        h, w = int(rng.integers(24, 200)), int(rng.integers(24, 200))
        dressing = dress.draw_dressing(rng, h, w)
        assert dressing.labels.shape == dressing.printing.shape == (h, w)
        share = (dressing.labels == dress.PICTURE).mean()
        assert share > 0.1
        assert dressing.labels.max() <= dress.NEIGHBOUR
        assert not (dressing.printing & (dressing.labels != dress.REBATE)).any()
        neighbours += (dressing.labels == dress.NEIGHBOUR).any()
    assert neighbours > 15


def test_dust_darkens_and_scratches_lighten() -> None:
    light = np.full((96, 144, 3), 0.3, np.float32)
    bare, film = np.ones(3, np.float32), np.ones((96, 144), bool)
    dirty = scratched = 0
    for seed in range(200):
        drawn = dust.draw_dust(np.random.default_rng(seed), 96, 144)
        change = dust.Dust(drawn.blocked).cover(light, bare, film) - light
        assert change.max() <= 1e-6
        assert (change < -0.01).any(axis=2).mean() < 0.1  # specks, no fog
        dirty += bool((change < -0.05).any())
        change = dust.Dust(None, drawn.scratched).cover(light, bare, film) - light
        assert change.min() >= 0.0 and change.max() <= 0.7 + 1e-6
        scratched += bool((change > 0.05).any())
    assert 40 < dirty < 100 and 2 <= scratched < 25


def test_fall_off_spans_its_stops_and_a_flat_field_takes_it_away() -> None:
    rng = np.random.default_rng(8)
    light = np.full((60, 90, 3), 0.5, np.float32)
    for _ in range(20):
        fall = sensor.FallOff.draw(rng, is_scanner=False)
        gain = fall.gain(60, 90)
        assert gain.max() == pytest.approx(1.0) and 0.0 <= fall.stops <= 0.25
        assert np.log2(gain.min()) == pytest.approx(-fall.stops, abs=1e-5)
        steps = np.abs(np.diff(np.log2(gain), axis=1))
        assert steps.max() < 0.02  # smooth
        seen = sensor.capture(light, replace(PLAIN, fall_off=replace(fall, flat_field=False)), rng)
        np.testing.assert_allclose(seen[:, :, 1], 0.5 * gain, atol=2e-5)
        flat = sensor.capture(light, replace(PLAIN, fall_off=replace(fall, flat_field=True)), rng)
        np.testing.assert_allclose(flat, light, atol=2e-5)
    assert sensor.FallOff.draw(rng, is_scanner=True).flat_field


def test_grain_has_its_sigma_grows_with_density_and_is_bandlimited() -> None:
    rng = np.random.default_rng(9)
    sigma = 0.01
    amounts = np.full((400, 400, 3), 1.0 - sensor.GRAIN_OF_BASE, np.float32)
    noise = sensor.add_grain(amounts, sigma, rng) - amounts
    # 480,000 samples, somewhat correlated: the deviation is known to about 0.3 %.
    np.testing.assert_allclose(noise.std(axis=(0, 1)), sigma, rtol=0.02)
    layers = np.corrcoef(noise.reshape(-1, 3).T)
    assert np.abs(layers - np.eye(3)).max() < 0.01
    thin = sensor.add_grain(amounts * 0.0, sigma, rng)
    assert thin.std() / noise.std() == pytest.approx(np.sqrt(0.1), rel=0.02)
    power = np.abs(np.fft.fft2(noise[:, :, 0])) ** 2
    low = power[:50, :50].mean()
    high = power[150:250, 150:250].mean()
    assert high < 0.2 * low  # about Nyquist little is left


def test_jpeg_leaves_blocks_of_eight() -> None:
    rng = np.random.default_rng(10)
    noisy = cv2.GaussianBlur(rng.uniform(0.1, 0.9, (256, 256, 3)).astype(np.float32), (0, 0), 2.0)
    how = replace(PLAIN, bits=8, encoded="srgb", jpeg=75)
    steps = {}
    for name, one in (("plain", replace(how, jpeg=0)), ("jpeg", how)):
        codes = sensor.encode(sensor.capture(noisy, one, rng), "srgb")[:, :, 1]
        across = np.abs(np.diff(codes, n=2, axis=1)).mean(axis=0)
        edges = np.arange(len(across)) % 8 >= 6  # second differences that straddle a border
        steps[name] = across[edges].mean() / across[~edges].mean()
    assert steps["plain"] == pytest.approx(1.0, abs=0.05)
    assert steps["jpeg"] > 1.1


def test_eight_bits_leave_256_levels() -> None:
    ramp = np.linspace(0.0, 1.0, 3000, dtype=np.float32).reshape(10, 100, 3)
    for encoded in ("srgb", "gamma2.2"):
        codes = sensor.quantise(ramp, replace(PLAIN, bits=8, encoded=encoded))
        assert len(np.unique(codes)) <= 256
        np.testing.assert_allclose(codes, ramp, atol=0.6 / 255.0 * 2.4)  # the slope at white


@needs_data
@pytest.mark.parametrize("space", sorted(rigs.DISPLAY_SPACES))
def test_a_display_matrix_keeps_white_and_shows_the_chart(space: str) -> None:
    reflectances, target = rigs.display_targets(space)
    for sensitivity in rigs.load_cameras(DATA, held_out=True).values():
        response = rigs.daylight(6500.0)[:, None] * sensitivity
        response = response / response.sum(axis=0)
        matrix = rigs.display_matrix(response, space)
        np.testing.assert_allclose(matrix.sum(axis=1), 1.0)
        shown = reflectances @ response @ matrix.T
        plain = np.abs(reflectances @ response - target).mean()
        assert np.abs(shown - target).mean() < min(0.03, plain)


def test_the_chart_has_its_published_srgb() -> None:
    # BabelColor's averages for the ColorChecker, sRGB of the neutral 5 patch: 122, 122, 121.
    _, target = rigs.display_targets("srgb")
    code = 255.0 * sensor.encode(target[21].astype(np.float32), "srgb")
    np.testing.assert_allclose(code, [122, 122, 121], atol=3.0)


@needs_data
def test_one_white_light_rig_in_eight_is_matrixed() -> None:
    rng, cameras = np.random.default_rng(5), rigs.load_cameras(DATA, held_out=False)
    d_min = films.load_stock(DATA, "Gold200").d_min
    drawn = [rigs.draw_rig(rng, cameras, DATA, d_min) for _ in range(600)]
    white = [rig for rig in drawn if rig.rig_class == "white"]
    assert 0.08 < np.mean([rig.space != "sensor" for rig in white]) < 0.17
    assert all(rig.space == "sensor" for rig in drawn if rig.rig_class != "white")
    assert {rig.rig_class for rig in drawn} == set(rigs.RIG_CLASSES)
    for rig in white:
        bare = rig.response.sum(axis=0)
        assert bare.min() > 0.0 and bare.max() == pytest.approx(1.0)


@needs_data
def test_most_lamps_of_three_bands_are_set_for_a_grey_film_base() -> None:
    rng, cameras = np.random.default_rng(6), rigs.load_cameras(DATA, held_out=False)
    d_min = films.load_stock(DATA, "Gold200").d_min
    drawn = [rigs.draw_rig(rng, cameras, DATA, d_min, ("rgb",)) for _ in range(200)]
    is_set = np.array([rig.name.endswith("for base") for rig in drawn])
    assert 0.6 < is_set.mean() < 0.8  # BASE_SHARE
    base = np.stack([10.0**-d_min @ rig.response for rig in drawn])
    apart = np.ptp(np.log(base), axis=1)
    # The median range of three normal deviates is 1.6 σ.
    assert np.median(apart[is_set]) < 2.2 * rigs.BASE_SIGMA < np.median(apart[~is_set])
