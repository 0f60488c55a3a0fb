"""In a real GIMP 2.10 with the real gimpfu on Python 2.7: the GIMP 2.10 plug-in, in a batch."""

import json
import os
import re
import shutil
import sys

import numpy as np
import pytest
import tifffile

from hosts import ROOT, SHARED
from hosts.gimp_2_10 import PACKAGES, Gimp210
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
HEAD = """
import json
from gimpfu import *
def load(path): return pdb.gimp_file_load(path, path)
def edit(layer): return json.loads(layer.parasite_find("orangemask-edit").data)
def fu(image, layer, predict=0, base=0, encoding=0, film=1, rig=4):
    pdb.python_fu_orangemask_invert_c41(image, layer, predict, base, encoding, film, rig, *VALUES)
def save(layer, path):
    sheet = pdb.gimp_image_new_with_precision(
        layer.width, layer.height, RGB, pdb.gimp_image_get_precision(layer.image))
    profile = layer.image.parasite_find("icc-profile")
    if profile is not None: sheet.parasite_attach(profile)
    copy = pdb.gimp_layer_new_from_drawable(layer, sheet)
    sheet.insert_layer(copy)
    copy.set_offsets(0, 0)
    pdb.file_tiff_save(sheet, copy, path, path, 0)
def say(what):
    with open(REPLY, "w") as file: json.dump(what, file)
"""


@pytest.fixture(scope="session")
def host():
    one = Gimp210()
    one.build(PACKAGES)
    return one


@pytest.fixture
def gimp(host, tmp_path_factory):
    """Return a function that runs Python 2.7 in GIMP 2.10; its `work` is seen on both sides."""
    work = SHARED / f"gimp-2.10-{os.getpid()}-{tmp_path_factory.mktemp('n').name}"
    plugins = work / "profile/plug-ins"
    plugins.mkdir(parents=True)
    shutil.copytree(ROOT / "gimp/orangemask-2.10", plugins / "orangemask-2.10")
    (plugins / "orangemask-2.10/orangemask-2.10.py").chmod(0o755)
    (work / "tmp").mkdir()

    def run(script):
        reply, file = work / "reply.json", work / "script.py"
        file.write_text(f"REPLY = {str(reply)!r}\nVALUES = {VALUES!r}\n{HEAD}\n{script}\n")
        done = host.batch(work / "profile", file, TMPDIR=str(work / "tmp"), HOME=str(work))
        assert reply.exists(), done.stdout + done.stderr
        left = [name.name for name in (work / "tmp").iterdir() if "orangemask" in name.name]
        assert left == []
        return json.loads(reply.read_text()), done.stderr

    run.work = work
    yield run
    shutil.rmtree(work)


