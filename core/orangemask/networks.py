"""Networks: found by name, checked against their checksum, run by onnxruntime on one core."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangemask.errors import ModelError, reason
from orangemask_models import MODELS, ModelFile


def model_file(name: str) -> ModelFile:
    """Return the entry of the list of models.

    Raises
    ------
    ModelError
        No such model.
    """
    for model in MODELS:
        if model.name == name:
            return model
    raise ModelError(f"no model '{name}'; there are: {', '.join(model.name for model in MODELS)}")


def read_model(model: ModelFile) -> bytes:
    """Return a model's bytes.

    Raises
    ------
    ModelError
        The file is missing or does not match its checksum.
    """
    resource = files("orangemask_models") / model.file
    try:
        content = resource.read_bytes()
    except OSError as error:
        raise ModelError(
            f"model {model.file} cannot be read ({reason(error)}); reinstall orangemask"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != model.sha256:
        raise ModelError(
            f"model {model.file} has sha256 {found[:12]}…, expected {model.sha256[:12]}…; "
            "reinstall orangemask"
        )
    return content


def run_model(name: str, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
    """Return a model's outputs by name for one picture; the batch axis is added and removed.

    An input that is not given is all zeros, which stands for nothing known.

    Raises
    ------
    ModelError
        The model is missing or damaged.
    """
    model = model_file(name)
    session = _session(model)
    shapes = {each.name: each.shape[1:] for each in session.get_inputs()}
    given = {
        key: (inputs[key] if key in inputs else np.zeros(shapes[key], np.float32))[np.newaxis]
        for key in model.inputs
    }
    outputs = session.run(list(model.outputs), given)
    return {key: value[0] for key, value in zip(model.outputs, outputs, strict=True)}


def load_onnxruntime() -> Any:  # an untyped module
    """Return onnxruntime, told to report nothing to its makers; the only place that imports it.

    Raises
    ------
    ModelError
        It cannot be loaded.
    """
    # Since 1.31 its builds for all systems hold a reporter that starts as it is imported.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(f"onnxruntime cannot be loaded: {error}; reinstall orangemask") from error
    onnxruntime.disable_telemetry_events()
    return onnxruntime


@lru_cache(maxsize=4)
def _session(model: ModelFile) -> Any:  # onnxruntime.InferenceSession, untyped
    onnxruntime = load_onnxruntime()
    content = read_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors come as exceptions
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own have no common base
        what = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"model {model.file} cannot be loaded: {what}") from error
