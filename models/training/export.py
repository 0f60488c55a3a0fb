"""Write trained networks, averaged, as one ONNX file and enter it in the list of models.

python -m training.export parametric W.pt [W2.pt …] --film F.pt
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from orangemask.nine import CHANNELS, ZONES
from orangemask_filters.invert_c41.features import FACTS, PLANES, SIDE
from training.network import Average, Corrections
from training.train import load_network
from training.train_film import load_film

PACKAGE = Path(__file__).resolve().parent.parent / "orangemask_models"
OPSET = 17
INPUTS = ("planes", "facts")
OUTPUTS = ("corrections", "expected_delta_e", "channel_error", "film", "rig")
TOLD = {
    "parametric": ("invert-c41", "invert_c41", "nine corrections to the physical estimate"),
    "matrix": ("invert-c41-matrix", "invert_c41_matrix", "3×3 matrix on density above base"),
}


class Shipped(nn.Module):
    """What the program asks: the mean of networks, and the kind of film; classes sum to 1."""

    def __init__(self, average: Average, film: Corrections) -> None:
        super().__init__()
        self.average, self.film = average, film

    def forward(self, planes: Tensor, facts: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs in the order of `OUTPUTS`."""
        answer = self.average(planes, facts)
        film = self.film(planes, facts).film
        classes = film.softmax(dim=1), answer.rig.softmax(dim=1)
        return answer.corrections, answer.expected_delta_e, answer.channel_error, *classes


def export(kind: str, network: Shipped) -> None:
    """Export `network` as the model of `kind` and update models.json."""
    name, stem, told = TOLD[kind]
    path = PACKAGE / f"{stem}.part.onnx"
    example = (torch.zeros(2, PLANES, SIDE, SIDE), torch.zeros(2, FACTS))
    torch.onnx.export(
        network.eval(),
        example,
        str(path),
        input_names=list(INPUTS),
        output_names=list(OUTPUTS),
        dynamic_axes={key: {0: "n"} for key in (*INPUTS, *OUTPUTS)},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load(str(path))
    for key, value in (
        ("filter", name),
        ("opset", str(OPSET)),
        ("inputs", " ".join(INPUTS)),
        ("outputs", " ".join(OUTPUTS)),
        ("order", _order(kind)),
        ("licence", "GPL-3.0-or-later"),
    ):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    _compare(path, network)
    _enter(name, path.replace(PACKAGE / f"{stem}.onnx"), told)


def _compare(path: Path, network: Shipped) -> None:
    """Refuse a file that onnxruntime does not run as torch runs the network."""
    usual = network.film.facts_scale
    if usual.running_mean is None or usual.running_var is None:
        raise RuntimeError("the network has never been trained")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for n in (1, 3):
        planes = torch.rand(n, PLANES, SIDE, SIDE)
        facts = usual.running_mean + usual.running_var.sqrt() * torch.randn(n, FACTS)
        found = session.run(None, {"planes": planes.numpy(), "facts": facts.numpy()})
        with torch.no_grad():
            wanted = network(planes, facts)
        for one, other in zip(found, wanted, strict=True):
            if not np.allclose(one, other.numpy(), atol=1e-3):
                path.unlink()
                raise RuntimeError(f"{path} does not compute what the network computes")


def _order(kind: str) -> str:
    if kind == "matrix":
        return " ".join(f"{to}_from_{of}" for to in CHANNELS for of in CHANNELS)
    return " ".join(f"{channel}_{zone}" for zone in ZONES for channel in CHANNELS)


def _enter(name: str, path: Path, told: str) -> None:
    listed = PACKAGE / "models.json"
    entries = [entry for entry in json.loads(listed.read_text("utf-8")) if entry["name"] != name]
    entries.append(
        {
            "name": name,
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "opset": OPSET,
            "inputs": list(INPUTS),
            "outputs": list(OUTPUTS),
            "card": f"{path.stem}.md",
            "doc": told,
        }
    )
    entries.sort(key=lambda entry: str(entry["name"]))
    listed.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    """Export the mean of the networks given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=list(TOLD))
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--film", type=Path, required=True, help="weights of training.train_film")
    options = parser.parse_args()
    average = Average([load_network(path) for path in options.weights])
    export(options.kind, Shipped(average, load_film(options.film)))


if __name__ == "__main__":
    main()