def write(path, kind):
    """Write a negative of some kind, and return a 16-bit file of the same codes."""
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
        codes = negative(HEIGHT, WIDTH).astype(np.float32) / 65535
        twin = path.with_name("twin.tif")
        tifffile.imwrite(twin, negative(HEIGHT, WIDTH), photometric="rgb")
    elif kind == "alpha":
        alpha = np.linspace(0, 65535, WIDTH).astype(np.uint16)
        alpha = np.broadcast_to(alpha[None, :, None], (HEIGHT, WIDTH, 1))
        codes = np.concatenate([codes, alpha], axis=2)
        icc = "srgb"
    tifffile.imwrite(
        path, codes, photometric="rgb", metadata=None, iccprofile=icc and profile(space(icc)),
        extrasamples=["unassalpha"] if kind == "alpha" else None,
    )  # fmt: skip
    return twin


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("untagged", "srgb"),
        ("srgb", "srgb"),
        ("eight", "srgb"),
        ("alpha", "srgb"),
        ("float", "srgb"),
        ("linear", "linear-rec2020"),
        ("adobe-rgb", "adobe-rgb"),
        ("prophoto", "prophoto"),
    ],
)
def test_pixels_are_the_command_line_s(gimp, kind, name):
    path, out, values = (gimp.work / each for each in ("scan.tif", "out.tif", "values.json"))
    twin = write(path, kind)
    (edit, layers, offsets, source), _ = gimp(
        f"""
image = load({str(path)!r}); source = image.layers[0]
source.set_offsets(5, -3)
fu(image, source)
result = image.layers[0]
save(result, {str(out)!r})
say([edit(result), [[one.name, one.visible] for one in image.layers], result.offsets,
     source.tattoo])
"""
    )
    assert edit["values"] == dict(zip(NAMES, VALUES, strict=True))
    assert edit["source"]["tattoo"] == source
    assert layers[0] == ["Invert C41", True] and [shown for _, shown in layers[1:]] == [False]
    assert offsets == [5, -3]
    values.write_text(
        json.dumps({n: edit[n] for n in ("orangemask", "filter", "values", "context")})
    )
    done = run_orangemask(
        "invert", twin, "-o", gimp.work / "reference.tif", "--params", values, "--depth", "16",
        "--space", name,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    expected = tifffile.imread(gimp.work / "reference.tif").astype(float)
    codes = tifffile.imread(out)
    assert codes.shape == expected.shape
    scale = {"eight": 257, "float": 1 / 65535}.get(kind, 1)
    assert np.abs(codes * 1.0 - np.rint(expected / scale if kind == "eight" else expected * scale)
                  if kind != "float" else codes * 65535 - expected).max() <= 1  # fmt: skip


def test_an_unknown_space_is_written_wide_and_converted_by_gimp(gimp):
    path, out = gimp.work / "scan.tif", gimp.work / "out.tif"
    write(path, "adobe-rgb")
    icc = profile(space("adobe-rgb")).replace(b"\0\x02\x33\0", b"\0\x01\xcc\xcd")  # γ 1.8
    tifffile.imwrite(path, tifffile.imread(path), photometric="rgb", metadata=None, iccprofile=icc)
    gimp(f"""
image = load({str(path)!r})
fu(image, image.layers[0], predict=1, film=0, rig=0)
save(image.layers[0], {str(out)!r})
say(1)
""")
    done = run_orangemask(
        "invert", path, "-o", gimp.work / "reference.tif", "--space", "prophoto", "--depth", "float"
    )
    assert done.returncode == 0, done.stderr
    light = SPACES["prophoto"].transfer(tifffile.imread(gimp.work / "reference.tif"))
    light = light @ conversion(space("prophoto"), space("adobe-rgb")).T
    expected = np.clip(light, 0, 1) ** (1 / 1.8)
    assert np.abs(tifffile.imread(out) / 65535 - expected).max() < 0.003  # GIMP's own conversion


def test_a_result_is_rendered_anew_and_a_selection_is_film_base_or_mask(gimp):
    path, xcf = gimp.work / "scan.tif", gimp.work / "scan.xcf"
    write(path, "srgb")
    (first, second, names, base, masked), _ = gimp(
        f"""
image = load({str(path)!r})
fu(image, image.layers[0], predict=1)
pdb.gimp_xcf_save(0, image, image.layers[0], {str(xcf)!r}, {str(xcf)!r})
image = load({str(xcf)!r})
first = edit(image.layers[0])
fu(image, image.layers[0])
second, names = edit(image.layers[0]), [layer.name for layer in image.layers]
pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 0, 0, 20, 20)
fu(image, image.layers[1], predict=1, base=1)
base = edit(image.layers[1])["context"]["base"]
fu(image, image.layers[2], predict=1)
say([first, second, names, base, [layer.mask is not None for layer in image.layers]])
"""
    )
    assert first["predicted"] == first["values"] != second["values"]
    assert second["context"] == first["context"] and second["predicted"] is None
    assert names == ["Invert C41", "Background"]
    assert base["origin"] == "given" and masked.count(True) == 1


def test_the_next_dialog_opens_with_the_predicted_values(gimp):
    path = gimp.work / "scan.tif"
    write(path, "srgb")
    (last, predicted), _ = gimp(
        f"""
from gimpshelf import shelf
key = "python-fu-save--python-fu-orangemask-invert-c41"
image = load({str(path)!r}); layer = image.layers[0]
shelf[key] = (image, layer, True, True, 0, 1, 4) + VALUES
fu(image, layer, predict=1)
last, predicted = shelf[key], edit(image.layers[0])["predicted"]
say([last[2:], predicted])
"""
    )
    assert last == [True, True, 0, 1, 4, *(predicted[name] for name in NAMES)]


def test_what_fails_is_gimp_s_failure_and_says_why(gimp):
    path = gimp.work / "scan.tif"
    write(path, "srgb")
    (gimp.work / ".config/orangemask").mkdir(parents=True)
    (gimp.work / ".config/orangemask/config.json").write_text('{"engine": ["/nowhere/engine"]}')
    (failed, layers), said = gimp(
        f"""
image = load({str(path)!r})
failed = []
try: fu(image, image.layers[0])
except RuntimeError: failed.append(True)
pdb.gimp_image_convert_grayscale(image)
try: fu(image, image.layers[0])
except RuntimeError: failed.append(True)
say([failed, len(image.layers)])
"""
    )
    assert failed == [True, True] and layers == 1
    assert "cannot start /nowhere/engine" in said and "install Orangemask" in said
    assert "choose Image > Mode > RGB" in said


def test_the_stub_s_constants_are_the_real_gimpfu_s(gimp, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "gimp"))
    real, _ = gimp(
        "import gimpfu\nsay(dict((n, getattr(gimpfu, n)) for n in dir(gimpfu) "
        "if isinstance(getattr(gimpfu, n), (int, long))))"
    )
    sys.modules.pop("gimpfu", None)
    import gimpfu

    ours = {
        n: getattr(gimpfu, n) for n in dir(gimpfu) if re.fullmatch("[A-Z][A-Z0-9_]+[A-Z0-9]", n)
    }
    assert len(ours) > 100
    assert {name: value for name, value in ours.items() if real.get(name) != value} == {}
    assert {name for name in real if name.startswith("PF_")} <= set(ours)


def test_the_batch_of_the_readme_works(host, gimp):
    write(gimp.work / "scan.tif", "srgb")
    readme = (ROOT / "gimp/README-2.10.md").read_text("utf-8")
    (command,) = re.findall(r"^    (gimp -i -b .*)$", readme, re.M)
    env = {"GIMP2_DIRECTORY": str(gimp.work / "profile"), "TMPDIR": str(gimp.work / "tmp")}
    host.run("sh", "-c", f"cd {gimp.work} && {command}", env=env, check=False)
    done = run_orangemask("invert", gimp.work / "scan.tif", "-o", gimp.work / "reference.tif")
    assert done.returncode == 0, done.stderr
    made, expected = (
        tifffile.imread(gimp.work / name).astype(int) for name in ("positive.tif", "reference.tif")
    )
    assert np.abs(made - expected).max() <= 1
