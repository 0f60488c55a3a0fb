"""Train the predictor of Film Emulate on examples.

    python -m training.emulate_train --train A.npz … --check C.npz --weights CHECKED.pt
    python -m training.emulate_train --train A.npz … C2.npz --like CHECKED.pt --weights W.pt
    python -m training.export placing W.pt [W2.pt …]

The loss is the picture's on film: pixels of the photograph, placed by the nine numbers, and of the
same photograph well taken go through the cube of a stock, and are compared in CIELAB. Every batch
is shown on a few of all stocks and finishes. A photograph that was well taken is to stay so, and
counts for more. Beside it the network is taught to tell what is wrong. Settings were chosen by
networks that had not seen the photographs of `emulate_data.VALIDATION`; by those, what a network
expects of its own errors is scaled. One that is fitted to all photographs takes the scale over.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, grid_sample
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from orangemask.spaces import conversion, space
from orangemask_filters.film_emulate.bake import film_cube
from orangemask_filters.film_emulate.features import stock_facts
from orangemask_filters.film_emulate.stock import stocks
from training.descent import descend, rate_at
from training.emulate_data import Examples
from training.emulate_network import Placer, Placing, placed, steps_of
from training.form import difference
from training.network import GAMMA

BATCH, SHOWN_ON = 128, 4  # examples of a batch, stocks they are shown on
PIXELS = 24  # of each picture, drawn anew each time
RATE, RISE = 2e-3, 200  # of learning; steps to it
WEIGHT_DECAY = 0.3
AVERAGED = 0.995  # share of the running average of the weights that a step keeps
UNTOUCHED_WEIGHT = 6.0  # of what is to stay as it is
TOLD_WEIGHT, TOLD_LESS = 5.0, 0.7  # of what is wrong; share by which it falls to the end
OTHERS_WEIGHT = 0.5  # of balance and contrast beside exposure in it
EXPECTED_WEIGHT, CHANNEL_WEIGHT = 0.2, 2.0
EVERY = 500  # steps between checks
SRGB_TO_2020 = conversion(space("srgb"), space("linear-rec2020"))
TO_SRGB = torch.tensor(np.linalg.inv(SRGB_TO_2020).T, dtype=torch.float32)

Batch: TypeAlias = dict[str, Tensor]


class Shown:
    """A stock in one finish, in torch: exposures 0…1 to linear sRGB.

    Attributes
    ----------
    nodes : (1, 3, 33, 33, 33)
        See `bake.film_cube`.
    facts : (5,)
        See `features.stock_facts`.
    """

    def __init__(self, name: str, finish: str) -> None:
        stock = stocks()[name]
        nodes = film_cube(stock, finish, 1.0, 1.0, SRGB_TO_2020).nodes
        self.nodes = torch.from_numpy(nodes.transpose(3, 0, 1, 2).copy())[None]
        self.facts = torch.from_numpy(stock_facts(stock, finish, 1.0, 1.0))

    def __call__(self, unit: Tensor) -> Tensor:
        """Return linear sRGB (n, p, 3) of exposures (n, p, 3)."""
        grid = unit.clamp(0.0, 1.0).flip(2)[None, None] * 2.0 - 1.0  # the last axis is blue's
        found = grid_sample(
            self.nodes, grid, mode="bilinear", padding_mode="border", align_corners=True
        )
        return found[0, :, 0].permute(1, 2, 0) ** 3 @ TO_SRGB


def all_shown() -> list[Shown]:
    """Return every stock in every finish."""
    return [Shown(name, finish) for name, one in stocks().items() for finish in one.finishes]


def tensors(examples: Examples, rows: np.ndarray, pixels: np.ndarray) -> Batch:
    """Return the examples at `rows` as tensors, of some pixels only."""
    batch = {
        name: torch.from_numpy(array[rows].astype(np.float32))
        for name, array in vars(examples).items()
    }
    return batch | {name: batch[name][:, pixels] for name in ("found", "wanted")}


def ask(network: torch.nn.Module, batch: Batch, films: Sequence[Shown]) -> Placing:
    """Return the network's answer, each part of the batch being shown on another stock."""
    each = len(batch["facts"]) // len(films)
    told = torch.cat([film.facts.expand(each, -1) for film in films])
    answer: Placing = network(batch["planes"], torch.cat([batch["facts"], told], dim=1))
    return answer


def on_film(corrections: Tensor, batch: Batch, films: Sequence[Shown]) -> tuple[Tensor, Tensor]:
    """Return the mean difference (n,) and that of the sRGB codes (n, 3)."""
    each = len(corrections) // len(films)
    parts = []
    for i, film in enumerate(films):
        rows = slice(i * each, (i + 1) * each)
        with torch.no_grad():
            truth = film(batch["wanted"][rows]).clamp(0.0, 1.0)
        found = film(placed(batch["found"][rows], corrections[rows]))
        # Beyond the display nothing is seen; a tenth of the excess keeps the gradient.
        shown = found.clamp(0.0, 1.0)
        error = difference(shown + 0.1 * (found - shown), truth).mean(dim=1)
        seen, wanted = (x.detach() ** (1.0 / GAMMA) for x in (shown, truth))
        parts.append((error, (seen - wanted).abs().mean(dim=1)))
    errors, codes = zip(*parts, strict=True)
    return torch.cat(errors), torch.cat(codes)


