"""The writer of JSON, against Python's reader."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lua_runtime import Scripts, lupa

TEXTS = ["", "plain", 'a "quote"', "back\\slash", "tab\tline\nend\x01\x7f", "Größe 50 % 'ok' 写真"]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    return Scripts(tmp_path_factory.mktemp("json"), "none")


@pytest.fixture(scope="module")
def encode(scripts):
    return scripts.require("lib/json").encode


@pytest.mark.parametrize("text", TEXTS)
def test_texts_come_back(encode, text):
    assert json.loads(encode(text)) == text


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_numbers_come_back_exactly(encode, number):
    assert json.loads(encode(number)) == number


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(encode, text):
    assert json.loads(encode(text)) == text


def test_tables_come_back(scripts, encode):
    given = {"files": ["a.tif", "b.tif"], "values": {"red": 0.25}, "roll": True, "none": {}}
    table = scripts.lua.table_from(given, recursive=True)
    assert json.loads(encode(table)) == given
    assert encode(None) == "null"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_hold_is_refused(encode, number):
    with pytest.raises(lupa.LuaError, match="JSON has no number"):
        encode(number)


def test_functions_and_odd_names_are_refused(scripts, encode):
    with pytest.raises(lupa.LuaError, match="JSON has no function"):
        encode(scripts.lua.eval("print"))
    with pytest.raises(lupa.LuaError, match="named by a boolean"):
        encode(scripts.lua.eval("{[true] = 1}"))
