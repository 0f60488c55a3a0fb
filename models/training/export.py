"""Write trained networks, averaged, as one ONNX file and enter it in the list of models.

python -m training.export parametric W.pt [W2.pt …] --film F.pt --roll R.pt
python -m training.export matrix W.pt --film F.pt
python -m training.export placing W.pt [W2.pt …]
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from orangemask.nine import CHANNELS, ZONES
from orangemask_filters.film_emulate import features as photograph
from orangemask_filters.invert_c41.features import FACTS, PLANES, SIDE
from training.emulate_network import PlacerAverage
from training.emulate_train import load_placer
from training.network import TOLD, Answer, Average, Film, InRoll
from training.train import load_network
from training.train_film import load_film
from training.train_roll import load_in_roll

PACKAGE = Path(__file__).resolve().parent.parent / "orangemask_models"
OPSET = 17
OUTPUTS = ("corrections", "expected_delta_e", "channel_error", "film", "rig", "tells")
NINE = tuple(f"{channel}_{zone}" for zone in ZONES for channel in CHANNELS)
MATRIX = tuple(f"{to}_from_{of}" for to in CHANNELS for of in CHANNELS)
KINDS = ("parametric", "matrix", "placing")
TRIED = 3  # inputs on which the file is compared with the network


@dataclass(frozen=True, slots=True, eq=False)
class Shipment:
    """A network and what is told of it.

    Attributes
    ----------
    name, stem, doc : str
        Of its entry in the list of models, and its file's stem.
    network : Module
    inputs : mapping of str to Tensor
        By name in order; `TRIED` of each, such as it meets.
    outputs : sequence of str
        Their names in order.
    order : sequence of str
        What its nine numbers are.
    """

    name: str
    stem: str
    doc: str
    network: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: Sequence[str]
    order: Sequence[str]


class Inverting(nn.Module):
    """What the program asks of a scan: the mean of networks, the kind of film; classes sum to 1."""

    def __init__(self, average: Average, film: Film) -> None:
        super().__init__()
        self.average, self.film = average, film

    def forward(self, planes: Tensor, facts: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs in the order of `OUTPUTS`, without what it tells."""
        answer = self.average(planes, facts)
        return answer.corrections, *self.beside(answer, facts)

    def beside(self, answer: Answer, facts: Tensor) -> tuple[Tensor, ...]:
        """Return what is told beside the corrections."""
        classes = self.film(facts).softmax(dim=1), answer.rig.softmax(dim=1)
        return answer.expected_delta_e, answer.channel_error, *classes


