"""Styles, sidecars, tables and Lua literals as texts."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from negatives import values

from orangemask.errors import OutputError, ParameterError
from orangemask_bridge.declarations import filters_lua
from orangemask_bridge.history import (
    OFF,
    Step,
    inversion,
    off_copies,
    off_steps,
    own_table,
    remove_table,
    without_labels,
    write_table,
)
from orangemask_bridge.lua import chunk, to_lua
from orangemask_bridge.reading import Reading
from orangemask_bridge.sidecar import parse_sidecar, sidecar_text
from orangemask_bridge.structs import decode
from orangemask_bridge.style import parse_style, style_text

ROOT = Path(__file__).parents[2]
STEPS = (Step("exposure", 7, "00ff", priority=1, name='a <b> & "c"'), Step("lut3d", 3, "", False))

# As darktable 5.4.1 writes one, shortened: one undone step, a mask, tags, a second namespace.
WRITTEN = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:darktable="http://darktable.sf.net/"
   exif:DateTimeOriginal="2026:01:01 00:00:00.000"
   darktable:xmp_version="5"
   darktable:raw_params="0"
   darktable:auto_presets_applied="1"
   darktable:history_end="2"
   darktable:iop_order_version="4">
   <dc:subject><rdf:Seq><rdf:li>Bär, 100 %</rdf:li></rdf:Seq></dc:subject>
   <darktable:masks_history>
    <rdf:Seq><rdf:li darktable:mask_num="1"/></rdf:Seq>
   </darktable:masks_history>
   <darktable:history>
    <rdf:Seq>
     <rdf:li darktable:num="0" darktable:operation="crop" darktable:enabled="1"
      darktable:modversion="3" darktable:params="0102" darktable:multi_priority="0"/>
     <rdf:li darktable:num="1" darktable:operation="sigmoid" darktable:enabled="1"
      darktable:modversion="3" darktable:params="0a0b" darktable:multi_name="mine"
      darktable:multi_priority="2" darktable:blendop_version="14" darktable:blendop_params="gz"/>
     <rdf:li darktable:num="2" darktable:operation="undone" darktable:enabled="1"
      darktable:modversion="1" darktable:params=""/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""


def test_a_style_comes_back() -> None:
    text = style_text("Ünï & <co> 100%", "told", STEPS)
    assert parse_style(text, "it") == STEPS
    assert "&amp; &lt;co&gt; 100%" in text


def test_a_style_is_read_oldest_first_as_darktable_writes_it_newest_first() -> None:
    lines = style_text("a", "", STEPS).split("<plugin>")
    turned = "<plugin>".join([lines[0], lines[2].replace("</style>\n</darktable_style>", ""),
                              lines[1] + "</style>\n</darktable_style>"])  # fmt: skip
    assert [step.operation for step in parse_style(turned, "it")] == ["exposure", "lut3d"]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_a_style_wants_a_name(name: str) -> None:
    with pytest.raises(ParameterError, match="name of a style"):
        style_text(name, "", STEPS)


@pytest.mark.parametrize("text", ["", "<a", "<a/>", "<darktable_style><plugin/></darktable_style>"])
def test_what_is_no_style_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="it"):
        parse_style(text, "it")


def test_a_new_sidecar_comes_back_and_keeps_defaults_away() -> None:
    found = parse_sidecar(sidecar_text(STEPS), "it")
    assert found.steps == STEPS
    assert found.has_defaults


def test_steps_come_after_those_there_are_and_all_else_stays() -> None:
    before = parse_sidecar(WRITTEN, "it")
    assert [step.operation for step in before.steps] == ["crop", "sigmoid"]
    text = sidecar_text(STEPS, before)
    after = parse_sidecar(text, "it")
    assert after.steps == (*before.steps, *STEPS)
    for kept in ("Bär, 100 %", 'mask_num="1"', 'iop_order_version="4"', "DateTimeOriginal",
                 "xmlns:darktable=", "<darktable:history>", "<dc:subject>"):  # fmt: skip
        assert kept in text


def test_what_is_on_is_switched_off_with_its_own_settings() -> None:
    (off,) = off_copies(parse_sidecar(WRITTEN, "it").steps)
    assert (off.operation, off.params, off.priority, off.name) == ("sigmoid", "0a0b", 2, "mine")
    assert not off.enabled


@pytest.mark.parametrize("label", ["scene-referred default", "_builtin_scene-referred default"])
def test_a_module_that_lost_its_presets_label_is_one_instance(label: str) -> None:
    # as darktable 5.0.1 and 5.4.1 write the history of a RAW picture whose exposure was changed
    labelled = Step("exposure", 7, "0a", priority=1, name=label)
    changed, other = Step("exposure", 7, "0b"), Step("sigmoid", 3, "0c", name=label)
    second = Step("exposure", 7, "0d", priority=2, name="1")
    assert without_labels((labelled, other, second, changed)) == (other, second, changed)


def test_darktable_5_0_has_no_agx() -> None:
    assert {step.operation for step in off_steps((5, 4, 1))} == set(OFF)
    assert {step.operation for step in off_steps((5, 0, 1))} == set(OFF) - {"agx"}


@pytest.mark.parametrize("text", ["", "<a", "<a/>", WRITTEN.replace('xmp_version="5"', "")])
def test_what_is_no_sidecar_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="it is not a"):
        parse_sidecar(text, "it")


def test_a_sidecar_with_a_wrong_number_is_refused() -> None:
    with pytest.raises(ParameterError, match="history_end 'x', not a number"):
        parse_sidecar(WRITTEN.replace('history_end="2"', 'history_end="x"'), "it")


def test_a_sidecar_of_an_old_darktable_is_refused() -> None:
    with pytest.raises(ParameterError, match="version 2 of darktable's sidecars"):
        parse_sidecar(WRITTEN.replace('xmp_version="5"', 'xmp_version="2"'), "it")


def test_a_table_is_written_once_and_removed_with_its_folder(tmp_path: Path) -> None:
    history = inversion(values(), Reading())
    path, new = write_table(history, tmp_path)
    assert new and path.parent.name == "orangemask" and path.read_bytes() == history.table
    assert write_table(history, tmp_path) == (path, False)
    remove_table(path)
    assert list(tmp_path.iterdir()) == []


def test_a_table_wants_its_root(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="preference for 3D LUTs"):
        write_table(inversion(values(), Reading()), tmp_path / "none")


def test_the_table_has_no_curve_in_front_which_darktable_refuses() -> None:
    text = inversion(values(), Reading()).table.decode("ascii")
    assert "LUT_1D_SIZE" not in text and "LUT_3D_SIZE 25" in text


def test_own_tables_are_known() -> None:
    steps = inversion(values(), Reading()).steps
    assert own_table(steps) and not own_table(steps[:-1])
    assert [step.operation for step in steps] == ["colorin", "negadoctor", "lut3d"]
    raw = inversion(values(), Reading(raw=True)).steps
    assert raw[0].operation == "temperature" and len(decode(raw[0].params)) == 20


LEAVES = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=12)
DATA = st.recursive(
    LEAVES | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner.filter(lambda x: x is not None), max_size=4)
        | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(DATA)
def test_literals_are_read_back_by_lua(data) -> None:
    lupa = pytest.importorskip("lupa")
    lua = lupa.LuaRuntime(encoding=None)
    assert same(lua.execute(chunk(data).encode("ascii")), data, lua)


def same(found, data, lua) -> bool:
    """Whether what Lua has is what Python gave it."""
    if isinstance(data, dict):
        left = {name: each for name, each in data.items() if each is not None}
        return len(list(found)) == len(left) and all(
            same(found[name.encode("utf-8", "surrogateescape")], each, lua)
            for name, each in left.items()
        )
    if isinstance(data, list):
        return len(list(found)) == len(data) and all(
            same(found[i + 1], each, lua) for i, each in enumerate(data)
        )
    if isinstance(data, str):
        return found == data.encode("utf-8", "surrogateescape")
    return found == data


def test_numbers_that_json_has_not() -> None:
    assert to_lua([math.inf, -math.inf, math.nan]) == "{math.huge, -math.huge, (0/0)}"
    assert to_lua({"end": 1, "a b": 2, "c": None}) == '{["end"]=1, ["a b"]=2}'
    assert to_lua("\udcff1") == '"\\2551"'  # a byte of a file's name


def test_what_has_no_literal_is_our_mistake() -> None:
    with pytest.raises(TypeError, match="set has no Lua literal"):
        to_lua({"a": {1}})


def test_the_panels_declarations_are_up_to_date() -> None:
    held = (ROOT / "darktable_lua_bridge/lua/orangemask/lib/filters.lua").read_text("utf-8")
    assert held == filters_lua(), "run orangemask-bridge lua-filters -o …/filters.lua"
