"""Parameters, values files and models that are not what they should be."""

from __future__ import annotations

import json

import pytest

import orangemask.networks
from orangemask.cli import main
from orangemask.filters import find_filter
from orangemask_models import MODELS, ModelFile
from scans import (
    refused,
    write_scan,
)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "red_shadow=1"], "unknown parameter 'red_shadow'; did you mean 'red_shadows'?"),
        (["--set", "exposure=1"], "allowed: red_shadows, red_midtones, red_highlights, green_"),
        (["--set", "red_shadows=99"], "red_shadows is 99; it must lie between -3 and 7 D"),
        (["--set", "red_shadows=nan"], "red_shadows is nan; it must lie between"),
        (["--set", "red_shadows=1e999"], "red_shadows is inf; it must lie between"),
        (["--set", "red_shadows=high"], "--set red_shadows=high: 'high' is not a number"),
        (["--set", "red_shadows"], "write NAME=NUMBER, as in red_shadows=0.31"),
        (["--set", "red_shadows=7"], "red_highlights is "),
        (["--space", "cmyk"], "use one of srgb, display-p3, adobe-rgb, rec2020, prophoto, linear-"),
        (["--encoding", "log"], "encoding is 'log'; it may be auto, linear, srgb, or gamma:G"),
        (["--encoding", "gamma:99"], "with G from 0.2 to 5.0"),
        (["--depth", "half", "--format", "png"], "PNG has no depth 'half': use one of 16, 8"),
        (["--compression", "piz"], "TIFF has no compression 'piz': use one of none, deflate"),
        (["--quality", "90"], "TIFF has no quality: it is lossless; leave it out"),
        (["--quality", "0", "--format", "jpg"], "quality 0 is not allowed: use 1 to 100"),
    ],
)
def test_a_parameter_out_of_range_or_misspelt(invert, scan, tmp_path, words, said):
    refused(invert, tmp_path, [scan, "-o", tmp_path / "new", *words], said)


def test_what_is_wrong_for_every_file_is_told_once(invert, tmp_path):
    scans = [write_scan(tmp_path / f"{n}.tif") for n in range(3)]
    for words in (["--encoding", "log"], ["--quality", "90"], ["--set", "red=1"]):
        refused(invert, tmp_path, [*scans, "-o", tmp_path / "new", *words], "")


def test_a_values_file_of_another_filter(invert, scan, tmp_path, monkeypatch):
    content = {
        "orangemask": 1,
        "filter": "invert-c41",
        "values": find_filter("invert-c41").defaults(),
        "context": {"base": {"density": [0.25, 0.62, 0.85]}},
    }
    path, words = tmp_path / "v.json", [scan, "-o", tmp_path / "out.tif", "--params"]

    def saying(said, **changes):
        path.write_text(json.dumps({**content, **changes}))
        refused(invert, tmp_path, [*words, path], str(path), said)

    saying("unknown filter 'film-emulator'; did you mean", filter="film-emulator")
    saying("unknown parameter 'red_shadows'; allowed: red_from_red", filter="invert-c41-matrix")
    saying("made by a newer orangemask; this one reads 1: upgrade it", orangemask=2)
    saying("no value for red_shadows", values={})
    saying("it has no context", context=None)
    saying("red_shadows is nan", values={**content["values"], "red_shadows": float("nan")})
    for junk in (b"{", b"\xff\xfe\0", b"[" * 200_000, b" " * 2_000_000, b"", b"[]"):
        path.write_bytes(junk)
        refused(invert, tmp_path, [*words, path], f"{path} is not a values file: ")
    refused(invert, tmp_path, [*words, tmp_path], f"cannot read {tmp_path}: ")
    refused(invert, tmp_path, [*words, scan], f"{scan} is not a values file: ")
    refused(invert, tmp_path, [*words, tmp_path / "none.json"], "no such file or directory")
    # export has one filter at a time
    path.write_text(json.dumps(content))
    look = tmp_path / "a.cube"
    assert main(["export", "invert-c41-matrix", "--params", str(path), "-o", str(look)]) == 1
    assert not look.exists()


# Models


@pytest.fixture
def other_models(monkeypatch):
    def replacing(*models):
        monkeypatch.setattr(orangemask.networks, "MODELS", models)
        orangemask.networks._session.cache_clear()

    yield replacing
    orangemask.networks._session.cache_clear()


def parametric(**changes):
    entry = {
        "name": "invert-c41",
        "file": "invert_c41.onnx",
        "sha256": "0" * 64,
        "opset": 17,
        "inputs": (),
        "outputs": (),
        "card": "",
        "doc": "",
    }
    return ModelFile(**{**entry, **changes})


def test_a_model_that_is_missing_or_damaged_is_told_once(invert, scan, tmp_path, other_models):
    there = MODELS[0]
    words = [scan, scan.parent / "other.tif", "-o", tmp_path / "new"]
    for model, said in (
        (
            parametric(file="none.onnx"),
            "model none.onnx cannot be read (no such file or directory)",
        ),
        (parametric(file=there.file), f"has sha256 {there.sha256[:12]}…, expected 000000000000…"),
    ):
        other_models(model)
        refused(partial_of(invert), tmp_path, words, said, "reinstall orangemask")
        assert invert(scan, "-o", tmp_path / "o.tif")[0] == 0  # needs no network
        for path in tmp_path.glob("o.tif*"):
            path.unlink()


def partial_of(invert):
    return lambda *words: invert(*words, how=())


def test_doctor_finds_the_damaged_model(capsys, monkeypatch):
    monkeypatch.setattr("orangemask_models.MODELS", (parametric(file="none.onnx"),))
    assert main(["doctor", "--json"]) == 1
    states = json.loads(capsys.readouterr().out)["models"]
    assert "cannot be read" in states["invert-c41"]
