"""In a real GIMP, without a window: the plug-in's pixels are those of the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from orangemask.curves import SRGB
from orangemask.encode import profile
from orangemask.spaces import space
from scans import negative, run_orangemask

pytestmark = pytest.mark.gimp

WIDTH, HEIGHT = 300, 200
NINE = {f"{c}_{z}" for c in ("red", "green", "blue") for z in ("shadows", "midtones", "highlights")}


def write(path, kind):
    """Write a negative of some kind and return its own codes."""
    light = negative(HEIGHT, WIDTH).astype(np.float64) / 65535
    codes, icc = np.rint(SRGB.inverse(light) * 65535).astype(np.uint16), None
    if kind == "untagged":
        codes = negative(HEIGHT, WIDTH)
    elif kind == "eight":
        codes = np.rint(SRGB.inverse(light) * 255).astype(np.uint8)
    elif kind == "float":
        codes = light.astype(np.float32)
    elif kind == "adobe":
        icc = profile(space("adobe-rgb"))
    elif kind == "linear":
        codes, icc = negative(HEIGHT, WIDTH), profile(space("linear-rec2020"))
    elif kind == "alpha":
        alpha = np.linspace(0, 65535, WIDTH).astype(np.uint16)
        alpha = np.broadcast_to(alpha[None, :, None], (HEIGHT, WIDTH, 1))
        codes = np.concatenate([codes, alpha], axis=2)
    extra = [] if kind == "untagged" or kind == "float" else icc or profile(space("srgb"))
    tifffile.imwrite(
        path,
        codes,
        photometric="rgb",
        metadata=None,
        iccprofile=extra or None,
        extrasamples=["unassalpha"] if kind == "alpha" else None,
    )
    return codes


def by_command_line(gimp, path, *options):
    """Return the values file that the command line predicts, and its positive by it."""
    first, out = gimp.work / "first.tif", gimp.work / "reference.tif"
    for words in (
        ("invert", path, "-o", first, "--force"),
        ("invert", path, "-o", out, "--params", f"{first}.orangemask.json", "--force", *options),
    ):
        done = run_orangemask(*words)
        assert done.returncode == 0, done.stderr
    return f"{first}.orangemask.json", tifffile.imread(out)


def read(path, shape, dtype, channels=3):
    return np.fromfile(path, dtype).reshape(*shape, channels)


SCRIPT = """
image = load({path!r}); source = image.get_layers()[0]
{before}
done = call("invert-c41", image, [source], params={params!r})
result = image.get_layers()[0]
done["shape"] = codes(result, {codes!r}, {format!r})
done["layers"] = layers(image)
done["offsets"] = list(result.get_offsets())[1:]
done["mask"] = result.get_mask() is not None
{after}
say(done)
"""


@pytest.mark.parametrize(
    ("kind", "format_", "dtype", "options"),
    [
        ("untagged", "R'G'B' u16", np.uint16, ()),
        ("srgb", "R'G'B' u16", np.uint16, ()),
        ("eight", "R'G'B' u8", np.uint8, ("--depth", "8")),
        ("adobe", "R'G'B' u16", np.uint16, ("--space", "adobe-rgb")),
        ("alpha", "R'G'B'A u16", np.uint16, ()),
    ],
)
def test_equals_the_command_line(gimp, kind, format_, dtype, options):
    path, out = gimp.work / f"{kind}.tif", gimp.work / "codes"
    write(path, kind)
    params, reference = by_command_line(gimp, path, *options)
    done = gimp.console(
        SCRIPT.format(path=str(path), params=params, codes=str(out), format=format_,
                      before="", after="")
    )  # fmt: skip
    assert done["good"], done["error"]
    ours = read(out, done["shape"], dtype, 4 if kind == "alpha" else 3)
    assert np.abs(ours.astype(int) - reference).max() <= 1
    assert [name for name, *_ in done["layers"]] == ["Invert C41", "Background"]
    assert [shown for _, shown, _ in done["layers"]] == [True, False]
    assert gimp.left() == []


@pytest.mark.parametrize("kind", ["linear", "float"])
def test_linear_light_stays_linear_light(gimp, kind):
    path, out = gimp.work / f"{kind}.tif", gimp.work / "codes"
    write(path, kind)
    name = "linear-rec2020" if kind == "linear" else "srgb"
    params, reference = by_command_line(gimp, path, "--space", name, "--depth", "float")
    light = reference if kind == "linear" else np.asarray(SRGB(reference.astype(np.float64)))
    dtype, format_ = (np.uint16, "RGB u16") if kind == "linear" else (np.float32, "RGB float")
    done = gimp.console(
        SCRIPT.format(path=str(path), params=params, codes=str(out), format=format_, before="",
                      after="done['precision'] = int(image.get_precision())")
    )  # fmt: skip
    assert done["good"], done["error"]
    ours = read(out, done["shape"], dtype).astype(np.float64) / (65535 if kind == "linear" else 1)
    assert np.abs(ours - light).max() <= 1.01 / 65535


def test_a_selection_becomes_a_mask_and_pixels_are_the_same(gimp):
    path, out = gimp.work / "selected.tif", gimp.work / "codes"
    write(path, "srgb")
    params, reference = by_command_line(gimp, path)
    done = gimp.console(
        SCRIPT.format(
            path=str(path), params=params, codes=str(out), format="R'G'B' u16",
            before="image.select_rectangle(Gimp.ChannelOps.REPLACE, 50, 40, 100, 60)",
            after="m = result.get_mask().get_buffer().get(Gegl.Rectangle.new(0, 0, 300, 200), 1.0,"
            "'Y u8', Gegl.AbyssPolicy.NONE); done['shown'] = [m[50 * 300 + 60], m[0], sum(m)]",
        )
    )  # fmt: skip
    assert done["good"], done["error"]
    assert np.abs(read(out, done["shape"], np.uint16).astype(int) - reference).max() <= 1
    assert done["shown"] == [255, 0, 255 * 100 * 60]


def test_an_offset_layer_keeps_its_place(gimp):
    path, out = gimp.work / "offset.tif", gimp.work / "codes"
    write(path, "srgb")
    params, reference = by_command_line(gimp, path)
    done = gimp.console(
        SCRIPT.format(path=str(path), params=params, codes=str(out), format="R'G'B' u16",
                      before="source.set_offsets(-37, 21)", after="")
    )  # fmt: skip
    assert done["good"], done["error"]
    assert done["offsets"] == [-37, 21]
    assert np.abs(read(out, done["shape"], np.uint16).astype(int) - reference).max() <= 1


def test_explicit_values_equal_a_values_file(gimp):
    path = gimp.work / "nine.tif"
    write(path, "srgb")
    params, reference = by_command_line(gimp, path)
    kept = json.loads(Path(params).read_text())
    given = {**kept["values"], "context": json.dumps(kept["context"]), "predict": False}
    out = gimp.work / "codes"
    done = gimp.console(f"""
