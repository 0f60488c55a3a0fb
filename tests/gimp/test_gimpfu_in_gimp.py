"""In a real GIMP 3: the GIMP 2.10 plug-in through the gimpfu stub package."""

import json
import shutil
import time

import numpy as np
import pytest
import tifffile

from hosts import ROOT
from orangemask.curves import SRGB
from orangemask.encode import profile
from orangemask.spaces import SPACES, conversion, space
from scans import negative, run_orangemask

pytestmark = pytest.mark.gimp

WIDTH, HEIGHT = 90, 60
VALUES = (-0.1, 0.1, 1.2, 0.3, -0.1, 1.6, 0.5, 0.2, 2.0)
NAMES = [
    f"{c}_{z}" for c in ("red", "green", "blue") for z in ("shadows", "midtones", "highlights")
]
ASKED = {"predict": False, "base": False, "film": "c41", "rig": "none",
         **dict(zip(NAMES, VALUES, strict=True))}  # fmt: skip
HEAD = """
def fu(name, image, layers, **args):
    procedure = Gimp.get_pdb().lookup_procedure("python-fu-" + name)
    config = procedure.create_config()
    config.set_property("run-mode", NON); config.set_property("image", image)
    config.set_core_object_array("drawables", layers)
    for key, value in args.items(): config.set_property(key.replace("_", "-"), value)
    good = procedure.run(config).index(0) == Gimp.PDBStatusType.SUCCESS
    return None if good else Gimp.get_pdb().get_last_error()
def edit(layer): return json.loads(bytes(layer.get_parasite("orangemask-edit").get_data()))
"""
DEMO = """#!/usr/bin/env python2
from gimpfu import *

def run(image, layer, *values):
    values = [value.name if hasattr(value, "name") else value for value in values]
    image.parasite_attach(gimp.Parasite("seen", 0, repr((layer.name, layer.offsets, values))))
    inverted = pdb.gimp_layer_new_from_drawable(layer, image)
    image.insert_layer(inverted)
    inverted.name = "copy"
    pdb.gimp_drawable_invert(inverted, False)
    assert pdb.gimp_selection_bounds(image)[1:] == (0, 0, image.width, image.height)
    if values[2] > 0.9:
        raise ValueError("amount %r is too big" % values[2])
    if values[0] == 13:
        raise CancelError
    if values[0] == 14:
        pdb.gimp_image_convert_precision(image, image.precision)

register("demo_fu", "blurb", "help", "author", "copyright", "2026", "Demo...", "RGB*", [
    (PF_IMAGE, "image", "Image", None), (PF_DRAWABLE, "layer", "Layer", None),
    (PF_INT, "number", "Number", 7), (PF_FLOAT, "float", "Float", 1.5),
    (PF_SLIDER, "amount", "A_mount", 0.5, (0.0, 1.0, 0.1)),
    (PF_SPINNER, "count", "Count", 3, (1, 10, 1)), (PF_TOGGLE, "flag", "Flag", True),
    (PF_STRING, "text", "Text", "words"), (PF_TEXT, "more", "More", ""),
    (PF_OPTION, "how", "How", 1, ("One way", "Another")),
    (PF_RADIO, "which", "Which", "b", (("First", "a"), ("Second", "b"))),
    (PF_FILENAME, "file", "File", ""), (PF_DIRNAME, "folder", "Folder", ""),
    (PF_LAYER, "other", "Other", None),
], [], run, menu="<Image>/Filters/Film")
main()
"""


