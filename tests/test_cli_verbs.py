"""The progress bar, and the verbs besides invert."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from orangemask.filters import find_filter
from scans import (
    COMMAND,
    PHYSICAL,
    invert,
    one_lines,
    pixels,
    run_orangemask,
    write_scan,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")


# Progress


def on_a_terminal(*words):
    import fcntl
    import pty
    import select
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
    process = subprocess.Popen([*COMMAND, *map(str, words)], stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    out, _ = process.communicate(timeout=60)
    return process.returncode, out.decode(), shown.decode()


@POSIX
def test_a_bar_on_a_terminal_and_none_in_a_pipe(tmp_path):
    scans = [write_scan(tmp_path / f"{n}.tif", 600, 600) for n in range(2)]
    words = ["invert", *scans, tmp_path / "none.tif", "-o", tmp_path / "out", *PHYSICAL]
    status, out, shown = on_a_terminal(*words)
    assert (status, out) == (1, "")
    assert "%" in shown and "|" in shown and "/3 [" in shown
    assert f"orangemask: cannot read {tmp_path / 'none.tif'}: there is no such file" in shown
    done = run_orangemask(*words, "--force")
    assert "%" not in done.stderr and "\r" not in done.stderr
    assert len(one_lines(done.stderr)) == 4


# The other verbs


def test_predict_prints_a_table(run, scan):
    status, out, _ = run("predict", "invert", scan, *PHYSICAL)
    assert status == 0 and out.startswith(str(scan))
    assert all(param.name in out for param in find_filter("invert-c41").params)
    assert "film base" in out and "confidence" in out and "physical" in out


def test_predict_json_is_a_values_file(run, scan, tmp_path):
    status, out, _ = run("predict", "invert-c41", scan, "--json", *PHYSICAL)
    assert status == 0 and out.count("\n") == 1 and 0 <= json.loads(out)["confidence"] <= 1
    (tmp_path / "v.json").write_text(out)
    invert(run, scan, "-o", tmp_path / "a.tif")
    status, _, err = run("invert", scan, "-o", tmp_path / "b.tif", "--params", tmp_path / "v.json")
    assert status == 0, err
    np.testing.assert_array_equal(pixels(tmp_path / "a.tif"), pixels(tmp_path / "b.tif"))


def test_predict_goes_on_after_a_bad_file(run, scan, tmp_path):
    status, out, err = run(
        "predict", "invert", tmp_path / "none.tif", scan, scan, "--json", *PHYSICAL
    )
    assert status == 1 and out.count("\n") == 2
    assert one_lines(err)[0].startswith(f"orangemask: cannot read {tmp_path / 'none.tif'}: ")


def test_filters(run):
    status, out, err = run("filters")
    assert (status, err) == (0, "")
    assert all(name in out for name in ("invert-c41: ", "invert-c41-matrix: ", "red_shadows"))
    status, out, _ = run("filters", "--json")
    assert [one["name"] for one in json.loads(out)] == [
        "film-emulate",
        "invert-c41",
        "invert-c41-matrix",
    ]


def test_models(run):
    status, out, err = run("models", "--json")
    listed = json.loads(out)
    assert (status, err) == (0, "")
    assert {"invert-c41", "invert-c41-matrix"} <= {model["name"] for model in listed}
    status, out, _ = run("models")
    assert status == 0 and all(model["sha256"] in out for model in listed)


def test_doctor(run):
    status, out, err = run("doctor", "--json")
    report = json.loads(out)
    assert (status, err) == (0, ""), report
    assert report["self-test"].startswith("ok, ")
    assert set(report["models"].values()) == {"ok"}
    assert report["libraries"]["numpy"] == np.__version__
    status, out, _ = run("doctor")
    assert status == 0 and "self-test: ok" in out and "onnxruntime" in out


@pytest.mark.parametrize("name", ["look.cube", "look.png", "look.clf", "look.cdl"])
def test_export(run, scan, tmp_path, name):
    invert(run, scan, "-o", tmp_path / "a.tif", "--encoding", "srgb")
    sidecar, look = tmp_path / "a.tif.orangemask.json", tmp_path / name
    words = ["export", "invert", "--params", sidecar, "-o", look, "--size", "16"]
    status, out, err = run(*words)
    assert (status, out, err) == (0, "", "")
    before = look.read_bytes()
    assert before
    status, _, err = run(*words)
    assert status == 1 and f"{look} exists" in err and len(one_lines(err)) == 1
    status, _, _ = run(*words, "--force", "--set", "red_midtones=0.5", "--space", "prophoto")
    assert status == 0 and look.read_bytes() != before


def test_an_exported_cube_is_the_picture(run, scan, tmp_path):
    """Against OpenColorIO's reading of the file, within what 33 points interpolate."""
    ocio = pytest.importorskip("PyOpenColorIO")
    invert(run, scan, "-o", tmp_path / "a.tif", "--encoding", "srgb")
    look = tmp_path / "a.cube"
    run("export", "invert", "--params", f"{tmp_path / 'a.tif'}.orangemask.json", "-o", look)
    lut = ocio.FileTransform(str(look), interpolation=ocio.INTERP_TETRAHEDRAL)
    processor = ocio.Config.CreateRaw().getProcessor(lut).getDefaultCPUProcessor()
    codes = np.ascontiguousarray(pixels(scan) / np.float32(65535)).reshape(-1, 3)
    processor.applyRGB(codes)
    expected = pixels(tmp_path / "a.tif").reshape(-1, 3) / 65535
    assert np.abs(codes - expected).mean() < 0.005


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "look.lut"], "unknown format .lut"),
        (["-o", "-"], "unknown format"),
        (["-o", "a.cube", "--size", "1"], "size"),
        (["-o", "a.cube", "--size", "1000"], "size"),
        (["-o", "a.cube", "--encoding", "log"], "encoding is 'log'; it may be auto, linear"),
        (["-o", "a.cube", "--space", "cmyk"], "srgb, display-p3"),
        (["-o", "a.cube", "--set", "red=1"], "unknown parameter 'red'"),
        (["-o", "a.cube", "--params", "none.json"], "cannot read none.json: no such file"),
        (["-o", "none/a.cube"], "cannot write none/a.cube: "),
    ],
)
def test_export_refuses(run, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    status, out, err = run("export", "invert", *words)
    assert (status, out) == (1, "") and said in err
    assert len(one_lines(err)) == 1 and not list(tmp_path.iterdir())


def test_serve_ends_with_stdin():
    done = run_orangemask("serve", input="")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@POSIX
def test_a_reader_that_goes_away_is_no_failure_of_ours():
    read, write = os.pipe()
    os.close(read)
    done = run_orangemask("filters", capture_output=False, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_results_that_cannot_be_written():
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = run_orangemask("filters", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert one_lines(done.stderr) == [
        "orangemask: cannot write the results: no space left on device"
    ]
