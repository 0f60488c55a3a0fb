"""The declaration everything is derived from."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import orangemask.filters
from orangemask.errors import ModelError, OrangemaskError, ParameterError
from orangemask.film_base import FilmBase
from orangemask.filters import (
    AUTO_RIG,
    NO_CROSSTALK,
    Context,
    description,
    filters,
    find_filter,
    unknown,
)

ALL = list(filters().values())
EACH = pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)


def test_the_installed_filters():
    assert list(filters()) == ["film-emulate", "invert-c41", "invert-c41-matrix"]


@EACH
def test_a_filter_has_nine_parameters_in_three_groups(one):
    names = [param.name for param in one.params]
    assert len(set(names)) == len(names) == 9
    assert [param.group for param in one.params] == ["red"] * 3 + ["green"] * 3 + ["blue"] * 3


@EACH
def test_every_parameter_is_whole(one):
    for param in one.params:
        assert param.minimum <= param.slider_minimum < param.slider_maximum <= param.maximum
        assert param.slider_minimum <= param.default <= param.slider_maximum
        assert 0 < param.step < param.slider_maximum - param.slider_minimum
        assert param.label and param.doc and param.name.isidentifier()
        assert not param.doc.endswith(".") and param.doc[0].islower()


@pytest.mark.parametrize("name", ["film-emulate", "invert-c41"])
def test_names_are_for_ever(name):
    assert [param.name for param in find_filter(name).params] == [
        f"{channel}_{zone}"
        for channel in ("red", "green", "blue")
        for zone in ("shadows", "midtones", "highlights")
    ]


@EACH
def test_the_defaults_are_allowed_and_render(one):
    values = one.checked(one.defaults())
    base = FilmBase((0.25, 0.62, 0.85), 1.0, "given")
    context = Context(base, *one.rigs[:1], settings=one.checked_settings({}))
    light = one.transform(values, context)(np.float32([[[0.5, 0.2, 0.1]]]))
    assert np.isfinite(light).all()


@EACH
@pytest.mark.parametrize("end", ["minimum", "maximum"])
def test_the_ends_of_a_range_are_in_it_and_beyond_is_not(one, end):
    for param in one.params:
        edge = getattr(param, end)
        assert param.checked(edge) == edge
        beyond = math.nextafter(edge, math.inf if end == "maximum" else -math.inf)
        with pytest.raises(ParameterError, match=f"^{param.name} is .* between"):
            param.checked(beyond)


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 10**400, "0.3", None, True, [1], 1j, b"1"]
)
def test_what_is_no_number_in_range_is_refused(value):
    param = find_filter("invert-c41").params[0]
    with pytest.raises(ParameterError, match=r"^red_shadows is ") as caught:
        param.checked(value)
    assert len(str(caught.value)) < 200


def test_checked_wants_all_nine_and_no_other():
    one = find_filter("invert-c41")
    values = one.defaults()
    assert list(one.checked(dict(reversed(values.items())))) == list(values)
    with pytest.raises(ParameterError, match="unknown parameter 'gamma'; allowed: red_shadows, "):
        one.checked({**values, "gamma": 1.0})
    del values["red_shadows"], values["blue_midtones"]
    with pytest.raises(ParameterError, match="no value for red_shadows, blue_midtones"):
        one.checked(values)


def test_a_setting_is_checked_as_what_it_is():
    one = find_filter("film-emulate")
    defaults = one.checked_settings({})
    assert one.checked_settings({"tone": 0}) == {**defaults, "tone": 0.0}
    for given, words in (
        ({"stok": "x"}, "unknown setting 'stok'; did you mean 'stock'\\? allowed: stock, finish, "),
        ({"stock": defaults["stock"][:-1]}, f"did you mean '{defaults['stock']}'"),
        ({"stock": 400}, "stock is 400, not a name"),
        ({"finish": "glossy"}, "unknown finish 'glossy'; allowed: auto, print, "),
        ({"colour": 2}, "colour is 2; it must lie between 0 and 1.5"),
        ({"colour": "1"}, "colour is '1', not a number"),
    ):
        with pytest.raises(ParameterError, match=words):
            one.checked_settings(given)
    with pytest.raises(ParameterError, match="invert-c41 has no settings, so no 'stock'"):
        find_filter("invert-c41").checked_settings({"stock": "x"})


@EACH
def test_models_are_found_by_name(one):
    assert one.model(None) is one.models[0]
    for model in one.models:
        assert one.model(model.name) is model
    with pytest.raises(ModelError, match=f"unknown model of {one.name} 'best'; allowed: "):
        one.model("best")


def test_no_two_filters_of_a_verb_share_a_model():
    names = [model.name for one in ALL for model in one.models if one.verb == "invert"]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("one", [one for one in ALL if one.of_film], ids=lambda one: one.name)
def test_rigs_are_found_by_name(one):
    assert one.rig(None) is one.rig("auto") is AUTO_RIG
    assert [one.rig(name).name for name in one.rig_names] == list(one.rig_names)
    assert one.rig("none").crosstalk == NO_CROSSTALK
    with pytest.raises(ParameterError, match="unknown rig 'default'; allowed: auto, white, "):
        one.rig("default")


def test_an_unknown_filter_lists_those_that_are():
    with pytest.raises(ParameterError, match=r"did you mean 'invert-c41'\? allowed: film-emulate"):
        find_filter("invert-c14")


def test_unknown_is_one_short_line():
    text = unknown("parameter", "a\nb\x1b[2J" + "x" * 10_000, ["one", "two"])
    assert text.isprintable() and len(text) < 120 and text.endswith("; allowed: one, two")


@EACH
def test_the_description_is_json(one):
    told = json.loads(json.dumps(description(one), allow_nan=False))
    assert [param["name"] for param in told["params"]] == list(one.defaults())
    assert [model["name"] for model in told["models"]] == [model.name for model in one.models]
    assert [setting["name"] for setting in told["settings"]] == list(one.checked_settings({}))
    if one.of_film:
        assert told["rigs"] == ["auto", "white", "narrow", "scanner", "none"]
        assert told["films"] == ["auto", "c41", "maskless", "bw"]
    else:
        assert told["rigs"] == told["films"] == []


@pytest.mark.parametrize(
    ("value", "words"),
    [("no_such_module:FILTER", "cannot be loaded: No module"), ("math:pi", "does not declare 'x'")],
)
def test_a_broken_plug_in_is_named(monkeypatch, value, words):
    from importlib.metadata import EntryPoint

    point = EntryPoint("x", value, orangemask.filters.ENTRY_POINTS)
    monkeypatch.setattr(orangemask.filters, "entry_points", lambda group: [point])
    filters.cache_clear()
    try:
        with pytest.raises(OrangemaskError, match=words) as caught:
            filters()
        assert value in str(caught.value)
    finally:
        filters.cache_clear()