def told_wrong(answer: Placing, batch: Batch) -> Tensor:
    """Return how far what the network tells is from what is wrong, (n,), as cross-entropy."""
    *steps, nothing = answer.wrong
    found = [
        -(shares * logits.log_softmax(dim=1)).sum(dim=1)
        for shares, logits in zip(steps_of(batch["wrong"]), steps, strict=True)
    ]
    untouched = binary_cross_entropy_with_logits(
        nothing[:, 0], batch["untouched"], reduction="none"
    )
    return found[0] + OTHERS_WEIGHT * (found[1] + found[2]) + untouched


def loss_of(
    answer: Placing, batch: Batch, films: Sequence[Shown], done: float
) -> tuple[Tensor, float]:
    """Return the loss when the share `done` of the steps are, and the mean error."""
    whole, codes = on_film(answer.corrections, batch, films)
    error = whole.detach()
    expected = (answer.expected_delta_e[:, 0] - error).abs()
    channel = (answer.channel_error - codes).abs().mean(dim=1)
    weight = 1.0 + (UNTOUCHED_WEIGHT - 1.0) * batch["untouched"]
    told = TOLD_WEIGHT * (1.0 - TOLD_LESS * done) * told_wrong(answer, batch)
    loss = weight * whole + told + EXPECTED_WEIGHT * expected + CHANNEL_WEIGHT * channel
    return loss.mean(), float(error.mean())


def check(
    network: torch.nn.Module, films: Sequence[Shown], examples: Examples
) -> tuple[dict[str, float], Tensor]:
    """Return the mean differences, and by how much (2,) it expects too small an error.

    The differences are those of photographs with everything wrong and of those with nothing, and
    what no correction leaves of the former.
    """
    network.eval()
    count = len(examples) // len(films) * len(films)
    batch = tensors(examples, np.arange(count), np.arange(examples.found.shape[1]))
    with torch.no_grad():
        answer = ask(network, batch, films)
        whole, codes = on_film(answer.corrections, batch, films)
        bare, _ = on_film(torch.zeros_like(answer.corrections), batch, films)
    network.train()
    good = batch["untouched"] > 0.5
    together = (batch["wrong"] != torch.tensor([0.0, 0.0, 1.0])).all(dim=1)
    reached = {
        "error": float(whole[together].mean()),
        "bare": float(bare[together].mean()),
        "moved": float(whole[good].mean()),
    }
    expected = torch.stack([answer.expected_delta_e.mean(), answer.channel_error.mean()])
    return reached, torch.stack([whole.mean(), codes.mean()]) / expected


def load_placer(path: Path) -> Placer:
    """Return a network with the weights of a file."""
    network = Placer()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def train(
    examples: Examples,
    unseen: Examples | None,
    weights: Path,
    *,
    steps: int,
    seed: int,
    like: Placer | None = None,
) -> None:
    """Train a network and write the running average of its `weights`.

    The rate rises to `RATE` and falls as a cosine to 0 at `steps`. The scale of the errors that it
    expects is measured on `unseen`, or taken from `like`.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    films = all_shown()
    network = Placer()
    weigh = get_ema_multi_avg_fn(AVERAGED)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=weigh, use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    honest = torch.ones(2) if like is None else like.honest
    recent, began = [], time.perf_counter()
    for step in range(steps):
        rows = rng.integers(len(examples), size=BATCH)
        batch = tensors(examples, rows, rng.integers(examples.found.shape[1], size=PIXELS))
        if rng.random() < 0.5:  # a scene may as well be mirrored
            batch["planes"] = batch["planes"].flip(3)
        some = [films[i] for i in rng.choice(len(films), SHOWN_ON, replace=False)]
        loss, error = loss_of(ask(network, batch, some), batch, some, step / steps)
        descend(network, optimiser, loss, rate_at(step, steps, RATE, RISE))
        average.update_parameters(network)
        recent.append(error)
        if (step + 1) % EVERY and step + 1 != steps:
            continue
        told = f"{step + 1} of {steps}, {time.perf_counter() - began:.0f} s: {np.mean(recent):.2f}"
        recent = []
        if unseen is not None:
            found, honest = check(average.module, films[:: max(1, len(films) // 16)], unseen)
            told += (
                f", of unseen {found['error']:.2f} of {found['bare']:.2f}, untouched moved by "
                f"{found['moved']:.2f}, expects {1 / float(honest[0]):.2f} of its error"
            )
        print(told, flush=True)
    torch.save(average.module.state_dict() | {"honest": honest}, weights)


def main() -> None:
    """Train and save the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="files of examples")
    unseen = parser.add_mutually_exclusive_group(required=True)
    unseen.add_argument("--check", type=Path, nargs="+", help="examples to check it on")
    unseen.add_argument("--like", type=Path, help="weights of a network that was checked")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path, required=True, help="where the weights are put")
    options = parser.parse_args()
    torch.set_num_threads(1)
    train(
        Examples.load(*options.train),
        Examples.load(*options.check) if options.check else None,
        options.weights,
        steps=options.steps,
        seed=options.seed,
        like=load_placer(options.like) if options.like else None,
    )


if __name__ == "__main__":
    main()