@pytest.fixture
def fu(gimp):
    """A GIMP 3 with the GIMP 2.10 plug-in and a demonstration, the stub package beside each."""
    plugins = gimp.profile / "plug-ins"
    shutil.copytree(ROOT / "gimp/orangemask-2.10", plugins / "orangemask-2.10")
    (plugins / "demo").mkdir()
    (plugins / "demo/demo.py").write_text(DEMO)
    for script in ("orangemask-2.10/orangemask-2.10.py", "demo/demo.py"):
        shutil.copytree(ROOT / "gimp/gimpfu", (plugins / script).parent / "gimpfu")
        (plugins / script).chmod(0o755)
    (gimp.profile / "interpreters").mkdir(exist_ok=True)
    (gimp.profile / "interpreters/gimpfu.interp").write_text("python2=/usr/bin/python3\n")
    return gimp


def by_command_line(fu, path, edit, *options):
    """Return what the command makes of a file by a result's own values."""
    params, out = fu.work / "values.json", fu.work / "reference.tif"
    params.write_text(
        json.dumps({n: edit[n] for n in ("orangemask", "filter", "values", "context")})
    )
    done = run_orangemask("invert", path, "-o", out, "--params", params, "--force", *options)
    assert done.returncode == 0, done.stderr
    return tifffile.imread(out)


def write(path, kind):
    """Write a negative of some kind; of a float file, a 16-bit twin too, and return that path."""
    light = negative(HEIGHT, WIDTH).astype(np.float64) / 65535
    codes, icc, twin = np.rint(SRGB.inverse(light) * 65535).astype(np.uint16), None, path
    if kind == "untagged":
        codes = negative(HEIGHT, WIDTH)
    elif kind == "eight":
        codes = np.rint(SRGB.inverse(light) * 255).astype(np.uint8)
    elif kind == "linear":
        codes, icc = negative(HEIGHT, WIDTH), "linear-rec2020"
    elif kind in ("adobe-rgb", "prophoto", "srgb"):
        icc = kind
    elif kind == "float":
        codes = codes.astype(np.float32) / 65535
        twin = path.with_name("twin.tif")
        tifffile.imwrite(twin, np.rint(codes * 65535).astype(np.uint16), photometric="rgb")
    elif kind == "alpha":
        alpha = np.linspace(0, 65535, WIDTH).astype(np.uint16)
        alpha = np.broadcast_to(alpha[None, :, None], (HEIGHT, WIDTH, 1))
        codes = np.concatenate([codes, alpha], axis=2)
    tifffile.imwrite(
        path, codes, photometric="rgb", metadata=None, iccprofile=icc and profile(space(icc)),
        extrasamples=["unassalpha"] if kind == "alpha" else None,
    )  # fmt: skip
    return twin


def render(fu, path, **changed):
    """Invert a file in GIMP; return what it says, and the result's own codes."""
    asked = {**ASKED, **changed}
    told = fu.console(
        HEAD
        + f"""
image = load({str(path)!r}); source = image.get_layers()[0]
source.set_offsets(5, -3)
before = codes(source, {str(fu.work / "before.bin")!r}, "R'G'B'A u16")
error = fu("orangemask-invert-c41", image, [source], **{asked!r})
result = image.get_layers()[0]
kind = "R'G'B'A u16" if result.has_alpha() else "R'G'B' u16"
shape = codes(result, {str(fu.work / "codes.bin")!r}, kind)
codes(source, {str(fu.work / "after.bin")!r}, "R'G'B'A u16")
say({{"error": error, "edit": edit(result) if error is None else None, "layers": layers(image),
     "offsets": list(result.get_offsets())[1:], "shape": shape, "alpha": result.has_alpha(),
     "same": result.get_format() == source.get_format(), "tattoo": source.get_tattoo(),
     "mask": result.get_mask() is not None}})
"""
    )
    before, after = (fu.work / name for name in ("before.bin", "after.bin"))
    assert before.read_bytes() == after.read_bytes()
    shape = (*told["shape"], 4 if told["alpha"] else 3)
    return told, np.fromfile(fu.work / "codes.bin", np.uint16).reshape(shape)


