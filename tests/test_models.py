"""The shipped networks: what the list says is what lies there."""

import hashlib
import os
from importlib.resources import files

import numpy as np
import pytest

from orangemask.errors import ModelError
from orangemask.filters import filters
from orangemask.networks import model_file, read_model, run_model
from orangemask_filters.film_emulate import features as photograph
from orangemask_filters.invert_c41 import features
from orangemask_filters.invert_c41.prediction import FILMS
from orangemask_filters.invert_c41.rigs import RIGS
from orangemask_models import MODELS
from scans import run_orangemask, write_scan

LARGEST = 5_000_000  # bytes
OF_SCANS = [model for model in MODELS if "film" in model.outputs]


def answer(model):
    """Return what a network says of nothing."""
    import onnxruntime

    session = onnxruntime.InferenceSession(read_model(model), providers=["CPUExecutionProvider"])
    shapes = {one.name: one.shape[1:] for one in session.get_inputs()}
    return run_model(
        model.name, {key: np.zeros(shape, np.float32) for key, shape in shapes.items()}
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_network_takes_the_features_of_its_filter(model):
    import onnxruntime

    session = onnxruntime.InferenceSession(read_model(model), providers=["CPUExecutionProvider"])
    shapes = {one.name: one.shape[1:] for one in session.get_inputs()}
    told = features if model in OF_SCANS else photograph
    planes = features.PLANES if model in OF_SCANS else 3
    assert shapes["planes"] == [planes, told.SIDE, told.SIDE]
    assert shapes["facts"] == [told.FACTS]


def test_every_filter_has_its_networks():
    listed = {model.name for model in MODELS}
    asked = {model.file for one in filters().values() for model in one.models if model.file}
    assert asked == listed


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_file_is_the_one_listed(model):
    content = (files("orangemask_models") / model.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == model.sha256
    assert len(content) < LARGEST
    assert (files("orangemask_models") / model.card).read_text("utf-8").startswith("# ")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_network_says_what_goes_in_and_out(model):
    import onnxruntime

    session = onnxruntime.InferenceSession(read_model(model), providers=["CPUExecutionProvider"])
    assert tuple(one.name for one in session.get_inputs()) == model.inputs
    assert tuple(one.name for one in session.get_outputs()) == model.outputs
    told = session.get_modelmeta().custom_metadata_map
    assert told["opset"] == str(model.opset)
    assert told["inputs"].split() == list(model.inputs)
    assert told["outputs"].split() == list(model.outputs)
    (one,) = (each for each in filters().values() if model.name in {m.file for m in each.models})
    assert sorted(told["order"].split()) == sorted(param.name for param in one.params)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_network_gives_nine_signed_numbers_and_an_error(model):
    outputs = answer(model)
    assert outputs["corrections"].shape == (9,) and np.isfinite(outputs["corrections"]).all()
    assert outputs["expected_delta_e"][0] >= 0
    assert outputs["channel_error"].shape == (3,) and (outputs["channel_error"] >= 0).all()


@pytest.mark.parametrize("model", OF_SCANS, ids=lambda model: model.name)
def test_network_gives_probabilities_of_film_and_rig(model):
    outputs = answer(model)
    for name, kinds in (("film", FILMS), ("rig", RIGS)):
        assert outputs[name].shape == (len(kinds),) and (outputs[name] >= 0).all()
        assert outputs[name].sum() == pytest.approx(1, abs=1e-5)


def test_unknown_model_is_named():
    with pytest.raises(ModelError, match="no model 'nobody'; there are: film-emulate"):
        model_file("nobody")


def test_a_prediction_starts_no_reporter(tmp_path):
    # onnxruntime 1.31 writes .ses into TMPDIR when its reporter to Microsoft starts.
    scan, out = tmp_path / "scan.tif", tmp_path / "out.tif"
    write_scan(scan)
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    done = run_orangemask("invert", scan, "-o", out, env=environment)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "tmp").iterdir()) == []
