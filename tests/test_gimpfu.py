"""The gimpfu stub package and the GIMP 2.10 plug-in, without GIMP; in GIMP: tests/gimp."""

from __future__ import annotations

import array
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import ImageCms

from gimp_parameters import LISTS, table
from hosts import ROOT, SHARED
from hosts.python27 import PACKAGES, Python27
from orangemask.curves import Transfer
from orangemask.encode import profile
from orangemask.encode.icc import profile as icc_profile
from orangemask.spaces import SPACES, Space

GIMP = ROOT / "gimp"
PLUGIN = GIMP / "orangemask-2.10"
SUITE = ROOT / "tests/gimpfu/suite.py"
sys.path[:0] = [str(GIMP), str(PLUGIN)]

from orangemask_files import PIXEL_TAGS, space_of, tiff_profile  # noqa: E402

import gimpfu  # noqa: E402
from gimpfu import plain  # noqa: E402
from gimpfu.registry import PROCEDURES  # noqa: E402
from gimpfu.tiff import read_tiff, write_tiff  # noqa: E402

# As `from gimpfu import *` shows them in GIMP 2.10.22.
PF = {
    "PF_INT32": 0, "PF_INT": 0, "PF_INT16": 1, "PF_INT8": 2, "PF_FLOAT": 3, "PF_STRING": 4,
    "PF_VALUE": 4, "PF_COLOR": 10, "PF_COLOUR": 10, "PF_ITEM": 11, "PF_DISPLAY": 12,
    "PF_IMAGE": 13, "PF_LAYER": 14, "PF_CHANNEL": 15, "PF_DRAWABLE": 16, "PF_VECTORS": 19,
    "PF_TOGGLE": 1000, "PF_BOOL": 1000, "PF_SLIDER": 1001, "PF_SPINNER": 1002,
    "PF_ADJUSTMENT": 1002, "PF_FONT": 1003, "PF_FILE": 1004, "PF_BRUSH": 1005,
    "PF_PATTERN": 1006, "PF_GRADIENT": 1007, "PF_RADIO": 1008, "PF_TEXT": 1009,
    "PF_PALETTE": 1010, "PF_FILENAME": 1011, "PF_DIRNAME": 1012, "PF_OPTION": 1013,
}  # fmt: skip
QUICK = (
    "test_a_new_layer_lies_above_the_hidden_source",
    "test_a_missing_engine_is_told_with_what_to_do",
    "test_what_cannot_be_rendered_is_refused",
    "test_what_the_engine_says_of_its_failure_reaches_the_user",
)
WRAPPED = "/usr/local/bin/orangemask"  # the engine within a host


def passed(done: subprocess.CompletedProcess[str], tests: int | None = None) -> None:
    """Check what unittest printed."""
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nOK" in done.stderr
    assert tests is None or f"Ran {tests} tests" in done.stderr


def run_suite(*names: str) -> subprocess.CompletedProcess[str]:
    """Run the suite, or some of its tests, on this Python."""
    engine = Path(sys.executable).with_name("orangemask")
    env = {**os.environ, "ORANGEMASK_ENGINE": str(engine), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-B", str(SUITE), *(f"Suite.{name}" for name in names)]
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False)


def test_the_lists_of_the_plug_in_are_those_of_the_filters():
    assert LISTS.read_text("utf-8") == table(), "run: python tests/gimp_parameters.py"


def test_the_plug_in_runs_on_plain_python():
    passed(run_suite(*QUICK), len(QUICK))


@pytest.mark.slow
def test_the_stub_suite_passes_on_this_python():
    passed(run_suite())


@pytest.mark.gimp
def test_the_stub_suite_passes_on_python_2_7():
    host = Python27()
    host.build(PACKAGES)
    env = {"ORANGEMASK_ENGINE": WRAPPED, "TMPDIR": str(SHARED)}
    done = host.run(
        "python2.7", "-B", "/host" + str(SUITE), env=env, timeout=300, check=False
    )  # fmt: skip
    passed(done)


def test_constants_are_those_of_gimp_2_10():
    assert {name: getattr(gimpfu, name) for name in dir(gimpfu) if name.startswith("PF_")} == PF
    assert (gimpfu.PRECISION_U16_LINEAR, gimpfu.PRECISION_U16_GAMMA) == (200, 250)
    assert (gimpfu.RUN_INTERACTIVE, gimpfu.RUN_NONINTERACTIVE) == (0, 1)
    assert (gimpfu.PDB_EXECUTION_ERROR, gimpfu.PDB_SUCCESS) == (0, 3)
    assert (gimpfu.ADD_SELECTION_MASK, gimpfu.MASK_DISCARD) == (4, 1)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiffs_are_what_others_read_and_write(tmp_path, dtype, channels):
    codes = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (5, 7, channels), dtype)
    ours, theirs = tmp_path / "ours.tif", tmp_path / "theirs.tif"
    samples = array.array("B" if dtype is np.uint8 else "H", codes.tobytes())
    write_tiff(str(ours), 7, 5, channels, samples, b"profile")
    with tifffile.TiffFile(ours) as tiff:
        page = tiff.pages[0]
        np.testing.assert_array_equal(page.asarray(), codes)
        assert page.tags["InterColorProfile"].value == b"profile"
        assert page.extrasamples == (() if channels == 3 else (tifffile.EXTRASAMPLE.UNASSALPHA,))
    for order in "<>":
        tifffile.imwrite(
            theirs, codes, photometric="rgb", byteorder=order, rowsperstrip=2, iccprofile=b"their",
            extrasamples=["unassalpha"] * (channels - 3),
        )  # fmt: skip
        assert read_tiff(str(theirs)) == (7, 5, channels, samples, b"their")


