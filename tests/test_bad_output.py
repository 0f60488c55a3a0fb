"""Outputs that cannot be written, or not to their end: nothing partial is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import tifffile

from orangemask.encode import SaveOptions
from orangemask.errors import OutputError
from orangemask.filters import find_filter
from orangemask.job import Job, render_file
from orangemask.spaces import SPACES
from scans import (
    COMMAND,
    PHYSICAL,
    files_in,
    negative,
    one_lines,
    refused,
    run_orangemask,
    write_scan,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")


@POSIX
@pytest.mark.parametrize("way", ["itself", "symlink", "hardlink", "relative", "folder"])
def test_the_output_is_never_the_source(invert, scan, tmp_path, monkeypatch, way):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "alias.tif"
    if way == "symlink":
        out.symlink_to(scan)
    elif way == "hardlink":
        out.hardlink_to(scan)
    else:
        out = {"itself": scan, "relative": Path("scan.tif"), "folder": tmp_path}[way]
    words = [scan, "-o", out, "--force"]
    name = "scan.tif" if way == "folder" else out.name
    refused(invert, tmp_path, words, f"{name} is the source itself; give another output")


@pytest.mark.parametrize("name", ["out.webp", "out.gif", "out.TIFX", "out.tif.bak"])
def test_an_unknown_ending_names_those_that_are(invert, scan, tmp_path, name):
    refused(invert, tmp_path, [scan, "-o", tmp_path / name], name, "use one of .tif .tiff .png")


def test_an_unknown_format_names_those_that_are(invert, scan, tmp_path):
    words = [scan, "-o", tmp_path / "out", "--format", "webp"]
    refused(invert, tmp_path, words, "unknown format 'webp'; allowed: .tif .tiff .png")


def test_a_pipe_is_refused(invert, scan, tmp_path):
    refused(
        invert, tmp_path, [scan, "-o", "-"], "not written to a pipe; give -o a file or a folder"
    )


def test_a_folder_that_is_missing_or_a_file(invert, scan, tmp_path):
    missing = tmp_path / "none" / "out.tif"
    refused(invert, tmp_path, [scan, "-o", missing], f"there is no folder {missing.parent}")
    (tmp_path / "file").touch()
    below = tmp_path / "file" / "out.tif"
    refused(invert, tmp_path, [scan, "-o", below], f"there is no folder {below.parent}")
    words = [scan, "-o", tmp_path / "file" / "folder"]
    refused(invert, tmp_path, words, "cannot make the folder", "not a directory")


@POSIX
def test_a_name_that_is_too_long_is_refused_before_the_work(invert, scan, tmp_path):
    for name in ("x" * 300 + ".tif", "x" * 245 + ".tif"):  # the second fits, its values do not
        refused(invert, tmp_path, [scan, "-o", tmp_path / name], "file name too long")


@POSIX
@pytest.mark.parametrize("name", ["out.tif", "out.png", "out.exr"])
def test_a_limit_on_file_sizes_leaves_nothing(tmp_path, name):
    import resource

    scan = write_scan(tmp_path / "scan.tif", 400, 600)
    pixels = np.random.default_rng(0).integers(5000, 40000, (400, 600, 3)).astype(np.uint16)
    tifffile.imwrite(scan, pixels, photometric="rgb", metadata=None)
    limit = 100_000
    done = run_orangemask(
        "invert",
        scan,
        "-o",
        tmp_path / name,
        *PHYSICAL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    lines = one_lines(done.stderr)
    assert done.returncode == 1 and len(lines) == 1
    assert lines[0] == f"orangemask: {scan}: cannot write {tmp_path / name}: file too large"
    assert files_in(tmp_path) == ["scan.tif"]


@contextmanager
def small_disk(folder, size):
    if shutil.which("mount") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root to mount a small file system")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("name", ["out.tif", "out.png", "out.jpg", "out.exr"])
def test_a_full_disk_leaves_nothing_and_the_batch_goes_on(invert, tmp_path, name):
    large, small = tmp_path / "large.tif", write_scan(tmp_path / "small.tif")
    pixels = np.random.default_rng(0).integers(5000, 40000, (400, 600, 3)).astype(np.uint16)
    tifffile.imwrite(large, pixels, photometric="rgb", metadata=None)
    with small_disk(tmp_path / "disk", "80k") as disk:
        kind = ["--format", Path(name).suffix]
        status, lines = invert(large, small, "-o", disk, *kind)
        told = [line for line in lines if "warning" not in line]
        assert status == 1
        target = disk / f"large{Path(name).suffix}"
        assert told[0] == f"orangemask: {large}: cannot write {target}: no space left on device"
        assert files_in(disk) == [f"small{Path(name).suffix}{e}" for e in ("", ".orangemask.json")]


def test_a_disk_too_full_for_the_values_keeps_the_picture_off_too(invert, scan, tmp_path):
    with small_disk(tmp_path / "disk", "64k") as disk:
        (disk / "filler").write_bytes(bytes(64 << 10))
        status, lines = invert(scan, "-o", disk / "out.tif")
        assert status == 1 and "no space left on device" in lines[-1]
        assert files_in(disk) == ["filler"]


def bound_by_modes():
    """Return what starts a program that the modes of files bind, as they do not bind root."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv, or a user who is not root")
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@POSIX
@pytest.mark.parametrize("mode", [0o555, 0o000])
@pytest.mark.parametrize("target", ["out.tif", "", "new"])
def test_a_folder_where_one_may_not_write(tmp_path, mode, target):
    scan = write_scan(tmp_path / "scan.tif")
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(mode)
    done = run_orangemask("invert", scan, "-o", closed / target, *PHYSICAL, before=bound_by_modes())
    closed.chmod(0o755)
    lines = one_lines(done.stderr)
    assert done.returncode == 1 and len(lines) == 1, lines
    assert "permission denied" in lines[0] and str(closed) in lines[0]
    assert files_in(tmp_path) == ["scan.tif"] and not list(closed.iterdir())


