"""RAW: values against the sensor values written, and a corpus of small and hostile files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dng import mosaic_of, write_dng
from orangemask.curves import LINEAR
from orangemask.decode import open_image
from orangemask.decode.failures import native_output
from orangemask.errors import InputError

BLACK, WHITE = 512, 16383
VALUES = (400, 512, 513, 600, 1000, 2000, 5000, 9000, 12345, 16000, 16383, 20000)
CELL = 32  # flat far enough from its edges for any demosaic
TRUNCATION = 1  # LibRaw truncates where it scales

DATA = Path(os.environ.get("ORANGEMASK_DATA", Path(__file__).parents[2] / "shared" / "data"))
CORPUS = DATA / "raw"
MEMORY = 3 << 30  # address space: what is used, and the libraries' own
SECONDS = 20
MEGABYTES = 2000


def flat_cells(values) -> np.ndarray:
    return np.repeat(np.array([values], np.uint16), CELL, axis=1).repeat(CELL, axis=0)


def scaled(values, black=BLACK, white=WHITE) -> np.ndarray:
    return np.clip((np.array(values, float) - black) * 65535 / (white - black), 0, 65535)


def centres(pixels: np.ndarray) -> np.ndarray:
    return pixels[CELL // 2 :: CELL, CELL // 2 :: CELL]


@pytest.mark.parametrize("pattern", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_sensor_values_are_scaled_by_black_and_white_alone(tmp_path, pattern):
    path = write_dng(
        tmp_path / "flat.dng",
        flat_cells(VALUES),
        black=BLACK,
        white=WHITE,
        pattern=pattern,
        as_shot_neutral=(0.5, 1, 0.4),
    )
    image = open_image(path)
    assert image.kind == "raw" and image.encoding == "linear" and image.transfer == (LINEAR,) * 3
    assert image.pixels.dtype == np.uint16
    found = centres(image.pixels)[0].astype(int)
    expected = scaled(VALUES)[:, np.newaxis]
    assert (np.abs(found - np.round(expected)) <= TRUNCATION).all()
    assert np.array_equal(found, np.repeat(np.floor(expected), 3, axis=1))


def test_colours_land_in_their_channels_without_balance(tmp_path):
    rgb = np.full((64, 64, 3), (9000, 4000, 1500), np.uint16)
    path = write_dng(
        tmp_path / "orange.dng", mosaic_of(rgb), white=16383, as_shot_neutral=(0.4, 1, 0.6)
    )
    image = open_image(path)
    expected = np.floor(scaled((9000, 4000, 1500), 0))
    assert np.array_equal(image.pixels[32, 32], expected)
    assert image.camera.as_shot == pytest.approx((1 / 0.4, 1, 1 / 0.6), rel=1e-4)


def test_each_cell_has_its_own_black(tmp_path):
    blacks = (256, 260, 264, 268)
    mosaic = np.zeros((64, 64), np.uint16)
    for n, black in enumerate(blacks):
        mosaic[n // 2 :: 2, n % 2 :: 2] = 4000 + black
    image = open_image(write_dng(tmp_path / "b.dng", mosaic, black=blacks, white=16383))
    # One scale for all: the white level less the common part of black.
    channels = image.pixels[32, 32].astype(float)
    assert channels == pytest.approx([4000 * 65535 / (16383 - 256)] * 3, rel=1e-3)
    assert np.ptp(channels) == 0


def test_the_white_level_is_fixed_whatever_the_picture(tmp_path):
    dark = write_dng(tmp_path / "d.dng", flat_cells((600, 700)), black=BLACK, white=WHITE)
    bright = write_dng(tmp_path / "b.dng", flat_cells((600, 16383)), black=BLACK, white=WHITE)
    assert np.array_equal(
        centres(open_image(dark).pixels)[0, 0], centres(open_image(bright).pixels)[0, 0]
    )


@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, (0, 0)), (3, (1, 1)), (6, (0, 1)), (8, (1, 0))]
)
def test_orientation_is_applied(tmp_path, orientation, corner):
    mosaic = np.full((64, 96), 100, np.uint16)
    mosaic[:24, :24] = 10000
    path = write_dng(tmp_path / "o.dng", mosaic, white=16383, orientation=orientation)
    pixels = open_image(path).pixels
    assert pixels.shape == ((64, 96, 3) if orientation in (1, 3) else (96, 64, 3))
    assert pixels.flags.c_contiguous
    assert pixels[-corner[0], -corner[1], 1] > 20000
    assert (pixels[..., 1] > 20000).mean() == pytest.approx(24 * 24 / (64 * 96), rel=0.1)


def test_camera_colour_is_kept_and_not_applied(tmp_path):
    matrix = (0.9, -0.2, -0.1, -0.4, 1.2, 0.2, -0.1, 0.2, 0.6)
    path = write_dng(
        tmp_path / "c.dng", flat_cells((5000,)), color_matrix=matrix, make="Maker", model="Three"
    )
    camera = open_image(path).camera
    assert np.allclose(camera.xyz_to_camera, np.reshape(matrix, (3, 3)), atol=1e-3)
    assert (camera.make, camera.model) == ("Maker", "Three")


@pytest.mark.parametrize("name", ["scan.dng", "scan.tif"])
def test_linear_dng_opens_with_its_values(tmp_path, name):
    rgb = np.random.default_rng(1).integers(0, 65536, (40, 50, 3), np.uint16)
    image = open_image(write_dng(tmp_path / name, rgb))
    assert image.kind == "raw"
    assert np.array_equal(image.pixels, rgb)


def test_linear_dng_with_four_samples_has_infrared(tmp_path):
    samples = np.random.default_rng(1).integers(0, 65536, (40, 50, 4), np.uint16)
    image = open_image(write_dng(tmp_path / "rgbi.dng", samples))
    assert np.array_equal(image.pixels, samples[..., :3])
    assert np.array_equal(image.infrared, samples[..., 3])


def test_a_mosaic_called_tif_is_read_as_raw(tmp_path):
    path = write_dng(tmp_path / "mosaic.tif", flat_cells(VALUES), black=BLACK, white=WHITE)
    assert open_image(path).kind == "raw"


def test_a_finished_tiff_with_a_dng_tag_is_a_tiff(tmp_path):
    rgb = np.full((8, 8, 3), 777, np.uint16)
    tag = (50706, "B", 4, bytes([1, 4, 0, 0]), True)
    tifffile.imwrite(tmp_path / "a.tif", rgb, photometric="rgb", metadata=None, extratags=[tag])
    assert open_image(tmp_path / "a.tif").kind == "tiff"


def test_what_others_print_meanwhile_is_passed_on(capfd):
    with native_output("LibRaw") as caught:
        os.write(2, b"a line of another\nLibRaw: a complaint\n")
    assert caught == ["LibRaw: a complaint"]
    assert capfd.readouterr().err == "a line of another\n"


def test_encoding_of_raw_cannot_be_changed(tmp_path):
    path = write_dng(tmp_path / "a.dng", flat_cells((5000,)))
    image = open_image(path, encoding="srgb")
    assert image.encoding == "linear"
    assert any("ignored" in warning for warning in image.warnings)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_truncated_raw_is_refused_silently(tmp_path, capfd, share):
    whole = write_dng(tmp_path / "a.dng", flat_cells((5000,) * 12)).read_bytes()
    path = tmp_path / "cut.dng"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match=r"^cannot read .*cut\.dng: "):
        open_image(path)
    assert capfd.readouterr() == ("", "")


def test_a_raw_with_only_a_preview_is_refused(tmp_path):
    path = tmp_path / "preview.nef"
    tifffile.imwrite(path, np.zeros((120, 160, 3), np.uint8), photometric="rgb", metadata=None)
    with pytest.raises(InputError, match="LibRaw says"):
        open_image(path)


def test_a_header_of_absurd_size_is_refused_before_memory(tmp_path):
    path = write_dng(tmp_path / "bomb.dng", flat_cells((5000,) * 12))
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tags = tiff.pages[0].tags
        tags["ImageWidth"].overwrite(60000)
        tags["ImageLength"].overwrite(50000)
    with pytest.raises(InputError, match=r"^cannot read .*bomb\.dng: "):
        open_image(path)


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are POSIX")
@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no RAW corpus in {CORPUS}; set ORANGEMASK_DATA")
def test_no_file_of_the_corpus_crashes_hangs_or_eats_memory():
    files = sorted(str(path) for path in CORPUS.rglob("*") if path.is_file())
    run = subprocess.run(
        [sys.executable, __file__, *files], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
    results = [json.loads(line) for line in run.stdout.splitlines()]
    assert [result["file"] for result in results] == files
    slow = [
        result for result in results if result["seconds"] > SECONDS or result["megabytes"] > 2000
    ]
    assert not slow
    failed = [
        r
        for r in results
        if r["outcome"] != "decoded" and not r["outcome"].startswith("cannot read ")
    ]
    assert not failed
    assert sum(result["outcome"] == "decoded" for result in results) >= 5
    assert run.stderr == ""


def open_all(names: list[str]) -> None:
    """Open files under limits of memory and time, and print a JSON line for each."""
    import resource
    import signal

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for name in names:
        signal.alarm(SECONDS)
        start = time.perf_counter()
        try:
            size = open_image(name).pixels.shape
            outcome = "decoded"
        except InputError as error:
            outcome, size = str(error), None
        report = {
            "file": name,
            "outcome": outcome,
            "size": size,
            "seconds": round(time.perf_counter() - start, 3),
            "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    open_all(sys.argv[1:])
