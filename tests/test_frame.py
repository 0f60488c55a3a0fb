"""Frames against drawn layouts and real scans."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from orangemask.frame import Region, find_frame

DATA = Path(os.environ.get("ORANGEMASK_DATA", Path(__file__).parents[2] / "shared" / "data"))
BASE = np.array([0.22, 0.62, 0.83])  # D, C-41 under white light
AGREES = 0.93  # intersection over union; a rim of 1 px costs .02 at this size

real = pytest.mark.skipif(not (DATA / "negatives").is_dir(), reason="needs ../shared/data")


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return the transmittance of a negative of coloured noise of all sizes."""
    import cv2

    rng = np.random.default_rng(seed)
    log_exposure = np.zeros((height, width, 3), np.float32)
    for size in (3, 8, 20):
        noise = rng.normal(0, 0.3, (size, size, 3)).astype(np.float32)
        log_exposure += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return 10 ** -(BASE + np.array([0.63, 0.71, 0.73]) * np.clip(log_exposure + 0.9, 0, 2.2))


def layout(seed: int, rebate: int, holder: int, light: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a scan of (170, 256), and labels: the picture inside three borders."""
    scan = np.empty((170, 256, 3), np.float32)
    labels = np.empty((170, 256), np.uint8)
    inset = 0
    for region, width, level in (
        (Region.HOLDER, holder, 3e-4),
        (Region.LIGHT, light, 1.0),
        (Region.REBATE, rebate, 10**-BASE),
    ):
        scan[inset : 170 - inset, inset : 256 - inset] = level
        labels[inset : 170 - inset, inset : 256 - inset] = region
        inset += width
    height, width = 170 - 2 * inset, 256 - 2 * inset
    scan[inset : 170 - inset, inset : 256 - inset] = scene(height, width, seed)
    labels[inset : 170 - inset, inset : 256 - inset] = Region.PICTURE
    return scan, labels


def overlap(found: np.ndarray, true: np.ndarray) -> float:
    return float((found & true).sum() / (found | true).sum())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("borders", [(10, 0), (0, 14), (9, 12), (10, 0, 12), (8, 10, 6)])
def test_drawn_borders_are_found(seed, borders):
    scan, labels = layout(seed, *borders)
    frame = find_frame(scan)
    assert overlap(frame.picture, labels == Region.PICTURE) > AGREES
    for region in (Region.REBATE, Region.HOLDER, Region.LIGHT):
        if (labels == region).any():
            assert overlap(frame.labels == region, labels == region) > 0.6
    assert frame.confidence > 0.5


@pytest.mark.parametrize("scale", [0.01, 0.4])
def test_the_scale_of_light_does_not_matter(scale):
    scan, _ = layout(1, 9, 12)
    assert np.array_equal(find_frame(scan).labels, find_frame(scan * np.float32(scale)).labels)


@pytest.mark.parametrize("degrees", [-3.0, 1.5])
def test_a_turned_film_is_found(degrees):
    import cv2

    scan, labels = layout(2, 9, 24)
    turn = cv2.getRotationMatrix2D((128, 85), degrees, 1)
    turned = cv2.warpAffine(scan, turn, (256, 170), borderMode=cv2.BORDER_REPLICATE)
    true = cv2.warpAffine((labels == 0).astype(np.uint8), turn, (256, 170)) > 0
    assert overlap(find_frame(turned).picture, true) > AGREES


def test_four_turns_of_a_scan_give_four_turns_of_the_frame():
    scan, labels = layout(3, 9, 12)
    for turns in range(4):
        found = find_frame(np.ascontiguousarray(np.rot90(scan, turns)))
        assert overlap(found.picture, np.rot90(labels == 0, turns)) > AGREES


def test_perforations_letters_and_dark_holes_are_no_picture():
    for level in (1.0, 3e-4):
        scan = np.broadcast_to(10**-BASE, (170, 256, 3)).astype(np.float32)
        scan[30:140, 16:240] = scene(110, 224)
        for x in range(10, 250, 30):
            scan[10:20, x : x + 10] = level
            scan[150:160, x : x + 10] = level
        scan[2:7, 60:120:3] *= 0.1
        true = np.zeros((170, 256), bool)
        true[30:140, 16:240] = True
        assert overlap(find_frame(scan).picture, true) > AGREES


@pytest.mark.parametrize("seed", range(8))
def test_a_picture_without_borders_is_left_whole(seed):
    frame = find_frame(scene(170, 256, seed).astype(np.float32))
    assert frame.picture.mean() > 0.98
    assert frame.box == pytest.approx((0, 0, 1, 1), abs=0.02)


def test_a_bright_sky_is_no_holder():
    scan = scene(170, 256).astype(np.float32)
    scan[:50] = 10 ** -(BASE + np.array([1.2, 1.4, 1.4]))
    assert find_frame(scan).picture.mean() > 0.98


@pytest.mark.parametrize("level", [0.0, 1e-6, 0.3, 1.0, 50.0])
def test_even_pictures_are_declined(level):
    frame = find_frame(np.full((170, 256, 3), level, np.float32))
    assert frame.picture.all()


@pytest.mark.parametrize("size", [(1, 1), (1, 256), (256, 1), (11, 40), (13, 12), (41, 256)])
def test_small_pictures_do_not_fail(size):
    rng = np.random.default_rng(4)
    frame = find_frame(rng.uniform(0, 1, (*size, 3)).astype(np.float32))
    assert frame.labels.shape == size
    assert frame.picture.any()


def test_not_a_number_does_not_fail():
    scan, _ = layout(1, 9, 12)
    scan[40:44] = np.nan
    scan[50:54] = np.inf
    assert find_frame(scan).picture.any()


@real
@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("holder/negative_scan.jpg", (0.68, 0.80)),  # measured by eye: 0.755
        ("pair/negative.jpg", (0.85, 0.95)),  # rebate above and right
        ("varied/141.jpeg", (0.98, 1.0)),
        ("varied/otay_mesa.jpeg", (0.98, 1.0)),
        ("varied/hole.jpeg", (0.95, 1.0)),
        ("varied/night.jpeg", (0.98, 1.0)),
        ("varied/train.jpeg", (0.98, 1.0)),
    ],
)
def test_real_scans(name, share):
    from PIL import Image as Pillow

    from orangemask.curves import SRGB
    from orangemask.image import Image
    from orangemask.thumbnail import make_thumbnail

    with Pillow.open(DATA / "negatives" / name) as file:
        codes = np.asarray(file.convert("RGB")).astype(np.uint16) * 257
    frame = find_frame(make_thumbnail(Image(codes, transfer=(SRGB,) * 3)))
    assert share[0] <= frame.picture.mean() <= share[1]
