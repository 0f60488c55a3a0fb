"""In a real GIMP with a window: by keyboard and mouse, as a photographer would.

The pictures lie in out/gimp/VERSION; look at them.
"""

import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hosts import ROOT

pytestmark = pytest.mark.gimp

SAMPLE = ROOT / "tests/data/sample-negative.tif"
CANVAS = (350, 640, 1150, 800)  # of the screen, px, that dialog and docks leave free
READ = """
image = load({path!r})
top = image.get_layers()[0]
kept = top.get_parasite("orangemask-edit")
edit = json.loads(bytes(kept.get_data()).decode()) if kept else None
say({{"layers": layers(image), "edit": edit}})
"""


def open_dialog(screen, key, title):
    screen.activate(screen.main)
    screen.key("alt+r", "Up", "Right", key)
    dialog = screen.window(f"^{title}$", 60)
    screen.rest()
    time.sleep(1.5)
    screen.activate(dialog)
    return dialog


def click_plus(screen, dialog, row, times):
    """Click at the + of the first slider of the right column, `row` rows down."""
    _, _, width, _ = screen.place(dialog)
    for _ in range(times):
        screen.click_in(dialog, width - 28, 53 + row)


def canvas(shot):
    return np.asarray(Image.open(shot).convert("RGB").crop(CANVAS), np.int16)


def save_as(screen, path):
    screen.activate(screen.main)
    screen.key("ctrl+shift+s")
    dialog = screen.window("^Save Image", 30)
    screen.activate(dialog)
    screen.key("ctrl+a")
    screen.write(str(path))
    screen.key("Return")
    screen.gone("^Save Image", 30)
    for _ in range(100):
        if Path(path).exists() and Path(path).stat().st_size:
            break
        time.sleep(0.1)
    time.sleep(0.5)


def test_dialog_slider_layer_and_again(gimp):
    path, xcf, again = gimp.work / "neg.tif", gimp.work / "pos.xcf", gimp.work / "again.xcf"
    shutil.copy(SAMPLE, path)
    with gimp.window(path) as screen:
        before = canvas(screen.shot("scan"))
        dialog = open_dialog(screen, "c", "Invert C41")
        predicted = canvas(screen.shot("predicted"))
        assert np.abs(predicted - before).mean() > 20  # the preview is a positive
        click_plus(screen, dialog, 0, 15)
        time.sleep(1)
        moved = canvas(screen.shot("moved"))
        assert np.abs(moved - predicted).mean() > 0.5
        screen.activate(dialog)
        screen.key("alt+l")
        time.sleep(0.7)
        screen.shot("split")
        screen.key("alt+l")
        screen.key("alt+o")
        screen.gone("^Invert C41$")
        time.sleep(1.5)
        done = canvas(screen.shot("positive"))
        assert np.abs(done - moved).mean() < 1
        save_as(screen, xcf)
        screen.key("ctrl+z")
        time.sleep(1)
        undone = canvas(screen.shot("undone"))
        assert np.abs(undone - before).mean() < 0.5
    kept = gimp.console(READ.format(path=str(xcf)))
    assert [name for name, *_ in kept["layers"]] == ["Invert C41", "neg.tif"]
    values, first = kept["edit"]["values"], kept["edit"]["predicted"]
    assert values["red_shadows"] == pytest.approx(first["red_shadows"] + 0.15, abs=0.006)
    assert {n: v for n, v in values.items() if n != "red_shadows"} == {
        n: v for n, v in first.items() if n != "red_shadows"
    }
    with gimp.window(xcf) as screen:
        open_dialog(screen, "c", "Invert C41")
        screen.shot("again")
        screen.key("alt+o")
        screen.gone("^Invert C41$")
        time.sleep(1.5)
        assert np.abs(canvas(screen.shot("same")) - done).mean() < 1
        save_as(screen, again)
    found = gimp.console(READ.format(path=str(again)))
    assert [name for name, *_ in found["layers"]] == ["Invert C41", "neg.tif"]
    assert found["edit"]["values"] == pytest.approx(values, abs=1e-9)
    assert gimp.left() == []


