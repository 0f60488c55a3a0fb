"""Panoramas, skin and joined scenes of the simulator against geometry and colour science."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ORANGEMASK_DATA", ROOT.parent / "shared/data"))
needs_data = pytest.mark.skipif(
    not (DATA / "hdr").is_dir(), reason="no panoramas or skin: set ORANGEMASK_DATA"
)
pytest.importorskip("colour", reason="colour-science is not installed")
sys.path.insert(0, str(ROOT / "models"))

from training import films, lights, panoramas, simulator, skin, views  # noqa: E402
from training.lights import colour  # noqa: E402
from training.scenes import Pixels, Scene  # noqa: E402


def sphere(rows: int = 512) -> Pixels:
    """Return a panorama whose pixels are their own direction: right, up, ahead, from 0 to 1."""
    longitude = ((np.arange(2 * rows) + 0.5) / (2 * rows) - 0.5) * 2.0 * np.pi
    latitude = (0.5 - (np.arange(rows) + 0.5) / rows)[:, None] * np.pi
    directions = (
        np.cos(latitude) * np.sin(longitude),
        np.sin(latitude) + 0.0 * longitude,
        np.cos(latitude) * np.cos(longitude),
    )
    return np.stack(directions, axis=2).astype(np.float32) / 2.0 + 0.5


@pytest.mark.parametrize(("yaw", "pitch", "field"), [(0, 0, 60), (170, 20, 75), (-95, -25, 35)])
def test_a_view_looks_along_the_rays_of_a_pinhole(yaw: float, pitch: float, field: float) -> None:
    h, w = 40, 60
    view = panoramas.panorama_to_view(sphere(), yaw, pitch, field, h, w) * 2.0 - 1.0
    focal = (w / 2) / np.tan(np.radians(field / 2))  # px
    x, y = np.meshgrid(np.arange(w) + 0.5 - w / 2, h / 2 - np.arange(h) - 0.5)
    rays = np.stack([x, y, np.full_like(x, focal)], axis=2)
    rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    a, b = np.radians(pitch), np.radians(yaw)
    tilt = np.asarray([[1, 0, 0], [0, np.cos(a), np.sin(a)], [0, -np.sin(a), np.cos(a)]])
    turn = np.asarray([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    wanted = rays @ (turn @ tilt).T
    view /= np.linalg.norm(view, axis=2, keepdims=True)  # interpolation cuts the corner
    angle = np.degrees(np.arccos(np.clip((view * wanted).sum(axis=2), -1.0, 1.0)))
    seam = np.abs(np.degrees(np.arctan2(wanted[:, :, 0], wanted[:, :, 2]))) > 179.0
    assert angle[~seam].max() < 0.1  # a third of the panorama's pixel, 0.35 degrees


def test_the_roll_off_is_straight_then_smooth_and_never_above_one() -> None:
    x = np.linspace(0.0, 40.0, 40001, dtype=np.float32)
    y = panoramas.roll_off(x)
    np.testing.assert_array_equal(y[x <= 0.8], x[x <= 0.8])
    assert y.max() <= 1.0 and (np.diff(y) >= -1e-7).all()
    slope = np.diff(y[(x > 0.79) & (x < 0.81)]) / 1e-3
    np.testing.assert_allclose(slope, 1.0, atol=0.06)  # no corner at 0.8


def test_only_a_strong_cast_is_taken_out_and_only_its_excess() -> None:
    grey = np.ones((8, 16, 3), np.float32)
    weak = grey * np.asarray([1.1, 0.5, 0.9], np.float32)
    np.testing.assert_array_equal(panoramas.cast_gains(weak), 1.0)
    strong = grey * np.asarray([2.0, 1.0, 0.5], np.float32)
    red, green, blue = panoramas.cast_gains(strong) * strong[0, 0]
    assert np.log2(red / blue) == pytest.approx(panoramas.CAST_LIMIT)
    assert green == 1.0


@needs_data
def test_views_are_exposed_like_photographs_and_split_by_bytes() -> None:
    some = panoramas.load_panoramas(DATA, held_out=False, limit=2)
    assert len(some) == 2 * panoramas.VIEWS and all(scene.unclipped for scene in some)
    again = panoramas.load_panoramas(DATA, held_out=False, limit=2)
    np.testing.assert_array_equal(some[7].linear, again[7].linear)
    held_out = panoramas.load_panoramas(DATA, held_out=True, limit=1)
    assert not {s.name.split()[0] for s in some} & {s.name.split()[0] for s in held_out}
    for scene in some:
        linear = scene.linear.astype(np.float32)
        assert linear.min() >= 0.0 and linear.max() <= panoramas.BRIGHTEST
        middle, bright = np.quantile(linear @ panoramas.LUMINANCE, (0.5, 0.95))
        assert middle <= panoramas.MEDIAN_RANGE[1] * 1.01
        assert bright <= panoramas.BRIGHT_LIMIT * 1.01


@needs_data
def test_skin_has_the_colour_that_colour_science_gives_it() -> None:
    table = films.read_json(DATA / "film/standards/reflectance/nist_skin.json")
    people = skin.load_skin(DATA)
    white = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D55"]
    for row in (0, 40, 71):
        subject = list(table.values())[row]
        at = subject["wl_start"] + subject["wl_step"] * np.arange(len(subject["values"]))
        reflectance = colour.SpectralDistribution(subject["values"], at)
        light = colour.SDS_ILLUMINANTS["D55"].copy().align(colour.SPECTRAL_SHAPE_DEFAULT)
        reflectance.align(colour.SPECTRAL_SHAPE_DEFAULT)
        xyz = colour.sd_to_XYZ(reflectance, illuminant=light) / 100.0
        linear = colour.XYZ_to_RGB(xyz, "sRGB", white, "Bradford")
        np.testing.assert_allclose(people.linear[row], linear, atol=2e-3)
    red, green, blue = people.linear.T
    assert (red > green).all() and (green > blue).all()


@needs_data
def test_faces_expose_the_film_by_their_spectrum() -> None:
    people = skin.load_skin(DATA)
    table = films.read_json(DATA / "film/standards/reflectance/nist_skin.json")
    rng = np.random.default_rng(4)
    black = np.zeros((64, 96, 3), np.float32)
    view = views.add_faces(views.View("black", black, black), people, rng)
    assert view.skin is not None and view.residual is not None
    weights = films.load_stock(DATA, "Gold200").sensitivity * lights.incandescent(3000.0)[:, None]
    y, x = np.unravel_index(view.skin.argmax(), view.skin.shape)
    who = int(np.flatnonzero((people.residual == view.residual).all(axis=1))[0])
    subject = list(table.values())[who]
    at = subject["wl_start"] + subject["wl_step"] * np.arange(len(subject["values"]))
    spectrum = lights.to_wavelengths(at, np.asarray(subject["values"])) * view.skin[y, x]
    exposed = view.expose(weights).reshape(64, 96, 3)[y, x]
    np.testing.assert_allclose(exposed, spectrum @ weights, rtol=1e-4)
    covered = view.skin > 0.0
    np.testing.assert_allclose(view.truth[~covered], 0.0)
    high = skin.SHADING[1]
    assert view.skin.max() <= high and view.truth.max() <= high * people.linear.max()


def test_faces_cover_what_they_should_and_stay_within_their_shading() -> None:
    rng = np.random.default_rng(12)
    shares = []
    for _ in range(200):
        faces = skin.draw_faces(rng, 5, 60, 90)
        assert skin.SHADING[0] <= faces.shade.min() and faces.shade.max() <= skin.SHADING[1]
        assert faces.cover.min() >= 0.0 and faces.cover.max() <= 1.0 and 0 <= faces.who < 5
        shares.append(faces.cover.mean())
    # Those at the edge and behind others are partly hidden.
    assert max(shares) <= skin.AREA[1] * 1.05
    assert 0.5 * np.mean(skin.AREA) < np.mean(shares) < np.mean(skin.AREA)


def test_a_joined_view_is_one_or_the_other_but_for_a_seam() -> None:
    one, other = (np.full((80, 120, 3), level, np.float32) for level in (0.1, 0.6))
    rng = np.random.default_rng(2)
    for _ in range(20):
        view = views.join_views(views.View("a", one, one), views.View("b", other, other), rng)
        gain = view.truth.max() / 0.6
        assert abs(np.log2(gain)) <= views.JOINED_EV + 1e-3
        between = (view.truth > 0.101) & (view.truth < view.truth.max() - 1e-3)
        assert 0.0 < between.mean() < 0.25
        np.testing.assert_array_equal(view.truth, view.scene)


def test_a_scene_with_highlights_is_not_guessed_at() -> None:
    bright = np.full((30, 40, 3), 3.0, np.float16)
    rng = np.random.default_rng(3)
    view = views.view_of(Scene("sky", bright, unclipped=True), 30, 40, rng, varied=False)
    np.testing.assert_allclose(view.scene, 3.0)
    np.testing.assert_allclose(view.truth, 1.0, atol=1e-4)
    clipped = views.view_of(Scene("sky", bright.clip(0, 1)), 30, 40, rng, varied=False)
    assert (clipped.truth == 1.0).all() and clipped.scene.min() >= 1.0


@needs_data
def test_training_draws_everything_and_measuring_only_photographs() -> None:
    training = simulator.load_simulator(DATA, limit=3, varied=True)
    assert training.panoramas and training.skin is not None and training.mixing is not None
    measuring = simulator.load_simulator(
        DATA, limit=3, held_out_photos=True, held_out_stocks=True, held_out_cameras=True
    )
    assert not measuring.panoramas and measuring.skin is None and measuring.mixing is None
    asked = simulator.load_simulator(DATA, limit=1, held_out_photos=True, panoramas=True)
    assert len(asked.panoramas) == panoramas.VIEWS
    two = [simulator.simulate_batch(training, np.random.default_rng(9), 6) for _ in range(2)]
    np.testing.assert_array_equal(two[0].negative, two[1].negative)
    np.testing.assert_array_equal(two[0].truth, two[1].truth)
