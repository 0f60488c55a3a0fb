"""Film Emulate with files, stocks and settings that are not what they should be."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from orangemask.filters import find_filter
from orangemask.luts import PURPOSES
from scans import files_in, one_lines, run_orangemask
from test_bad_output import bound_by_modes
from test_cli_emulate import picture

FILTER = find_filter("film-emulate")
NAMES = list(FILTER.settings[0].by_name)
GOLD, VELVIA = "kodak-gold-200", "fuji-velvia-50"
AS_IT_IS = ("--model", "none")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")

pytestmark = pytest.mark.skipif(
    not {GOLD, VELVIA} <= set(NAMES), reason="the stocks are not installed"
)


def mode_and_size(path):
    with Pillow.open(path) as file:
        return file.mode, file.size


def times(folder):
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Pillow.fromarray(picture()).save(path)
    return path


@pytest.fixture
def emulate(run):
    """Emulate without a network; return the exit status and the lines of stderr."""

    def emulating(*words):
        status, out, errors = run("emulate", *words, *AS_IT_IS)
        assert out == ""
        return status, one_lines(errors)

    return emulating


@pytest.fixture
def refused(run, tmp_path):
    """Check that a command fails in one line that has some words, and that nothing changes."""

    def refusing(words, *said, status=1):
        before = times(tmp_path)
        ended, out, errors = run(*words)
        lines = errors.splitlines()
        assert (ended, out, len(lines)) == (status, "", 1), errors
        for text in said:
            assert text in lines[0]
        assert times(tmp_path) == before

    return refusing


# Settings


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("kodak-gold-20", "did you mean 'kodak-gold-200'? allowed: "),
        ("Kodak Gold 200", "did you mean 'kodak-gold-200'? "),
        ("KODAK_GOLD_200", "did you mean 'kodak-gold-200'? "),
        ("gold", "did you mean 'kodak-gold-200'? "),
        ("portra", "'kodak-portra-160' or 'kodak-portra-400' or 'kodak-portra-800'? "),
        ("velvia 50", "did you mean 'fuji-velvia-50'"),
        ("polaroid", "unknown stock 'polaroid'; allowed: "),
        ("", "unknown stock ''; allowed: "),
        ("../../etc/passwd", "unknown stock '../../etc/passwd'; allowed: "),
    ],
)
def test_an_unknown_stock_offers_the_nearest(refused, photo, tmp_path, typed, said):
    refused(("emulate", photo, "-o", tmp_path / "o.png", "--stock", typed), said)
    refused(("export", "emulate", "-o", tmp_path / "o.cube", "--stock", typed), said)
    words = ("emulate", photo, "--contact-sheet", "-o", tmp_path / "o.png", "--stocks", typed)
    refused(words, said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--colour", "-1"), "colour is -1; it must lie between 0 and 1.5"),
        (("--colour", "nan"), "colour is nan; it must lie between 0 and 1.5"),
        (("--tone", "inf"), "tone is inf; it must lie between 0 and 1.5"),
        (("--strength", "-1"), "--strength -1: colour is -1; it must lie between 0 and 1.5"),
        (("--strength", "full"), "--strength full: colour is 'full', not a number"),
        (("--finish", "glossy"), "unknown finish 'glossy'; allowed: auto, print, projection"),
        (("--stock", GOLD, "--finish", "projection"), f"unknown finish of {GOLD} 'projection'"),
        (("--seed", "-1"), "seed is -1; it must lie between 0 and 2147483647"),
        (("--seed", "1.5"), "seed is 1.5; it must be a whole number"),
        (("--seed", "9" * 400), "seed is inf; it must lie between"),
        (("--grain", "3"), "grain is 3; it must lie between 0 and 2"),
        (("--film-format", "36"), "unknown film_format '36'; allowed: 135, "),
        (("--set", "stock=gold"), "unknown parameter 'stock'; allowed: red_shadows"),
        (("--set", "colour=1"), "unknown parameter 'colour'; allowed: red_shadows"),
        (("--set", "red_shadows=nan"), "red_shadows is nan; it must lie between -20 and 8 EV"),
        (("--stocks", GOLD), "--stocks is for --contact-sheet; for one picture give --stock NAME"),
        (("--space", "cmyk"), "unknown colour space 'cmyk': use one of srgb"),
    ],
)
def test_a_setting_that_cannot_be(refused, photo, tmp_path, words, said):
    refused(("emulate", photo, "-o", tmp_path / "o.png", *AS_IT_IS, *words), said)


# Photographs


def make_bad(folder, what):
    path = folder / f"{what}.jpg"
    Pillow.fromarray(picture(200, 300)).save(path, quality=95)
    content = path.read_bytes()
    path.unlink()
    if what == "folder":
        path.mkdir()
    elif what == "empty":
        path.touch()
    elif what == "truncated":
        path.write_bytes(content[:300])
    elif what == "text":
        path.write_text("Dear diary, today I took a picture\n" * 9)
    elif what == "link":
        path.symlink_to(folder / "nowhere.jpg")
    elif what == "cmyk":
        Pillow.fromarray(picture()).convert("CMYK").save(path)
    return path


BAD = ["missing", "folder", "empty", "truncated", "text", "cmyk"]
BAD += ["link"] if sys.platform != "win32" else []


@pytest.mark.parametrize("what", BAD)
def test_a_bad_photograph_is_refused_by_name(refused, tmp_path, what):
    path = make_bad(tmp_path, what)
    words = ("emulate", path, "-o", tmp_path / "o.png", *AS_IT_IS)
    for more in ((), ("--contact-sheet",)):
        refused((*words, *more), f"orangemask: cannot read {path}: ")


def test_the_rest_of_the_batch_is_done(emulate, photo, tmp_path):
    (tmp_path / "bad").mkdir()
    bad, out = [make_bad(tmp_path / "bad", what) for what in BAD], tmp_path / "out"
    status, lines = emulate(*bad[:3], photo, *bad[3:], "-o", out)
    assert status == 1
    assert [line.split(": ")[1] for line in lines[:-1]] == [f"cannot read {path}" for path in bad]
    assert lines[-1] == f"orangemask: {len(bad)} of {len(bad) + 1} files failed"
    assert files_in(out) == ["photo.jpg", "photo.jpg.orangemask.json"]


def test_a_photograph_cut_short_is_refused_or_told(emulate, tmp_path):
    """Half of a JPEG's scan: a decoder may fill the rest with grey, but not silently."""
    path, out = tmp_path / "cut.jpg", tmp_path / "o.png"
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    Pillow.fromarray(noise).save(path, quality=95)
    path.write_bytes(path.read_bytes()[:-20_000])
    status, lines = emulate(path, "-o", out)
    assert len(lines) == 1 and str(path) in lines[0]
    assert out.exists() == (status == 0)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
