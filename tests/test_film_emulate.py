"""Film Emulate: what must hold of the nine values and the settings, whatever the stock is."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from orangemask.analysis import analyse_photograph
from orangemask.curves import LINEAR, SRGB
from orangemask.errors import ParameterError
from orangemask.execute import apply
from orangemask.film_base import NO_BASE
from orangemask.filters import Context, SourceLight, find_filter
from orangemask.image import Image
from orangemask.nine import CHANNELS
from orangemask.render import full_transform, predict_values, read_as
from orangemask.spaces import SPACES, space
from orangemask.values import Values, parse_values
from orangemask_filters.film_emulate import heuristics
from orangemask_filters.film_emulate.exposure import FOOT, GREY, Camera

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import colour

FILTER = find_filter("film-emulate")
STOCKS = list(FILTER.settings[0].by_name)
PLAIN = {"colour": 0.0, "tone": 0.0}  # no film: the picture as its camera shows it
CODE = 1 / 255
MEAN_DIFFERENCE, LARGEST_DIFFERENCE = 1.0, 4.0  # ΔE2000 between the same scene in two spaces


def photograph(h: int = 48, w: int = 64, seed: int = 3) -> Image:
    """Return an sRGB photograph of soft colours with noise on them."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w] / max(h, w)
    light = 0.02 + 0.6 * np.stack([x, y, (1 - x) * (1 - y)], axis=-1)
    codes = SRGB.inverse(light * generator.uniform(0.8, 1.2, light.shape))
    return Image(np.rint(codes * 65535).astype(np.uint16), (SRGB,) * 3, "srgb")


def rendered(image: Image, target: str = "srgb", **settings: object) -> np.ndarray:
    """Return the exact rendering by the default values, float64 codes."""
    values, _, _ = predict_values(image, FILTER, model="none", settings=settings)
    transform = full_transform(image.transfer, FILTER, values, space(target))
    full = 65535 if image.pixels.dtype == np.uint16 else 1
    return transform(image.pixels.astype(np.float64) / full)


def lab(codes: np.ndarray) -> np.ndarray:
    """Return CIE Lab of sRGB codes, by colour-science."""
    return colour.XYZ_to_Lab(colour.sRGB_to_XYZ(np.clip(codes, 0, 1)))


def test_without_colour_and_tone_an_8_bit_picture_comes_back():
    codes = np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype(np.uint16)
    image = Image(codes * np.uint16(257), (SRGB,) * 3, "srgb")
    values, _, _ = predict_values(image, FILTER, model="none", settings=PLAIN)
    transform = full_transform(image.transfer, FILTER, values, space("srgb"))
    out = apply(transform, image.pixels, dtype=np.uint8)
    assert np.abs(out.astype(int) - codes).max() <= 1


@pytest.mark.parametrize("name", ["display-p3", "adobe-rgb", "rec2020"])
def test_the_same_scene_in_another_space_gets_the_same_colours(name):
    image, wide = photograph(), SPACES[name]
    light = SRGB(image.pixels / 65535.0)
    to_wide = np.linalg.solve(wide.rgb_to_pcs, space("srgb").rgb_to_pcs)
    codes = wide.encode(light @ to_wide.T)
    assert codes.min() >= 0
    other = Image(
        np.rint(codes * 65535).astype(np.uint16),
        (wide.transfer,) * 3,
        "icc",
        rgb_to_xyz=wide.rgb_to_pcs,
    )
    apart = colour.delta_E(lab(rendered(image)), lab(rendered(other)), method="CIE 2000")
    assert apart.mean() < MEAN_DIFFERENCE and apart.max() < LARGEST_DIFFERENCE