@pytest.mark.parametrize(
    ("kind", "encoding", "options"),
    [
        ("untagged", "linear", ()),
        ("srgb", "auto", ()),
        ("eight", "srgb", ()),
        ("float", "srgb", ()),
        ("alpha", "srgb", ()),
        ("linear", "auto", ("--space", "linear-rec2020")),
        ("adobe-rgb", "auto", ("--space", "adobe-rgb")),
        ("prophoto", "auto", ("--space", "prophoto")),
    ],
)
def test_pixels_are_the_command_line_s(fu, kind, encoding, options):
    path = fu.work / "scan.tif"
    twin = write(path, kind)
    told, codes = render(fu, path, encoding=encoding)
    assert told["error"] is None
    assert told["edit"]["values"] == dict(zip(NAMES, VALUES, strict=True))
    expected = by_command_line(fu, twin, told["edit"], "--depth", "16", *options).astype(int)
    if kind == "eight":
        expected = np.rint(expected / 257).astype(int) * 257
    assert codes.shape == expected.shape
    assert np.abs(codes.astype(int) - expected).max() <= 1
    assert told["same"]
    assert told["offsets"] == [5, -3]
    assert [layer[1] for layer in told["layers"]] == [True, False]
    assert told["layers"][0][0] == "Invert C41"
    assert told["edit"]["source"]["tattoo"] == told["tattoo"]
    assert fu.left() == []


def test_an_unknown_space_is_written_wide_and_converted_by_gimp(fu):
    path, out = fu.work / "scan.tif", fu.work / "reference.tif"
    write(path, "adobe-rgb")
    icc = profile(space("adobe-rgb")).replace(b"\0\x02\x33\0", b"\0\x01\xcc\xcd")  # γ 1.8
    tifffile.imwrite(path, tifffile.imread(path), photometric="rgb", metadata=None, iccprofile=icc)
    told, codes = render(fu, path)
    by_command_line(fu, path, told["edit"], "--space", "prophoto", "--depth", "float")
    light = SPACES["prophoto"].transfer(tifffile.imread(out))
    light = light @ conversion(space("prophoto"), space("adobe-rgb")).T
    expected = np.clip(light, 0, 1) ** (1 / 1.8)
    assert np.abs(codes / 65535 - expected).max() < 0.003  # GIMP's own conversion


def test_what_fails_is_gimp_s_failure_and_changes_nothing(fu):
    path = fu.work / "scan.tif"
    write(path, "srgb")
    (fu.work / "config/orangemask").mkdir(parents=True)
    (fu.work / "config/orangemask/config.json").write_text('{"engine": ["/nowhere/engine"]}')
    told = fu.console(
        HEAD
        + f"""
image = load({str(path)!r})
errors = [fu("orangemask-invert-c41", image, image.get_layers())]
grey = image.duplicate(); grey.convert_grayscale()
errors.append(fu("orangemask-invert-c41", grey, grey.get_layers()))
errors.append(fu("orangemask-invert-c41", image, []))
say([errors, layers(image), layers(grey)])
"""
    )
    assert "cannot start /nowhere/engine" in told[0][0] and "install Orangemask" in told[0][0]
    assert "choose Image > Mode > RGB" in told[0][1]
    assert "choose one layer, not 0" in told[0][2]
    assert [len(layers) for layers in told[1:]] == [1, 1]
    assert fu.left() == []


def test_a_result_reopens_and_film_emulate_takes_its_stock(fu):
    path = fu.work / "scan.tif"
    write(path, "srgb")
    xcf = fu.work / "scan.xcf"
    told = fu.console(
        HEAD
        + f"""
image = load({str(path)!r})
errors = [fu("orangemask-invert-c41", image, image.get_layers(), film="c41")]
save(image, {str(xcf)!r})
again = load({str(xcf)!r})
first = edit(again.get_layers()[0])
errors.append(fu("orangemask-invert-c41", again, again.get_layers()[:1], predict=False))
second = edit(again.get_layers()[0])
errors.append(fu("orangemask-film-emulate", again, again.get_layers()[1:], stock="kodak-gold-200"))
say([errors, first, second, layers(again), edit(again.get_layers()[1])["context"]["settings"]])
"""
    )
    errors, first, second, found, settings = told
    assert errors == [None] * 3
    assert first["predicted"] == first["values"] != second["values"]
    assert second["context"] == first["context"] and second["predicted"] is None
    assert [name for name, *_ in found] == ["Invert C41", "Film Emulate", "Background"]
    assert settings["stock"] == "kodak-gold-200"


