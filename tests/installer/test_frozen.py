"""The standalone program: it runs without Python, knows all, and renders what the wheel renders."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from fuzzing import PARSERS
from hosts import ROOT
from scans import COMMAND, files_in, run_orangemask

pytestmark = pytest.mark.slow

SAMPLE = ROOT / "tests/data/sample-negative.tif"
MOST_ARCHIVE, MOST_FOLDER = 110e6, 300e6  # bytes


@pytest.fixture(scope="module")
def machine(bare, archive) -> Iterator[Path]:
    """The program unpacked on a bare machine by its own tar; its folder as seen within."""
    place = bare.root / "opt/test"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    shutil.copy(archive, place)
    try:
        done = bare.run("tar", "-C", "/opt/test", "-xzf", f"/opt/test/{archive.name}")
        assert done.returncode == 0, done.stderr
        (place / archive.name).unlink()
        yield Path("/opt/test") / next(place.iterdir()).name
    finally:
        shutil.rmtree(place)


def run(folder, *words):
    done = subprocess.run(
        [folder / "orangemask", *map(str, words)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_renders_the_same_without_python(bare, machine, tmp_path):
    assert bare.run("sh", "-c", "command -v python3 || command -v python").returncode != 0
    work = bare.root / "opt/test/pictures"
    work.mkdir()
    shutil.copy(SAMPLE, work / "scan.tif")
    shutil.copy(SAMPLE, tmp_path / "scan.tif")
    for words in (["invert", "scan.tif", "-o", "out.tif"],
                  ["emulate", "out.tif", "-o", "film.png", "--stock", "kodak-gold-200"],
                  ["export", "invert-c41", "-o", "look.cube"]):  # fmt: skip
        within = ["/opt/test/pictures/" + word if "." in word else word for word in words]
        done = bare.run(machine / "orangemask", *within)
        assert done.returncode == 0, done.stderr
        done = run_orangemask(*words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert files_in(work) == files_in(tmp_path)
    for name in files_in(work):
        assert (work / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_its_script_installs_and_uninstalls(bare, machine):
    home = bare.root / "opt/test/home"
    for each in (".config/GIMP/3.2", ".config/darktable"):
        (home / each).mkdir(parents=True)
    before = sorted(home.rglob("*"))
    for _ in range(2):  # again: an upgrade
        done = bare.run(machine / "install.sh", home="/opt/test/home")
        assert done.returncode == 0, done.stderr
    assert (home / ".config/GIMP/3.2/plug-ins/orangemask-gimp/orangemask-gimp.py").is_file()
    program = "/opt/test/home/.local/bin/orangemask"
    told = json.loads((home / ".config/orangemask/config.json").read_text())
    assert told["engine"] == ["/opt/test/home/.local/share/orangemask/orangemask"]
    report = json.loads(bare.run(program, "doctor", "--json", home="/opt/test/home").stdout)
    assert report["editors"] == {"GIMP 3.2": "installed", "darktable": "installed"}
    done = bare.run(machine / "install.sh", "--uninstall", home="/opt/test/home")
    assert done.returncode == 0, done.stderr
    assert sorted(home.rglob("*")) == before


@pytest.mark.parametrize("what", ["filters", "models", "stocks"])
def test_it_knows_all(folder, what):
    assert json.loads(run(folder, what, "--json")) == json.loads(
        run_orangemask(what, "--json").stdout
    )


def test_it_reads_every_kind_of_file(folder, tmp_path):
    made, scans = tmp_path / "made", tmp_path / "scans"
    made.mkdir()
    scans.mkdir()
    PARSERS["pictures"].seeds(made)
    for number, path in enumerate(sorted(made.iterdir())):
        path.rename(scans / f"{number}{path.suffix}")
    words = ["invert", *sorted(scans.iterdir()), "--model", "physical", "-o"]
    told = []
    for name in ("frozen", "wheel"):
        place = tmp_path / name
        place.mkdir()
        before = (str(folder / "orangemask"),) if name == "frozen" else COMMAND
        done = subprocess.run([*before, *words, place], capture_output=True, text=True, timeout=120)
        told.append((done.returncode, done.stderr))
    assert told[0] == told[1]
    assert len(files_in(tmp_path / "wheel")) >= 2 * 18  # all but the CMYK, which is refused
    for name in files_in(tmp_path / "wheel"):
        same = (tmp_path / "frozen" / name).read_bytes() == (tmp_path / "wheel" / name).read_bytes()
        assert same, name


def test_the_engine_answers(folder):
    request = '{"id": 1, "method": "hello", "params": {"protocol": 1}}\n'
    done = subprocess.run(
        [folder / "orangemask", "serve"], input=request, capture_output=True, text=True, timeout=60
    )
    assert set(json.loads(done.stdout)["result"]["filters"]) >= {"invert-c41", "film-emulate"}
    done = subprocess.run(
        [folder / "orangemask-bridge", "--version"], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("orangemask-bridge ")


def test_it_is_small(archive, folder):
    once = {path.lstat().st_ino: path.lstat().st_size for path in folder.rglob("*")}
    assert archive.stat().st_size <= MOST_ARCHIVE
    assert sum(once.values()) <= MOST_FOLDER


def test_every_library_is_accounted_for(archive, folder):
    bill = json.loads(next(archive.parent.glob("*.cdx.json")).read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    told = {
        file["name"]: file["hashes"][0]["content"]
        for one in bill["components"]
        for file in one["components"]
    }
    for path in folder.rglob("*.so*"):
        if not path.is_symlink():
            name = path.relative_to(folder).as_posix()
            assert told.get(name) == sha256(path.read_bytes()).hexdigest(), name
    licences = (folder / "LICENSES.txt").read_text("utf-8")
    for one in bill["components"]:
        assert f"  {one['name']} {one['version']}: " in licences


def test_no_video_library_comes_along(folder):
    for name in ("libavcodec-*", "libavformat-*", "libavif-*"):
        for path in folder.rglob(name):
            assert path.stat().st_size < 50_000, path
    assert not [*folder.rglob("libcrypto-*"), *folder.rglob("libvpx-*")]
