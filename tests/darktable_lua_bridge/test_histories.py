"""Histories that the bridge writes and reads: styles, sidecars, tables."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from orangemask_bridge.cli import main
from orangemask_bridge.history import Step
from orangemask_bridge.sidecar import sidecar_text
from orangemask_bridge.style import parse_style, style_text


def test_the_settings_of_negadoctor_follow_a_slider(do, one) -> None:
    job = {"job": "negadoctor", "state": one["state"]}
    _, reply = do(job, {**job, "values": {"red_shadows": one["values"]["red_shadows"] + 0.1}})
    first, second = (result["result"] for result in reply["results"])
    assert first["actions"][0]["path"] == "iop/negadoctor/D min red component"
    assert first["numbers"] != second["numbers"] and first["residual"]["mean"] > 0.0


@pytest.mark.parametrize("kind", ["style", "xmp"])
def test_a_history_is_written_and_read_back(do, one, work: Path, kind: str) -> None:
    output = work / f"out.{kind}"
    job = {"state": one["state"], "file": one["file"], "lut_root": str(work / "luts")}
    write = {"job": kind, kind: str(output), **({"name": "a ü%"} if kind == "style" else {}), **job}
    read = {"job": "read", kind: str(output), "state": one["state"]}
    status, reply = do(write, read, write)
    written, back, again = reply["results"]
    assert status == 1 and "exists; remove it" in again["error"]["message"]
    assert Path(written["result"]["lut"]).is_file()
    assert written["result"]["residual"]["mean"] < 0.2
    assert back["result"]["values"] == pytest.approx(one["values"], abs=1e-4)
    status, reply = do(
        {"job": "read", "params": written["result"]["params"], "state": one["state"]}
    )
    assert reply["results"][0]["result"]["values"] == pytest.approx(one["values"], abs=1e-4)


@pytest.mark.parametrize("kind", ["style", "xmp"])
def test_what_a_history_has_on_is_off_with_its_settings(do, work: Path, kind: str) -> None:
    steps = [Step("sigmoid", 3, "0a0b", priority=1), Step("exposure", 7, "0c", False)]
    before = work / ("before.dtstyle" if kind == "style" else "before.xmp")
    before.write_text(style_text("x", "", steps) if kind == "style" else sidecar_text(steps))
    style = work / "after.dtstyle"
    status, _ = do({"job": "style", "style": str(style), "name": "y", "existing": str(before),
                    "lut_root": str(work / "luts")})  # fmt: skip
    off = [step for step in parse_style(style.read_text(), "it") if not step.enabled]
    assert status == 0
    assert [(step.operation, step.params, step.priority) for step in off] == [
        ("sigmoid", "0a0b", 1)
    ]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_crop_is_where_bare_film_may_be(do, work: Path, version: int) -> None:
    raw = struct.pack("<4f2i", 0.25, 0.0, 0.75, 0.125, 0, 0) + bytes(4 * (version == 2))
    style = work / "history.dtstyle"
    job = {"job": "crop", "style": str(style)}
    for steps, want in (
        ([Step("crop", version, raw.hex())], [0.25, 0.0, 0.5, 0.125]),
        ([Step("crop", version, raw.hex()), Step("crop", version, raw.hex(), False)], None),
        ([Step("crop", version, struct.pack("<4f2i", 0, 0, 1, 1, 0, 0).hex())], None),
        ([Step("crop", version, "")], None),
        ([], None),
    ):
        style.write_text(style_text("x", "", steps), "utf-8")
        status, reply = do(job)
        assert status == 0 and reply["results"][0]["result"].get("crop") == want


def test_a_look_is_one_table(do, work: Path) -> None:
    style = work / "look.dtstyle"
    status, reply = do({"job": "style", "filter": "film-emulate", "style": str(style), "name": "x",
                        "lut_root": str(work / "luts"), "settings": []})  # fmt: skip
    assert status == 0
    modules = reply["results"][0]["result"]["modules"]
    assert [module["operation"] for module in modules] == ["lut3d"]


@pytest.mark.parametrize("name", ["look.cube", "look.png"])
def test_a_table_for_lut3d(do, one, work: Path, name: str) -> None:
    output = work / name
    job = {"job": "lut", "state": one["state"], "output": str(output), "size": 16}
    status, reply = do(job)
    assert status == 0 and reply["results"][0]["result"]["space"] == "Adobe RGB"
    assert output.stat().st_size > 1000
    if name.endswith("cube"):
        assert b"LUT_1D" not in output.read_bytes()


@pytest.mark.parametrize("name", ["look.dtstyle", "scan.tif.xmp"])
def test_export_is_the_same_for_people(one, work: Path, capsys, name: str) -> None:
    values, output = work / "v.orangemask.json", work / name
    values.write_text(one["state"], "utf-8")
    words = ["export", str(values), "-o", str(output), "--lut-root", str(work / "luts")]
    assert main([*words, "--scan", one["file"]]) == 0
    written, table = capsys.readouterr().out.splitlines()
    assert (written, Path(table).is_file()) == (str(output), True)
    assert b"negadoctor" in output.read_bytes()
    assert main(words) == 1
    assert "exists" in capsys.readouterr().err
    assert main([*words[:3], str(work / "look.doc")]) == 1
    assert "give .dtstyle or .xmp" in capsys.readouterr().err


def test_an_edit_that_nothing_is_known_of_is_read(do, one) -> None:
    _, reply = do({"job": "negadoctor", "state": one["state"]})
    params = reply["results"][0]["result"]["params"]
    status, reply = do({"job": "read", "params": params})
    result = reply["results"][0]["result"]
    assert status == 0
    assert json.loads(result["state"])["context"]["rig"]["name"] == "none"
    assert result["residual"]["mean"] < 3.0


def test_a_style_that_cannot_be_written_leaves_no_table(do, one, work: Path) -> None:
    job = {"job": "style", "style": str(work / "none" / "a.dtstyle"), "name": "x",
           "state": one["state"], "lut_root": str(work / "luts")}  # fmt: skip
    status, _ = do(job)
    assert status == 1 and list((work / "luts").iterdir()) == []