@pytest.mark.parametrize("suffix", ["png", "jpg", "exr"])
def test_a_pixel_or_a_row(emulate, tmp_path, size, suffix):
    path, out = tmp_path / "in.png", tmp_path / f"out.{suffix}"
    Pillow.fromarray(picture(*size)).save(path)
    assert emulate(path, "-o", out) == (0, [])
    if suffix != "exr":
        assert mode_and_size(out) == ("RGB", size[::-1])
    sheet = tmp_path / "sheet.png"
    status, _ = emulate(path, "-o", sheet, "--contact-sheet", "--stocks", GOLD)
    assert status == 0 and mode_and_size(sheet)[0] == "RGB"


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_alpha_is_kept(emulate, tmp_path, suffix, depth):
    top = np.iinfo(depth).max
    alpha = np.linspace(0, top, 40 * 60).reshape(40, 60, 1).astype(depth)
    codes = picture().astype(depth) * depth(top // 255)
    path, out = tmp_path / "in.tif", tmp_path / f"out.{suffix}"
    pixels = np.concatenate([codes, alpha], axis=-1)
    tifffile.imwrite(path, pixels, photometric="rgb", extrasamples=["unassalpha"])
    status, _ = emulate(path, "-o", out, "--depth", str(8 * depth().itemsize))
    assert status == 0
    cv2 = pytest.importorskip("cv2")
    written = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(written[..., 3], alpha[..., 0])


@pytest.mark.parametrize("mode", ["L", "I;16", "1", "P"])
def test_grey_and_palette(emulate, tmp_path, mode):
    path, out = tmp_path / "in.png", tmp_path / "o.png"
    grey = picture()[..., 0]
    if mode == "I;16":
        Pillow.fromarray(grey.astype(np.uint16) * 257).save(path)
    else:
        Pillow.fromarray(picture() if mode == "P" else grey).convert(mode).save(path)
    status, lines = emulate(path, "-o", out)
    assert status == 0 and mode_and_size(out)[0] == "RGB"
    assert any("it is grey" in line for line in lines) == (mode != "P")


# Outputs


def test_what_exists_stays(refused, emulate, photo, tmp_path):
    out = tmp_path / "o.png"
    assert emulate(photo, "-o", out)[0] == 0
    words = ("emulate", photo, "-o", out, *AS_IT_IS)
    refused(words, f"{out} exists; say --force to replace it")
    refused((*words, "--contact-sheet"), f"{out} exists; say --force to replace it")
    out.unlink()
    refused(words, "o.png.orangemask.json exists; say --force")
    (tmp_path / "o.cube").touch()
    refused(("export", "emulate", "-o", tmp_path / "o.cube"), "o.cube exists; say --force")


@POSIX
def test_a_sheet_is_never_written_over_its_source(refused, photo, tmp_path):
    (tmp_path / "link.png").symlink_to(photo)
    (tmp_path / "hard.png").hardlink_to(photo)
    for name in ("photo.png", "link.png", "hard.png"):
        words = ("emulate", photo, "--contact-sheet", "-o", tmp_path / name, "--force")
        refused(words, f"{name} is the source itself; give another output")


def test_there_is_no_such_folder(refused, photo, tmp_path):
    for out, *words in (
        ("none/o.png", "emulate", photo, "--contact-sheet", "--stocks", GOLD, *AS_IT_IS),
        ("none/o.png", "emulate", photo, *AS_IT_IS),
        ("none/o.cube", "export", "emulate", "--size", "5"),
    ):
        refused((*words, "-o", tmp_path / out), "there is no folder", str(tmp_path / "none"))


@POSIX
def test_what_one_may_not_read_or_write(photo, tmp_path):
    shut, secret = tmp_path / "shut", tmp_path / "secret.png"
    secret.write_bytes(photo.read_bytes())
    secret.chmod(0o000)
    shut.mkdir(mode=0o500)
    sheet = ("--contact-sheet", "--stocks", GOLD)
    for words, path in (
        (("emulate", photo, "-o", shut / "o.png", *AS_IT_IS), shut / "o.png"),
        (("emulate", photo, "-o", shut / "o.png", *sheet, *AS_IT_IS), shut / "o.png"),
        (("export", "emulate", "-o", shut / "o.cube", "--size", 2), shut / "o.cube"),
        (("emulate", secret, "-o", tmp_path / "o.png", *AS_IT_IS), secret),
    ):
        done = run_orangemask(*words, before=bound_by_modes())
        lines = one_lines(done.stderr)
        assert done.returncode == 1 and len(lines) == 1, lines
        assert str(path) in lines[0] and "permission denied" in lines[0]
    assert files_in(tmp_path) == ["photo.png", "secret.png"]


def test_a_sheet_has_eight_bits(refused, photo, tmp_path):
    words = ("emulate", photo, "--contact-sheet", "-o", tmp_path / "s.exr")
    refused(words, "s.exr: a contact sheet has 8 bits; give .png or .jpg")


def test_a_finish_that_a_stock_of_the_sheet_has_not(refused, photo, tmp_path):
    words = ("--contact-sheet", "--stocks", f"{GOLD},{VELVIA}", "--finish", "projection")
    said = f"unknown finish of {GOLD} 'projection'; allowed: print, scan"
    refused(("emulate", photo, "-o", tmp_path / "s.png", *words, *AS_IT_IS), said)


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("a.xyz", (), "unknown format .xyz; give .cube, .png, .clf or .cdl"),
        ("a.cube", ("--size", "1"), "cube size 1 is not allowed: give 2 to 129"),
        ("a.clf", ("--size", "130"), "cube size 130 is not allowed: give 2 to 129"),
        ("a.png", ("--for", "linear"), "a Hald CLUT cannot hold a look for linear input"),
        ("a.cdl", (), "for a CDL; give .cube, .png or .clf"),
        ("a.cube", ("--space", "rec790"), "did you mean 'rec709'? allowed: "),
        ("a.cube", ("--set", "red_shadows=9"), "red_shadows is 9; it must lie between -20 and 8"),
        ("a.cube", ("--params", "none.json"), "cannot read none.json: no such file or directory"),
    ],
)
def test_a_look_that_cannot_be(refused, tmp_path, name, words, said):
    refused(("export", "emulate", "-o", tmp_path / name, *words), said)