@POSIX
def test_a_scan_one_may_not_read(tmp_path):
    scan = write_scan(tmp_path / "scan.tif")
    scan.chmod(0o000)
    done = run_orangemask(
        "invert", scan, "-o", tmp_path / "out.tif", *PHYSICAL, before=bound_by_modes()
    )
    assert done.returncode == 1 and files_in(tmp_path) == ["scan.tif"]
    lines = one_lines(done.stderr)
    assert len(lines) == 1 and lines[0].startswith(f"orangemask: cannot read {scan}: ")
    assert "permission denied" in lines[0].lower()


def test_a_values_file_that_fails_last_is_told_with_the_picture(scan, tmp_path):
    job = Job(find_filter("invert-c41"), SPACES["srgb"], SaveOptions(), model="physical")
    out = tmp_path / "out.tif"
    sidecar = tmp_path / "out.tif.orangemask.json"

    def block(_part):  # another program puts something in the way meanwhile
        sidecar.mkdir(exist_ok=True)

    with pytest.raises(OutputError) as caught:
        render_file(job, scan, out, progress=block)
    assert str(caught.value) == (
        f"cannot write {sidecar}: it is a folder; the picture {out} itself is written"
    )
    assert files_in(tmp_path) == ["out.tif", "scan.tif"]


# Interrupted


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """24 MP, of which the disk holds a few rows."""
    path = tmp_path_factory.mktemp("large") / "scan.tif"
    pixels = tifffile.memmap(path, shape=(4000, 6000, 3), dtype=np.uint16, photometric="rgb")
    pixels[::500] = negative(8, 6000)
    pixels.flush()
    return path


@POSIX
@pytest.mark.parametrize(
    ("number", "suffix", "moment"),
    [
        (signal.SIGINT, "tif", "start"),
        (signal.SIGINT, "tif", "picture"),
        (signal.SIGINT, "png", "picture"),
        (signal.SIGTERM, "tif", "picture"),
    ],
)
def test_a_signal_leaves_no_partial_file(large, tmp_path, number, suffix, moment):
    out = tmp_path / "new" / "folder"
    process = subprocess.Popen(
        [*COMMAND, "invert", large, "-o", out, "--format", suffix, *PHYSICAL],
        stderr=subprocess.PIPE,
        text=True,
    )
    awaited = f".scan.*.part.{suffix}" if moment == "picture" else ".scan*.part.json"
    end = time.monotonic() + 30
    while not list(out.glob(awaited)):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.001)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert one_lines(err)[-1] == "orangemask: stopped"
    assert not list(tmp_path.iterdir())


@POSIX
def test_what_was_finished_before_the_signal_stays(large, tmp_path):
    small = write_scan(tmp_path / "small.tif")
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*COMMAND, "invert", small, large, "-o", out, *PHYSICAL],
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 30
    while not list(out.glob(".scan.*.part.tif")):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert files_in(out) == ["small.tif", "small.tif.orangemask.json"]
