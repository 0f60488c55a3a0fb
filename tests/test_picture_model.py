"""Model files that map pictures directly: what is refused, and that parts are the whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image as Pillow

from orangemask.curves import LINEAR, SRGB
from orangemask.errors import Cancelled, ModelError
from orangemask.execute import apply
from orangemask.filters import find_filter
from orangemask.image import Image
from orangemask.picture_model import BLOCK_PIXELS, open_picture_model, render_with_model_file
from orangemask.render import full_transform, predict_values
from orangemask.spaces import SPACES

MIX = np.float32([[0.7, 0.3, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]])
CODE = 1e-6  # of 0…1: float32
SMALL = 20_000  # bytes
NEAR = 0.02  # of 0…1, over colours that fill the cube, which pictures do not


def write_model(path, *, kernel=1, shape=("n", 3, "h", "w"), kind=TensorProto.FLOAT, op="Conv",
                domain="", outputs=1):  # fmt: skip
    """Write a model that mixes the channels by `MIX`, and looks `kernel` pixels wide."""
    weight = np.zeros((3, 3, kernel, kernel), np.float32)
    weight[:, :, kernel // 2, kernel // 2] = MIX
    if kernel > 1:
        weight[0, 0, 0, 0] = 0.2
    attributes = {"pads": [kernel // 2] * 4} if op == "Conv" else {}
    node = helper.make_node(op, ["codes", "weight"], ["filmed"], domain=domain, **attributes)
    nodes = [node]
    ends = [helper.make_tensor_value_info("filmed", TensorProto.FLOAT, ["n", 3, "h", "w"])]
    if outputs == 2:
        nodes.append(helper.make_node("Identity", ["filmed"], ["again"]))
        ends.append(helper.make_tensor_value_info("again", TensorProto.FLOAT, ["n", 3, "h", "w"]))
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("codes", kind, shape)], ends,
        [helper.make_tensor("weight", kind, weight.shape, weight.ravel())],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("strange", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(path))
    return path


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path / "mix.onnx")


def photograph(height: int = 30, width: int = 50) -> Image:
    pixels = np.random.default_rng(2).integers(0, 65536, (height, width, 3)).astype(np.uint16)
    return Image(pixels, (SRGB,) * 3, "srgb")


def test_a_picture_goes_through_the_model(model):
    image = photograph()
    out = render_with_model_file(open_picture_model(model), image, dtype=np.float32)
    np.testing.assert_allclose(out, image.pixels / 65535.0 @ MIX.T, atol=3e-5)  # 16-bit tables


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_parts_are_the_whole(model, dtype):
    opened, image = open_picture_model(model), photograph(700, 1000)
    assert image.pixels.size > 2 * 3 * BLOCK_PIXELS
    seen: list[float] = []
    whole = render_with_model_file(opened, image, dtype=dtype, progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0 and len(seen) > 2
    part = Image(np.ascontiguousarray(image.pixels[311:350, 17:90]), image.transfer, "srgb")
    found = render_with_model_file(opened, part, dtype=dtype)
    tolerance = CODE if dtype == np.float32 else 1
    apart = np.abs(found.astype(float) - whole[311:350, 17:90].astype(float))
    assert apart.max() <= tolerance and (apart > 0).mean() < 0.5


def test_other_primaries_and_linear_light_are_taken_to_srgb(model):
    light = np.float32([[[0.2, 0.4, 0.6]]])
    wide = SPACES["linear-rec2020"].rgb_to_pcs
    pixels = np.float32(light @ np.linalg.solve(wide, SPACES["srgb"].rgb_to_pcs).T)
    image = Image(pixels, (LINEAR,) * 3, "linear", rgb_to_xyz=wide)
    out = render_with_model_file(open_picture_model(model), image, dtype=np.float32)
    np.testing.assert_allclose(out, SRGB.inverse(light) @ MIX.T, atol=1e-4)


def test_what_is_no_number_becomes_one(model):
    image = Image(np.float32([[[np.nan, np.inf, -5.0]]]), (LINEAR,) * 3, "linear")
    out = render_with_model_file(open_picture_model(model), image, dtype=np.uint8)
    assert out.shape == (1, 1, 3)


def test_it_can_be_cancelled(model):
    with pytest.raises(Cancelled):
        render_with_model_file(open_picture_model(model), photograph(), cancel=lambda: True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kernel": 3}, "looks at more than a pixel at a time"),
        ({"shape": ("n", 3, 64, 64)}, "its input is codes tensor(float)"),
        ({"shape": ("n", 4, "h", "w")}, ""),
        ({"shape": (2, 3, "h", "w")}, "it must be one float picture"),
        ({"kind": TensorProto.DOUBLE}, ""),
        ({"op": "Film", "domain": "strange"}, "is no model that can be run"),
        ({"outputs": 2}, "its output is"),
    ],
)
def test_an_unfit_model_is_refused_in_one_line(tmp_path, changes, said):
    with pytest.raises(ModelError) as caught:
        open_picture_model(write_model(tmp_path / "bad.onnx", **changes))
    text = str(caught.value)
    assert "bad.onnx" in text and said in text and "\n" not in text


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x08" * 40])
def test_a_broken_file_is_refused(tmp_path, content):
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"bad\.onnx"):
        open_picture_model(path)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path):
    with pytest.raises(ModelError, match="cannot be read: no such file"):
        open_picture_model(tmp_path / "none.onnx")
    large = tmp_path / "large.onnx"
    with large.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(ModelError, match="at most 67 are read"):
        open_picture_model(large)


# The command line


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    codes = np.random.default_rng(1).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    Pillow.fromarray(codes).save(path)
    return path


def test_emulate_and_digitalfilm_take_a_model_file(run, photo, model, tmp_path):
    ours, theirs = tmp_path / "ours.png", tmp_path / "theirs.png"
    words = ("--model", model, "--json", "--depth", "8")
    status, told, _ = run("emulate", photo, "-o", ours, *words)
    assert status == 0 and json.loads(told)["model"]["name"] == "mix.onnx"
    wanted = np.asarray(Pillow.open(photo)) @ MIX.T
    assert np.abs(np.asarray(Pillow.open(ours)) - wanted).max() <= 1
    assert not ours.with_name("ours.png.orangemask.json").exists()
    assert run("digitalfilm", "-i", photo, "-o", theirs, "-m", model) == (0, "", "")
    assert theirs.is_file()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--model", "none.onnx"), 1, "none.onnx cannot be read"),
        (("--model", "nobody"), 2, "invalid choice: 'nobody'"),
        (("--model", "{model}", "--stock", "kodak-gold-200"), 1, "--stock does nothing with a"),
        (("--model", "{model}", "--set", "red_shadows=1"), 1, "--set does nothing with a"),
        (("--model", "{model}", "--space", "display-p3"), 1, "--space does nothing with a"),
    ],
)
def test_what_a_model_file_does_not_heed_is_refused(
    run, photo, model, tmp_path, words, status, said
):
    words = [str(model) if word == "{model}" else word for word in words]
    ended, told, errors = run("emulate", photo, "-o", tmp_path / "out.png", *words)
    assert (ended, told) == (status, "") and said in errors and errors.count("\n") == 1
    assert not (tmp_path / "out.png").exists()


def test_the_light_of_a_model_is_no_openexr(run, photo, model, tmp_path):
    status, _, errors = run("emulate", photo, "-o", tmp_path / "out.exr", "--model", model)
    assert status == 1 and "write TIFF, PNG or JPEG" in errors


# The example


def test_the_example_is_kodak_gold_as_the_filter_has_it():
    """Fitted to the stock's spectral chain: within a few codes of the filter, mean."""
    path = Path(__file__).parents[1] / "models/examples/kodak_gold_200.onnx"
    assert path.stat().st_size < SMALL
    image = photograph(60, 80)
    ours = render_with_model_file(open_picture_model(path), image, dtype=np.float32)
    one = find_filter("film-emulate")
    settings = {"stock": "kodak-gold-200"}
    values, _, _ = predict_values(image, one, model="none", settings=settings)
    transform = full_transform(image.transfer, one, values, SPACES["srgb"])
    filmed = apply(transform, image.pixels, dtype=np.float32)
    assert np.abs(ours - filmed.clip(0, 1)).mean() < NEAR
