"""Values files: they come back as they were, and whatever else is refused in one line."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orangemask.errors import ParameterError
from orangemask.execute import apply
from orangemask.film_base import FilmBase
from orangemask.filters import Context, Rig, find_filter
from orangemask.image import Image
from orangemask.render import full_transform
from orangemask.spaces import space
from orangemask.values import MAX_BYTES, Values, parse_values, read_values, values_path

FILTER = find_filter("invert-c41")
NAMES = [param.name for param in FILTER.params]
CROSSTALK = ((1.1, -0.1, 0.0), (0.0, 1.0, 0.0), (-0.05, -0.05, 1.1))
CONTEXT = Context(FilmBase((0.25, 0.62, 0.85), 0.75, "rebate"), Rig("mine", CROSSTALK), "srgb")
VALUES = Values(
    "invert-c41", FILTER.defaults(), CONTEXT, "physical", None, "Bild 12 «ä».tif", "ab" * 32
)


def content():
    return json.loads(VALUES.to_json())


def refused(text, words):
    with pytest.raises(ParameterError) as caught:
        parse_values(text, "x.json")
    message = str(caught.value)
    assert message.startswith("x.json") and words in message
    assert "\n" not in message and len(message) < 400 and not message.endswith(".")


def changed(*path_and_value):
    *path, name, value = path_and_value
    whole = content()
    place = whole
    for key in path:
        place = place[key]
    place[name] = value
    return json.dumps(whole)


def without(*path):
    whole = content()
    place = whole
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return json.dumps(whole)


def test_a_values_file_comes_back_as_it_was():
    assert parse_values(VALUES.to_json()) == VALUES
    assert "«ä»" in VALUES.to_json()  # a person may read it


@given(
    st.fixed_dictionaries({p.name: st.floats(p.minimum, p.maximum) for p in FILTER.params}),
    st.tuples(*[st.floats(-2, 7)] * 3),
)
def test_every_bit_of_every_number_comes_back(values, density):
    one = Values("invert-c41", values, Context(FilmBase(density, 1.0, "given")))
    back = parse_values(one.to_json())
    assert back.values == values and back.context.base.density == density


def test_a_file_name_that_is_not_utf8_comes_back(tmp_path):
    one = Values("invert-c41", FILTER.defaults(), CONTEXT, source="a\udcff.tif")
    path = tmp_path / "a.json"
    path.write_text(one.to_json(), "utf-8")
    assert read_values(path) == one


def test_not_a_number_is_never_written():
    one = Values("invert-c41", {**FILTER.defaults(), "red_shadows": math.nan}, CONTEXT)
    with pytest.raises(ValueError, match="JSON"):
        one.to_json()


def test_what_is_optional_may_be_missing():
    short = json.dumps(
        {
            "orangemask": 1,
            "filter": "invert-c41",
            "values": FILTER.defaults(),
            "context": {"base": {"density": [0.25, 0.62, 0.85]}},
        }
    )
    read = parse_values(short)
    assert read.context == Context(FilmBase((0.25, 0.62, 0.85), 1.0, "given"))
    assert (read.model, read.source) == (None, None)


@pytest.mark.parametrize("film", ["c41", "maskless", "bw", "positive"])
def test_the_kind_of_film_is_kept(film):
    one = replace(VALUES, context=replace(CONTEXT, film=film))
    assert json.loads(one.to_json())["context"]["film"] == film
    assert parse_values(one.to_json()) == one


def test_a_file_of_the_first_version_renders_as_it_did():
    """Text and codes of 0.1.0, which knew neither kinds of film nor classes of rig."""
    nine = (-0.11, 0.2, 1.23, 0.23, -0.1, 1.73, 0.43, -0.3, 2.17)
    crosstalk = ((0.974, -0.0647, 0.0907), (-0.0234, 1.1668, -0.1434), (-0.1024, -0.0311, 1.1335))
    text = json.dumps(
        {
            "orangemask": 1,
            "filter": "invert-c41",
            "model": {"name": "parametric", "sha256": "ab" * 32},
            "values": dict(zip(NAMES, nine, strict=True)),
            "context": {
                "base": {"density": [0.25, 0.62, 0.85], "confidence": 0.75, "origin": "rebate"},
                "rig": {"name": "default", "crosstalk": crosstalk},
                "encoding": "linear",
            },
            "source": {"file": "a.tif", "sha256": "cd" * 32},
        }
    )
    values = parse_values(text)
    assert values.context.rig == Rig("default", crosstalk) and values.context.film == "auto"
    assert json.loads(values.to_json()) == json.loads(text)
    codes = [[30000, 9000, 5000], [20000, 4000, 2000], [12000, 2500, 1200],
             [25000, 2600, 700], [8000, 5000, 2600]]  # fmt: skip
    printed = [[9798, 10987, 6100], [11406, 31379, 25059], [29586, 44408, 38174],
               [0, 42133, 60386], [55334, 18907, 14903]]  # fmt: skip
    image = Image(np.array([codes], np.uint16))
    transform = full_transform(image.transfer, FILTER, values, space("srgb"))
    # ±1: another processor rounds otherwise.
    assert np.abs(apply(transform, image.pixels).astype(int) - [printed]).max() <= 1


def test_unknown_keys_of_a_later_minor_version_are_passed_over():
    assert parse_values(changed("note", "sunset")) == VALUES


@pytest.mark.parametrize("name", NAMES)
def test_each_parameter_is_needed_and_a_number_in_range(name):
    param = next(param for param in FILTER.params if param.name == name)
    allowed = f"{name} is 99; it must lie between {param.minimum:g} and {param.maximum:g}"
    refused(without("values", name), f"no value for {name}")
    refused(changed("values", name, 99), allowed)
    refused(changed("values", name, "1"), f"{name} is '1', not a number")
    refused(changed("values", name, True), f"{name} is True, not a number")
    refused(changed("values", name, math.nan), f"{name} is nan; it must lie between")
    refused(changed("values", name, math.inf), f"{name} is inf; it must lie between")
    refused(changed("values", name, 10**400), f"{name} is 1000")
    refused(changed("values", name, [[[[9] * 99] * 99]]), "not a number")


def test_a_misspelt_parameter_names_the_right_one():
    refused(changed("values", "red_shadow", 0.1), "did you mean 'red_shadows'? allowed: red_")
    refused(changed("values", "x" * 5000 + "\n\x1b[31m", 0.1), "unknown parameter")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a values file"),
        ("not JSON", "is not a values file"),
        ("[1, 2]", "is not a values file"),
        ("null", "is not a values file"),
        ("{}", 'it has no "orangemask" version'),
        ("[" * 100_000, "is not a values file"),
        ('{"a":' * 100_000, "is not a values file"),
        ("1" * 5000, "is not a values file"),
        ('{"orangemask": "1"}', "has version '1'; this program reads 1"),
        ('{"orangemask": true}', "has version True"),
        ('{"orangemask": 0}', "has version 0"),
        ('{"orangemask": NaN}', "has version nan"),
        ('{"orangemask": 2}', "made by a newer orangemask; this one reads 1: upgrade it"),
        ('{"orangemask": 1}', "it has no filter"),
        (changed("filter", "film-emulator"), "unknown filter 'film-emulator'; "),
        (changed("filter", ["invert-c41"]), "filter must be a short text"),
        (changed("filter", "x" * 2000), "filter must be a short text"),
        (without("values"), "it has no values"),
        (changed("values", []), "values must be an object"),
        (without("context"), "it has no context"),
        (without("context", "base"), "it has no base"),
        (changed("context", "base", "density", [0.1, 0.2]), "base density must be 3 numbers"),
        (changed("context", "base", "density", ["a", 1, 1]), "base density is 'a', not a number"),
        (changed("context", "base", "density", [1e9, 1, 1]), "base density is 1000000000.0; it"),
        (changed("context", "base", "density", [10**400, 1, 1]), "base density is 1000"),
        (changed("context", "base", "density", [math.nan, 1, 1]), "base density is nan; it must"),
        (changed("context", "base", "confidence", 2), "must lie between 0 and 1"),
        (changed("context", "base", "origin", 3), "base origin must be a short text"),
        (changed("context", "rig", "crosstalk", [[1, 0, 0]]), "3 rows of 3 numbers"),
        (changed("context", "rig", "crosstalk", [1, 2, 3]), "crosstalk must be 3 numbers"),
        (changed("context", "rig", 5), "rig must be an object"),
        (changed("context", "film", 5), "film must be a short text"),
        (changed("context", "encoding", "log"), "it may be auto, linear, srgb, or gamma:G"),
        (changed("context", "encoding", None), "it has no encoding"),
        (changed("context", "encoding", 2.2), "encoding must be a short text"),
        (changed("model", "physical"), "model must be an object"),
        (changed("source", "file", 7), "source file must be a short text"),
    ],
)
def test_anything_else_is_refused_in_one_line(text, words):
    refused(text, words)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


def parsed_or_refused(text):
    try:
        parse_values(text)
    except ParameterError as error:
        assert "\n" not in str(error)


@given(st.text() | JSON.map(json.dumps))
def test_no_text_escapes(text):
    parsed_or_refused(text)


@settings(max_examples=200)
@given(
    st.sampled_from(
        [(name,) for name in content()]
        + [
            (one, name)
            for one in ("model", "values", "context", "source")
            for name in content()[one]
        ]
        + [("context", one, name) for one in ("base", "rig") for name in content()["context"][one]]
    ),
    JSON,
)
def test_no_single_change_escapes(path, value):
    parsed_or_refused(changed(*path, value))


@settings(max_examples=200)
@given(st.data())
def test_no_damaged_file_escapes(data):
    whole = bytearray(VALUES.to_json().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    parsed_or_refused(whole.decode("utf-8", "replace"))


def test_files_are_refused_by_name(tmp_path):
    def reading(path, words):
        with pytest.raises(ParameterError) as caught:
            read_values(path)
        assert str(path) in str(caught.value) and words in str(caught.value)

    reading(tmp_path / "none.json", "cannot read")
    reading(tmp_path / "none.json", "no such file or directory")
    reading(tmp_path, "is a directory")
    (tmp_path / "binary.json").write_bytes(b"\x93\xff\0\1" * 50)
    reading(tmp_path / "binary.json", "it is not UTF-8 text")
    (tmp_path / "huge.json").write_text(VALUES.to_json() + " " * MAX_BYTES)
    reading(tmp_path / "huge.json", "it is larger than 1048576 bytes")
    (tmp_path / "bad.json").write_text("{")
    reading(tmp_path / "bad.json", "is not a values file")


def test_the_mark_that_windows_editors_write_is_read(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(VALUES.to_json().replace("\n", "\r\n"), "utf-8-sig")
    assert read_values(path) == VALUES


def test_the_values_lie_beside_their_picture(tmp_path):
    assert values_path(tmp_path / "a.tif") == tmp_path / "a.tif.orangemask.json"
