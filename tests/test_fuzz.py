"""The four parsers of others' bytes: spoilt input is refused as it should be. See fuzz.py."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzzing import PARSERS, check_request, check_stock, check_values

FEW, MANY = 60, 200
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
bounded = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@cache
def seeds(name):
    with TemporaryDirectory(prefix="orangemask-fuzz-") as folder:
        return PARSERS[name].seeds(Path(folder))


@pytest.mark.parametrize("name", list(PARSERS))
def test_good_input_passes(tmp_path, name):
    for good in PARSERS[name].seeds(tmp_path):
        PARSERS[name].check(good, tmp_path)


@pytest.mark.parametrize("name", list(PARSERS))
@settings(bounded, max_examples=FEW)
@given(seed=st.integers(0, 2**32))
def test_spoilt_input_is_refused_or_read(tmp_path, name, seed):
    chance, goods = random.Random(seed), seeds(name)
    PARSERS[name].check(
        PARSERS[name].mutate(chance, chance.choice(goods), chance.choice(goods)), tmp_path
    )


@pytest.mark.parametrize("check", [check_request, check_values, check_stock])
@settings(bounded, max_examples=MANY)
@given(given_=st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_is_refused_or_read(tmp_path, check, given_):
    check(given_, tmp_path)