class InvertingRolls(Inverting):
    """The same, which also hears of the other frames of a roll and tells them."""

    def __init__(self, average: Average, film: Film, in_roll: InRoll) -> None:
        super().__init__(average, film)
        self.in_roll = in_roll

    def forward(self, planes: Tensor, facts: Tensor, roll: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        """Return the outputs in the order of `OUTPUTS`."""
        answer = self.average(planes, facts)
        corrections, tells = self.in_roll(answer, roll), self.in_roll.tells(answer)
        return corrections, *self.beside(answer, facts), tells


def inverting(weights: Sequence[Path], film: Path, roll: Path) -> Shipment:
    """Return the networks for scans, averaged, with those of kinds of film and of rolls."""
    average = Average([load_network(path) for path in weights])
    network = InvertingRolls(average, load_film(film), load_in_roll(roll, average))
    inputs = {**_scans(network.film), "roll": torch.randn(TRIED, TOLD + 1)}
    told = ("invert-c41", "invert_c41", "nine corrections to the physical estimate")
    return Shipment(*told, network, inputs, OUTPUTS, NINE)


def matrix(weights: Sequence[Path], film: Path) -> Shipment:
    """Return the networks of the matrix, averaged, and the one of kinds of film."""
    average = Average([load_network(path, "matrix") for path in weights])
    network = Inverting(average, load_film(film))
    told = ("invert-c41-matrix", "invert_c41_matrix", "3×3 matrix on density above base")
    return Shipment(*told, network, _scans(network.film), OUTPUTS[:-1], MATRIX)


def _scans(film: Film) -> dict[str, Tensor]:
    """Return planes and facts of `TRIED` scans."""
    planes = torch.rand(TRIED, PLANES, SIDE, SIDE)
    return {"planes": planes, "facts": _usual(film.facts_scale, FACTS)}


def placing(weights: Sequence[Path]) -> Shipment:
    """Return the networks for photographs, averaged."""
    networks = [load_placer(path) for path in weights]
    inputs = {
        "planes": torch.rand(TRIED, 3, photograph.SIDE, photograph.SIDE),
        "facts": _usual(networks[0].facts_scale, photograph.FACTS),
    }
    told = ("film-emulate", "film_emulate", "nine numbers that place a photograph on film")
    return Shipment(*told, PlacerAverage(networks), inputs, OUTPUTS[:3], NINE)


def _usual(scale: nn.BatchNorm1d, size: int) -> Tensor:
    """Return facts (`TRIED`, size) such as the network was trained on."""
    if scale.running_mean is None or scale.running_var is None:
        raise RuntimeError("the network has never been trained")
    return scale.running_mean + scale.running_var.sqrt() * torch.randn(TRIED, size)


def export(one: Shipment) -> None:
    """Write the ONNX file and update models.json."""
    path = PACKAGE / f"{one.stem}.part.onnx"
    torch.onnx.export(
        one.network.eval(),
        tuple(one.inputs.values()),
        str(path),
        input_names=list(one.inputs),
        output_names=list(one.outputs),
        dynamic_axes={key: {0: "n"} for key in (*one.inputs, *one.outputs)},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load(str(path))
    for key, value in (
        ("filter", one.name),
        ("opset", str(OPSET)),
        ("inputs", " ".join(one.inputs)),
        ("outputs", " ".join(one.outputs)),
        ("order", " ".join(one.order)),
        ("licence", "GPL-3.0-or-later"),
    ):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    _compare(path, one)
    _enter(one, path.replace(PACKAGE / f"{one.stem}.onnx"))


def _compare(path: Path, one: Shipment) -> None:
    """Refuse a file that onnxruntime does not run as torch runs the network."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for n in (1, TRIED):
        given = {name: part[:n] for name, part in one.inputs.items()}
        found = session.run(None, {name: part.numpy() for name, part in given.items()})
        with torch.no_grad():
            wanted = one.network(*given.values())
        for computed, answer in zip(found, wanted, strict=True):
            if not np.allclose(computed, answer.numpy(), atol=1e-3):
                path.unlink()
                raise RuntimeError(f"{path} does not compute what the network computes")


def _enter(one: Shipment, path: Path) -> None:
    listed = PACKAGE / "models.json"
    entries = json.loads(listed.read_text("utf-8"))
    entries = [entry for entry in entries if entry["name"] != one.name]
    entries.append(
        {
            "name": one.name,
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "opset": OPSET,
            "inputs": list(one.inputs),
            "outputs": list(one.outputs),
            "card": f"{path.stem}.md",
            "doc": one.doc,
        }
    )
    entries.sort(key=lambda entry: str(entry["name"]))
    listed.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    """Export the mean of the networks given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--film", type=Path, help="weights of training.train_film, for scans")
    parser.add_argument("--roll", type=Path, help="weights of training.train_roll, for parametric")
    options = parser.parse_args()
    if options.kind == "placing":
        export(placing(options.weights))
    elif options.film is None:
        parser.error(f"{options.kind} needs --film")
    elif options.kind == "matrix":
        export(matrix(options.weights, options.film))
    elif options.roll is None:
        parser.error(f"{options.kind} needs --roll")
    else:
        export(inverting(options.weights, options.film, options.roll))


if __name__ == "__main__":
    main()
