"""The public face: what README shows, and no more."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyexiv2
import pytest
import tifffile

import orangemask
from orangemask.errors import InputError, ModelError, OutputError, ParameterError
from orangemask.spaces import SPACES
from orangemask.values import parse_values
from scans import write_scan
from test_prediction import network

__all__ = ["network"]

NAMES = [
    "Image",
    "OrangemaskError",
    "Transform",
    "Values",
    "apply",
    "open",
    "predict",
    "save",
    "transform",
]


@pytest.fixture
def scan(tmp_path):
    return write_scan(tmp_path / "scan.tif")


def test_the_names_are_pinned():
    assert orangemask.__all__ == NAMES == sorted(NAMES)
    for name in NAMES:
        assert getattr(orangemask, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'invert'"):
        _ = orangemask.invert


def test_the_import_is_light():
    code = "import orangemask, sys; orangemask.__version__; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_open_predict_transform_apply_save(tmp_path, scan):
    image = orangemask.open(scan)
    values = orangemask.predict("invert-c41", image, model="physical")
    picture = orangemask.apply(orangemask.transform(image, values), image.pixels)
    assert picture.dtype == np.uint16 and picture.shape == image.pixels.shape
    assert picture[:, -6:].mean() > picture[:, :6].mean() + 10_000  # dense film is bright
    out = tmp_path / "positive.tif"
    orangemask.save(out, picture, values=values, metadata_of=scan)
    np.testing.assert_array_equal(tifffile.imread(out), picture)
    with pyexiv2.Image(str(out)) as file:
        assert parse_values(file.read_xmp()["Xmp.orangemask.Values"]) == values
    assert orangemask.open(out).encoding == "srgb"


def test_the_network_predicts_by_default(scan):
    # The scan is of greys alone, which looks like silver film.
    values = orangemask.predict("invert-c41", orangemask.open(scan), film="c41")
    assert values.model == "parametric" and len(values.model_sha256) == 64


def test_changes_and_spaces(scan):
    image = orangemask.open(scan)
    values = orangemask.predict("invert-c41", image, model="physical")
    plain = orangemask.apply(orangemask.transform(image, values), image.pixels)
    lower = {"red_highlights": values.values["red_highlights"] - 0.3}
    brighter = orangemask.transform(image, values, changes=lower)
    assert orangemask.apply(brighter, image.pixels)[..., 0].mean() > plain[..., 0].mean()
    for space in SPACES:
        picture = orangemask.apply(
            orangemask.transform(image, values, space=space), image.pixels, dtype=np.float32
        )
        assert np.isfinite(picture).all()


@pytest.mark.parametrize(
    ("dtype", "suffix"),
    [("u1", "tif"), ("u1", "png"), ("u1", "jpg"), ("u2", "tif"), ("u2", "png"), ("f4", "exr")],
)
def test_the_depth_follows_from_the_array(tmp_path, dtype, suffix):
    path = tmp_path / f"a.{suffix}"
    space = "linear-rec2020" if suffix == "exr" else "srgb"
    orangemask.save(path, np.zeros((5, 7, 3), dtype), space=space)
    assert orangemask.open(path).pixels.shape == (5, 7, 3)


def test_a_float_array_becomes_a_float_tiff(tmp_path):
    orangemask.save(tmp_path / "a.tif", np.full((5, 7, 3), 1.5, np.float32))
    assert tifffile.imread(tmp_path / "a.tif").dtype == np.float32


def test_refusals(tmp_path, scan):
    image = orangemask.open(scan)
    values = orangemask.predict("invert-c41", image, model="physical")
    with pytest.raises(InputError, match=r"cannot read .*none\.tif: there is no such file"):
        orangemask.open(tmp_path / "none.tif")
    with pytest.raises(ParameterError, match="encoding is 'log'"):
        orangemask.open(scan, encoding="log")
    with pytest.raises(ParameterError, match=r"unknown filter 'c41'; .*allowed: film-emulate, "):
        orangemask.predict("c41", image)
    with pytest.raises(ModelError, match="unknown model of invert-c41 'big'"):
        orangemask.predict("invert-c41", image, model="big")
    with pytest.raises(ParameterError, match="unknown parameter 'red_shadow'; did you mean"):
        orangemask.transform(image, values, changes={"red_shadow": 0.1})
    with pytest.raises(ParameterError, match="srgb, display-p3"):
        orangemask.transform(image, values, space="cmyk")
    with pytest.raises(OutputError, match=r"scan\.tif exists"):
        orangemask.save(scan, image.pixels)
    with pytest.raises(OutputError, match=r"unknown ending '\.gif'"):
        orangemask.save(tmp_path / "a.gif", image.pixels)
    assert [path.name for path in tmp_path.iterdir()] == ["scan.tif"]


def test_a_positive_is_refused_unless_it_is_said_to_be_none(tmp_path, network):
    picture = orangemask.open(write_scan(tmp_path / "scan.tif"), encoding="linear")
    network.answers = [network.answer(film=("positive", 0.95))]
    with pytest.raises(InputError, match="looks like a positive"):
        orangemask.predict("invert-c41", picture)
    assert orangemask.predict("invert-c41", picture, film="c41").context.film == "c41"


def test_a_doubt_is_warned_of(tmp_path, network):
    picture = orangemask.open(write_scan(tmp_path / "scan.tif"), encoding="linear")
    network.answers = [network.answer(film=("bw", 0.9))]
    with pytest.warns(UserWarning, match="black-and-white"):
        orangemask.predict("invert-c41", picture)


@pytest.mark.parametrize(("name", "wrong"), [("rig", "default"), ("film", "positive")])
def test_an_unknown_rig_or_film_is_told_with_the_allowed(tmp_path, name, wrong):
    picture = orangemask.open(write_scan(tmp_path / "scan.tif"), encoding="linear")
    with pytest.raises(ParameterError, match=f"{name} '{wrong}'.*allowed: auto"):
        orangemask.predict("invert-c41", picture, **{name: wrong})
