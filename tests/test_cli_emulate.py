"""The verbs for photographs: emulate, stocks, contact sheets and DigitalFilm's flags."""

from __future__ import annotations

import json
import sys
import types

import numpy as np
import OpenEXR
import pyexiv2
import pytest
import tifffile
from PIL import Image as Pillow

from orangemask.cli import option_lists
from orangemask.curves import SRGB
from orangemask.decode import open_image
from orangemask.encode import write_image
from orangemask.filters import find_filter
from orangemask.spaces import SPACES
from orangemask.values import read_values
from scans import one_lines

FILTER = find_filter("film-emulate")
STOCKS = list(FILTER.settings[0].by_name)
DEFAULT = FILTER.settings[0].default
OTHER_PRIMARIES = 4.0  # codes of 255: the camera's curve is undone in each file's own


def picture(height: int = 40, width: int = 60) -> np.ndarray:
    """Return an 8-bit photograph: ramps of three colours."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    return np.rint(np.stack([x, y, 1 - x], axis=-1).clip(0.05, 0.95) * 255).astype(np.uint8)


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Pillow.fromarray(picture()).save(path)
    return path


def test_a_photograph_becomes_a_picture_with_values_and_metadata(run, tmp_path):
    photo, out = tmp_path / "photo.jpg", tmp_path / "out.jpg"
    Pillow.fromarray(picture()).save(photo, quality=95)
    with pyexiv2.Image(str(photo)) as file:
        file.modify_exif({"Exif.Image.Artist": "Ada", "Exif.Photo.LensModel": "50 mm"})
    assert run("emulate", photo, "-o", out, "--stock", STOCKS[0]) == (0, "", "")
    with pyexiv2.Image(str(out)) as file:
        exif, xmp = file.read_exif(), file.read_xmp()
    assert (exif["Exif.Image.Artist"], exif["Exif.Photo.LensModel"]) == ("Ada", "50 mm")
    values = read_values(out.with_name("out.jpg.orangemask.json"))
    assert values.context.settings == FILTER.checked_settings({"stock": STOCKS[0]})
    assert json.loads(xmp["Xmp.orangemask.Values"])["context"]["settings"]["stock"] == STOCKS[0]
    assert open_image(out).encoding == "srgb"


def test_the_values_file_renders_the_same_again_and_settings_change_it(run, photo, tmp_path):
    first, again, other = (tmp_path / name for name in ("a.tif", "b.tif", "c.tif"))
    words = (
        "--model",
        "grey-world",
        "--strength",
        "0.8",
        "--tone",
        "0.3",
        "--set",
        "red_midtones=1",
    )
    assert run("emulate", photo, "-o", first, *words)[0] == 0
    sidecar = tmp_path / "a.tif.orangemask.json"
    settings = read_values(sidecar).context.settings
    assert (settings["colour"], settings["tone"]) == (0.8, 0.3)
    assert run("emulate", photo, "-o", again, "--params", sidecar)[0] == 0
    np.testing.assert_array_equal(tifffile.imread(first), tifffile.imread(again))
    assert run("emulate", photo, "-o", other, "--params", sidecar, "--tone", "1")[0] == 0
    changed = read_values(tmp_path / "c.tif.orangemask.json")
    assert changed.context.settings == {**settings, "tone": 1.0}
    assert changed.values == read_values(sidecar).values
    assert np.abs(tifffile.imread(other).astype(int) - tifffile.imread(first)).mean() > 500


def test_values_of_one_photograph_are_right_for_another(run, photo, tmp_path):
    """Each file is read by its own profile: the values are about the picture, not its codes."""
    values, wide = tmp_path / "a.tif.orangemask.json", tmp_path / "wide.tif"
    assert run("emulate", photo, "-o", tmp_path / "a.tif")[0] == 0
    light = SRGB(picture() / 255.0)
    adobe = SPACES["adobe-rgb"]
    codes = adobe.encode(light @ np.linalg.solve(adobe.rgb_to_pcs, SPACES["srgb"].rgb_to_pcs).T)
    write_image(wide, np.rint(codes.clip(0, 1) * 65535).astype(np.uint16), space=adobe)
    assert run("emulate", wide, "-o", tmp_path / "b.tif", "--params", values)[0] == 0
    apart = tifffile.imread(tmp_path / "b.tif") - tifffile.imread(tmp_path / "a.tif").astype(int)
    assert np.abs(apart).mean() / 257 < OTHER_PRIMARIES
    context = read_values(tmp_path / "b.tif.orangemask.json").context
    np.testing.assert_allclose(context.light.rgb_to_xyz, adobe.rgb_to_pcs, atol=1e-3)


def test_without_strength_the_picture_comes_back(run, photo, tmp_path):
    out = tmp_path / "out.png"
    assert run("emulate", photo, "-o", out, "--strength", "0", "--depth", "8")[0] == 0
    assert np.abs(np.asarray(Pillow.open(out)).astype(int) - picture()).max() <= 1


def test_a_batch_goes_on_and_tells_what_failed(run, photo, tmp_path):
    bad, out = tmp_path / "bad.jpg", tmp_path / "out"
    bad.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    status, told, errors = run("emulate", bad, photo, "-o", out, "--json")
    assert status == 1 and json.loads(told)["settings"]["stock"] == DEFAULT
    lines = one_lines(errors)
    assert str(bad) in lines[0] and lines[-1] == "orangemask: 1 of 2 files failed"
    assert sorted(path.name for path in out.iterdir()) == [
        "photo.jpg",
        "photo.jpg.orangemask.json",
    ]


def test_alpha_and_grey_are_kept_and_read(run, tmp_path):
    alpha = np.full((40, 60), 77, np.uint8)
    Pillow.fromarray(np.dstack([picture(), alpha])).save(tmp_path / "alpha.png")
    Pillow.fromarray(picture()[..., 0]).save(tmp_path / "grey.jpg", quality=95)
    assert run("emulate", tmp_path / "alpha.png", "-o", tmp_path / "a.png", "--depth", "8")[0] == 0
    assert (np.asarray(Pillow.open(tmp_path / "a.png"))[..., 3] == 77).all()
    status, _, errors = run("emulate", tmp_path / "grey.jpg", "-o", tmp_path / "g.png")
    assert status == 0 and "it is grey; red, green and blue are the same" in errors


def test_linear_light_in_and_out(run, tmp_path):
    scene = np.random.default_rng(0).uniform(0.01, 1.0, (40, 60, 3)).astype(np.float32)
    source, out = tmp_path / "scene.exr", tmp_path / "out.exr"
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    OpenEXR.File(header, {"RGB": scene}).write(str(source))
    assert run("emulate", source, "-o", out)[0] == 0
    assert read_values(tmp_path / "out.exr.orangemask.json").context.light.scene
    display = tmp_path / "display.exr"
    words = ("--light", "display", "--strength", "0", "--model", "none")
    assert run("emulate", source, "-o", display, *words)[0] == 0
    np.testing.assert_allclose(open_image(display).pixels, scene, atol=0.01)
    assert np.abs(open_image(out).pixels - scene).mean() > 0.01


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--stock", DEFAULT[:-1]), 1, f"did you mean '{DEFAULT}'? allowed: "),
        (("--finish", "glossy"), 1, "unknown finish 'glossy'; allowed: auto, print"),
        (("--colour", "2"), 1, "colour is 2; it must lie between 0 and 1.5"),
        (("--tone", "much"), 1, "tone is 'much', not a number"),
        (("--model", "none", "--set", "red_shadows=3"), 1, "red_highlights is 3; it must exceed"),
        (("--base", "1,1,1"), 2, "unrecognized arguments: --base"),
        (("--rig", "white"), 2, "unrecognized arguments: --rig"),
        (("--film", "c41"), 2, "unrecognized arguments: --film"),
        (("--roll", "auto"), 2, "unrecognized arguments: --roll"),
    ],
)
def test_what_makes_no_sense_is_refused(run, photo, tmp_path, words, status, said):
    ended, told, errors = run("emulate", photo, "-o", tmp_path / "out.png", *words)
    assert (ended, told) == (status, "") and said in errors and errors.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_values_of_a_scan_are_refused(run, photo, tmp_path):
    values = tmp_path / "v.json"
    content = {"orangemask": 1, "filter": "invert-c41", "context": {"base": {"density": [0, 0, 0]}}}
    values.write_text(json.dumps({**content, "values": find_filter("invert-c41").defaults()}))
    status, _, errors = run("emulate", photo, "-o", tmp_path / "out.png", "--params", values)
    assert status == 1 and "belongs to the filter invert-c41, not to film-emulate" in errors


def test_predict_prints_the_settings(run, photo):
    status, out, _ = run("predict", "emulate", photo, "--stock", STOCKS[-1])
    assert status == 0 and STOCKS[-1] in out and "film base" not in out
    _, out, _ = run("predict", "emulate", photo, "--tone", "0.5", "--json")
    assert json.loads(out)["context"]["settings"]["tone"] == 0.5


# The list of stocks


def test_stocks_are_listed(run):
    status, out, errors = run("stocks")
    assert (status, errors) == (0, "") and "\x1b" not in out
    head, *rows = out.splitlines()
    assert head.split() == ["stock", "process", "iso"]
    assert [row.split()[0] for row in rows] == STOCKS
    status, out, _ = run("stocks", "--json")
    told = json.loads(out)
    assert [stock["name"] for stock in told] == STOCKS
    for stock in told:
        assert len(stock["swatches"]) == len(option_lists.SWATCHES)
        assert all(len(colour) == 7 and colour[0] == "#" for colour in stock["swatches"])
        marked = next(row for row in rows if row.split()[0] == stock["name"])
        assert marked.endswith("discontinued") is stock["discontinued"]


def test_swatches_are_shown_where_the_terminal_shows_them(run, monkeypatch):
    for name in ("NO_COLOR", "WT_SESSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    assert "\x1b" not in run("stocks")[1]  # a pipe
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(option_lists.sys.stdout, "isatty", lambda: True, raising=False)
    assert option_lists._has_colour()
    assert run("stocks")[1].count("\x1b[48;2;") == len(STOCKS) * len(option_lists.SWATCHES)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("stocks")[1]


def test_a_broken_stock_of_the_users_is_told_and_the_others_stay(run, photo, tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "my-film.json").write_text('{"orangemask_stock": 1, "name": "my-film"}')
    monkeypatch.setenv("ORANGEMASK_STOCKS", str(folder))
    status, out, errors = run("stocks")
    assert status == 1 and DEFAULT in out and "my-film.json: " in one_lines(errors)[0]
    status, _, errors = run("emulate", photo, "-o", tmp_path / "o.png", "--stock", "my-film")
    assert status == 1 and "my-film.json: " in one_lines(errors)[0]
    assert run("emulate", photo, "-o", tmp_path / "o.png", "--stock", DEFAULT)[0] == 0


# Contact sheets


def test_a_contact_sheet_has_every_stock_once(run, photo, tmp_path):
    sheet, one, two = (tmp_path / name for name in ("sheet.png", "one.png", "two.png"))
    status, out, _ = run("emulate", photo, "--contact-sheet", "-o", sheet, "--json")
    assert status == 0 and json.loads(out) == {"output": str(sheet), "stocks": STOCKS}
    assert not sheet.with_name("sheet.png.orangemask.json").exists()
    names = f"{STOCKS[-1]},{STOCKS[0]}"
    assert run("emulate", photo, "--contact-sheet", "-o", two, "--stocks", names)[0] == 0
    assert run("emulate", photo, "--contact-sheet", "-o", one, "--stocks", STOCKS[0])[0] == 0
    first, both = np.asarray(Pillow.open(one)), np.asarray(Pillow.open(two))
    assert first.shape[0] * first.shape[1] < both.shape[0] * both.shape[1]
    # The first is the photograph as it is, 12 px from the corner.
    np.testing.assert_array_equal(both[12:52, 12:72], picture())


def test_a_contact_sheet_shows_what_emulate_writes(run, photo, tmp_path):
    sheet, alone = tmp_path / "sheet.png", tmp_path / "alone.png"
    words = ("--stock", STOCKS[0], "--tone", "0.7", "--depth", "8")
    assert run("emulate", photo, "-o", alone, *words)[0] == 0
    words = ("--contact-sheet", "--stocks", STOCKS[0], "--tone", "0.7")
    assert run("emulate", photo, "-o", sheet, *words)[0] == 0
    shown, written = np.asarray(Pillow.open(sheet)), np.asarray(Pillow.open(alone)).astype(int)
    places = [shown[12:52, 84:144], shown[94:134, 12:72]]  # beside the photograph, or below
    assert min(np.abs(part - written).max() for part in places if part.shape == written.shape) <= 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--stocks", "kodak"), "unknown stock 'kodak'"),
        (("-o", "sheet.gif"), "unknown ending '.gif'"),
        (("-o", "photo.png"), ""),
    ],
)
def test_a_sheet_that_cannot_be_is_refused(run, photo, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    status, _, errors = run("emulate", "photo.png", "--contact-sheet", "-o", "sheet.png", *words)
    assert status == 1 and said in errors and len(one_lines(errors)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_a_sheet_is_of_one_picture(run, photo, tmp_path):
    status, _, errors = run("emulate", photo, photo, "--contact-sheet", "-o", tmp_path / "s.png")
    assert status == 1 and "--contact-sheet shows one picture; 2 are given" in errors


# DigitalFilm's flags


def test_digitalfilms_flags_do_what_emulate_does(run, photo, tmp_path):
    ours, theirs = tmp_path / "ours.jpg", tmp_path / "theirs.jpg"
    assert run("emulate", photo, "-o", ours, "--stock", STOCKS[-1])[0] == 0
    assert run("digitalfilm", "-i", photo, "-o", theirs, "-m", STOCKS[-1]) == (0, "", "")
    assert ours.read_bytes()[-1000:] == theirs.read_bytes()[-1000:]
    assert run("digitalfilm", "-v")[1].startswith("orangemask ")
    assert "-m STOCK" in run("digitalfilm", "-h")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "-i is missing"),
        (("-i", "a.jpg"), "-o is missing"),
        (("-i", "a.jpg", "-o", "b.jpg"), "there is no such file"),
        (("-i", "a.jpg", "-o", "b.jpg", "-m", "gold.onnx"), "gold.onnx cannot be read"),
    ],
)
def test_digitalfilm_tells_what_is_missing(run, words, said):
    status, _, errors = run("digitalfilm", *words)
    assert status == 1 and said in errors and len(one_lines(errors)) == 1


def test_without_a_display_the_chooser_says_so(run, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    if sys.platform in ("win32", "darwin"):
        pytest.skip("there is always a display")
    status, _, errors = run("digitalfilm", "-g")
    assert status == 1 and "give -i and -o" in errors and len(one_lines(errors)) == 1


@pytest.mark.parametrize("chosen", [True, False])
def test_the_chooser_asks_for_what_is_missing(run, photo, tmp_path, monkeypatch, chosen):
    out, asked = tmp_path / "out.jpg", []

    class Window:
        def withdraw(self) -> None: ...

        def destroy(self) -> None:
            asked.append("closed")

    def answer(kind: str, path: object) -> object:
        asked.append(kind)
        return str(path) if chosen else ""

    dialogs = types.SimpleNamespace(
        askopenfilename=lambda **_: answer("open", photo),
        asksaveasfilename=lambda **_: answer("save", out),
    )
    windows = types.SimpleNamespace(Tk=Window, TclError=RuntimeError, filedialog=dialogs)
    monkeypatch.setitem(sys.modules, "tkinter", windows)
    monkeypatch.setitem(sys.modules, "tkinter.filedialog", dialogs)
    status, _, errors = run("digitalfilm", "-g")
    assert (status, out.exists()) == ((0, True) if chosen else (1, False)), errors
    assert asked == (["open", "save", "closed"] if chosen else ["open", "closed"])
