"""What is made of a network's answer: the rig, the kind of film, and what the user is told.

The networks are replaced by chosen answers, but for the tests that say "shipped".
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import orangemask.networks
from orangemask.analysis import analyse
from orangemask.curves import SRGB
from orangemask.decode import open_image
from orangemask.errors import ParameterError
from orangemask.execute import apply
from orangemask.film_base import FilmBase
from orangemask.filters import filters, find_filter
from orangemask.image import Image
from orangemask.render import full_transform, predict_values
from orangemask.spaces import space
from orangemask_filters.invert_c41.features import make_features
from orangemask_filters.invert_c41.prediction import FILMS, SILVER, SURE_POSITIVE
from orangemask_filters.invert_c41.rigs import CERTAIN, RIGS, WHITE
from scans import negative

DATA = Path(__file__).with_name("data")
SHARED = Path(os.environ.get("ORANGEMASK_DATA", Path(__file__).parents[2] / "shared/data"))
NIGHT = SHARED / "negatives/holder"
FILTER = find_filter("invert-c41")
EACH = pytest.mark.parametrize("name", [name for name, one in filters().items() if one.of_film])
CODE = 1 / 65535
BASES = {"grey": (0.2, 0.2, 0.2), "purple": (0.3, 0.35, 0.25), "orange": (0.25, 0.62, 0.85)}
NOT_NEGATIVE = "this does not look like a negative"


def shares(names: tuple[str, ...], one: str, share: float) -> np.ndarray[Any, Any]:
    """Return probabilities, that of `one` given and the others alike."""
    rest = (1 - share) / (len(names) - 1)
    return np.float32([share if name == one else rest for name in names])


class Network:
    """Stands in for all networks; gives its answers in turn and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, np.ndarray[Any, Any]]] = []
        self.answers = [self.answer()]

    def answer(
        self,
        film: tuple[str, float] = ("c41", 0.9),
        rig: tuple[str, float] = ("white", 0.97),
        corrections: object = 0.0,
    ) -> dict[str, np.ndarray[Any, Any]]:
        return {
            "corrections": np.broadcast_to(np.float32(corrections), 9),
            "expected_delta_e": np.float32([6.0]),
            "channel_error": np.float32([0.06, 0.12, 0.24]),
            "film": shares(FILMS, *film),
            "rig": shares(tuple(RIGS), *rig),
            "tells": np.float32([0.5, -0.25]),
        }

    def says(self, **said: Any) -> None:
        self.answers = [self.answer(**said)]

    def run(self, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append(inputs)
        return self.answers[(len(self.asked) - 1) % len(self.answers)]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    stand_in = Network()
    monkeypatch.setattr(orangemask.networks, "run_model", stand_in.run)
    return stand_in


def scan() -> Image:
    return Image(negative(96, 144), encoding="linear")


def silver(base: tuple[float, float, float], seed: int = 5) -> Image:
    """Return a scan of silver film: one density in all channels above a base of any colour."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:96, 0:144] / 144
    above = np.clip(0.6 + 0.5 * np.sin(6 * x) * np.cos(5 * y) + rng.normal(0, 0.01, x.shape), 0, 3)
    light = 0.9 * 10 ** -(np.array(base) + above[..., None])
    return Image(light.astype(np.float32), encoding="linear")


def cells(name: str) -> list[np.ndarray[Any, Any]]:
    """Return the 18 pictures of a sheet of the benchmark's small form, as stored."""
    sheet = cv2.imread(str(DATA / "inversion" / name), cv2.IMREAD_UNCHANGED)
    sheet = sheet[..., ::-1] if sheet.ndim == 3 else sheet
    return [cell for row in np.split(sheet, 6) for cell in np.split(row, 3, axis=1)]


def photographs() -> list[Image]:
    """Return the scenes of the small form, CC0: ordinary pictures."""
    found = []
    for codes, shown in zip(cells("truths.png"), cells("areas.png"), strict=True):
        rows, columns = np.nonzero(shown)
        box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        pixels = np.ascontiguousarray(codes[box], np.uint16) * 257
        found.append(Image(pixels, (SRGB, SRGB, SRGB), "srgb"))
    return found


# Rig


@EACH
@pytest.mark.parametrize("rig", ["narrow", "scanner"])
def test_another_rig_than_white_light_is_taken_as_far_as_it_is_likely(network, name, rig):
    one, image = find_filter(name), scan()
    network.says(rig=(rig, 0.6))
    _, prediction, analysis = predict_values(image, one)
    crosstalk = {each: np.array(each_rig.crosstalk) for each, each_rig in RIGS.items()}
    wanted = sum((0.6 if each == rig else 0.2) * rows for each, rows in crosstalk.items())
    used = prediction.context.rig
    assert used.name == "mixed" and prediction.rig.name == rig
    np.testing.assert_allclose(used.crosstalk, wanted, atol=1e-7)
    asked = [make_features(analysis, each).facts for each in (WHITE, used)]
    for facts, inputs in zip(asked, network.asked, strict=True):
        np.testing.assert_array_equal(inputs["facts"], facts)
    told = network.asked[1]["facts"][46:49]
    np.testing.assert_allclose(told, [0.6 if each == rig else 0.2 for each in RIGS], atol=1e-6)


@EACH
@pytest.mark.parametrize("rig", list(RIGS))
def test_a_rig_that_is_all_but_certain_is_taken_for_it(network, name, rig):
    network.says(rig=(rig, CERTAIN + 0.01))
    _, prediction, _ = predict_values(scan(), find_filter(name))
    assert prediction.context.rig == RIGS[rig]
    assert len(network.asked) == (1 if rig == "white" else 2)


@EACH
@pytest.mark.parametrize("rig", [rig for rig in FILTER.rig_names if rig != "auto"])
def test_a_rig_that_is_said_is_used_and_the_network_told_of_it(network, name, rig):
    one = find_filter(name)
    network.says(rig=("scanner" if rig == "narrow" else "narrow", 0.99))
    values, prediction, _ = predict_values(scan(), one, rig=one.rig(rig))
    assert prediction.context.rig == one.rig(rig) == values.context.rig
    (inputs,) = network.asked
    if rig in RIGS:
        told = [float(rig == each) for each in RIGS]
        np.testing.assert_allclose(inputs["facts"][46:49], told, atol=1e-6)


def test_without_a_network_the_rig_is_white_light(network):
    _, prediction, _ = predict_values(scan(), FILTER, model="physical")
    assert prediction.context.rig == WHITE and not network.asked
    assert (prediction.rig, prediction.film, prediction.channels) == (None, None, None)


def test_an_unknown_rig_names_those_there_are():
    with pytest.raises(ParameterError) as caught:
        FILTER.rig("narow")
    assert str(caught.value) == (
        "unknown rig 'narow'; did you mean 'narrow'? allowed: auto, white, narrow, scanner, none"
    )


def test_the_shipped_network_knows_white_light():
    image = open_image(DATA / "sample-negative.tif", encoding="linear")  # a white LED
    values, prediction, _ = predict_values(image, FILTER)
    assert prediction.rig.name == values.context.rig.name == "white"
    assert prediction.film.name == "c41" and not prediction.refusal


@pytest.mark.skipif(not NIGHT.is_dir(), reason=f"no scans at {NIGHT}")
def test_the_shipped_network_prints_a_night_as_its_photographer_did():
    """A camera scan with holder, rebate and perforations of a picture that is mostly shadows."""
    image = open_image(NIGHT / "negative_scan.jpg")
    values, _, _ = predict_values(image, FILTER)
    ours = apply(full_transform(image.transfer, FILTER, values, space("srgb")), image.pixels)
    theirs = cv2.imread(str(NIGHT / "author_inversion_gamma2.jpg"), cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(ours, None, fx=0.1, fy=0.1, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    grey = np.rint(grey / grey.dtype.type(256)).astype(np.uint8)[40:-40, 60:-60]
    assert grey.std() > 20  # not black
    # Theirs shows the film a little larger.
    shown = cv2.resize(theirs, None, fx=0.089, fy=0.089, interpolation=cv2.INTER_AREA)
    assert cv2.matchTemplate(shown, grey, cv2.TM_CCOEFF_NORMED).max() > 0.9


def test_confidence_falls_with_the_error_to_expect(network):
    # 1 / (1 + (e / e₀)²) at e₀ / 2, e₀ and 2 e₀; the whole at half its e₀
    _, prediction, _ = predict_values(scan(), FILTER)
    assert prediction.channels == pytest.approx((0.8, 0.5, 0.2))
    assert prediction.confidence == pytest.approx(0.8)


# Kinds of film


def spread_of_channels(light):
    return float((light.max(axis=-1) - light.min(axis=-1)).max())


@pytest.mark.parametrize("base", BASES.values(), ids=BASES)
@pytest.mark.parametrize("model", ["parametric", "physical", "matrix"])
@pytest.mark.parametrize("given", [True, False])
def test_silver_film_comes_out_grey_whatever_its_base(network, base, model, given):
    one = find_filter("invert-c41-matrix" if model == "matrix" else "invert-c41")
    network.says(corrections=np.random.default_rng(1).uniform(-0.3, 0.3, 9))
    image = silver(base)
    known = FilmBase(tuple(x - np.log10(0.9) for x in base), 1.0, "given") if given else None
    values, _, _ = predict_values(image, one, model=model, base=known, film="bw")
    assert values.context.film == "bw"
    light = one.transform(values.values, values.context)(image.pixels)
    assert spread_of_channels(light) <= CODE
    # Denser is brighter, and not all is black or white.
    order = np.argsort(-image.pixels[..., 1], axis=None)
    assert np.diff(light[..., 1].ravel()[order]).min() >= -CODE
    assert light.std() > 0.02
    target = space("linear-rec2020")
    codes = apply(full_transform(image.transfer, one, values, target), image.pixels)
    assert spread_of_channels(codes.astype(float)) <= 1


def test_a_colour_negative_said_to_be_silver_is_grey_too(network):
    values, _, _ = predict_values(scan(), FILTER, film="bw")
    assert values.context.rig == SILVER
    light = FILTER.transform(values.values, values.context)(scan().pixels / np.float32(65535))
    assert spread_of_channels(light) <= CODE


@EACH
def test_silver_film_that_is_found_is_shown_in_grey_and_that_is_said(network, name):
    one = find_filter(name)
    network.says(film=("bw", 0.8))
    values, prediction, _ = predict_values(silver(BASES["grey"]), one)
    (warning,) = prediction.warnings
    assert "black-and-white" in warning and "--film c41" in warning
    said, prediction, _ = predict_values(silver(BASES["grey"]), one, film="bw")
    assert said.values == values.values and prediction.warnings == ()  # the user knows


@EACH
def test_a_positive_is_refused_where_it_is_sure_and_told_where_it_is_not(network, name):
    one = find_filter(name)
    network.says(film=("positive", SURE_POSITIVE + 0.01))
    _, prediction, _ = predict_values(scan(), one)
    assert (
        "looks like a positive" in prediction.refusal
        and f"({SURE_POSITIVE + 0.01:.0%})" in prediction.refusal
    )
    for kind in one.films:
        assert kind in prediction.refusal.partition("--film")[2]
        _, prediction_said, _ = predict_values(scan(), one, film=kind)
        assert not prediction_said.refusal and not prediction_said.warnings
        assert prediction_said.film.name == "positive"
    network.says(film=("positive", SURE_POSITIVE - 0.01))
    _, prediction, _ = predict_values(scan(), one)
    assert not prediction.refusal and "may be a positive" in prediction.warnings[0]


def test_maskless_film_is_inverted_as_any_colour_negative(network):
    masked, _, _ = predict_values(scan(), FILTER, film="c41")
    network.says(film=("maskless", 0.9))
    found, prediction, _ = predict_values(scan(), FILTER)
    assert found.values == masked.values and found.context.film == "maskless"
    assert not prediction.warnings and not prediction.refusal


@pytest.mark.parametrize("level", [0, 65535, 30000])
@pytest.mark.parametrize("model", ["parametric", "physical"])
def test_a_blank_picture_is_told_whatever_the_network_takes_it_for(network, level, model):
    image = Image(np.full((64, 96, 3), level, np.uint16))
    _, prediction, _ = predict_values(image, FILTER, model=model)
    assert NOT_NEGATIVE in prediction.warnings


def test_the_rule_of_thumb_speaks_where_no_network_does(network):
    doubtful = [one for one in photographs() if analyse(one).negative < 0.2]
    assert doubtful
    for image in doubtful:
        _, prediction, _ = predict_values(image, FILTER, model="physical")
        assert NOT_NEGATIVE in prediction.warnings
        _, prediction, _ = predict_values(image, FILTER)  # which says a colour negative
        assert NOT_NEGATIVE not in prediction.warnings


def test_the_shipped_network_refuses_an_ordinary_photograph():
    _, prediction, _ = predict_values(photographs()[2], FILTER)
    assert prediction.film.name == "positive" and prediction.refusal


@EACH
def test_the_shipped_networks_refuse_no_colour_negative(name):
    for root in cells("negatives.png"):  # of light, in 2047 steps
        image = Image(np.rint((root / 2047) ** 2 * 65535).astype(np.uint16), encoding="linear")
        values, prediction, _ = predict_values(image, find_filter(name))
        assert not prediction.refusal and values.context.film != "bw"


@EACH
def test_a_frame_of_a_roll_hears_what_the_others_tell(network: Network, name: str):
    image = scan()
    _, prediction, analysis = predict_values(image, find_filter(name))
    assert prediction.tells == (0.5, -0.25)
    assert all("roll" not in asked for asked in network.asked)
    network.asked.clear()
    context = replace(prediction.context, heard=(0.1, 0.2), rig=WHITE)
    one = find_filter(name)
    one.predict(analysis, context, one.models[0].name)
    assert [asked["roll"].tolist() for asked in network.asked] == [
        pytest.approx([0.1, 0.2, 1.0], abs=1e-7)
    ]