def test_a_scene_linear_picture_is_what_its_camera_would_have_shown():
    scene = np.random.default_rng(1).uniform(0.004, 0.9, (40, 40, 3))
    linear = Image(scene.astype(np.float32), (LINEAR,) * 3, "linear")
    shown = SRGB.inverse(Camera()(scene))
    display = Image(np.rint(shown * 65535).astype(np.uint16), (SRGB,) * 3, "srgb")
    assert np.abs(rendered(linear) - rendered(display)).max() < CODE
    assert np.abs(rendered(linear, **PLAIN) - shown).max() < CODE


def test_what_a_picture_is_may_be_said_against_its_encoding():
    light = np.random.default_rng(1).uniform(0.0, 1.0, (40, 40, 3)).astype(np.float32)
    shown = Image(light, (LINEAR,) * 3, "linear", scene=False)
    assert np.abs(rendered(shown, **PLAIN) - SRGB.inverse(light)).max() < CODE
    saved = predict_values(shown, FILTER, model="none")[0]
    again = read_as(Image(light, (LINEAR,) * 3, "linear"), FILTER, parse_values(saved.to_json()))
    assert not again.context.light.scene  # as it was rendered, not as it looks
    assert read_as(photograph(), FILTER, again).context.light == SourceLight()


def test_values_a_stop_up_are_an_exposure_a_stop_down():
    scene = np.random.default_rng(2).uniform(0.05, 0.9, (40, 40, 3))
    assert scene.min() > 20 * FOOT
    full = Image(scene.astype(np.float32), (LINEAR,) * 3, "linear")
    half = Image((scene / 2).astype(np.float32), (LINEAR,) * 3, "linear")
    values, _, _ = predict_values(full, FILTER, model="none")
    moved = {
        name: value + (0.0 if name.endswith("midtones") else 1.0)
        for name, value in values.values.items()
    }
    transform = full_transform((LINEAR,) * 3, FILTER, Values("film-emulate", moved, values.context),
                               space("srgb"))  # fmt: skip
    shown, wanted = (np.clip(codes, 0.0, 1.0) for codes in (transform(scene), rendered(half)))
    assert np.abs(shown - wanted).max() < 3 * CODE  # the foot moves along


@pytest.mark.parametrize("name", STOCKS)
def test_every_stock_renders_every_number(name):
    light = np.float64([[-1, 0, 1e-9], [GREY] * 3, [1, 1, 1], [np.inf, 60, 0], [1e30, 0.5, 0.1]])
    for scene in (True, False):
        context = Context(
            NO_BASE,
            settings=FILTER.checked_settings({"stock": name}),
            light=SourceLight(scene, None),
        )
        out = FILTER.transform(FILTER.defaults(), context)(light)
        assert np.isfinite(out).all()
        assert out[2].mean() > out[1].mean() > out[0].mean()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_tiles_are_the_whole(dtype):
    image = photograph(150, 170)
    values, _, _ = predict_values(image, FILTER, model="grey-world")
    transform = full_transform(image.transfer, FILTER, values, space("srgb"))
    whole = apply(transform, image.pixels, dtype=dtype)
    for y, x in ((0, 0), (37, 53), (149, 0)):
        tile = np.ascontiguousarray(image.pixels[y : y + 61, x : x + 67])
        np.testing.assert_array_equal(
            apply(transform, tile, dtype=dtype), whole[y : y + 61, x : x + 67]
        )


def test_each_channel_needs_highlights_above_its_shadows():
    context = Context(NO_BASE, settings=FILTER.checked_settings({}))
    for channel in CHANNELS:
        values = {**FILTER.defaults(), f"{channel}_highlights": -4.5}
        with pytest.raises(ParameterError, match=f"{channel}_highlights is -4.5; it must exceed"):
            FILTER.transform(values, context)


def test_a_finish_the_stock_has_not_is_refused():
    context = Context(NO_BASE, settings=FILTER.checked_settings({"finish": "fitted"}))
    with pytest.raises(ParameterError, match="unknown finish of kodak-portra-400 'fitted'"):
        FILTER.transform(FILTER.defaults(), context)