def test_what_a_look_cannot_hold_is_told(run, tmp_path):
    look = tmp_path / "o.cube"
    words = ("--grain", "1", "--halation", "1", "--size", "2")
    status, _, errors = run("export", "emulate", "-o", look, *words)
    lines = one_lines(errors)
    assert status == 0 and [line.split()[-1] for line in lines] == ["halation", "grain"]
    assert all(f"warning: {look}: a look-up table cannot hold " in line for line in lines)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_small_cube_has_a_curve_before_it_where_it_needs_one(run, tmp_path, purpose):
    for size in (17, 33, 65):
        look = tmp_path / f"{size}.cube"
        assert run("export", "emulate", "-o", look, "--for", purpose, "--size", size)[0] == 0
        shaped = b"LUT_1D_SIZE" in look.read_bytes()
        assert shaped == (purpose == "linear" or size < PURPOSES[purpose].plain)
    clf = tmp_path / "17.clf"
    assert run("export", "emulate", "-o", clf, "--for", purpose, "--size", "17")[0] == 0
    assert ("Coarse: " in clf.read_text()) == (PURPOSES[purpose].plain > 17)


# Stocks of the user's


CUBE = {
    "orangemask_stock": 1,
    "name": "mine",
    "label": "Mine",
    "maker": "me",
    "process": "C-41",
    "iso": 200,
    "doc": "Fitted.",
    "licence": "mine",
    "sources": ["my pictures"],
    "granularity": {"rms": 4.0, "source": "a guess"},
    "cube": {"size": 2, "nodes": [[r, g, b] for b in (0, 1) for g in (0, 1) for r in (0, 1)]},
}