image = load({str(path)!r})
done = call("invert-c41", image, image.get_layers(), **{given!r})
done["shape"] = codes(image.get_layers()[0], {str(out)!r}, "R'G'B' u16")
say(done)""")
    assert done["good"], done["error"]
    assert np.abs(read(out, done["shape"], np.uint16).astype(int) - reference).max() <= 1


def test_several_layers_each_get_their_own_prediction_and_undo_is_one_step(gimp):
    for number in (1, 2):
        codes = negative(HEIGHT, WIDTH) // number
        tifffile.imwrite(gimp.work / f"{number}.tif", codes, photometric="rgb", metadata=None)
    done = gimp.console(f"""
image = load({str(gimp.work / "1.tif")!r})
layer = Gimp.file_load_layer(NON, image, Gio.File.new_for_path({str(gimp.work / "2.tif")!r}))
image.insert_layer(layer, None, 0)
done = call("invert-c41", image, image.get_layers())
done["layers"] = layers(image)
kept = [l.get_parasite("orangemask-edit") for l in image.get_layers() if l.get_visible()]
done["edits"] = [json.loads(bytes(k.get_data()).decode()) for k in kept]
say(done)""")
    assert done["good"], done["error"]
    assert len(done["layers"]) == 4
    first, second = (edit["values"] for edit in done["edits"])
    assert set(first) == NINE
    assert first["red_shadows"] != second["red_shadows"]


def test_a_result_is_rendered_anew_from_its_source_after_saving(gimp):
    path, xcf, out = gimp.work / "n.tif", gimp.work / "n.xcf", gimp.work / "codes"
    write(path, "srgb")
    params, _ = by_command_line(gimp, path)
    kept = json.loads(Path(params).read_text())
    moved = {**kept["values"], "red_midtones": kept["values"]["red_midtones"] + 0.3}
    done = gimp.console(f"""
image = load({str(path)!r})
first = call("invert-c41", image, image.get_layers(), params={params!r})
image.get_layers()[0].set_opacity(40.0)
save(image, {str(xcf)!r}); again = load({str(xcf)!r})
given = {moved!r}
done = call("invert-c41", again, [again.get_layers()[0]], predict=False,
            context={json.dumps(kept["context"])!r}, **given)
done["first"] = first["good"]
top = again.get_layers()[0]
done["layers"], done["opacity"] = layers(again), top.get_opacity()
done["edit"] = json.loads(bytes(top.get_parasite("orangemask-edit").get_data()).decode())
done["shape"] = codes(top, {str(out)!r}, "R'G'B' u16")
say(done)""")
    assert done["first"] and done["good"], done["error"]
    assert [name for name, *_ in done["layers"]] == ["Invert C41", "Background"]
    assert done["opacity"] == pytest.approx(40.0)
    assert done["edit"]["values"] == moved
    kept["values"] = moved
    (gimp.work / "moved.json").write_text(json.dumps(kept))
    reference = gimp.work / "moved.tif"
    words = ("invert", path, "-o", reference, "--params", gimp.work / "moved.json")
    assert run_orangemask(*words).returncode == 0
    ours = read(out, done["shape"], np.uint16).astype(int)
    assert np.abs(ours - tifffile.imread(reference)).max() <= 1


def test_film_emulate_equals_the_command_line(gimp):
    path, out = gimp.work / "photo.tif", gimp.work / "codes"
    scene = np.random.default_rng(3).uniform(0.02, 0.98, (HEIGHT // 8, WIDTH // 8, 3))
    codes = np.rint(np.kron(scene, np.ones((8, 8, 1))) * 65535).astype(np.uint16)
    icc = profile(space("srgb"))
    tifffile.imwrite(path, codes, photometric="rgb", metadata=None, iccprofile=icc)
    first = gimp.work / "film.tif"
    words = ("emulate", path, "-o", first, "--stock", "kodak-gold-200")
    assert run_orangemask(*words).returncode == 0
    params = f"{first}.orangemask.json"
    done = gimp.console(f"""
image = load({str(path)!r})
done = call("film-emulate", image, image.get_layers(), params={params!r})
done["shape"] = codes(image.get_layers()[0], {str(out)!r}, "R'G'B' u16")
predicted = call("film-emulate", image, [image.get_layers()[1]], stock="fuji-velvia-50")
done["predicted"] = predicted["error"]
say(done)""")
    assert done["good"], done["error"]
    assert done["predicted"] is None
    ours = read(out, done["shape"], np.uint16).astype(int)
    assert np.abs(ours - tifffile.imread(first)).max() <= 1
