"""``--rig`` and ``--film``, and what becomes of a positive: the command line and the engine."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from orangemask.engine.fields import Fields
from orangemask.engine.requests import METHODS, Work
from orangemask.filters import find_filter
from orangemask.values import read_values
from orangemask_filters.invert_c41.prediction import FILMS
from orangemask_filters.invert_c41.rigs import RIGS, likely
from scans import PHYSICAL, files_in, negative, one_lines, pixels, write_scan
from test_prediction import Network, network, photographs

__all__ = ["network"]

LINEAR = ("--encoding", "linear")
POSITIVE = ("positive", 0.95)
FILTER = find_filter("invert-c41")


@pytest.fixture
def slide(tmp_path):
    """An ordinary photograph, as a linear TIFF."""
    path = tmp_path / "slide.tif"
    image = photographs()[2]
    light = np.rint(image.transfer[0](image.pixels / 65535) * 65535)
    tifffile.imwrite(path, light.astype(np.uint16), photometric="rgb", metadata=None)
    return path


def context_of(output):
    return read_values(output.with_name(output.name + ".orangemask.json")).context


# Rig


@pytest.mark.parametrize("verb", ["invert", "predict", "export", "roll"])
def test_an_unknown_rig_is_misuse_and_the_known_are_listed(run, scan, tmp_path, verb):
    words = {"predict": ["invert", scan], "export": ["invert"]}.get(verb, [scan])
    out = [] if verb == "predict" else ["-o", tmp_path / "out.cube"]
    status, _, err = run(verb, *words, *out, "--rig", "default")
    assert status == 2 and "'auto', 'white', 'narrow', 'scanner', 'none'" in err


@pytest.mark.parametrize("rig", [*RIGS, "none"])
def test_a_rig_that_is_said_is_in_the_values_file(run, scan, tmp_path, network: Network, rig):
    out = tmp_path / "out.tif"
    assert run("invert", scan, "-o", out, *LINEAR, "--rig", rig)[0] == 0
    assert context_of(out).rig == FILTER.rig(rig)
    again = tmp_path / "again.tif"
    sidecar = f"{out}.orangemask.json"
    assert run("invert", scan, "-o", again, "--params", sidecar)[0] == 0
    np.testing.assert_array_equal(pixels(out), pixels(again))
    status, _, err = run("invert", scan, "-o", again, "--force", "--params", sidecar, "--rig", rig)
    assert status == 1 and "--rig and --params exclude each other" in err


def test_a_rig_that_is_found_is_in_the_values_file(run, scan, tmp_path, network: Network):
    for share, found in ((0.97, RIGS["scanner"]), (0.5, likely((0.25, 0.25, 0.5)))):
        network.says(rig=("scanner", share))
        assert run("invert", scan, "-o", tmp_path / "out.tif", *LINEAR, "--force")[0] == 0
        assert context_of(tmp_path / "out.tif").rig == found


# Film


def test_silver_film_is_written_grey(run, scan, tmp_path, network: Network):
    network.says(film=("bw", 0.9))
    out = tmp_path / "out.tif"
    status, _, err = run("invert", scan, "-o", out, *LINEAR, "--space", "linear-rec2020")
    (line,) = one_lines(err)
    assert status == 0 and "black-and-white" in line and str(scan) in line
    codes = pixels(out).astype(int)
    assert np.ptp(codes, axis=-1).max() <= 1 and codes.std() > 655
    assert context_of(out).film == "bw"
    colour = tmp_path / "colour.tif"
    assert run("invert", scan, "-o", colour, *LINEAR, "--film", "c41")[2] == ""
    assert np.ptp(pixels(colour).astype(int), axis=-1).max() > 655
    sidecar = f"{out}.orangemask.json"
    status, _, err = run("invert", scan, "-o", colour, "--params", sidecar, "--film", "c41")
    assert status == 1 and "--film and --params exclude each other" in err


def test_a_positive_is_refused_by_name_and_the_batch_goes_on(run, slide, tmp_path, network):
    scans = [write_scan(tmp_path / f"{n}.tif", 96, 144) for n in range(2)]
    positive, colour = network.answer(film=POSITIVE), network.answer()
    network.answers = [colour, positive, colour]
    folder = tmp_path / "out"
    status, out, err = run("invert", scans[0], slide, scans[1], "-o", folder, *LINEAR)
    refused, last = one_lines(err)
    assert (status, out) == (1, "")
    assert refused == (
        f"orangemask: {slide}: this looks like a positive, a slide or a print (95%), not like a "
        "negative; if it is one, say which with --film c41, maskless or bw"
    )
    assert last == "orangemask: 1 of 3 files failed"
    names = [f"{n}.tif{end}" for n in range(2) for end in ("", ".orangemask.json")]
    assert files_in(folder) == names


@pytest.mark.parametrize("film", FILMS[:-1])
def test_a_positive_is_inverted_where_the_user_says_what_it_is(
    run, slide, tmp_path, network: Network, film
):
    network.says(film=POSITIVE)
    out = tmp_path / "out.tif"
    assert run("invert", slide, "-o", out, *LINEAR, "--film", film) == (0, "", "")
    assert context_of(out).film == film


def test_a_positive_cannot_be_asked_for(run, slide, tmp_path):
    status, _, err = run("invert", slide, "-o", tmp_path / "a.tif", "--film", "positive")
    assert status == 2 and "'auto', 'c41', 'maskless', 'bw'" in err


def test_without_a_network_a_positive_is_told_and_inverted(run, slide, tmp_path):
    out = tmp_path / "out.tif"
    status, _, err = run("invert", slide, "-o", out, *LINEAR, *PHYSICAL)
    (line,) = one_lines(err)
    assert status == 0 and out.is_file()
    assert line == f"orangemask: warning: {slide}: this does not look like a negative"


def test_a_positive_among_the_frames_is_left_out_of_roll_and_folder(
    run, slide, tmp_path, network: Network
):
    scans = [write_scan(tmp_path / f"{n}.tif", 96, 144) for n in range(2)]
    colour, positive = network.answer(), network.answer(film=POSITIVE)
    network.answers = [colour, colour, positive]
    roll = tmp_path / "roll.json"
    status, _, err = run("roll", *scans, slide, "-o", roll, *LINEAR)
    assert status == 0 and [slide.name in line for line in one_lines(err)] == [True]
    network.asked.clear()
    network.answers = [colour] * 4 + [positive]  # alone and in the roll; refused at once
    folder = tmp_path / "out"
    status, _, err = run("invert", *scans, slide, "-o", folder, "--roll", roll)
    assert status == 1 and "looks like a positive" in err
    assert files_in(folder) == [
        f"{n}.tif{end}" for n in range(2) for end in ("", ".orangemask.json")
    ]


# What is told


def test_predict_tells_film_rig_and_channels(run, scan, slide, network: Network):
    colour = network.answer(film=("maskless", 0.8), rig=("narrow", 0.97))
    positive = network.answer(film=POSITIVE)
    network.answers = [colour, colour, positive]  # asked twice where the rig is another
    status, out, err = run("predict", "invert", scan, slide, "--json", *LINEAR)
    one, other = map(json.loads, out.splitlines())
    assert status == 0
    assert one["film"] == {"name": "maskless", "confidence": pytest.approx(0.8)}
    assert one["rig"] == {"name": "narrow", "confidence": pytest.approx(0.97)}
    assert list(one["channels"]) == ["red", "green", "blue"]
    assert all(0 <= each <= 1 for each in one["channels"].values())
    assert one["context"]["film"] == "maskless" and one["refusal"] is None
    assert other["film"]["name"] == "positive" and "--film" in other["refusal"]
    assert len(other["values"]) == 9
    assert err == f"orangemask: warning: {slide}: {other['refusal']}\n"
    network.asked.clear()
    _, out, _ = run("predict", "invert", scan, *LINEAR)
    assert "film        maskless (looks like maskless, 0.80)" in out
    assert "rig         narrow (looks like narrow, 0.97)" in out
    _, out, _ = run("predict", "invert", scan, *LINEAR, *PHYSICAL, "--json")
    told = json.loads(out)
    assert [told[name] for name in ("film", "rig", "channels", "refusal")] == [None] * 4


def predicted(tmp_path, **words):
    """Return the engine's answer for a negative."""
    path = tmp_path / "in"
    negative(96, 144).tofile(path)
    image = {"path": str(path), "width": 144, "height": 96, "dtype": "uint16"}
    image["encoding"] = "linear"
    asked = {"filter": "invert-c41", "image": image, **words}
    work = Work(lambda part: None, lambda: False)
    return json.loads(json.dumps(METHODS["predict"](Fields(asked, "predict"), work)))


def test_the_engine_tells_a_positive_and_predicts_it(tmp_path, network: Network):
    network.says(film=POSITIVE)
    result = predicted(tmp_path)
    assert result["film"] == {"name": "positive", "confidence": pytest.approx(0.95)}
    assert result["rig"]["name"] == result["context"]["rig"]["name"] == "white"
    assert result["channels"] == pytest.approx({"red": 0.8, "green": 0.5, "blue": 0.2})
    assert "looks like a positive" in result["refusal"] and len(result["values"]) == 9
    result = predicted(tmp_path, film="bw", rig="narrow")
    assert result["refusal"] is None and result["context"]["film"] == "bw"
    assert result["context"]["rig"]["name"] == "silver"
