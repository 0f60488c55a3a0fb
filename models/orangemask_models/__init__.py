"""The trained networks: one list, checked against the files on every load.

`models.json` is written by the training code when it exports; nothing here is typed by hand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class ModelFile:
    """An ONNX file.

    Attributes
    ----------
    name : str
        Key.
    file : str
        File name in this package.
    sha256 : str
        Of its bytes.
    opset : int
        ONNX operator set.
    inputs, outputs : tuple of str
        Names in order.
    card : str
        File name of its card.
    doc : str
        One line.
    """

    name: str
    file: str
    sha256: str
    opset: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    card: str
    doc: str


def _listed() -> tuple[ModelFile, ...]:
    entries = json.loads((files(__name__) / "models.json").read_text("utf-8"))
    return tuple(
        ModelFile(**{**entry, "inputs": tuple(entry["inputs"]), "outputs": tuple(entry["outputs"])})
        for entry in entries
    )


MODELS = _listed()
