"""The panel's buttons and sliders, with the real bridge and a stand-in for darktable."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from lua_runtime import Scripts, write_bridge
from PIL import Image

from scans import write_scan

SAMPLE = Path(__file__).parents[1] / "data" / "sample-negative.tif"


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("panel")
    (folder / "config").mkdir()
    one = Scripts(folder, write_bridge(folder / "bin" / "orangemask-bridge"))
    one.dt.preferences.write(
        "x", "plugins/darkroom/lut3d/def_path", "string", str(folder / "config")
    )
    one.require("orangemask")
    yield one
    one.close()
    assert one.left_over() == []
    assert one.errors == []


@pytest.fixture
def panel(scripts):
    """A panel that knows no picture."""
    scripts.require("lib/edits").forget()
    scripts.close_darkroom()
    scripts.turn(lambda: len(list(scripts.programs)) == 0 or scripts.dt.turn() <= 1)
    for what in ("printed", "errors", "applied", "imported"):
        scripts.dt[what] = scripts.lua.table()
    scripts.widgets("combobox", "filter")[-1].selected = 1
    scripts.widgets("combobox", "filter")[-1].changed_callback()
    scripts.select()
    return scripts


def copied(path):
    """Copy the sample negative, and return the copy's path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return shutil.copyfile(SAMPLE, path)


