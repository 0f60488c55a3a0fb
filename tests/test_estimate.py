"""The physical estimate: what it must not depend on, and how near it comes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from orangemask.curves import SRGB
from orangemask.film_base import FilmBase, base_given, block_densities, find_film_base
from orangemask.frame import Frame, find_frame, whole_frame
from orangemask_filters.invert_c41.estimate import FITTED_PRINT, estimate

DATA = Path(os.environ.get("ORANGEMASK_DATA", Path(__file__).parents[2] / "shared" / "data"))
EXACT = 1e-5  # D; float32 light
BASE = np.array([0.22, 0.62, 0.83])
CROSSTALK = np.array([[1.1, -0.1, 0.0], [-0.1, 1.2, -0.1], [0.0, -0.15, 1.15]])


def negative(scene: np.ndarray, base: np.ndarray = BASE) -> np.ndarray:
    """Return linear light through a film that saw `scene`: a toe and straight lines."""
    log_exposure = np.log10(np.maximum(scene, 1e-4) / 0.18) + 1.6
    toe = 0.18
    density = np.array([0.63, 0.71, 0.73]) * toe * np.log1p(np.exp(log_exposure / toe))
    return (10 ** -(base + density)).astype(np.float32)


def noise(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scene = 0.18 * 10 ** rng.normal(0, 0.4, (17, 26, 3))
    return np.clip(scene, 0, 1).repeat(10, 0).repeat(10, 1)


def analysed(light: np.ndarray) -> tuple[np.ndarray, Frame, FilmBase]:
    frame = find_frame(light)
    return light, frame, find_film_base(light, frame)


@pytest.mark.parametrize("crosstalk", [np.eye(3), CROSSTALK])
@pytest.mark.parametrize("k", [0.5, 0.07])
def test_more_light_shifts_shadows_and_highlights(crosstalk, k):
    light = negative(noise())
    plain = estimate(*analysed(light), crosstalk)
    moved = estimate(*analysed(light * np.float32(k)), crosstalk)
    assert moved[[0, 2]] - plain[[0, 2]] == pytest.approx(np.full((2, 3), -np.log10(k)), abs=EXACT)
    assert (moved[1] == plain[1]).all()


def test_light_of_one_channel_shifts_that_channel_alone():
    light = negative(noise())
    gain = np.float32([1.0, 0.6, 0.9])
    shift = estimate(*analysed(light * gain))[[0, 2]] - estimate(*analysed(light))[[0, 2]]
    assert shift == pytest.approx(np.stack([-np.log10(gain)] * 2), abs=EXACT)


def test_black_lies_below_white():
    for light in (negative(noise()), np.full((20, 30, 3), 0.3, np.float32), np.zeros((9, 9, 3))):
        nine = estimate(*analysed(light.astype(np.float32)))
        assert np.isfinite(nine).all()
        assert (nine[2] - nine[0] > 0.1).all()


def test_only_the_picture_counts():
    light = negative(noise())
    labels = np.zeros(light.shape[:2], np.uint8)
    labels[:30] = 2
    dirty = light.copy()
    dirty[:30] = 1e-5
    base = base_given(*10**-BASE)
    frame = Frame(labels, 1.0)
    assert (estimate(dirty, frame, base) == estimate(light, frame, base)).all()


def test_a_grey_scene_prints_grey():
    grey = noise().mean(axis=2, keepdims=True).repeat(3, axis=2)
    light = negative(grey)
    shadows, _, highlights = estimate(light, whole_frame(170, 260), base_given(*10**-BASE))
    density = block_densities(light, np.ones((170, 260), bool))
    z = (density - shadows) / (highlights - shadows)
    assert np.ptp(z, axis=1).max() < 0.01


def test_another_print_curve_keeps_the_median_luminance():
    darker = replace(FITTED_PRINT, exposure=1.02, gamma=4.5)
    light = negative(noise())
    arguments = analysed(light)
    density = block_densities(light, arguments[1].picture)
    medians = []
    for curve in (FITTED_PRINT, darker):
        shadows, _, highlights = estimate(*arguments, print_curve=curve)
        z = (density - shadows) / (highlights - shadows)
        medians.append(np.median(curve(z) @ np.array([0.2126, 0.7152, 0.0722])))
    assert medians[1] == pytest.approx(medians[0], rel=0.05)  # a part of the samples


@pytest.mark.parametrize("v", [-0.5, 0.0])
def test_black_prints_black(v):
    assert FITTED_PRINT(np.array([v])) == pytest.approx(0)


def test_white_prints_nearly_white():
    assert FITTED_PRINT(np.array([1.0])) == pytest.approx(0.859, abs=0.001)  # computed by hand


@pytest.mark.skipif(not (DATA / "photos").is_dir(), reason="needs ../shared/data")
def test_photographs_come_back_nearer_than_by_percentiles():
    import warnings

    import cv2
    from PIL import Image as Pillow

    with warnings.catch_warnings():  # of a missing matplotlib
        warnings.simplefilter("ignore")
        import colour

    to_xyz = np.array(colour.RGB_COLOURSPACES["sRGB"].matrix_RGB_to_XYZ)

    def error(result: np.ndarray, truth: np.ndarray) -> float:
        labs = [colour.XYZ_to_Lab(np.clip(x, 0, 1) @ to_xyz.T) for x in (result, truth)]
        return float(np.mean(colour.delta_E(*labs, method="CIE 2000")))

    ours, percentiles = [], []
    for path in sorted((DATA / "photos").glob("*.jpg"))[7::35]:
        with Pillow.open(path) as file:
            codes = np.asarray(file.convert("RGB").resize((256, 170)))
        truth = SRGB(codes.astype(np.float32) / 255)
        light = negative(np.asarray(cv2.blur(truth, (2, 2))))
        some = np.random.default_rng(0).integers(0, 170 * 256, 300)
        density = -np.log10(light.reshape(-1, 3)[some])
        shadows, _, highlights = estimate(*analysed(light))
        z = (density - shadows) / (highlights - shadows)
        ours.append(error(FITTED_PRINT(z), truth.reshape(-1, 3)[some]))
        low, high = np.quantile(-np.log10(light), (0.005, 0.995), axis=(0, 1))
        stretched = SRGB(np.clip((density - low) / (high - low), 0, 1))
        percentiles.append(error(stretched, truth.reshape(-1, 3)[some]))
    assert np.mean(ours) < 0.9 * np.mean(percentiles), (np.mean(ours), np.mean(percentiles))
