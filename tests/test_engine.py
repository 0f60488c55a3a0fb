"""The engine as a front end sees it: a process, two pipes and files."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import orangemask.engine
from orangemask.encode.icc import profile
from orangemask.engine.fields import Fields
from orangemask.engine.pictures import open_picture
from orangemask.engine.requests import METHODS
from orangemask.execute import apply
from orangemask.filters import description, find_filter
from orangemask.render import full_transform, predict_values
from orangemask.spaces import SPACES, space
from orangemask.values import Values, parse_values
from test_engine_client import Client, engine

__all__ = ["engine"]

README = Path(orangemask.engine.__file__).with_name("README.md").read_text("utf-8")
CONTEXT = {
    "base": {"density": [0.25, 0.62, 0.85], "confidence": 1.0, "origin": "given"},
    "rig": {"name": "mild", "crosstalk": [[1.1, -0.1, 0], [0, 1, 0], [0, -0.1, 1.1]]},
    "encoding": "auto",
}


def write_negative(
    path: Path, dtype: str = "uint16", h: int = 61, w: int = 83, channels: int = 3
) -> dict[str, Any]:
    """Write codes of a made-up negative; return the request's `image`."""
    generator = np.random.default_rng(7)
    light = 10 ** -(generator.uniform(0, 1.6, (h, w, channels)) + 0.3)
    if np.dtype(dtype).kind == "u":
        light = np.rint(light * np.iinfo(dtype).max)
    path.write_bytes(light.astype(dtype).tobytes())
    return {
        "path": str(path),
        "width": w,
        "height": h,
        "dtype": dtype,
        "channels": channels,
        "encoding": "linear",
    }


def render_request(image: dict[str, Any], path: Path, **output: Any) -> dict[str, Any]:
    path.touch()
    return {
        "filter": "invert-c41",
        "values": find_filter("invert-c41").defaults(),
        "context": CONTEXT,
        "image": image,
        "output": {"path": str(path), "dtype": "uint16", **output},
    }


