"""The shipped networks: what the list says is what lies there, and they are worth having."""

import hashlib
import os
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from orangemask.errors import ModelError
from orangemask.filters import filters
from orangemask.networks import model_file, read_model, run_model
from orangemask_models import MODELS

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("ORANGEMASK_DATA", ROOT.parent / "shared/data"))
LARGEST = 3 << 20  # bytes
BAR = 0.65  # of the percentile stretch's mean ΔE2000
PLANES = np.zeros((4, 64, 64), np.float32)
FACTS = np.zeros(24, np.float32)


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


def test_unknown_model_is_named():
    with pytest.raises(ModelError, match="no model 'nobody'; there are: invert-c41"):
        model_file("nobody")


@pytest.mark.skipif(not (DATA / "photos").is_dir(), reason=f"no data at {DATA}")
def test_network_beats_the_percentile_stretch_on_what_it_never_saw():
    pytest.importorskip("colour", reason="the reference of this test: pip install .[dev]")
    sys.path.insert(0, str(ROOT / "models"))
    from training.evaluate import score

    table = score(DATA, 40, 11, held_out_photos=True, held_out_stocks=True, limit=60)
    assert table["invert-c41, parametric"]["share of stretch"] <= BAR
    assert table["invert-c41-matrix"]["share of stretch"] <= BAR
    # Told where the picture is, the stretch is a better one; the network is better still.
    assert (
        table["invert-c41, parametric"]["mean"] < table["the same, told the picture area"]["mean"]
    )
