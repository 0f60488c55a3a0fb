"""``orangemask roll`` and ``--roll``, from scans to pictures."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pytest
import tifffile

from scans import PHYSICAL, files_in, negative, one_lines, pixels

CONTRAST = np.array([0.63, 0.70, 0.73])
QUIET = ("--encoding", "linear")


@pytest.fixture
def frames(tmp_path):
    """Three frames of one film, exposed a stop apart."""
    paths = []
    for i in range(3):
        codes = np.rint(negative(96, 144) * 10 ** (-0.2 * i * CONTRAST)).astype(np.uint16)
        paths.append(tmp_path / f"frame {i}.tif")
        tifffile.imwrite(paths[-1], codes, photometric="rgb", metadata=None)
    return paths


@pytest.fixture
def roll(frames, run, tmp_path):
    """Return the roll file of the frames."""
    path = tmp_path / "roll.json"
    status, out, err = run("roll", *frames, "-o", path, *QUIET, *PHYSICAL)
    assert status == 0 and err == ""
    assert "film base" in out and "frame 2.tif" in out
    return path


def test_a_roll_is_analysed_and_rendered(frames, roll, run, tmp_path):
    out_folder = tmp_path / "out"
    status, _, err = run("invert", *frames, "-o", out_folder, "--roll", roll)
    assert status == 0 and err == ""
    sidecar = json.loads((out_folder / "frame 1.tif.orangemask.json").read_text("utf-8"))
    assert sidecar["context"]["roll"] == {
        "file": "roll.json",
        "sha256": hashlib.sha256(roll.read_bytes()).hexdigest(),
        "freedom": 0.5,
    }
    assert sidecar["context"]["encoding"] == "linear"  # as the roll was read
    assert sidecar["model"]["name"] == "physical"


def test_the_values_file_alone_renders_the_same_without_the_roll(frames, roll, run, tmp_path):
    first, second = tmp_path / "first.tif", tmp_path / "second.tif"
    assert run("invert", frames[1], "-o", first, "--roll", roll)[0] == 0
    roll.unlink()
    params = f"{first}.orangemask.json"
    assert run("invert", frames[1], "-o", second, "--params", params)[0] == 0
    np.testing.assert_array_equal(pixels(first), pixels(second))
    again = json.loads((tmp_path / "second.tif.orangemask.json").read_text("utf-8"))
    assert again == json.loads((tmp_path / "first.tif.orangemask.json").read_text("utf-8"))


def test_with_all_freedom_the_picture_is_that_of_the_frame_alone(frames, roll, run, tmp_path):
    alone, free = tmp_path / "alone.tif", tmp_path / "free.tif"
    assert run("invert", frames[2], "-o", alone, *QUIET, *PHYSICAL)[0] == 0
    assert run("invert", frames[2], "-o", free, "--roll", roll, "--freedom", "1")[0] == 0
    np.testing.assert_array_equal(pixels(alone), pixels(free))


def test_auto_is_the_roll_of_the_same_files(frames, roll, run, tmp_path):
    named, auto = tmp_path / "named", tmp_path / "auto"
    assert run("invert", *frames, "-o", named, "--roll", roll)[0] == 0
    assert run("invert", *frames, "-o", auto, "--roll", "auto", *QUIET, *PHYSICAL)[0] == 0
    for name in ("frame 0.tif", "frame 1.tif", "frame 2.tif"):
        np.testing.assert_array_equal(pixels(named / name), pixels(auto / name))


def test_an_unreadable_file_is_named_once_and_the_rest_goes_on(frames, run, tmp_path):
    bad = tmp_path / "bad.tif"
    bad.write_bytes(b"no picture")
    path = tmp_path / "roll.json"
    status, out, err = run("roll", *frames, bad, "-o", path, "--json", *QUIET, *PHYSICAL)
    assert status == 1 and len(one_lines(err)) == 1 and "bad.tif" in err
    assert json.loads(out) == json.loads(path.read_text("utf-8"))
    folder = tmp_path / "out"
    words = ("--roll", "auto", *QUIET, *PHYSICAL)
    status, _, err = run("invert", *frames, bad, "-o", folder, *words)
    assert status == 1 and err.count("bad.tif") == 1
    assert len(files_in(folder)) == 6  # three pictures and their values


def test_frames_of_another_film_are_named(frames, run, tmp_path):
    strange = tmp_path / "strange.tif"
    codes = negative(96, 144) * 10 ** (-np.array([0.0, -0.35, 0.4]))
    tifffile.imwrite(strange, np.clip(codes, 0, 65535).astype(np.uint16), photometric="rgb")
    path = tmp_path / "roll.json"
    status, out, err = run("roll", *frames, strange, "-o", path, *QUIET, *PHYSICAL)
    assert status == 0
    assert "strange.tif: left out: its colours lie far from the roll's" in err
    assert "left out" in out
    kept = [frame for frame in json.loads(path.read_text("utf-8"))["frames"] if not frame["flaws"]]
    assert [frame["file"] for frame in kept] == [frame.name for frame in frames]


def test_predict_prints_what_invert_renders(frames, roll, run, tmp_path):
    status, out, _ = run("predict", "invert", frames[0], "--roll", roll, "--json")
    assert status == 0
    assert run("invert", frames[0], "-o", tmp_path / "x.tif", "--roll", roll)[0] == 0
    sidecar = json.loads((tmp_path / "x.tif.orangemask.json").read_text("utf-8"))
    assert json.loads(out)["values"] == sidecar["values"]


def test_a_roll_file_is_not_overwritten(frames, roll, run):
    before = roll.read_bytes()
    status, _, err = run("roll", frames[0], "-o", roll, *QUIET, *PHYSICAL)
    assert status == 1 and "--force" in err and roll.read_bytes() == before
    assert run("roll", frames[0], "-o", roll, "--force", *QUIET, *PHYSICAL)[0] == 0
    assert roll.read_bytes() != before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--roll", "{folder}"), "is a folder"),
        (("--roll", "{scan}"), "not a roll file"),
        (("--roll", "{missing}"), "cannot read"),
        (("--freedom", "0.5"), "--freedom goes with --roll"),
        (("--roll", "{roll}", "--rig", "none"), "--rig and --roll exclude each other"),
        (("--roll", "{roll}", "--base", "0.5,0.3,0.2"), "--base and --roll exclude"),
        (("--roll", "{roll}", "--model", "matrix"), "no rolls"),
        (("--roll", "{roll}", "--params", "{params}"), "--roll and --params exclude"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_line(frames, roll, run, tmp_path, words, said):
    assert run("invert", frames[0], "-o", tmp_path / "a.tif", *QUIET, *PHYSICAL)[0] == 0
    places = {
        "folder": tmp_path,
        "scan": frames[0],
        "missing": tmp_path / "none.json",
        "roll": roll,
        "params": tmp_path / "a.tif.orangemask.json",
    }
    out = tmp_path / "out"
    status, _, err = run("invert", *frames, "-o", out, *[word.format(**places) for word in words])
    assert status == 1 and len(one_lines(err)) == 1 and said in err
    assert not out.exists()


def test_freedom_beyond_its_range_is_misuse(frames, roll, run, tmp_path):
    status, _, err = run("invert", *frames, "-o", tmp_path, "--roll", roll, "--freedom", "2")
    assert status == 2 and "from 0 to 1" in err


def test_positives_make_no_roll(run, tmp_path, frames):
    path = tmp_path / "blank.tif"
    tifffile.imwrite(path, np.full((96, 144, 3), 30000, np.uint16), photometric="rgb")
    shutil.copy(path, tmp_path / "blank 2.tif")
    words = (path, tmp_path / "blank 2.tif", "-o", tmp_path / "roll.json", *QUIET, *PHYSICAL)
    status, _, err = run("roll", *words)
    assert status == 1 and "no roll to analyse" in err and not (tmp_path / "roll.json").exists()
