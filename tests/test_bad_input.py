"""Bad input: one clear line, exit 1, nothing written, and the rest of the batch is done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import tifffile
from PIL import Image as Pillow

from orangemask.values import parse_values
from scans import (
    COMMAND,
    PHYSICAL,
    files_in,
    negative,
    one_lines,
    write_scan,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
ROOT = Path(__file__).parents[1]
CORPUS = Path(os.environ.get("ORANGEMASK_DATA", ROOT.parent / "shared/data")) / "raw"
NOT_A_NEGATIVE = "this does not look like a negative"
MEMORY = 2 << 30  # bytes a batch of RAW files may take


# Files that cannot be read


def make_bad(folder, what):
    path = folder / f"{what}.tif"
    if what == "folder":
        path.mkdir()
    elif what == "empty":
        path.touch()
    elif what == "text":
        path.write_text("Dear diary, today I took a picture\n" * 9)
    elif what == "truncated":
        path.write_bytes(write_scan(path).read_bytes()[:5000])
    elif what == "noise":
        path.write_bytes(np.random.default_rng(3).bytes(4000))
    elif what == "link":
        path.symlink_to(folder / "nowhere.tif")
    elif what == "fifo":
        os.mkfifo(path)
    return path


BAD = ["missing", "folder", "empty", "text", "truncated", "noise"]
BAD += ["link", "fifo"] if sys.platform != "win32" else []


@pytest.mark.parametrize("what", BAD)
def test_one_bad_file_is_refused_by_name_and_nothing_is_left(invert, tmp_path, what):
    path = make_bad(tmp_path, what)
    before = sorted(tmp_path.rglob("*"))
    for output in ("out.png", "new/folder", "a/b/"):
        status, lines = invert(path, "-o", f"{tmp_path}/{output}")
        if output == "out.png":
            assert status == 1 and len(lines) == 1
            assert lines[0].startswith(f"orangemask: cannot read {path}: ")
        assert status == 1 and sorted(tmp_path.rglob("*")) == before


def test_the_rest_of_the_batch_is_done(invert, tmp_path):
    (tmp_path / "bad").mkdir()
    bad = [make_bad(tmp_path / "bad", what) for what in BAD]
    good = [write_scan(tmp_path / f"good{n}.tif") for n in range(2)]
    out = tmp_path / "out"
    status, lines = invert(good[0], *bad, good[1], "-o", out)
    assert status == 1
    told = [line for line in lines if "warning" not in line]
    assert [line.split(": ")[1] for line in told[:-1]] == [f"cannot read {path}" for path in bad]
    assert told[-1] == f"orangemask: {len(bad)} of {len(bad) + 2} files failed"
    assert files_in(out) == [
        f"good{n}.tif{end}" for n in range(2) for end in ("", ".orangemask.json")
    ]


@POSIX
@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no RAW files in {CORPUS}; set ORANGEMASK_DATA")
def test_a_folder_of_hostile_raw_files_as_one_batch(tmp_path):
    import resource

    scans = sorted(path for path in CORPUS.rglob("*") if path.is_file())
    # A name of its own for each, else one that fails keeps another from its output.
    links = [tmp_path / "in" / f"{n:02}{path.suffix}" for n, path in enumerate(scans)]
    (tmp_path / "in").mkdir()
    for link, path in zip(links, scans, strict=True):
        link.symlink_to(path)
    out = tmp_path / "out"
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(
            [*COMMAND, "invert", *links, "-o", out, "--json", *PHYSICAL],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 * MEMORY, 2 * MEMORY)),
        )
        lines = [json.loads(line) for line in process.stdout]
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        told = one_lines(log.read())
    assert process.returncode == 1
    assert usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) < MEMORY
    failed = [line for line in told if line.startswith("orangemask: cannot read ")]
    assert len(lines) >= 5 and len(failed) + len(lines) == len(scans)
    assert told[-1] == f"orangemask: {len(failed)} of {len(scans)} files failed"
    done = {link.stem for link in links if (out / f"{link.stem}.tif").exists()}
    assert {Path(line["output"]).stem for line in lines} == done
    assert files_in(out) == sorted(
        f"{stem}.tif{end}" for stem in done for end in ("", ".orangemask.json")
    )
    for line in failed:
        name = line.removeprefix("orangemask: cannot read ").partition(": ")[0]
        assert Path(name) in links and Path(name).stem not in done


# Odd pictures that work


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1), (2, 3)])
@pytest.mark.parametrize("suffix", ["tif", "png", "jpg", "exr"])
def test_pictures_of_a_pixel_or_a_row(invert, tmp_path, size, suffix):
    scan, out = write_scan(tmp_path / "scan.tif", *size), tmp_path / f"out.{suffix}"
    status, lines = invert(scan, "-o", out)
    assert status == 0, lines
    if suffix == "tif":
        assert tifffile.imread(out).shape == (*size, 3)
    elif suffix != "exr":
        with Pillow.open(out) as picture:
            assert picture.size == size[::-1]


def grey_png(path):
    Pillow.fromarray((negative()[..., 0] >> 8).astype(np.uint8)).save(path, "PNG")


def grey16_png(path):
    Pillow.fromarray(negative()[..., 0]).save(path, "PNG")


def palette_png(path):
    eight = (negative() >> 8).astype(np.uint8)
    Pillow.fromarray(eight).quantize(64).save(path, "PNG")


def grey_jpeg(path):
    Pillow.fromarray((negative()[..., 0] >> 8).astype(np.uint8)).save(path, "JPEG")


@pytest.mark.parametrize("write", [grey_png, grey16_png, palette_png, grey_jpeg])
def test_grey_and_palette_pictures(invert, tmp_path, write):
    write(tmp_path / "scan")
    status, lines = invert(tmp_path / "scan", "-o", tmp_path / "out.tif")
    assert status == 0, lines
    assert tifffile.imread(tmp_path / "out.tif").shape == (40, 60, 3)
    assert any("it is grey" in line for line in lines) == ("grey" in write.__name__)


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_cmyk_is_read_or_refused_with_a_way_out(invert, tmp_path, kind):
    path = tmp_path / "scan"
    Pillow.fromarray((negative() >> 8).astype(np.uint8)).convert("CMYK").save(path, kind)
    status, lines = invert(path, "-o", tmp_path / "out.tif")
    assert (
        status == 1 and len(lines) == 1 and lines[0].startswith(f"orangemask: cannot read {path}")
    )
    assert "CMYK" in lines[0] and "RGB" in lines[0]


@pytest.mark.parametrize("suffix", ["tif", "exr"])
def test_not_a_number_and_infinity(invert, tmp_path, suffix):
    pixels = negative() / np.float32(65535)
    pixels[5, 5], pixels[6, 6], pixels[7, 7, 0] = np.nan, np.inf, -np.inf
    path = tmp_path / f"scan.{suffix}"
    if suffix == "tif":
        tifffile.imwrite(path, pixels, photometric="rgb", metadata=None)
    else:
        with OpenEXR.File({}, {"RGB": np.ascontiguousarray(pixels)}) as file:
            file.write(str(path))
    for name in ("out.tif", "out.exr", "out.jpg"):
        status, lines = invert(path, "-o", tmp_path / name)
        assert status == 0, lines
        assert any("7 samples are not-a-number or infinite" in line for line in lines)
    # The values are those of the picture without the seven.
    values = parse_values((tmp_path / "out.tif.orangemask.json").read_text()).values
    status, _ = invert(write_scan(tmp_path / "clean.tif"), "-o", tmp_path / "clean.png")
    clean = parse_values((tmp_path / "clean.png.orangemask.json").read_text()).values
    np.testing.assert_allclose(list(values.values()), list(clean.values()), atol=0.1)


def positive():
    y, x = np.mgrid[0:120, 0:180]
    sky = np.stack([60 + x / 2, 110 + y / 2, 220 - y / 3], axis=-1)
    sky[80:] = [40, 90, 30]
    sky[90:110, 30:60] = [200, 30, 20]
    return sky.astype(np.uint8)


@pytest.mark.parametrize("what", ["black", "white", "positive"])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_what_is_no_negative_works_and_is_told(invert, tmp_path, what, suffix):
    flat = np.full((120, 180, 3), {"black": 0, "white": 255}.get(what, 0), np.uint8)
    path = tmp_path / f"scan.{suffix}"
    Pillow.fromarray(positive() if what == "positive" else flat).save(path)
    status, lines = invert(path, "-o", tmp_path / "out.tif")
    assert status == 0, lines
    assert f"orangemask: warning: {path}: {NOT_A_NEGATIVE}" in lines
    assert tifffile.imread(tmp_path / "out.tif").shape == (120, 180, 3)


def test_a_negative_is_not_called_otherwise(invert, scan, tmp_path):
    assert not any(NOT_A_NEGATIVE in line for line in invert(scan, "-o", tmp_path / "o.tif")[1])
