"""Train the predictor of Film Emulate on examples.

    python -m training.emulate_train --train A.npz … --check C.npz --steps 12000 --weights W.pt
    python -m training.export placing W.pt [W2.pt …]

The loss is the picture's on film: pixels of the photograph, placed by the nine numbers, and of the
same photograph well taken go through the cube of a stock, and are compared in CIELAB. Every batch
is shown on a few of all stocks and finishes. A photograph that was well taken is to stay so.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from orangemask.spaces import conversion, space
from orangemask_filters.film_emulate.bake import film_cube
from orangemask_filters.film_emulate.features import stock_facts
from orangemask_filters.film_emulate.stock import stocks
from training.emulate_data import Examples
from training.emulate_network import Placer, Placing, placed
from training.train import (
    CHANNEL_WEIGHT,
    COLOUR_WEIGHT,
    DECAY,
    EXPECTED_WEIGHT,
    FIRST_WEIGHT,
    picture_error,
)

BATCH, SHOWN_ON = 64, 4  # examples of a batch, stocks they are shown on
PIXELS = 64  # of each picture, drawn anew each time
UNTOUCHED_WEIGHT = 1.5  # of what is to stay as it is
EVERY = 1000  # steps between checks
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


def on_film(corrections: Tensor, batch: Batch, films: Sequence[Shown]) -> list[Tensor]:
    """Return the whole error (n,), that of colour alone (n,), and that of codes (n, 3)."""
    each = len(corrections) // len(films)
    parts = []
    for i, film in enumerate(films):
        rows = slice(i * each, (i + 1) * each)
        with torch.no_grad():
            truth = film(batch["wanted"][rows]).clamp(0.0, 1.0)
        shown = film(placed(batch["found"][rows], corrections[rows]))
        parts.append(picture_error(lambda shown, _: shown, shown, {"truth": truth}))
    return [torch.cat(part) for part in zip(*parts, strict=True)]


def loss_of(answer: Placing, batch: Batch, films: Sequence[Shown]) -> tuple[Tensor, float]:
    """Return the loss and the mean error."""
    whole, colour, codes = on_film(answer.corrections, batch, films)
    first, first_colour, _ = on_film(answer.first, batch, films)
    picture = whole + COLOUR_WEIGHT * colour
    picture = picture + FIRST_WEIGHT * (first + COLOUR_WEIGHT * first_colour)
    error = whole.detach()
    expected = (answer.expected_delta_e[:, 0] - error).abs()
    channel = (answer.channel_error - codes).abs().mean(dim=1)
    told = EXPECTED_WEIGHT * expected + CHANNEL_WEIGHT * channel
    weight = 1.0 + (UNTOUCHED_WEIGHT - 1.0) * batch["untouched"]
    return (weight * picture + told).mean(), float(error.mean())


def check(network: torch.nn.Module, films: Sequence[Shown], examples: Examples) -> dict[str, float]:
    """Return the mean difference with the network and without, of what is wrong and what is not."""
    network.eval()
    count = len(examples) // len(films) * len(films)
    batch = tensors(examples, np.arange(count), np.arange(0, examples.found.shape[1], 2))
    with torch.no_grad():
        answer = ask(network, batch, films)
        tried = {"error": answer.corrections, "bare": torch.zeros_like(answer.corrections)}
        found = {name: on_film(each, batch, films) for name, each in tried.items()}
    network.train()
    good = batch["untouched"] > 0.5
    reached = {name: float(whole[~good].mean()) for name, (whole, _, _) in found.items()}
    reached["colour"] = float(found["error"][1][~good].mean())
    reached["moved"] = float(found["error"][0][good].mean())
    return reached


def load_placer(path: Path) -> Placer:
    """Return a network with the weights of a file."""
    network = Placer()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def train(
    examples: Examples, held: Examples, weights: Path, *, steps: int, seed: int, rate: float = 2e-3
) -> None:
    """Train a network; keep the running average that does best on `held` as `weights`.

    The rate rises over 300 steps to `rate` and falls as a cosine to 0 at `steps`.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    films = all_shown()
    network = Placer()
    weigh = get_ema_multi_avg_fn(DECAY)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=weigh)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-2)
    best, recent, began = float("inf"), [], time.perf_counter()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, step / 300) * 0.5 * (1 + math.cos(math.pi * step / steps))
        rows = rng.choice(len(examples), BATCH, replace=False)
        batch = tensors(examples, rows, rng.integers(examples.found.shape[1], size=PIXELS))
        some = [films[i] for i in rng.choice(len(films), SHOWN_ON, replace=False)]
        loss, error = loss_of(ask(network, batch, some), batch, some)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(network)
        recent.append(error)
        if (step + 1) % EVERY and step + 1 != steps:
            continue
        found = check(average.module, films[:: max(1, len(films) // 16)], held)
        print(
            f"{step + 1} of {steps}, {time.perf_counter() - began:.0f} s: "
            f"training {np.mean(recent):.2f}, held out {found['error']:.2f} of "
            f"{found['bare']:.2f}, colour {found['colour']:.2f}, "
            f"untouched moved by {found['moved']:.2f}",
            flush=True,
        )
        recent = []
        reached = found["error"] + COLOUR_WEIGHT * found["colour"] + found["moved"]
        if reached < best:
            best = reached
            torch.save(average.module.state_dict(), weights)


def main() -> None:
    """Train and save the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="files of examples")
    parser.add_argument("--check", type=Path, nargs="+", required=True, help="examples held out")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path, required=True, help="where the weights are put")
    options = parser.parse_args()
    torch.set_num_threads(1)
    examples, held = Examples.load(*options.train), Examples.load(*options.check)
    train(examples, held, options.weights, steps=options.steps, seed=options.seed)


if __name__ == "__main__":
    main()