# Values files


def test_settings_and_light_are_kept():
    image = Image(
        photograph().pixels, (SRGB,) * 3, "srgb", rgb_to_xyz=SPACES["display-p3"].rgb_to_pcs
    )
    values, _, _ = predict_values(image, FILTER, settings={"tone": 0.25, "stock": STOCKS[-1]})
    assert values.context.settings == FILTER.checked_settings({"tone": 0.25, "stock": STOCKS[-1]})
    assert parse_values(values.to_json()) == values
    assert "base" not in values.to_json() and "rig" not in values.to_json()


def test_a_values_file_without_settings_means_the_defaults():
    context = Context(NO_BASE, settings=FILTER.checked_settings({}))
    values = Values("film-emulate", FILTER.defaults(), context)
    short = {"orangemask": 1, "filter": "film-emulate", "values": FILTER.defaults(), "context": {}}
    assert parse_values(json.dumps(short)) == values


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ({"settings": {"stok": "x"}}, "unknown setting 'stok'; did you mean 'stock'"),
        ({"settings": {"stock": "kodak-gold-20"}}, "unknown stock 'kodak-gold-20'; did you mean"),
        ({"settings": {"tone": 9}}, "tone is 9; it must lie between 0 and 1.5"),
        ({"settings": []}, ""),
        ({"settings": [1]}, "settings must be an object, not list"),
        ({"light": {"scene": 1}}, "light scene is 1; it must be true or false"),
        ({"light": {"rgb_to_xyz": [[1, 0, 0]]}}, "light rgb_to_xyz must be 3 rows of 3 numbers"),
    ],
)
def test_a_wrong_context_is_refused_in_one_line(context, words):
    whole = {"orangemask": 1, "filter": "film-emulate", "values": FILTER.defaults()}
    text = json.dumps({**whole, "context": context})
    if not words:
        assert parse_values(text).context.settings == FILTER.checked_settings({})
        return
    with pytest.raises(ParameterError) as caught:
        parse_values(text, "v.json")
    assert str(caught.value).startswith("v.json: ") and words in str(caught.value)


# Prediction by rule


def test_a_photograph_is_all_picture_and_has_no_base():
    analysis = analyse_photograph(photograph())
    assert analysis.base == NO_BASE and analysis.frame.picture.all()
    np.testing.assert_allclose(
        analysis.thumbnail.mean(), SRGB(photograph().pixels / 65535.0).mean(), rtol=0.01
    )


def test_auto_exposure_follows_exposure_and_grey_world_colour():
    scene = np.random.default_rng(5).uniform(0.1, 0.6, (60, 60, 3)).astype(np.float32)

    def shifts(light: np.ndarray, model: str) -> np.ndarray:
        image = Image(light.astype(np.float32), (LINEAR,) * 3, "linear")
        values, prediction, _ = predict_values(image, FILTER, model=model)
        assert not prediction.refusal and not prediction.warnings
        assert all(values.values[f"{channel}_midtones"] == 0 for channel in CHANNELS)
        return np.array([values.values[f"{channel}_shadows"] for channel in CHANNELS])

    tint = np.float32([2.0, 1.0, 0.5])
    np.testing.assert_allclose(
        shifts(scene / 2, "auto-exposure") - shifts(scene, "auto-exposure"), -1.0, atol=0.05
    )
    np.testing.assert_allclose(
        shifts(scene * tint, "grey-world") - shifts(scene, "grey-world"), [1, 0, -1], atol=0.05
    )
    assert np.ptp(shifts(scene * tint, "auto-exposure")) == 0.0
    defaults = FILTER.defaults()
    assert list(shifts(scene, "none")) == [defaults[f"{channel}_shadows"] for channel in CHANNELS]
    black = shifts(scene * 0, "auto-exposure") - shifts(scene, "none")
    np.testing.assert_allclose(black, -heuristics.FARTHEST)
