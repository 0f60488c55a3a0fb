"""Invert C41: its curves, its mathematics, and what nine independent numbers must do."""

import json
from pathlib import Path

import numpy as np
import pytest

from orangemask.errors import ParameterError
from orangemask.execute import apply
from orangemask.film_base import FilmBase
from orangemask.filters import Context, Rig, find_filter
from orangemask.image import Image
from orangemask.render import full_transform, predict_values
from orangemask.spaces import space
from orangemask_filters.invert_c41 import CHANNELS, FILTER
from orangemask_filters.invert_c41.print_curve import PRIMARIES, PRINT
from orangemask_filters.invert_c41.rigs import RIGS, WHITE
from orangemask_filters.invert_c41.tone import Print
from orangemask_filters.midtone import Midtone

FORM = Path(__file__).parent.parent / "models/training/form.json"
BASE = (0.25, 0.62, 0.85)
SAME_VALUE = 0.004  # D; codes of the brighter scan are rounded differently


def picture(seed=3, h=240, w=360):
    """A colourful linear negative: log exposure of blobs, through straight layers."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w] / max(h, w)
    exposure = np.stack(
        [0.9 + 0.5 * np.sin(7 * x + c) * np.cos(5 * y - c) + 0.3 * (x - y) for c in range(3)], -1
    )
    exposure += rng.normal(0, 0.01, exposure.shape)
    density = np.array(BASE) + np.array([0.63, 0.70, 0.73]) * np.clip(exposure, 0, None)
    return 0.9 * 10**-density


def as_image(light):
    return Image(np.rint(np.clip(light, 0, 1) * 65535).astype(np.uint16))


def typical():
    return {**FILTER.defaults(), "red_midtones": 0.2, "blue_midtones": -0.3}


def context(rig=WHITE):
    return Context(FilmBase(BASE, 1.0, "given"), rig)


@pytest.mark.parametrize("m", [-3.0, -0.5, 0.0, 0.7, 3.0])
def test_midtone_curve_goes_through_its_three_points_and_rises(m):
    z = np.linspace(-1, 2, 601)
    v = Midtone(m)(z)
    assert np.all(np.diff(v) > 0)
    assert np.allclose(Midtone(m)(np.array([0, 0.5, 1.0])), [0, 1 / (1 + np.exp(-m)), 1])


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_midtone_curve_has_one_slope_at_each_end(end):
    step = 1e-6
    v = Midtone(0.8)(np.array([end - step, end, end + step]))
    assert (v[1] - v[0]) / step == pytest.approx((v[2] - v[1]) / step, rel=1e-4)


def test_print_curve_is_negadoctors():
    # darktable's formula with its own names: black 0, Dmax = (H − S) / span.
    density, d_max, black, gamma, soft, exposure = np.linspace(0, 3, 50), 2.8, 0.0, 6.0, 0.75, 1.2
    corrected = exposure * (1 + black - 10 ** (-density / d_max))
    printed = np.maximum(corrected, 0) ** gamma
    wanted = np.where(
        printed > soft, soft + (1 - np.exp(-(printed - soft) / (1 - soft))) * (1 - soft), printed
    )
    ours = Print(exposure, 0.5, gamma, soft)(density / (d_max * 0.5))
    assert np.allclose(ours, wanted, atol=1e-12)


def test_print_curve_runs_from_black_to_white():
    v = np.linspace(-2, 6, 801)
    y = PRINT(v)
    assert y[v <= 0].max() == 0 and y.max() <= 1 and np.all(np.diff(y) >= 0)
    assert PRINT(np.array([1.0]))[0] == pytest.approx(0.9, abs=0.001)


def test_constants_are_those_the_measurement_chose():
    report = json.loads(FORM.read_text())
    chosen = report["chosen"]
    assert (PRINT.gamma, PRINT.soft_clip, PRINT.span) == (
        chosen["gamma"],
        chosen["soft"],
        chosen["span"],
    )
    assert PRINT.exposure == pytest.approx(chosen["exposure"])
    assert chosen["primaries"] == "ITU-R BT.2020" and PRIMARIES == "rec2020"
    rigs = {name: np.asarray(rig.crosstalk).tolist() for name, rig in RIGS.items()}
    assert rigs == report["rigs"]


@pytest.mark.parametrize("rig", RIGS.values(), ids=RIGS)
def test_crosstalk_keeps_neutrals(rig):
    assert np.allclose(np.sum(rig.crosstalk, axis=1), 1, atol=1e-9)


def test_values_mean_what_they_say():
    """Density S prints black, density H prints P(1), per channel, without cross-talk."""
    values = typical()
    transform = FILTER.transform(values, context(Rig()))
    for zone, wanted in (("shadows", 0.0), ("highlights", PRINT(np.array([1.0]))[0])):
        density = np.array([values[f"{channel}_{zone}"] for channel in CHANNELS])
        assert np.allclose(transform(10**-density), wanted, atol=1e-9)


def test_nine_parameters_are_independent():
    light = picture()[::8, ::8]
    values, step = typical(), 1e-4

    def rendered(changed):
        return FILTER.transform(changed, context())(light).ravel()

    columns = [
        (rendered({**values, name: values[name] + step}) - rendered(values)) / step
        for name in values
    ]
    matrix = np.stack(columns, axis=1)
    # Each by its own size: S and H count in D, m in e-folds of contrast.
    singular = np.linalg.svd(matrix / np.linalg.norm(matrix, axis=0), compute_uv=False)
    assert len(singular) == 9 and singular[-1] > 1e-2 * singular[0]


@pytest.mark.parametrize("model", ["parametric", "physical"])
@pytest.mark.parametrize("factor", [0.5, 0.8])
def test_exposure_of_the_scan_moves_shadows_and_highlights_alone(model, factor):
    light = picture()
    first, _, _ = predict_values(as_image(light), FILTER, model=model)
    second, _, _ = predict_values(as_image(light * factor), FILTER, model=model)
    for channel in CHANNELS:
        for zone, shift in (("shadows", 1), ("highlights", 1), ("midtones", 0)):
            name = f"{channel}_{zone}"
            moved = second.values[name] - first.values[name]
            assert moved == pytest.approx(-np.log10(factor) * shift, abs=SAME_VALUE)


@pytest.mark.parametrize("name", ["invert-c41", "invert-c41-matrix"])
def test_a_prediction_renders_bright_where_the_negative_is_dense(name):
    image = as_image(picture())
    one = find_filter(name)
    values, prediction, _ = predict_values(image, one)
    assert 0 <= prediction.confidence <= 1
    result = apply(full_transform(image.transfer, one, values, space("srgb")), image.pixels)
    order = np.corrcoef(image.pixels[..., 1].ravel(), result[..., 1].ravel())[0, 1]
    assert order < -0.8


def test_highlights_below_shadows_are_refused_by_name():
    values = {**typical(), "green_highlights": 0.1}
    with pytest.raises(ParameterError, match=r"green_highlights is 0\.1; it must exceed"):
        FILTER.transform(values, context())


def test_rendering_does_not_look_at_the_picture():
    image = as_image(picture())
    values, _, _ = predict_values(image, FILTER)
    whole = apply(full_transform(image.transfer, FILTER, values, space("srgb")), image.pixels)
    part = image.pixels[50:60, 70:90]
    tile = apply(full_transform(Image(part).transfer, FILTER, values, space("srgb")), part)
    assert np.array_equal(tile, whole[50:60, 70:90])


def test_prediction_works_on_pictures_of_one_pixel_and_one_colour():
    for pixels in (
        np.full((1, 1, 3), 9000, np.uint16),
        np.zeros((40, 60, 3), np.uint16),
        np.full((40, 60, 3), 65535, np.uint16),
        np.full((1, 3000, 3), 20000, np.uint16),
    ):
        values, _, _ = predict_values(Image(pixels), FILTER)
        apply(full_transform(Image(pixels).transfer, FILTER, values, space("srgb")), pixels)