@pytest.mark.parametrize("kind", [{"photometric": "minisblack"}, {"compression": "zlib"}])
def test_other_tiffs_are_refused(tmp_path, kind):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4, 3), np.uint16)[..., 0], **kind)
    with pytest.raises(RuntimeError, match="no plain RGB"):
        read_tiff(str(tmp_path / "a.tif"))
    (tmp_path / "b.tif").write_bytes(b"no TIFF")
    with pytest.raises(RuntimeError, match="is no TIFF"):
        read_tiff(str(tmp_path / "b.tif"))


def test_a_profile_is_taken_out_of_a_tiff_with_all_that_is_no_pixel(tmp_path):
    codes = np.arange(4 * 6 * 3, dtype=np.uint16).reshape(4, 6, 3)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, codes, photometric="rgb", iccprofile=b"1234567", description="words")
    assert tiff_profile(str(path)) == b"1234567"
    assert tiff_profile(str(path), PIXEL_TAGS) == b"1234567"
    assert tiff_profile(str(path)) is None
    with tifffile.TiffFile(path) as tiff:
        np.testing.assert_array_equal(tiff.pages[0].asarray(), codes)
        assert not {"ImageDescription", "Software", "InterColorProfile"} & {
            tag.name for tag in tiff.pages[0].tags.values()
        }


@pytest.mark.parametrize("space", SPACES.values(), ids=lambda space: space.name)
def test_a_profile_s_space_is_known(space):
    assert space_of(profile(space)) == space.name


def test_little_cms_own_srgb_is_srgb_and_no_profile_is():
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert space_of(made) == "srgb"
    assert space_of(None) == "srgb"


def test_other_spaces_are_not_known(monkeypatch):
    srgb = SPACES["srgb"]
    bent = Space("bent", "Bent", srgb.primaries, srgb.white, Transfer(1.8))
    monkeypatch.setattr("orangemask.encode.icc.SPACES", {"bent": bent})
    assert space_of(icc_profile(bent)) is None
    assert space_of(b"damaged") is None
    assert space_of(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()) is None


@pytest.fixture
def procedures():
    kept = dict(PROCEDURES)
    yield PROCEDURES
    PROCEDURES.clear()
    PROCEDURES.update(kept)


def declare(name="a-name", params=(), results=(), label="Label", menu="<Image>/Filters", **more):
    gimpfu.register(
        name, "b", "h", "a", "c", "2026", label, "RGB*", list(params), list(results),
        lambda *values: values, menu=menu, **more,
    )  # fmt: skip


def test_names_are_the_database_s(procedures):
    declare("my_name", [(gimpfu.PF_INT, "an_int", "Int", 1)])
    declare("python_fu_b")
    declare("plug-in-c")
    assert {"python-fu-my-name", "python-fu-b", "plug-in-c"} <= set(procedures)
    assert procedures["python-fu-my-name"].params[0].name == "an-int"
    assert gimpfu.pdb.python_fu_my_name(3) == gimpfu.pdb["python-fu-my-name"](3) == (3,)


def test_a_menu_path_as_label_brings_image_and_drawable(procedures):
    declare("old", [(gimpfu.PF_INT, "n", "N", 1)], label="<Image>/Filters/Old...", menu=None)
    old = procedures["python-fu-old"]
    assert (old.menu, old.label) == ("<Image>/Filters", "Old...")
    assert [one.kind for one in old.params] == [
        gimpfu.PF_IMAGE, gimpfu.PF_DRAWABLE, gimpfu.PF_INT,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"name": "a name"}, "other characters"),
        ({"params": [(gimpfu.PF_INT, "n", "N")]}, "at least 4"),
        ({"params": [("int", "n", "N", 1)]}, "no PF_ constant"),
        ({"params": [(gimpfu.PF_SLIDER, "n", "N", 1)]}, "fifth element"),
        ({"results": [(gimpfu.PF_INT, "n")]}, "at least 3"),
    ],
)
def test_bad_declarations_are_refused(procedures, told, said):
    with pytest.raises(gimpfu.error, match=said):
        declare(**told)


def test_the_database_fails_as_gimp_s_does(procedures):
    with pytest.raises(gimpfu.error, match="procedure not found: gimp-nonsense"):
        gimpfu.pdb.gimp_nonsense  # noqa: B018
    declare("one", [(gimpfu.PF_INT, "n", "N", 1)])
    with pytest.raises(TypeError, match="takes 1 arguments, not 2"):
        gimpfu.pdb.python_fu_one(1, 2)
    with pytest.raises(gimpfu.error, match="words"):
        gimpfu.fail("words")
    assert plain.MESSAGES.pop() == "words"


@pytest.mark.slow
def test_types_hold(tmp_path):
    env = {
        **os.environ,
        "MYPYPATH": f"{GIMP}{os.pathsep}{PLUGIN}",
        "PYTHONPATH": str(GIMP),
    }
    (tmp_path / "allowed").write_text("gimpfu\\.gimp3.*\n")  # gi is GIMP's own Python's
    script = [str(path) for path in sorted(PLUGIN.glob("*.py"))]
    for words in (
        ["mypy", "--cache-dir", str(tmp_path), "-p", "gimpfu"],
        ["mypy", "--cache-dir", str(tmp_path), "--scripts-are-modules", *script],
        ["mypy.stubtest", "--mypy-config-file", "pyproject.toml", "--allowlist",
         str(tmp_path / "allowed"), "gimpfu"],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=ROOT, env=env, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