def nodes(*rows):
    return {"size": 2, "nodes": [*rows, *CUBE["cube"]["nodes"][len(rows) :]]}


@pytest.fixture
def mine(tmp_path, monkeypatch):
    folder = tmp_path / "stocks"
    folder.mkdir()
    monkeypatch.setenv("ORANGEMASK_STOCKS", str(folder))
    return folder / "mine.json"


def test_a_cube_of_the_users_is_used(emulate, run, mine, photo, tmp_path):
    mine.write_text(json.dumps(CUBE))
    assert emulate(photo, "-o", tmp_path / "o.png", "--stock", "mine") == (0, [])
    assert "mine" in run("stocks")[1]


@pytest.mark.parametrize(
    ("cube", "said"),
    [
        ({"size": 3, "nodes": CUBE["cube"]["nodes"]}, "cube of size 3 must have size³ nodes; it"),
        ({"size": 1, "nodes": [[0, 0, 0]]}, "cube size is 1; it must lie between 2 and 33"),
        ({"size": 1e9, "nodes": []}, "cube size is 1000000000.0; it must lie between 2 and 33"),
        ({"size": 2.5, "nodes": []}, "cube of size 2.5 must have size³ nodes"),
        (nodes([float("nan"), 0, 0]), "cube nodes is nan; it must lie between -1 and 2"),
        (nodes([1e300, 0, 0]), "cube nodes is 1e+300; it must lie between -1 and 2"),
        (nodes([0, 0]), "cube nodes must be a list of 3 numbers; it has 2"),
        (nodes("abc"), "cube nodes must be a list of 3 numbers; it has no list"),
        (None, "cube"),
    ],
)
def test_a_cube_of_the_users_that_is_wrong(refused, run, mine, photo, tmp_path, cube, said):
    mine.write_text(json.dumps({**CUBE, "cube": cube}))
    words = ("emulate", photo, "-o", tmp_path / "o.png", "--stock", "mine")
    refused(words, str(mine), said)
    status, out, errors = run("stocks")
    assert status == 1 and GOLD in out and str(mine) in one_lines(errors)[0]


@POSIX
def test_what_lies_in_the_folder_and_is_no_file(run, mine, tmp_path):
    (mine.parent / "a-folder.json").mkdir()
    (mine.parent / "a-link.json").symlink_to(tmp_path / "nowhere.json")
    os.mkfifo(mine.parent / "a-pipe.json")
    mine.write_text(json.dumps(CUBE))
    status, out, errors = run("stocks")
    assert status == 1 and "mine" in out and GOLD in out
    lines = one_lines(errors)
    assert len(lines) == 3
    for name, line in zip(("a-folder", "a-link", "a-pipe"), lines, strict=True):
        assert f"{name}.json" in line


def test_the_name_of_a_shipped_stock_is_taken(refused, mine, photo, tmp_path):
    mine.write_text(json.dumps({**CUBE, "name": GOLD}))
    words = ("emulate", photo, "-o", tmp_path / "o.png", "--stock", "mine", *AS_IT_IS)
    refused(words, f"{mine}: name '{GOLD}' is another stock's; give it a name of its own")
