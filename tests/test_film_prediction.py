"""The network of Film Emulate: which way it moves photographs, and how far."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import pytest

from orangemask.curves import LINEAR, SRGB
from orangemask.filters import find_filter
from orangemask.image import Image
from orangemask.networks import model_file, read_model
from orangemask.nine import CHANNELS, values_to_nine
from orangemask.render import predict_values
from orangemask_filters.film_emulate.exposure import HIGHLIGHTS, SHADOWS, Camera, Scene
from orangemask_filters.film_emulate.prediction import LEAST_SPAN, NETWORK

FILTER = find_filter("film-emulate")
SHEET = Path(__file__).parent / "data/inversion/truths.png"  # CC0, see frames.json
ROWS, COLUMNS = 6, 3
MOST_BYTES = 3_000_000
STILL, DIRECTION = 0.5, 0.35  # EV: what a good photograph may move; what 2 EV off must at least
FAIR = 0.6  # of 18 photographs: the share that must be moved the right way by more than that


@pytest.fixture(scope="module")
def scenes() -> list[np.ndarray]:
    """Scene-linear light of 18 photographs that were taken well, (128, 192, 3)."""
    codes = cv2.imread(str(SHEET), cv2.IMREAD_COLOR_RGB).astype(np.float32) / 255.0
    parts = [part for row in np.vsplit(codes, ROWS) for part in np.hsplit(row, COLUMNS)]
    return [Scene()(SRGB(part)) for part in parts]


def shift(
    scene: np.ndarray, *, linear: bool = False, stock: str = "kodak-portra-400"
) -> np.ndarray:
    """Return by how many EV the network moves the middle of the window, (3,)."""
    if linear:
        image = Image(np.minimum(scene, 1.0).astype(np.float32), (LINEAR,) * 3, "linear")
    else:
        codes = np.rint(SRGB.inverse(Camera()(scene)) * 255.0).astype(np.uint16) * np.uint16(257)
        image = Image(codes, (SRGB,) * 3, "srgb")
    values, prediction, _ = predict_values(image, FILTER, settings={"stock": stock})
    assert prediction.model == NETWORK.name and 0.0 < prediction.confidence < 1.0
    assert prediction.sha256 == model_file(str(NETWORK.file)).sha256
    assert prediction.channels is not None and all(0 < one < 1 for one in prediction.channels)
    shadows, _, highlights = np.asarray(values_to_nine(values.values))
    assert (highlights - shadows >= LEAST_SPAN - 1e-6).all()
    # Where 0 EV of the film lies on the picture: as far from S as it is without moving.
    share = -SHADOWS / (HIGHLIGHTS - SHADOWS)
    return np.asarray(shadows + share * (highlights - shadows))


def test_the_network_is_the_default():
    assert FILTER.models[0] is NETWORK and FILTER.model(None) is NETWORK


def test_the_file_is_small_and_known():
    content = read_model(model_file(str(NETWORK.file)))
    assert len(content) <= MOST_BYTES
    assert (files("orangemask_models") / "film_emulate.md").is_file()


def test_good_photographs_hardly_move(scenes):
    moved = [np.abs(shift(scene)).mean() for scene in scenes]
    assert np.median(moved) < STILL


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("stops", [-2.0, 2.0])
def test_two_stops_off_are_moved_back(scenes, stops, linear):
    moved = np.array([shift(s * 2.0**stops, linear=linear).mean() for s in scenes])
    right = moved * np.sign(stops) > DIRECTION
    assert right.mean() >= FAIR and np.median(moved) * stops > 0


def test_a_cast_is_taken_back(scenes):
    tint = np.array([1.35, 1.0, 0.7])  # the light of 4,000 K taken for 5,500 K, nearly
    moved = np.array([shift(scene * tint) - shift(scene) for scene in scenes])
    assert np.median(moved[:, 0] - moved[:, 2]) > 0.2


def test_every_stock_is_predicted_for(scenes):
    for stock in list(FILTER.settings[0].by_name):
        assert np.isfinite(shift(scenes[0] / 4.0, stock=stock)).all()


@pytest.mark.parametrize("light", [0.0, 1.0])
def test_a_blank_picture_has_values_that_may_be_rendered(light):
    moved = shift(np.full((30, 40, 3), light, np.float32))
    assert moved.shape == (len(CHANNELS),) and np.isfinite(moved).all()
