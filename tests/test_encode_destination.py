"""Files are whole or absent."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import tifffile

from orangemask.encode import SaveOptions, create_image, pixel_dtype, write_image
from orangemask.errors import OutputError
from orangemask.spaces import SPACES

SRGB = SPACES["srgb"]
SUFFIXES = pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg", ".exr"])

FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from orangemask.encode import SaveOptions, pixel_dtype, write_image
from orangemask.errors import OutputError
from orangemask.spaces import SPACES

path, compression = Path(sys.argv[1]), sys.argv[2] or None
options = SaveOptions(compression=compression)
dtype = pixel_dtype(path, options)
noise = np.random.default_rng(0).integers(0, 200, (400, 400, 3)).astype(dtype)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_image(path, noise, space=SPACES["srgb"], options=options)
except OutputError as error:
    print(error)
    sys.exit(7)
"""


def pixels_for(path):
    return np.full((20, 30, 3), 7, pixel_dtype(path, SaveOptions()))


@SUFFIXES
def test_an_existing_file_is_kept_unless_forced(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists; say --force"):
        write_image(path, pixels_for(path), space=SRGB)
    assert path.read_bytes() == b"mine"
    write_image(path, pixels_for(path), space=SRGB, force=True)
    assert path.stat().st_size > 100
    assert list(tmp_path.iterdir()) == [path]


@SUFFIXES
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_when_the_work_stops(tmp_path, suffix, error):
    path = tmp_path / f"a{suffix}"
    with (
        pytest.raises(error),
        create_image(path, 20, 30, pixel_dtype(path, SaveOptions()), space=SRGB),
    ):
        assert [p.suffix for p in tmp_path.iterdir()] == [suffix]
        assert not path.exists()
        raise error
    assert not list(tmp_path.iterdir())


def test_a_file_that_appears_meanwhile_is_kept(tmp_path):
    path = tmp_path / "a.tif"
    with (
        pytest.raises(OutputError, match="exists"),
        create_image(path, 20, 30, np.uint16, space=SRGB),
    ):
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"old")
    with create_image(path, 20, 30, np.uint16, space=SRGB, force=True) as sink:
        sink.pixels[...] = 9
        assert path.read_bytes() == b"old"
    assert (tifffile.imread(path) == 9).all()


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"there is no folder .*nowhere"):
        write_image(tmp_path / "nowhere" / "a.tif", pixels_for(tmp_path / "a.tif"), space=SRGB)


def test_a_folder_is_not_replaced(tmp_path):
    path = tmp_path / "a.tif"
    path.mkdir()
    with pytest.raises(OutputError, match="it is a folder"):
        write_image(path, pixels_for(path), space=SRGB, force=True)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user bound by modes")
def test_a_read_only_folder_is_an_error_of_one_line(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o500)
    with pytest.raises(OutputError, match="permission denied"):
        write_image(folder / "a.tif", pixels_for(folder / "a.tif"), space=SRGB)


@pytest.mark.skipif(not os.access("/sys/kernel", os.F_OK), reason="needs Linux")
def test_a_file_system_without_new_files_is_an_error_of_one_line():
    from pathlib import Path

    path = Path("/sys/kernel/a.tif")
    with pytest.raises(OutputError, match=r"cannot write /sys/kernel/a\.tif: \S+"):
        write_image(path, pixels_for(path), space=SRGB)


@pytest.mark.skipif(os.name == "nt", reason="limits are POSIX")
@pytest.mark.parametrize(
    ("suffix", "compression"),
    [(".tif", ""), (".tif", "zstd"), (".png", ""), (".jpg", ""), (".exr", "none")],
)
def test_a_full_disk_is_an_error_of_one_line(tmp_path, suffix, compression):
    path = tmp_path / f"a{suffix}"
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(path), compression],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (7, "")
    assert run.stdout.startswith(f"cannot write {path}: ")
    assert run.stdout.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_link_is_followed(tmp_path):
    real = tmp_path / "real.tif"
    link = tmp_path / "link.tif"
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("no links here")
    write_image(link, pixels_for(link), space=SRGB)
    assert link.is_symlink()
    assert real.stat().st_size > 100
