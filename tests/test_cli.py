"""The command line: what it does, what it prints where, and how it ends."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenEXR
import pyexiv2
import pytest
import tifffile
from PIL import Image as Pillow

from orangemask.cli import build_parser
from orangemask.decode import open_image
from orangemask.encode import profile
from orangemask.filters import find_filter
from orangemask.spaces import SPACES
from orangemask.values import parse_values, read_values
from scans import (
    PHYSICAL,
    invert,
    negative,
    one_lines,
    pixels,
    run_orangemask,
    write_scan,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
GUESSED = (
    "encoding guessed linear (16-bit TIFF without profile); give the encoding if it is another"
)


# The program as a whole


def test_the_program_runs_as_a_module(scan, tmp_path):
    done = run_orangemask("invert", scan, "-o", tmp_path / "out.tif", *PHYSICAL)
    assert (done.returncode, done.stdout) == (0, "")
    assert one_lines(done.stderr) == [f"orangemask: warning: {scan}: {GUESSED}"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.tif",
        "out.tif.orangemask.json",
        "scan.tif",
    ]


def test_the_version_is_told_before_anything_heavy_is_imported():
    code = (
        "import sys; from orangemask.cli import main; status = main(['--version']);"
        "sys.exit(status or bool({'numpy', 'cv2', 'onnxruntime', 'rawpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith("orangemask ")


@pytest.mark.parametrize("words", [["-h"], ["invert", "-h"], ["export", "invert", "-h"]])
def test_help_goes_to_stdout(run, words):
    status, out, err = run(*words)
    assert (status, err) == (0, "") and out.startswith("usage: orangemask")


def parsers(parser=None, words=()):
    parser = parser or build_parser()
    yield words, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {choice.dest: choice.help for choice in action._choices_actions}
            for name, child in action.choices.items():
                assert told.get(name), name
                yield from parsers(child, (*words, name))


def test_every_option_of_every_verb_has_help():
    found = dict(parsers())
    assert {"invert", "predict", "export", "filters", "models", "doctor", "serve"} <= {
        words[0] for words in found if words
    }
    for words, parser in found.items():
        assert words == () or parser.description
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                continue
            assert action.help and not action.help.endswith("."), (words, action.dest)
            long = [option for option in action.option_strings if option.startswith("--")]
            assert long or not action.option_strings, (words, action.option_strings)


def test_the_help_of_invert_has_every_parameter(run):
    _, out, _ = run("invert", "--help")
    for param in find_filter("invert-c41").params:
        assert param.name in out and param.doc in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "VERB"),
        (["develop"], "invalid choice: 'develop'"),
        (["invert"], "SCAN, -o/--output"),
        (["invert", "a.tif"], "-o/--output"),
        (["invert", "-o", "b.tif"], "SCAN"),
        (["invert", "a.tif", "-o", "b.tif", "--colour"], "unrecognized arguments: --colour"),
        (["invert", "a.tif", "-o", "b.tif", "--forc"], "--forc"),  # no abbreviations
        (["invert", "a.tif", "-o", "b.tif", "--depth", "12"], "'8', '16', 'half', 'float'"),
        (["invert", "a.tif", "-o", "b.tif", "--model", "best"], "'parametric', 'physical'"),
        (["invert", "a.tif", "-o", "b.tif", "--base", "1,2"], "'1,2' is not 3 numbers"),
        (["invert", "a.tif", "-o", "b.tif", "--base", "1,2,x"], "'1,2,x' is not 3 numbers"),
        (["invert", "a.tif", "-o", "b.tif", "--base", "0,.2,.3"], "linear light above 0"),
        (["invert", "a.tif", "-o", "b.tif", "--base", "nan,.2,.3"], "not finite"),
        (["invert", "a.tif", "-o", "b.tif", "--base-rect", "0,0,0,5"], "width and height from 1"),
        (["invert", "a.tif", "-o", "b.tif", "--quality", "high"], "invalid int value: 'high'"),
        (["predict", "invert"], "INPUT"),
        (["predict", "c41", "a.tif"], "invalid choice: 'c41'"),
        (["export", "invert"], "-o/--output"),
    ],
)
def test_misuse_ends_with_2_and_points_to_help(run, words, said):
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert said in err and "--help" in err and err.count("\n") == 1


# Rendering


def test_values_lie_beside_the_output_and_in_its_metadata(run, scan, tmp_path):
    for suffix in ("tif", "png", "jpg"):
        out = tmp_path / f"out.{suffix}"
        invert(run, scan, "-o", out)
        values = read_values(tmp_path / f"out.{suffix}.orangemask.json")
        assert values.model == "physical" and values.source == "scan.tif"
        assert len(values.source_sha256) == 64
        with pyexiv2.Image(str(out)) as file:
            assert parse_values(file.read_xmp()["Xmp.orangemask.Values"]) == values
    invert(run, scan, "-o", tmp_path / "out.exr")
    with OpenEXR.File(str(tmp_path / "out.exr")) as file:
        texts = [value for value in file.header().values() if isinstance(value, str)]
    again = read_values(tmp_path / "out.exr.orangemask.json")
    assert any("invert-c41" in text and parse_values(text) == again for text in texts)


def table_profile_scan(path):
    """A TIFF whose profile has its curve as a table, which no encoding names."""
    tifffile.imwrite(
        path, negative(), photometric="rgb", metadata=None, iccprofile=profile(SPACES["rec2020"])
    )


def adobe_scan(path):
    """563/256 has more digits than people write."""
    tifffile.imwrite(
        path, negative(), photometric="rgb", metadata=None, iccprofile=profile(SPACES["adobe-rgb"])
    )


def srgb_scan(path):
    Pillow.fromarray((negative() >> 8).astype(np.uint8)).save(path, format="PNG")


def float_scan(path):
    tifffile.imwrite(path, negative() / np.float32(65535), photometric="rgb", metadata=None)


@pytest.mark.parametrize(
    "write", [write_scan, table_profile_scan, adobe_scan, srgb_scan, float_scan]
)
@pytest.mark.parametrize("options", [[], ["--rig", "none", "--set", "green_midtones=0.3"]])
def test_params_reproduce_the_picture_bit_for_bit(run, tmp_path, write, options):
    scan, first, second = (tmp_path / f"{name}.tif" for name in ("scan", "first", "second"))
    write(scan)
    invert(run, scan, "-o", first, *options)
    sidecar = tmp_path / "first.tif.orangemask.json"
    status, _, err = run("invert", scan, "-o", second, "--params", sidecar)
    assert status == 0, err
    np.testing.assert_array_equal(pixels(first), pixels(second))
    assert (tmp_path / "second.tif.orangemask.json").read_text() == sidecar.read_text()


def test_params_remember_the_encoding_and_it_may_be_changed(run, scan, tmp_path):
    first, second, third = (tmp_path / f"{name}.tif" for name in ("first", "second", "third"))
    invert(run, scan, "-o", first, "--encoding", "gamma:1.8")
    sidecar = f"{first}.orangemask.json"
    assert read_values(Path(sidecar)).context.encoding == "gamma:1.8"
    run("invert", scan, "-o", second, "--params", sidecar)
    np.testing.assert_array_equal(pixels(first), pixels(second))
    run("invert", scan, "-o", third, "--params", sidecar, "--encoding", "linear")
    assert (pixels(third) != pixels(first)).any()
    assert read_values(Path(f"{third}.orangemask.json")).context.encoding == "linear"


@pytest.mark.parametrize("option", ["--base=.5,.2,.1", "--base-rect=0,0,9,9", "--rig=none"])
def test_params_say_base_rig_and_model_already(run, scan, tmp_path, option):
    invert(run, scan, "-o", tmp_path / "a.tif")
    sidecar = tmp_path / "a.tif.orangemask.json"
    status, _, err = run("invert", scan, "-o", tmp_path / "b.tif", "--params", sidecar, option)
    name = option.partition("=")[0]
    assert status == 1
    assert one_lines(err) == [f"orangemask: {name} and --params exclude each other: leave out one"]


def test_set_may_be_repeated_and_the_last_counts(run, scan, tmp_path):
    words = ["red_shadows=0.1", "blue_highlights=2.5", "red_shadows=-0.25"]
    sets = [word for text in words for word in ("--set", text)]
    invert(run, scan, "-o", tmp_path / "a.tif", *sets)
    values = read_values(tmp_path / "a.tif.orangemask.json").values
    assert (values["red_shadows"], values["blue_highlights"]) == (-0.25, 2.5)


def test_base_and_base_rect(run, scan, tmp_path):
    invert(run, scan, "-o", tmp_path / "a.tif", "--base", "0.5,0.25,0.125")
    base = read_values(tmp_path / "a.tif.orangemask.json").context.base
    assert base.origin == "given"
    np.testing.assert_allclose(base.density, -np.log10([0.5, 0.25, 0.125]))
    invert(run, scan, "-o", tmp_path / "b.tif", "--base-rect", "0,0,1,40")
    base = read_values(tmp_path / "b.tif.orangemask.json").context.base
    np.testing.assert_allclose(base.density, [0.25, 0.62, 0.85], atol=0.01)
    status, _, err = run(
        "invert", scan, "-o", tmp_path / "c.tif", "--base-rect", "60,0,20,9", *PHYSICAL
    )
    assert status == 1 and one_lines(err)[0].startswith(f"orangemask: {scan}: ")
    assert "outside of the picture, which is 60x40 px" in err


@pytest.mark.parametrize("space", SPACES)
def test_every_space_is_written_with_its_profile(run, scan, tmp_path, space):
    out = tmp_path / "a.tif"
    invert(run, scan, "-o", out, "--space", space)
    assert open_image(out).icc == profile(SPACES[space])


@pytest.mark.parametrize(
    ("name", "depth", "dtype"),
    [
        ("a.tif", "8", "uint8"),
        ("a.tif", "16", "uint16"),
        ("a.tif", "half", "float16"),
        ("a.tif", "float", "float32"),
        ("a.tif", None, "uint16"),
    ],
)
def test_depth(run, scan, tmp_path, name, depth, dtype):
    invert(run, scan, "-o", tmp_path / name, *(["--depth", depth] if depth else []))
    assert pixels(tmp_path / name).dtype == dtype


def test_an_existing_output_is_kept_unless_forced(run, scan, tmp_path):
    out, sidecar = tmp_path / "a.tif", tmp_path / "a.tif.orangemask.json"
    for kept in (out, sidecar):
        kept.write_text("mine")
        status, _, err = run("invert", scan, "-o", out, *PHYSICAL)
        assert status == 1 and kept.read_text() == "mine"
        assert one_lines(err) == [f"orangemask: {scan}: {kept} exists; say --force to replace it"]
        assert sorted(tmp_path.iterdir()) == sorted([scan, kept])
        kept.unlink()
    out.write_text("mine")
    sidecar.write_text("mine")
    invert(run, scan, "-o", out, "--force")
    assert pixels(out).shape == (40, 60, 3) and read_values(sidecar)


def test_many_inputs_go_into_a_folder(run, tmp_path):
    scans = [write_scan(tmp_path / "in" / f"{n}.tif") for n in range(3)]
    folder = tmp_path / "new" / "folder"
    out, err = invert(run, *scans, "-o", folder, "--format", "png", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["output"] for line in lines] == [str(folder / f"{n}.png") for n in range(3)]
    assert all(len(line["values"]) == 9 and line["filter"] == "invert-c41" for line in lines)
    assert all(line["source"] == f"{n}.tif" for n, line in enumerate(lines))
    assert all(0 <= line["confidence"] <= 1 and line["warnings"] == [GUESSED] for line in lines)
    names = {f"{n}.png" for n in range(3)}
    assert {path.name for path in folder.iterdir()} == names | {
        f"{name}.orangemask.json" for name in names
    }
    assert len(one_lines(err)) == 3


@pytest.mark.parametrize("name", ["folder", "v1.2/", "there.tif"])
def test_one_input_into_a_folder(run, scan, tmp_path, name):
    if name == "there.tif":
        (tmp_path / name).mkdir()
    invert(run, scan, "-o", f"{tmp_path}/{name}")
    assert (tmp_path / name / "scan.tif").is_file()


def test_two_inputs_never_become_one_output(run, tmp_path):
    one, two = write_scan(tmp_path / "x" / "a.tif"), write_scan(tmp_path / "y" / "a.dng")
    out = tmp_path / "out"
    status, _, err = run("invert", one, two, one, "-o", out, "--force", *PHYSICAL)
    assert status == 1 and (out / "a.tif").is_file()
    lines = one_lines(err)
    assert f"orangemask: {two} and {one} would both become {out / 'a.tif'}; rename one" in lines
    assert f"orangemask: {one} and {one} would both become {out / 'a.tif'}; rename one" in lines
    assert lines[-1] == "orangemask: 2 of 3 files failed"


def test_no_input_is_overwritten_by_the_output_of_another(run, tmp_path):
    one, two = write_scan(tmp_path / "x" / "a.tif"), write_scan(tmp_path / "y" / "a.tif")
    before = two.read_bytes()
    status, _, err = run("invert", one, two, "-o", two.parent, "--force", *PHYSICAL)
    assert status == 1 and two.read_bytes() == before
    assert f"{one} would become {two}, another input; give -o another folder" in err
    assert len(list(two.parent.iterdir())) == 1


def test_many_inputs_do_not_fit_into_one_file(run, tmp_path):
    scans = [write_scan(tmp_path / f"{n}.tif") for n in range(2)]
    status, _, err = run("invert", *scans, "-o", tmp_path / "out.tif", *PHYSICAL)
    assert status == 1
    assert one_lines(err) == [
        f"orangemask: {tmp_path / 'out.tif'} is one file for 2 inputs; give -o a folder"
    ]


def test_a_matrix_file_renders_with_its_own_filter(run, scan, tmp_path):
    invert(run, scan, "-o", tmp_path / "a.tif")
    content = json.loads((tmp_path / "a.tif.orangemask.json").read_text())
    content["filter"] = "invert-c41-matrix"
    content["values"] = find_filter("invert-c41-matrix").defaults()
    (tmp_path / "m.json").write_text(json.dumps(content))
    out = tmp_path / "m.tif"
    status, _, err = run("invert", scan, "-o", out, "--params", tmp_path / "m.json")
    assert status == 0, err
    assert read_values(tmp_path / "m.tif.orangemask.json").filter == "invert-c41-matrix"


@pytest.mark.parametrize("model", ["parametric", "matrix"])
def test_the_networks(run, scan, tmp_path, model):
    status, _, err = run("invert", scan, "-o", tmp_path / "a.tif", "--model", model)
    assert status == 0, err
    values = read_values(tmp_path / "a.tif.orangemask.json")
    assert values.model == model and len(values.model_sha256) == 64


@POSIX
def test_a_name_that_is_not_utf8(tmp_path):
    scan = write_scan(tmp_path / "scan.tif").rename(tmp_path / os.fsdecode(b"a\xff.tif"))
    done = run_orangemask("invert", scan, "-o", tmp_path / "out", "--json", *PHYSICAL)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["source"] == scan.name
    sidecar = tmp_path / "out" / (scan.name + ".orangemask.json")
    assert read_values(sidecar).source == scan.name
    done = run_orangemask("predict", "invert", scan, *PHYSICAL)
    assert done.returncode == 0 and "a\\udcff.tif" in done.stdout
