"""Photographs through the engine: settings go in and come back, pixels as the library's."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orangemask.encode.icc import profile
from orangemask.engine.fields import Fields
from orangemask.engine.pictures import open_picture
from orangemask.execute import apply
from orangemask.filters import find_filter
from orangemask.render import full_transform, predict_values
from orangemask.spaces import SPACES, space
from test_engine_client import Client, engine

__all__ = ["engine"]

FILTER = find_filter("film-emulate")
STOCK = list(FILTER.settings[0].by_name)[-1]
SETTINGS = {"stock": STOCK, "tone": 0.5}


def photograph(path: Path, **fields: Any) -> dict[str, Any]:
    """Write a photograph; return the request's `image`."""
    codes = np.random.default_rng(4).integers(0, 65536, (45, 70, 3)).astype(np.uint16)
    path.write_bytes(codes.tobytes())
    image = {"path": str(path), "width": 70, "height": 45, "dtype": "uint16", "encoding": "srgb"}
    return {**image, **fields}


def predicted(engine: Client, image: dict[str, Any], **params: Any) -> dict[str, Any]:
    request = {"filter": "film-emulate", "image": image, "settings": SETTINGS, **params}
    return engine.ask("predict", request)


def test_describe_tells_the_settings(engine: Client) -> None:
    (told,) = engine.ask("describe", {"filter": "film-emulate"})["result"]["filters"]
    assert told["source"] == "photograph"
    stock, finish, colour, *_ = told["settings"]
    assert (stock["kind"], finish["kind"], colour["kind"]) == ("choice", "choice", "number")
    assert stock["default"] in [option["name"] for option in stock["options"]]
    assert {"name", "label", "doc", "process", "iso", "discontinued"} <= set(stock["options"][0])
    assert colour["minimum"] == 0.0 and colour["maximum"] == 1.5


def test_predict_and_render_are_the_librarys(engine: Client, tmp_path: Path) -> None:
    icc = base64.b64encode(profile(SPACES["display-p3"])).decode()
    image = photograph(tmp_path / "in", profile=icc, encoding="auto")
    result = predicted(engine, image, model="grey-world")["result"]
    assert result["base"] is None and result["film"] is None and result["refusal"] is None
    here = open_picture(Fields(image, "image"), photograph=True).image
    values, _, _ = predict_values(here, FILTER, model="grey-world", settings=SETTINGS)
    assert result["values"] == values.values
    assert result["context"] == json.loads(values.to_json())["context"]
    assert result["context"]["settings"] == FILTER.checked_settings(SETTINGS)

    out = tmp_path / "out"
    out.touch()
    reply = engine.ask(
        "render",
        {
            "filter": "film-emulate",
            "values": result["values"],
            "context": result["context"],
            "image": image,
            "output": {"path": str(out), "dtype": "uint16"},
        },
    )
    assert reply["result"] == {"warnings": []}
    transform = full_transform(here.transfer, FILTER, values, space("srgb"))
    expected = apply(transform, np.ascontiguousarray(here.pixels))
    assert np.array_equal(np.fromfile(out, np.uint16).reshape(expected.shape), expected)


def test_linear_light_may_be_a_finished_pictures(engine: Client, tmp_path: Path) -> None:
    image = photograph(tmp_path / "in", encoding="linear")
    for light, scene in (("auto", True), ("scene", True), ("display", False)):
        result = predicted(engine, {**image, "light": light})["result"]
        assert result["context"]["light"]["scene"] is scene


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        ({"settings": {"stock": "kodak"}}, "bad-parameter", "unknown stock 'kodak'; "),
        ({"settings": {"size": 3}}, "bad-parameter", "unknown setting 'size'; "),
        ({"settings": {"tone": "1"}}, "bad-parameter", "tone is '1', not a number"),
        ({"settings": 3}, "bad-request", "predict settings is an integer; it must be an object"),
        ({"rig": "white"}, "bad-request", "predict has no 'rig'"),
        ({"base": {"density": [0, 0, 0]}}, "bad-request", "predict has no 'base'"),
    ],
)
def test_what_is_wrong_is_told(
    engine: Client, tmp_path: Path, params: dict[str, Any], code: str, words: str
) -> None:
    error = predicted(engine, photograph(tmp_path / "in"), **params)["error"]
    assert error["code"] == code and words in error["message"]


def test_a_scan_has_no_settings(engine: Client, tmp_path: Path) -> None:
    request = {
        "filter": "invert-c41",
        "image": photograph(tmp_path / "in"),
        "settings": {"stock": STOCK},
    }
    error = engine.ask("predict", request)["error"]
    assert error["code"] == "bad-parameter" and "invert-c41 has no settings" in error["message"]