def test_every_kind_of_parameter_reaches_the_script(fu):
    path = fu.work / "scan.tif"
    write(path, "srgb")
    told = fu.console(
        HEAD
        + f"""
def seen(image):
    parasite = image.get_parasite("seen")
    return bytes(parasite.get_data()).decode() if parasite else None
image = load({str(path)!r}); layer = image.get_layers()[0]
errors = [fu("demo-fu", image, [layer], other=layer, folder=Gio.File.new_for_path("/tmp"))]
values = [seen(image)]
errors.append(fu("demo-fu", image, [layer], how="one-way", which="first", flag=False, number=-3,
                 count=9, text="other", file=Gio.File.new_for_path("/etc/hosts")))
values.append(seen(image))
for changed in (dict(amount=0.95), dict(number=13), dict(number=14)):
    errors.append(fu("demo-fu", image, [layer], **changed))
codes(layer, {str(fu.work / "a.bin")!r}, "R'G'B' u16")
codes(image.get_layers()[0], {str(fu.work / "b.bin")!r}, "R'G'B' u16")
say([errors, values, len(image.get_layers())])
"""
    )
    (good, fine, big, cancelled, failed), values, layers = told
    assert (good, fine) == (None, None)
    assert big == "amount 0.95 is too big"
    assert cancelled is not None  # no success either, and no message of ours
    assert "precision" in failed
    assert values[0] == repr(("Background", (0, 0), [7, 1.5, 0.5, 3, True, "words", "", 1, "b",
                                                     None, "/tmp", "Background"]))  # fmt: skip
    assert values[1] == repr(("Background", (0, 0), [-3, 1.5, 0.5, 9, False, "other", "", 0, "a",
                                                     "/etc/hosts", None, None]))  # fmt: skip
    assert layers == 6
    source, inverted = (np.fromfile(fu.work / name, np.uint16) for name in ("a.bin", "b.bin"))
    np.testing.assert_array_equal(65535 - source.astype(int), inverted)


def test_the_dialog_opens_and_its_values_reach_the_script(fu):
    path = fu.work / "scan.tif"
    write(path, "srgb")
    script = f"""
image = load({str(path)!r}); Gimp.Display.new(image)
procedure = Gimp.get_pdb().lookup_procedure("python-fu-orangemask-invert-c41")
config = procedure.create_config()
config.set_property("run-mode", Gimp.RunMode.INTERACTIVE); config.set_property("image", image)
config.set_core_object_array("drawables", image.get_layers())
config.set_property("red-shadows", 0.25); config.set_property("predict", False)
procedure.run(config)
top = image.get_layers()[0]
say([layers(image), edit(top) if top.get_parasite_list() else None])
"""
    with fu.window(script=HEAD + script) as screen:
        dialog = screen.window("^Invert C41", 60)
        time.sleep(1)
        screen.activate(dialog)
        screen.shot("gimpfu-dialog")
        screen.key("alt+o")
        reply = fu.work / "reply.json"
        until = time.monotonic() + 60
        while not reply.exists() and time.monotonic() < until:
            time.sleep(0.2)
        time.sleep(1)
        screen.shot("gimpfu-layer")
        found, kept = json.loads(reply.read_text())
    assert [name for name, *_ in found] == ["Invert C41", "Background"]
    assert kept["values"]["red_shadows"] == 0.25
