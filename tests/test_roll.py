"""Rolls: exact identities, what one odd frame may do, and the file."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from orangemask.errors import ParameterError
from orangemask.film_base import FilmBase
from orangemask.filters import UsedRoll, find_filter
from orangemask.image import Image
from orangemask.render import predict_values
from orangemask.roll import (
    FITTED,
    Film,
    Place,
    Seen,
    analyse_frames,
    fit_film,
    nine_at,
    place_of,
    require_zones,
    shrink,
)
from orangemask.roll_base import odd_base, roll_base
from orangemask.roll_file import Roll, parse_roll, read_roll, write_roll
from orangemask.roll_frames import RollChoice, analyse_roll, analyse_source, predict_in_roll
from scans import negative
from test_prediction import Network, network, silver, spread_of_channels

__all__ = ["network"]

FILTER = find_filter("invert-c41")
BASE = FilmBase((0.25, 0.62, 0.85), 0.9, "roll")
FILM = Film(BASE, (0.02, -0.03, 0.01), (0.92, 1.0, 1.08), 1.4, (-0.2, -0.1, 0.0), 0.6)
EXACT = 1e-9  # D: rounding alone
# D that one absurd frame among twelve may move the others; a hundredth of a stop is 0.002 D.
SMALL = 0.01
NOISE = 0.02  # D and log of the frames made here, about a third of real ones


def seen(place: Place, film: Film = FILM, origin: str = "rebate") -> Seen:
    base = FilmBase(film.base.density, 0.9, origin)
    return Seen(base, nine_at(place, film), 0.6, 1.0)


def place(exposure, rng=None) -> Place:
    if rng is None:
        return Place(exposure, np.zeros(3), 0.0, np.zeros(3), np.zeros(3))
    balance, ratios = rng.normal(0, NOISE, (2, 3))
    return Place(
        exposure,
        balance - balance.mean(),
        float(rng.normal(0, NOISE)),
        ratios - ratios.mean(),
        rng.normal(0, NOISE, 3),
    )


def twelve(seed: int = 1) -> list[Seen]:
    rng = np.random.default_rng(seed)
    return [seen(place(exposure, rng)) for exposure in np.linspace(0.4, 1.2, 12)]


def test_a_place_and_its_nine_numbers_are_each_others_inverse():
    for frame in twelve():
        back = nine_at(place_of(frame, FILM), FILM)
        np.testing.assert_allclose(back, frame.nine, atol=EXACT)


def test_frames_of_a_known_film_give_that_film():
    film = fit_film([seen(place(exposure)) for exposure in (0.4, 0.7, 1.1)], BASE)
    np.testing.assert_allclose(film.slope, FILM.slope, atol=EXACT)
    np.testing.assert_allclose(film.offset, FILM.offset, atol=EXACT)
    np.testing.assert_allclose(film.midtones, FILM.midtones, atol=EXACT)
    assert film.span == pytest.approx(FILM.span, abs=EXACT)


def test_slopes_are_found_although_every_frame_has_noise():
    # Theory: the error of a regression slope is noise / (√n · spread of exposure).
    film = fit_film(twelve(), BASE)
    exposure = np.linspace(0.4, 1.2, 12)
    expected = NOISE / (np.sqrt(12) * exposure.std())
    assert np.abs(np.array(film.slope) - FILM.slope).max() < 3 * expected


def test_one_frame_is_its_own_roll():
    frame = twelve()[3]
    film = fit_film([frame], BASE)
    for freedom in (0.0, 0.5, 1.0):
        at = shrink(place_of(frame, film), film, frame.confidence, freedom)
        np.testing.assert_allclose(nine_at(at, film), frame.nine, atol=EXACT)


def test_the_order_of_the_frames_does_not_matter():
    frames = twelve()
    one, other = fit_film(frames, BASE), fit_film(frames[::-1], BASE)
    for name in ("offset", "slope", "midtones"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=EXACT)
    assert one.span == pytest.approx(other.span, abs=EXACT)


def test_light_k_times_as_strong_changes_nothing_but_the_base():
    shift = np.array([0.1, -0.05, 0.2])
    moved_base = replace(BASE, density=tuple(np.array(BASE.density) + shift))
    frames = twelve()
    moved = []
    for frame in frames:
        nine = np.array(frame.nine)
        nine[[0, 2]] += shift
        moved.append(replace(frame, nine=tuple(map(tuple, nine))))
    one, other = fit_film(frames, BASE), fit_film(moved, moved_base)
    np.testing.assert_allclose(one.slope, other.slope, atol=EXACT)
    np.testing.assert_allclose(one.offset, other.offset, atol=EXACT)


def test_an_exposure_shift_moves_a_layer_by_its_contrast():
    low, high = (np.array(nine_at(place(exposure), FILM)) for exposure in (0.5, 0.8))
    for row in (0, 2):  # shadows and highlights alike
        np.testing.assert_allclose((high - low)[row], 0.3 * np.array(FILM.slope), atol=EXACT)


def test_an_absurd_frame_is_named_and_hardly_moves_the_others():
    frames = twelve()
    absurd = seen(Place(0.9, np.array([-0.8, 0.2, 0.6]), 0.9, np.array([0.7, 0, -0.7]), np.ones(3)))
    film, clean = analyse_frames(frames, BASE)
    mixed, found = analyse_frames([*frames, absurd], BASE)
    assert not any(clean) and not any(found[:-1]) and found[-1]
    for frame in frames:
        one, other = (
            nine_at(shrink(place_of(frame, which), which, frame.confidence, 0.5), which)
            for which in (film, mixed)
        )
        np.testing.assert_allclose(one, other, atol=SMALL)


def test_frames_of_another_film_are_named():
    other = FilmBase((0.25, 0.50, 1.05), 0.9, "rebate")
    strange = [replace(frame, base=other) for frame in twelve()[:4]]
    _, found = analyse_frames([*twelve()[:8], *strange], BASE)
    assert not any(found[:8])
    assert all("another film" in flaw for flawed in found[8:] for flaw in flawed)


def test_what_is_no_negative_is_not_averaged_in():
    blank = replace(twelve()[0], negative=0.0)
    film, found = analyse_frames([*twelve(), blank], BASE)
    assert found[-1] and film == analyse_frames(twelve(), BASE)[0]
    with pytest.raises(ParameterError, match="no frame"):
        analyse_frames([blank], BASE)


@pytest.mark.parametrize("origin", ["rebate", "envelope"])
def test_the_base_of_a_roll_is_its_lower_envelope(origin):
    # One frame in three has a black on the base; the others lie above it by up to 0.4 D.
    rng = np.random.default_rng(3)
    excess = np.where(np.arange(12) % 3 == 0, 0.0, rng.uniform(0.05, 0.4, 12))
    bases = [FilmBase(tuple(np.array([0.25, 0.62, 0.85]) + x), 0.4, "envelope") for x in excess]
    if origin == "rebate":
        bases[5] = FilmBase((0.24, 0.61, 0.84), 0.95, "rebate")
        np.testing.assert_allclose(roll_base(bases).density, bases[5].density, atol=EXACT)
    else:
        np.testing.assert_allclose(roll_base(bases).density, (0.25, 0.62, 0.85), atol=0.01)


def test_no_rebate_is_denser_than_the_pictures_of_its_roll():
    # Film is clearest where it was not exposed (ISO 5-3): the lowest density is the base.
    true = np.array([0.25, 0.62, 0.85])
    bases = [FilmBase(tuple(true + x), 0.4, "envelope") for x in np.linspace(0, 0.1, 11)]
    sky = FilmBase(tuple(true + np.array([0.9, 1.1, 1.0])), 0.7, "rebate")
    base = roll_base([*bases, sky])
    assert np.abs(np.array(base.density) - true).max() < 0.05
    assert not odd_base(sky, base)  # a mistake, not another film
    rebates = [FilmBase(tuple(true), 0.9, "rebate")] * 11
    leak = FilmBase(tuple(true - 0.5), 0.4, "envelope")
    np.testing.assert_allclose(roll_base([*rebates, leak]).density, true, atol=EXACT)


def test_one_leak_below_the_base_does_not_pull_it_down():
    # A perforation read as picture: 0.5 D too clear in one frame of twelve.
    true = np.array([0.25, 0.62, 0.85])
    bases = [FilmBase(tuple(true + x), 0.4, "envelope") for x in [-0.5, *np.linspace(0, 0.2, 11)]]
    assert np.abs(np.array(roll_base(bases).density) - true).max() < 0.04


def test_freedom_and_confidence_let_go_in_order():
    at = place_of(twelve()[2], FILM)
    sizes = [np.linalg.norm(shrink(at, FILM, 0.6, f).balance) for f in (0, 0.25, 0.5, 0.75, 1)]
    assert sizes[0] == 0 and sizes == sorted(sizes)
    assert sizes[-1] == pytest.approx(np.linalg.norm(at.balance))
    unsure, sure = (np.linalg.norm(shrink(at, FILM, c, 0.5).balance) for c in (0.2, 0.9))
    assert unsure < sizes[2] < sure


def test_light_is_kept_from_red_to_blue_more_than_from_magenta_to_green():
    red_to_blue, magenta_to_green = (
        replace(place(0.7), balance=0.02 * np.array(axis) / np.linalg.norm(axis))
        for axis in ([-1.0, 0.0, 1.0], [-1.0, 2.0, -1.0])
    )
    kept_of = [
        np.linalg.norm(shrink(each, FILM, FILM.confidence, 0.5).balance) / 0.02
        for each in (red_to_blue, magenta_to_green)
    ]
    # The shrinkage of a normal mean: signal over signal and noise (Efron and Morris 1973).
    tail = 1.0 + (0.02 / FITTED.lamp) ** 2
    expected = [q * tail / (1.0 + q * tail) for q in (FITTED.temperature, FITTED.tint)]
    np.testing.assert_allclose(kept_of, expected, atol=EXACT)
    assert kept_of[0] > 1.5 * kept_of[1]


@pytest.mark.parametrize("freedom", [0.0, 0.3, 0.5, 1.0])
def test_what_is_left_of_balance_and_ratios_is_of_no_brightness(freedom):
    for frame in twelve():
        at = shrink(place_of(frame, FILM), FILM, frame.confidence, freedom)
        assert at.exposure == place_of(frame, FILM).exposure
        assert at.balance.sum() == pytest.approx(0.0, abs=EXACT)
        assert at.ratios.sum() == pytest.approx(0.0, abs=EXACT)
        back = place_of(replace(frame, nine=nine_at(at, FILM)), FILM)
        np.testing.assert_allclose(back.balance, at.balance, atol=EXACT)
        np.testing.assert_allclose(back.ratios, at.ratios, atol=EXACT)


def test_a_lamp_is_kept_where_a_doubt_is_not():
    small, lamp = (
        replace(place(0.7), balance=size * np.array([1.0, 0.0, -1.0])) for size in (0.01, 0.2)
    )
    doubt, light = (
        shrink(each, FILM, FILM.confidence, 0.5).balance[0] / each.balance[0]
        for each in (small, lamp)
    )
    assert doubt < 0.8 and light > 0.9


def test_the_other_filter_has_no_rolls():
    with pytest.raises(ParameterError, match="no rolls"):
        require_zones(find_filter("invert-c41-matrix"))


@pytest.fixture(scope="module")
def images() -> list[Image]:
    """Three frames of one film, a stop apart."""
    codes = negative(96, 144).astype(np.float64)
    return [
        Image(np.rint(codes * 10 ** (-0.2 * i * np.array([0.63, 0.70, 0.73]))).astype(np.uint16))
        for i in range(3)
    ]


def sources_of(images):
    return [analyse_source(image, f"{i}.tif", "ab" * 32) for i, image in enumerate(images)]


def rolled(images, model="physical") -> Roll:
    return analyse_roll(sources_of(images), FILTER, model=model)


@pytest.mark.parametrize("model", [each.name for each in FILTER.models])
def test_with_all_freedom_a_frame_is_as_if_alone_bit_for_bit(images, model):
    roll = rolled(images, model)
    for image in images:
        alone, _, _ = predict_values(image, FILTER, model=model)
        choice = RollChoice(roll, UsedRoll("r.json", "cd" * 32, 1.0))
        values, *_ = predict_in_roll(image, FILTER, choice)
        assert values.values == alone.values and values.context.base == alone.context.base
        assert values.context.roll == choice.used


@pytest.mark.parametrize("model", [each.name for each in FILTER.models])
def test_a_roll_of_one_is_the_frame_alone(images, model):
    roll = rolled(images[:1], model)
    alone, _, _ = predict_values(images[0], FILTER, model=model)
    for freedom in (0.0, 0.5):
        values, *_ = predict_in_roll(
            images[0], FILTER, RollChoice(roll, UsedRoll("r", "", freedom))
        )
        for name, value in alone.values.items():
            assert values.values[name] == pytest.approx(value, abs=EXACT)


def test_without_freedom_frames_differ_by_exposure_alone(images):
    roll = rolled(images)
    nine = []
    for image in images:
        values, *_ = predict_in_roll(image, FILTER, RollChoice(roll, UsedRoll("r", "", 0.0)))
        nine.append([[values.values[f"{c}_{z}"] for c in ("red", "green", "blue")]
                     for z in ("shadows", "midtones", "highlights")])  # fmt: skip
    steps = (np.array(nine[1:]) - nine[0]) / np.array(roll.film.slope)  # (2, rows, channels)
    np.testing.assert_allclose(steps[:, 1], 0, atol=EXACT)
    np.testing.assert_allclose(steps[:, 0] - steps[:, 0, :1], 0, atol=EXACT)
    np.testing.assert_allclose(steps[:, 0], steps[:, 2], atol=EXACT)


def test_a_roll_file_comes_back_as_it_was(images, tmp_path):
    roll = rolled(images)
    write_roll(tmp_path / "roll.json", roll)
    assert read_roll(tmp_path / "roll.json") == (roll, roll.to_json())


def test_a_broken_roll_file_is_refused_in_one_line(images):
    whole = json.loads(rolled(images).to_json())

    def refused(words, text):
        with pytest.raises(ParameterError) as caught:
            parse_roll(text, "x.json")
        message = str(caught.value)
        assert message.startswith("x.json") and words in message and "\n" not in message

    refused("not a roll file", "{")
    refused("not a roll file", "[]")
    refused("values file goes with --params", '{"orangemask": 1}')
    refused("newer", json.dumps({**whole, "orangemask_roll": 2}))
    refused("this program reads 1", json.dumps({**whole, "orangemask_roll": True}))
    film = whole["film"]
    refused("slope", json.dumps({**whole, "film": {**film, "slope": [1, 0, 1]}}))
    refused("span", json.dumps({**whole, "film": {**film, "span": 0}}))
    refused("midtones", json.dumps({**whole, "film": {**film, "midtones": [1, 2]}}))
    refused("no film", json.dumps({**whole, "film": None}))
    refused("frames", json.dumps({**whole, "frames": 3}))
    refused("base density", json.dumps({**whole, "film": {**film, "base": {}}}))


# With chosen answers of a network


def test_the_rig_of_a_roll_is_what_its_frames_say_together(images, network: Network):
    narrow, scanner = (network.answer(rig=each) for each in (("narrow", 0.99), ("scanner", 0.99)))
    network.answers = [narrow]
    assert rolled(images, "parametric").rig == FILTER.rig("narrow")
    network.asked.clear()
    network.answers = [narrow, narrow, scanner, scanner, narrow, narrow]  # twice each
    rig = rolled(images, "parametric").rig
    each = [np.array(FILTER.rig(name).crosstalk) for name in ("narrow", "scanner", "narrow")]
    assert rig.name == "mixed"
    np.testing.assert_allclose(rig.crosstalk, np.mean(each, axis=0))
    said = analyse_roll(sources_of(images), FILTER, rig=FILTER.rig("none"))
    assert said.rig == FILTER.rig("none")


def test_a_positive_among_the_frames_is_named_and_left_out(images, network: Network):
    negative, positive = network.answer(), network.answer(film=("positive", 0.85))
    network.answers = [negative, negative, positive]
    roll = rolled(images, "parametric")
    assert [frame.file for frame in roll.odd] == ["2.tif"]
    assert roll.warnings == ("2.tif: left out: it is blank, or no colour negative",)
    network.answers = [negative]
    np.testing.assert_allclose(roll.film.slope, rolled(images[:2], "parametric").film.slope)
    network.answers = [positive]
    with pytest.raises(ParameterError, match="none of the files looks like a negative"):
        rolled(images, "parametric")
    # The user knows better.
    assert not analyse_roll(sources_of(images), FILTER, film="c41").odd


def test_a_roll_of_silver_film_is_grey_and_says_so(network: Network, tmp_path):
    images = [silver((0.3, 0.35, 0.25), seed) for seed in range(3)]
    silvery, colour = network.answer(film=("bw", 0.6)), network.answer(film=("c41", 0.9))
    network.answers = [silvery, colour, silvery]
    roll = rolled(images, "parametric")
    assert roll.kind == "bw" and roll.film.slope == pytest.approx((1, 1, 1))
    assert "black-and-white" in roll.warnings[-1]
    write_roll(tmp_path / "roll.json", roll)
    back, _ = read_roll(tmp_path / "roll.json")
    assert back == roll
    old = {name: each for name, each in json.loads(roll.to_json()).items() if name != "kind"}
    assert parse_roll(json.dumps(old)) == replace(roll, kind="auto")
    for freedom in (0.0, 0.5, 0.8, 1.0):
        for image in images:
            choice = RollChoice(back, UsedRoll("r", "", freedom))
            values, *_ = predict_in_roll(image, FILTER, choice)
            assert values.context.film == "bw"
            light = FILTER.transform(values.values, values.context)(image.pixels)
            assert spread_of_channels(light) <= 1 / 65535
