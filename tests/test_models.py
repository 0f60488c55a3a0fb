"""The shipped networks: what the list says is what lies there."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest

from orangemask.errors import ModelError
from orangemask.filters import filters
from orangemask.networks import model_file, read_model, run_model
from orangemask_filters.invert_c41 import features
from orangemask_filters.invert_c41.prediction import FILMS
from orangemask_filters.invert_c41.rigs import RIGS
from orangemask_models import MODELS

LARGEST = 5_000_000  # bytes
PLANES = np.zeros((features.PLANES, features.SIDE, features.SIDE), np.float32)
FACTS = np.zeros(features.FACTS, np.float32)


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
    outputs = run_model(model.name, {"planes": PLANES, "facts": FACTS})
    assert outputs["corrections"].shape == (9,) and np.isfinite(outputs["corrections"]).all()
    assert outputs["expected_delta_e"][0] >= 0
    assert outputs["channel_error"].shape == (3,) and (outputs["channel_error"] >= 0).all()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_network_gives_probabilities_of_film_and_rig(model):
    outputs = run_model(model.name, {"planes": PLANES, "facts": FACTS})
    for name, kinds in (("film", FILMS), ("rig", RIGS)):
        assert outputs[name].shape == (len(kinds),) and (outputs[name] >= 0).all()
        assert outputs[name].sum() == pytest.approx(1, abs=1e-5)


def test_unknown_model_is_named():
    with pytest.raises(ModelError, match="no model 'nobody'; there are: invert-c41"):
        model_file("nobody")
