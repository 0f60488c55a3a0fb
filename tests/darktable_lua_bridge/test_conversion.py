"""Nine values as negadoctor's parameters and back, and what the table behind it leaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from negatives import BASE, transmittances, values

from orangemask.curves import SRGB, Transfer
from orangemask.errors import ParameterError
from orangemask.filters import Context, Rig, find_filter
from orangemask.nine import values_to_nine
from orangemask.spaces import space
from orangemask.values import Values
from orangemask_bridge.conversion import (
    WHITE,
    negadoctor_to_values,
    unmixed,
    values_to_negadoctor,
)
from orangemask_bridge.negadoctor import RANGES, Negadoctor
from orangemask_bridge.reading import Reading, reading_of
from orangemask_bridge.rest import (
    TABLE_SPACE,
    TABLE_TO_WORK,
    WORK_TO_TABLE,
    colours,
    fine_enough,
    rendering,
    residual,
    residual_of_edit,
    rest_table,
)

READINGS = ("linear", "srgb", "gamma:2.2", "gamma:1.8")
FLOAT32 = 2e-5  # of a print: darktable's parameters have 24 bits
RIGS = ("white", "narrow", "scanner", "none")


def greys(given: Values, row: int) -> np.ndarray:
    """Return the light (1, 3) whose corrected density is S (row 0) or H (row 2)."""
    base, mix = np.array(BASE), np.array(given.context.rig.crosstalk)
    corrected = np.array(values_to_nine(given.values)[row])
    return 10.0 ** -(base + np.linalg.solve(mix, corrected - base))[np.newaxis]


@pytest.mark.parametrize("rig", RIGS)
@pytest.mark.parametrize("encoding", READINGS)
def test_black_and_white_are_exact(rig: str, encoding: str) -> None:
    one, reading = values(encoding, rig), reading_of(encoding, None)
    module = values_to_negadoctor(one, reading)
    np.testing.assert_allclose(module(reading.to_work(greys(one, 0))), 0.0, atol=FLOAT32)
    np.testing.assert_allclose(module(reading.to_work(greys(one, 2))), WHITE, atol=FLOAT32 * 10)


def test_film_base_is_the_users_d_min() -> None:
    module = values_to_negadoctor(values(red_shadows=0.0), Reading())
    assert module.d_min == pytest.approx(tuple(10.0**-d for d in BASE), rel=1e-6)


def test_without_cross_talk_and_midtones_the_print_is_ours() -> None:
    flat = {f"{c}_midtones": 0.0 for c in ("red", "green", "blue")}
    one = values(rig="none", **flat)
    light = transmittances()
    module = values_to_negadoctor(one, Reading())
    np.testing.assert_allclose(module(light), rendering(one)(light), atol=2e-3)


@given(
    st.tuples(*[st.floats(-0.5, 1.0)] * 3),
    st.tuples(*[st.floats(-1.5, 1.5)] * 3),
    st.tuples(*[st.floats(0.5, 3.0)] * 3),
    st.sampled_from(RIGS[1:]),
)
@settings(max_examples=40, deadline=None)
def test_parameters_lie_within_the_sliders_and_come_back(shadows, midtones, spans, rig) -> None:
    names = ("red", "green", "blue")
    nine = {f"{c}_shadows": s for c, s in zip(names, shadows, strict=True)}
    nine |= {f"{c}_midtones": m for c, m in zip(names, midtones, strict=True)}
    nine |= {f"{c}_highlights": s + d for c, s, d in zip(names, shadows, spans, strict=True)}
    one = values(rig=rig, **nine)
    try:
        module = values_to_negadoctor(one, Reading())
    except ParameterError as error:
        assert "cross-talk" in str(error)  # spans that cross-talk turns upside down
        return
    for name, (low, high) in RANGES.items():
        each = np.ravel(getattr(module, name))
        assert ((each >= np.float32(low)) & (each <= np.float32(high))).all()
    if module.d_max < 6.0 and min(module.wb_high) > 0.2501 and max(module.wb_high) < 1.9999:
        back = negadoctor_to_values(module, one, Reading())
        for name, value in one.values.items():
            assert back.values[name] == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("encoding", READINGS)
def test_a_write_and_a_read_give_the_same_nine(encoding: str) -> None:
    one, reading = values(encoding), reading_of(encoding, None)
    back = negadoctor_to_values(values_to_negadoctor(one, reading), one, reading)
    for name, value in one.values.items():
        assert back.values[name] == pytest.approx(value, abs=1e-5)


def test_an_edit_of_exposure_moves_what_it_should() -> None:
    one = values(rig="none")
    module = values_to_negadoctor(one, Reading())
    shift = 0.1  # D, all of the film denser by the light of the scan
    edit = replace(module, d_min=tuple(10.0**-shift * d for d in module.d_min))
    back = negadoctor_to_values(edit.within_range(), one, Reading())
    for name, value in one.values.items():
        moved = 0.0 if name.endswith("midtones") else shift
        assert back.values[name] == pytest.approx(value + moved, abs=1e-4)


def test_a_harder_paper_is_read_as_midtones() -> None:
    one = values()
    module = values_to_negadoctor(one, Reading())
    softer = replace(module, gamma=module.gamma - 2.0).within_range()
    back = negadoctor_to_values(softer, one, Reading())
    moved = [back.values[f"{c}_midtones"] - one.values[f"{c}_midtones"] for c in ("red", "blue")]
    assert moved[0] == pytest.approx(moved[1]) and moved[0] > 0.05
    left = residual_of_edit(softer, one, back, Reading())
    assert left.mean < residual_of_edit(softer, one, one, Reading()).mean


def test_an_edit_that_cross_talk_turns_upside_down_is_refused() -> None:
    one = values()
    odd = Rig("odd", ((-3.0, 4.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    given = replace(one, context=replace(one.context, rig=odd))
    edit = replace(Negadoctor(), exposure=1.1, wb_high=(0.5, 2.0, 1.0))
    with pytest.raises(ParameterError, match="black and white"):
        negadoctor_to_values(edit, given, Reading())


@pytest.mark.parametrize("encoding", READINGS)
def test_the_table_carries_the_rest(encoding: str) -> None:
    one, reading = values(encoding), reading_of(encoding, None)
    module = values_to_negadoctor(one, reading)
    alone, left = residual(module, one, reading), None
    left = residual(module, one, reading, rest_table(module, one, reading))
    assert alone.mean > 1.0  # it is needed
    assert left.mean < 0.1


def test_a_finer_table_leaves_less() -> None:
    one = values("srgb")
    reading = reading_of("srgb", None)
    module = values_to_negadoctor(one, reading)
    means = [
        residual(module, one, reading, rest_table(module, one, reading, size)).mean
        for size in (9, 17, 33)
    ]
    assert means[0] > means[1] > means[2]


def test_a_film_that_needs_it_has_a_finer_table() -> None:
    assert fine_enough(values_to_negadoctor(values(), Reading()), values(), Reading())[0].size == 25
    # Blue far denser than the rest, as a JPEG of a dense negative may have it.
    odd = values("srgb", blue_shadows=-0.48, blue_highlights=3.56, red_shadows=-0.42)
    reading = reading_of("srgb", None)
    module = values_to_negadoctor(odd, reading)
    table, left = fine_enough(module, odd, reading)
    assert table.size == 49
    assert left.mean < residual(module, odd, reading, rest_table(module, odd, reading)).mean


def test_the_table_does_not_depend_on_exposure_and_balance() -> None:
    one = values(rig="none")
    moved = {name: value + 0.2 for name, value in one.values.items() if "midtones" not in name}
    other = values(rig="none", **moved)
    tables = [
        rest_table(values_to_negadoctor(each, Reading()), each, Reading()) for each in (one, other)
    ]
    np.testing.assert_allclose(tables[0].nodes, tables[1].nodes, atol=2e-3)


def test_colours_are_what_ours_makes_of_the_film() -> None:
    one = values()
    shown = rendering(one)(colours(one))
    assert shown.min() > -1e-6 and shown.max() < 1.0


def test_the_tables_space_and_back_is_the_identity() -> None:
    light = np.random.default_rng(1).random((50, 3))
    np.testing.assert_allclose(TABLE_TO_WORK(WORK_TO_TABLE(light)), light, atol=1e-9)
    assert TABLE_SPACE.transfer == Transfer(563 / 256)  # what darktable's Adobe RGB has


@pytest.mark.parametrize("encoding", READINGS)
def test_reading_and_back_is_the_identity(encoding: str) -> None:
    reading = reading_of(encoding, None)
    light = np.geomspace(1e-4, 0.9, 30)[:, np.newaxis] * [1.0, 0.6, 0.4]
    np.testing.assert_allclose(reading.to_source(reading.to_work(light)), light, rtol=1e-6)


def test_a_tabulated_curve_is_inverted() -> None:
    curve = space("prophoto").transfer
    reading = replace(reading_of("srgb", None), curves=(lambda x: curve(x),) * 3)
    light = np.geomspace(1e-3, 0.9, 30)[:, np.newaxis] * [1.0, 0.6, 0.4]
    np.testing.assert_allclose(reading.to_source(reading.to_work(light)), light, rtol=1e-3)


def test_srgb_codes_come_as_darktable_reads_them() -> None:
    codes = np.random.default_rng(2).random((20, 3))
    to_rec2020 = np.linalg.solve(space("rec2020").rgb_to_pcs, space("srgb").rgb_to_pcs)
    want = SRGB(codes) @ to_rec2020.T
    np.testing.assert_allclose(reading_of("srgb", None).to_work(SRGB(codes)), want, atol=1e-6)


def test_values_of_another_filter_are_refused() -> None:
    one = find_filter("invert-c41-matrix")
    given = Values(one.name, one.defaults(), Context(values().context.base, Rig()))
    with pytest.raises(ParameterError, match="not of invert-c41-matrix; render"):
        values_to_negadoctor(given, Reading())


def test_a_profile_needs_its_file() -> None:
    with pytest.raises(ParameterError, match="give its file"):
        reading_of("icc", None)


def test_cross_talk_of_one_grey_is_undone_as_far_as_it_can() -> None:
    silver, white = np.full((3, 3), 1 / 3), np.array(values().context.rig.crosstalk)
    seen = np.array([[0.2, 0.7, 1.1], [0.5, 0.5, 0.5]])
    assert unmixed(white, seen @ white.T) == pytest.approx(seen)
    assert unmixed(silver, seen @ silver.T) == pytest.approx(seen.mean(1, keepdims=True) + 0 * seen)