def rendered_here(request: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return what the library itself makes of a request."""
    image = open_picture(Fields(request["image"], "image"), photograph=False).image
    output = request["output"]
    transform = full_transform(
        image.transfer,
        find_filter(request["filter"]),
        values_of(request),
        space(output.get("space", "srgb")),
        linear=output.get("linear", False),
    )
    return apply(transform, np.ascontiguousarray(image.pixels), dtype=output["dtype"])


def values_of(request: dict[str, Any]) -> Values:
    content = {key: request[key] for key in ("filter", "values", "context")}
    return parse_values(json.dumps({"orangemask": 1, **content}))


def pixels_of(request: dict[str, Any], channels: int = 3) -> np.ndarray[Any, Any]:
    image, output = request["image"], request["output"]
    pixels = np.fromfile(output["path"], output["dtype"])
    return pixels.reshape(image["height"], image["width"], channels)


def test_describe_gives_the_declarations(engine: Client) -> None:
    result = engine.ask("describe", {"filter": "invert-c41"})["result"]
    assert result["filters"] == [json.loads(json.dumps(description(find_filter("invert-c41"))))]
    assert [each["name"] for each in result["spaces"]] == list(SPACES)
    assert result["filters"][0] in engine.ask("describe")["result"]["filters"]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_render_equals_the_library(engine: Client, tmp_path: Path, dtype: str, depth: str) -> None:
    request = render_request(write_negative(tmp_path / "in", dtype), tmp_path / "out", dtype=depth)
    progress, reply = engine.answer(engine.send("render", request))
    assert reply["result"] == {"warnings": []}
    assert progress == sorted(progress)
    pixels = pixels_of(request)
    assert np.array_equal(pixels, rendered_here(request))
    assert pixels.std() > 0


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_floats_are_read(engine: Client, tmp_path: Path, dtype: str) -> None:
    request = render_request(write_negative(tmp_path / "in", dtype), tmp_path / "out")
    assert "result" in engine.ask("render", request)
    assert np.array_equal(pixels_of(request), rendered_here(request))


@pytest.mark.parametrize("output", [{"space": "prophoto"}, {"linear": True, "dtype": "float32"}])
def test_render_ends_in_the_space_asked_for(
    engine: Client, tmp_path: Path, output: dict[str, Any]
) -> None:
    request = render_request(write_negative(tmp_path / "in"), tmp_path / "out", **output)
    assert "result" in engine.ask("render", request)
    assert np.array_equal(pixels_of(request), rendered_here(request))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_alpha_is_kept(engine: Client, tmp_path: Path, dtype: str) -> None:
    image = write_negative(tmp_path / "in", dtype, channels=4)
    request = render_request(image, tmp_path / "out", dtype=dtype)
    assert "result" in engine.ask("render", request)
    alpha = np.fromfile(image["path"], dtype).reshape(61, 83, 4)[..., 3]
    pixels = pixels_of(request, 4)
    assert np.array_equal(pixels[..., 3], alpha)
    assert np.array_equal(pixels[..., :3], rendered_here(request))


def test_alpha_is_converted_dropped_or_opaque(engine: Client, tmp_path: Path) -> None:
    image = write_negative(tmp_path / "in", "uint8", channels=4)
    alpha = np.fromfile(image["path"], "uint8").reshape(61, 83, 4)[..., 3]
    request = render_request(image, tmp_path / "out", dtype="float32")
    assert "result" in engine.ask("render", request)
    assert np.allclose(pixels_of(request, 4)[..., 3], alpha / 255, rtol=0, atol=1e-7)
    request["output"]["channels"] = 3
    assert "result" in engine.ask("render", request)
    assert np.array_equal(pixels_of(request), rendered_here(request))
    image = write_negative(tmp_path / "in", "float32")
    request = render_request(image, tmp_path / "out", dtype="uint16", channels=4)
    assert "result" in engine.ask("render", request)
    assert (pixels_of(request, 4)[..., 3] == 65535).all()


def test_an_existing_output_gets_the_exact_size(engine: Client, tmp_path: Path) -> None:
    request = render_request(write_negative(tmp_path / "in"), tmp_path / "out")
    (tmp_path / "out").write_bytes(bytes(1_000_000))
    assert "result" in engine.ask("render", request)
    assert (tmp_path / "out").stat().st_size == 61 * 83 * 3 * 2


def test_a_profile_is_read_and_an_encoding_stands_above_it(engine: Client, tmp_path: Path) -> None:
    image = write_negative(tmp_path / "in")
    image["profile"] = base64.b64encode(profile(SPACES["adobe-rgb"])).decode()
    pictures = []
    for encoding in ("auto", "gamma:2.19921875", "linear"):
        image["encoding"] = encoding
        request = render_request(image, tmp_path / "out")
        assert engine.ask("render", request)["result"] == {"warnings": []}
        pictures.append(pixels_of(request).astype(float))
    assert np.array_equal(pictures[0], pictures[1])  # 563/256, as Adobe RGB (1998) says
    assert np.abs(pictures[0] - pictures[2]).mean() > 655  # 1 % of full scale


def test_a_guess_and_another_encoding_are_told(engine: Client, tmp_path: Path) -> None:
    image = write_negative(tmp_path / "in")
    del image["encoding"]
    request = render_request(image, tmp_path / "out")
    request["context"] = {**CONTEXT, "encoding": "linear"}
    guess, other = engine.ask("render", request)["result"]["warnings"]
    assert "read as srgb" in guess
    assert "made for encoding linear" in other


def test_predict_equals_the_library_and_renders(engine: Client, tmp_path: Path) -> None:
    image = write_negative(tmp_path / "in", h=200, w=300)
    asked = {"filter": "invert-c41", "image": image, "model": "physical", "rig": "none"}
    result = engine.ask("predict", asked)["result"]
    values, prediction, _ = predict_values(
        open_picture(Fields(image, "image"), photograph=False).image,
        find_filter("invert-c41"),
        model="physical",
        rig=parse_values(values_json(result)).context.rig,
    )
    saved = json.loads(values.to_json())
    for key in ("values", "context", "model"):
        assert result[key] == saved[key]
    assert result["base"] == saved["context"]["base"]
    assert result["confidence"] == prediction.confidence
    assert result["context"]["rig"]["name"] == "none"
    request = render_request(image, tmp_path / "out")
    request.update(values=result["values"], context=result["context"])
    assert "result" in engine.ask("render", request)
    assert np.array_equal(pixels_of(request), rendered_here(request))


def test_a_kind_of_film_is_taken_as_said(engine: Client, tmp_path: Path) -> None:
    image = write_negative(tmp_path / "in", h=120, w=180)
    asked = {"filter": "invert-c41", "image": image, "film": "bw", "rig": "narrow"}
    result = engine.ask("predict", asked)["result"]
    assert result["context"]["film"] == "bw" and result["refusal"] is None
    assert result["film"]["name"] and result["rig"]["name"] and len(result["channels"]) == 3
    request = render_request(image, tmp_path / "out", space="linear-rec2020")
    request.update(values=result["values"], context=result["context"])
    assert "result" in engine.ask("render", request)
    assert np.ptp(pixels_of(request).astype(int), axis=-1).max() <= 1
    for name, allowed in (("film", "auto, c41, maskless, bw"), ("rig", "auto, white, narrow")):
        error = engine.ask("predict", {**asked, name: "positive"})["error"]
        assert error["code"] == "bad-request" and allowed in error["message"]


def values_json(result: dict[str, Any]) -> str:
    content = {key: result[key] for key in ("values", "context", "model")}
    return json.dumps({"orangemask": 1, "filter": "invert-c41", **content})


def test_a_base_is_taken_as_given(engine: Client, tmp_path: Path) -> None:
    asked = {"filter": "invert-c41", "image": write_negative(tmp_path / "in"), "model": "physical"}
    given = {"density": [0.2, 0.6, 0.8]}
    base = engine.ask("predict", {**asked, "base": given})["result"]["base"]
    assert base == {**given, "confidence": 1.0, "origin": "given"}
    base = engine.ask("predict", {**asked, "base_rect": [2, 3, 9, 9]})["result"]["base"]
    assert base["origin"] == "given"
    assert engine.ask("predict", {**asked, "base": given, "base_rect": [2, 3, 9, 9]})["error"]


def test_the_readme_names_every_method() -> None:
    assert set(re.findall(r"^### (\w+)$", README, re.M)) == {*METHODS, "cancel"}


def test_the_examples_of_the_readme_run(engine: Client) -> None:
    for line in re.findall(r"^ +→ (\{.*\})$", README, re.M):
        request = json.loads(line)
        assert set(engine.ask(request["method"], request["params"])["result"]) == {
            "protocol",
            "version",
            "filters",
        }