def test_cancel_leaves_nothing(gimp):
    path, xcf = gimp.work / "neg.tif", gimp.work / "out.xcf"
    shutil.copy(SAMPLE, path)
    with gimp.window(path) as screen:
        before = canvas(screen.shot("before-cancel"))
        open_dialog(screen, "c", "Invert C41")
        screen.key("Escape")
        screen.gone("^Invert C41$")
        time.sleep(1)
        assert np.abs(canvas(screen.shot("cancelled")) - before).mean() < 0.5
        save_as(screen, xcf)
    assert len(gimp.console(READ.format(path=str(xcf)))["layers"]) == 1
    assert gimp.left() == []


def test_film_emulate(gimp):
    path = gimp.work / "photo.jpg"
    photo = ROOT / "tests/data/before-after.jpg"
    picture = Image.open(photo)
    picture.crop((picture.width // 2, 0, picture.width, picture.height)).save(path, quality=95)
    with gimp.window(path) as screen:
        before = canvas(screen.shot("photo"))
        open_dialog(screen, "e", "Film Emulate")
        assert np.abs(canvas(screen.shot("film")) - before).mean() > 1
        screen.key("alt+o")
        screen.gone("^Film Emulate$")
        time.sleep(1.5)
        screen.shot("film-layer")


def test_a_missing_engine_is_told_in_a_dialog(gimp):
    config = gimp.work / "config/orangemask/config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"engine": ["/nowhere/orangemask"]}')
    path = gimp.work / "neg.tif"
    shutil.copy(SAMPLE, path)
    with gimp.window(path, messages=True) as screen:
        screen.activate(screen.main)
        screen.key("alt+r", "Up", "Right", "c")
        screen.window("GIMP Message", 30)
        time.sleep(1)
        screen.shot("no-engine")


def test_a_plug_in_killed_takes_its_engine_and_files_along(gimp):
    path = gimp.work / "neg.tif"
    shutil.copy(SAMPLE, path)
    with gimp.window(path) as screen:
        open_dialog(screen, "c", "Invert C41")
        assert len(gimp.left()) == 1
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            if f"{gimp.profile}/plug-ins/orangemask-gimp/" in file.read_text("utf-8", "replace"):
                os.kill(int(file.parent.name), signal.SIGKILL)
        for _ in range(100):
            if not gimp.left():
                break
            time.sleep(0.1)
        time.sleep(1)
        screen.shot("killed")
    assert gimp.left() == []


def test_film_base_from_a_selection(gimp):
    path, xcf = gimp.work / "neg.tif", gimp.work / "out.xcf"
    shutil.copy(SAMPLE, path)
    select = f"""
image = load({str(path)!r})
image.select_rectangle(Gimp.ChannelOps.REPLACE, 100, 549, 400, 10)  # the rebate below the frame
Gimp.Display.new(image); Gimp.displays_flush()"""
    with gimp.window(script=select) as screen:
        dialog = open_dialog(screen, "c", "Invert C41")
        screen.activate(dialog)
        screen.key("alt+b")
        time.sleep(2)
        screen.shot("base")
        screen.key("alt+o")
        screen.gone("^Invert C41$")
        time.sleep(1)
        save_as(screen, xcf)
    kept = gimp.console(READ.format(path=str(xcf)))["edit"]
    assert kept["context"]["base"]["origin"] == "given"
    # What the finder found in the rebate by itself: README, "See what is predicted".
    assert kept["context"]["base"]["density"] == pytest.approx([0.098, 0.365, 0.592], abs=0.02)


def test_repeat_takes_moved_values(gimp):
    path, xcf = gimp.work / "neg.tif", gimp.work / "out.xcf"
    shutil.copy(SAMPLE, path)
    with gimp.window(path) as screen:
        dialog = open_dialog(screen, "c", "Invert C41")
        click_plus(screen, dialog, 0, 10)
        screen.activate(dialog)
        screen.key("alt+o")
        screen.gone("^Invert C41$")
        time.sleep(1.5)
        screen.rest()
        first = canvas(screen.shot("first"))
        screen.activate(screen.main)
        screen.key("ctrl+z")
        time.sleep(1)
        screen.key("ctrl+f")
        time.sleep(5)
        assert np.abs(canvas(screen.shot("repeated")) - first).mean() < 1
        save_as(screen, xcf)
    kept = gimp.console(READ.format(path=str(xcf)))
    assert [name for name, *_ in kept["layers"]] == ["Invert C41", "neg.tif"]
    assert gimp.left() == []