def cropped(path):
    """Write the left half of the sample negative."""
    pixels = tifffile.imread(SAMPLE)
    tifffile.imwrite(path, pixels[:, : pixels.shape[1] // 2], photometric="rgb")
    return path


@pytest.fixture
def negative(panel, tmp_path):
    return panel.image(copied(tmp_path / "scan.tif"))


def predicted(path, *words):
    """Return what the command line predicts."""
    command = [
        sys.executable,
        "-m",
        "orangemask.cli",
        "predict",
        "invert-c41",
        "--json",
        *words,
        str(path),
    ]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def values_shown(panel):
    names = [(colour, part) for colour in ("red", "green", "blue")
             for part in ("shadows", "midtones", "highlights")]  # fmt: skip
    return {f"{c}_{p}": panel.slider(f"{c} {p}").value for c, p in names}


def operations(style):
    found = re.findall(r"<operation>(\w+)</operation>.*?<enabled>(\d)</enabled>", style, re.DOTALL)
    return dict(found)


def test_predict_fills_the_sliders_with_what_the_command_line_predicts(panel, negative):
    panel.select(negative)
    panel.press("predict")
    panel.turn()
    expected = predicted(f"{negative.path}/{negative.filename}")["values"]
    assert values_shown(panel) == pytest.approx(expected, abs=1e-6)
    assert panel.said == []
    status = [w for w in panel.dt.widgets.values() if w.kind == "label" and "confidence" in w.label]
    confidence, base, *_ = status[0].label.splitlines()
    assert re.fullmatch(r"confidence \d+ %", confidence)
    assert re.fullmatch(r"film base \d\.\d\d \d\.\d\d \d\.\d\d D", base)
    assert "16-bit TIFF without profile" in status[0].tooltip


def test_reset_brings_the_predicted_values_back(panel, negative):
    panel.select(negative)
    panel.press("predict")
    panel.turn()
    before = values_shown(panel)
    panel.slider("red shadows").value = 0.5
    panel.slider("blue midtones").value = 0.7
    assert values_shown(panel) != before
    panel.slider("red shadows").reset_callback()
    assert panel.slider("red shadows").value == before["red_shadows"]
    panel.press("reset")
    assert values_shown(panel) == before


def test_apply_predicts_and_writes_the_history_in_one_step(panel, negative):
    panel.select(negative)
    panel.press("apply as darktable history")
    panel.turn()
    assert panel.said == []
    (applied,) = panel.dt.applied.values()
    assert applied.image.id == negative.id
    switched = operations(applied.text)
    assert switched["negadoctor"] == "1"
    assert {switched[name] for name in ("exposure", "channelmixerrgb", "sigmoid")} == {"0"}
    assert len(panel.dt.styles) == 0  # none stays in the user's list


def test_a_moved_slider_moves_all_pictures_of_the_roll_alike(panel, tmp_path):
    images = [panel.image(copied(tmp_path / f"{n}.tif")) for n in range(3)]
    panel.select(*images)
    panel.press("predict")
    panel.turn()
    edits = panel.require("lib/edits")
    before = [dict(edits.get(image, "invert-c41")["values"]) for image in images]
    panel.slider("green midtones").value += 0.25
    panel.press("apply as darktable history")
    panel.turn()
    assert panel.said == [] and len(panel.dt.applied) == 3
    for image, old in zip(images, before, strict=True):
        new = dict(edits.get(image, "invert-c41")["values"])
        assert new.pop("green_midtones") == pytest.approx(
            old.pop("green_midtones") + 0.25, abs=1e-5
        )
        assert new == old


def test_black_and_white_film_is_applied_too(panel, tmp_path):
    panel.select(panel.image(write_scan(tmp_path / "grey.tif", 200, 300)))
    panel.widgets("combobox", "film")[-1].selected = 4  # auto, c41, maskless, bw
    panel.press("apply as darktable history")
    panel.turn()
    panel.widgets("combobox", "film")[-1].selected = 1
    assert panel.said == [] and len(panel.dt.applied) == 1


def test_several_scans_are_one_roll_with_one_base(panel, tmp_path):
    images = [panel.image(copied(tmp_path / "0.tif")), panel.image(cropped(tmp_path / "1.tif"))]
    panel.select(*images)
    panel.press("predict")
    panel.turn()
    edits = panel.require("lib/edits")
    bases = [list(edits.get(image, "invert-c41").base.density.values()) for image in images]
    assert bases[0] == bases[1]


def test_render_equals_the_command_line(panel, negative, tmp_path):
    panel.select(negative)
    panel.press("predict")
    panel.turn()
    panel.slider("red midtones").value = 0.25
    negative.tags[1] = panel.lua.table(name="holiday")
    negative.tags[2] = panel.lua.table(name="darktable|changed")
    panel.press("render to TIFF")
    panel.turn()
    assert panel.said == []
    (made,) = panel.dt.imported.values()
    assert made.filename == "scan_invert-c41.tif" and made.leader
    assert made.group.id == negative.id
    assert [tag.name for tag in made.tags.values()] == ["holiday", "orangemask|invert-c41"]
    assert made.notes.startswith("invert-c41 red_shadows=") and "red_midtones=0.2500" in made.notes
    ours = tmp_path / made.filename
    command = [sys.executable, "-m", "orangemask.cli", "invert", f"{negative.path}/scan.tif",
               "--params", f"{ours}.orangemask.json", "-o", tmp_path / "cli.tif"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    difference = tifffile.imread(ours).astype(int) - tifffile.imread(tmp_path / "cli.tif")
    assert np.abs(difference).max() <= 1


def test_a_second_rendering_takes_the_next_name(panel, negative):
    panel.select(negative)
    for _ in range(2):
        panel.press("render to TIFF")
        panel.turn()
    names = [made.filename for made in panel.dt.imported.values()]
    assert names == ["scan_invert-c41.tif", "scan_invert-c41_01.tif"]


def test_duplicates_of_a_picture_have_edits_of_their_own(panel, negative):
    twin = panel.image(f"{negative.path}/{negative.filename}")
    panel.select(negative, twin)
    panel.press("render to TIFF")
    panel.turn()
    assert panel.said == []
    assert [made.group.id for made in panel.dt.imported.values()] == [negative.id, twin.id]


def test_names_of_all_kinds_go_through(panel, tmp_path):
    name = 'it\'s 50 % "Größe" $HOME 写真'
    image = panel.image(copied(tmp_path / name / f"{name}.tif"))
    panel.select(image)
    panel.press("render to TIFF")
    panel.turn()
    assert panel.said == []
    assert (tmp_path / name / f"{name}_invert-c41.tif").is_file()
    panel.press("apply as darktable history")
    panel.turn()
    assert panel.said == [] and len(panel.dt.applied) == 1


def test_a_photograph_gets_its_stock(panel, tmp_path):
    photograph = tmp_path / "photograph.png"
    y, x = np.mgrid[0:200, 0:300]
    Image.fromarray(np.uint8(np.stack([x * 0.8, y, 255 - x * 0.8], -1))).save(photograph)
    panel.widgets("combobox", "filter")[-1].selected = 3
    panel.widgets("combobox", "filter")[-1].changed_callback()
    stock = panel.widgets("combobox", "stock")[-1]
    labels = [stock[n] for n in range(1, 200) if stock[n]]
    stock.selected = labels.index("Kodak Ektar 100") + 1
    panel.select(panel.image(photograph))
    panel.press("render to TIFF")
    panel.turn()
    assert panel.said == []
    assert (tmp_path / "photograph_kodak-ektar-100.tif").is_file()
    panel.press("apply as darktable history")
    panel.turn()
    assert panel.said == []
    (applied,) = panel.dt.applied.values()
    assert operations(applied.text) == {"lut3d": "1"}


def test_sliders_are_live_in_the_darkroom(panel, negative):
    panel.open_darkroom(negative)
    panel.press("predict")
    panel.turn()
    assert len(panel.dt.applied) == 0  # predicting changes no picture
    panel.slider("red midtones").value += 0.1
    panel.turn(lambda: len(panel.dt.applied) > 0)
    value = panel.require("lib/edits").get(negative, "invert-c41")["values"]["red_midtones"]
    assert value == pytest.approx(panel.slider("red midtones").value, abs=1e-5)
    sliders = panel.dt.actions
    panel.slider("red shadows").value += 0.1
    before = dict(sliders)
    panel.turn(lambda: dict(sliders) != before)
    assert all(path.startswith("iop/negadoctor/") for path in sliders)
    assert len(panel.dt.applied) == 1


def insist(panel, value):
    box = panel.widgets("check_button", "even if it looks like a positive")[0]
    box.value = value
    box.clicked_callback(box)


def test_a_positive_is_left_alone_unless_the_user_insists(panel, tmp_path):
    source = tmp_path / "positive.png"
    with Image.open(SAMPLE.with_name("before-after.jpg")) as both:
        both.crop((both.width // 2, 0, both.width, both.height)).save(source)
    refusal = predicted(source)["refusal"]
    assert "looks like a positive" in refusal
    panel.select(panel.image(source))
    panel.press("apply as darktable history")
    panel.turn()
    assert panel.said == [refusal] and len(panel.dt.applied) == 0
    insist(panel, True)
    panel.press("apply as darktable history")
    panel.turn()
    insist(panel, False)
    assert len(panel.dt.applied) == 1


def test_the_export_inverts_what_darktable_developed(panel, tmp_path):
    storage = panel.dt.storage
    wanted = panel.lua.table(extension="tif", bpp=8)
    assert storage.supported(None, wanted)
    assert not storage.supported(None, panel.lua.table(extension="jpg"))
    taken, images = panel.lua.table(), panel.lua.table()
    storage.initialize(None, wanted, images, False, taken)
    assert wanted.bpp == 16
    panel.widgets("combobox", "filter")[0].selected = 2  # as filters.lua lists them
    for folder in ("a", "b"):  # two pictures of one name
        (tmp_path / folder).mkdir()
        exported = write_scan(panel.folder / "tmp" / "scan.tif", 200, 300)
        image = panel.image(tmp_path / folder / "scan.nef")
        storage.store(None, image, wanted, str(exported), 1, 2, False, taken)
        assert not exported.exists()
    storage.finalize(None, None, taken)
    panel.turn()
    assert panel.said == []
    assert [made.path for made in panel.dt.imported.values()] == [f"{tmp_path}/a", f"{tmp_path}/b"]
    assert (tmp_path / "a" / "scan_invert-c41.tif").is_file()


def test_nothing_selected_is_said(panel):
    for button in ("predict", "apply as darktable history", "render to TIFF"):
        panel.press(button)
        panel.turn()
    assert panel.said == ["select one or more pictures first"] * 3


def test_a_picture_without_history_has_none_to_read(panel, negative):
    panel.select(negative)
    panel.press("read history")
    panel.turn()
    assert panel.said == ["scan.tif has no history to read"]


def test_an_edit_in_negadoctor_comes_back_as_the_nine(panel, negative):
    panel.select(negative)
    panel.press("apply as darktable history")
    panel.turn()
    before = values_shown(panel)
    (applied,) = panel.dt.applied.values()
    negative.history = applied.text
    panel.slider("red shadows").value += 0.3
    panel.press("read history")
    panel.turn()
    assert panel.said == []
    assert values_shown(panel) == pytest.approx(before, abs=1e-3)


def test_only_what_is_on_is_switched_off_and_keeps_its_settings(panel, negative):
    exposure = "00000000000080b9cdcccc3f00004842000080c00100000001000000"  # 1.6 EV, version 7
    negative.history = (
        '<darktable_style version="1.0"><info><name>x</name></info><style>'
        f"<plugin><operation>exposure</operation><module>7</module><op_params>{exposure}"
        "</op_params><enabled>1</enabled></plugin></style></darktable_style>"
    )
    panel.select(negative)
    panel.press("apply as darktable history")
    panel.turn()
    assert panel.said == []
    (applied,) = panel.dt.applied.values()
    switched = operations(applied.text)
    assert switched["exposure"] == "0" and exposure in applied.text
    assert not {"channelmixerrgb", "sigmoid", "agx"} & set(switched)


def test_one_bad_picture_does_not_stop_the_others(panel, negative, tmp_path):
    bad = tmp_path / "bad.tif"
    bad.write_bytes(b"no picture")
    good = tmp_path / "good.tif"
    shutil.copyfile(f"{negative.path}/{negative.filename}", good)
    panel.select(panel.image(good), panel.image(bad))
    panel.press("apply as darktable history")
    panel.turn()
    assert len(panel.dt.applied) == 1
    assert len(panel.said) == 1
    assert (
        panel.said[0].startswith("1 of 2 pictures left as they were: ")
        and "bad.tif" in panel.said[0]
    )
