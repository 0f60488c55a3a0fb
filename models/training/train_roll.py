"""Train what the frames of a roll gain from one another, on networks that are trained already.

    python -m training.train_roll W.pt [W2.pt …] --train R.npz … --check H.npz --weights ROLL.pt

The examples come by rolls (`training.dataset --frames 12`). The networks stay as they are: what
they think of each frame is found once, and a small network learns what to make of all thoughts.
The loss is the picture's, and beside it how far the casts of a roll's frames lie apart.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.dataset import Examples
from training.descent import descend, rate_at
from training.form import srgb_to_lab
from training.network import Answer, Average, InRoll
from training.train import (
    POSITIVE,
    Batch,
    load_network,
    picture_error,
    render_parametric,
    tensors,
)

FRAMES = 72  # of a batch, in rolls of equal length
FEWEST = 3  # frames of a roll
EVERY = 500  # steps between checks
PIXELS = 100
CAST_WEIGHT = 0.3  # of the distance of a frame's mean a*, b* from its roll's


def told_by_roll(tells: Tensor, roll: Tensor) -> Tensor:
    """Return for each of n frames the mean of what its roll tells, and 1, (n, TOLD + 1).

    `tells` is (n, TOLD); `roll` (n,) says which roll each is of.
    """
    rolls, index = torch.unique(roll, return_inverse=True)
    count = torch.bincount(index, minlength=len(rolls))[:, None]
    mean = torch.zeros(len(rolls), tells.shape[1]).index_add(0, index, tells) / count
    return torch.cat([mean[index], torch.ones(len(tells), 1)], dim=1)


def thoughts(networks: Average, examples: Examples) -> Answer:
    """Return the networks' answer to all examples."""
    answers = []
    with torch.no_grad():
        for i in range(0, len(examples), 512):
            rows = slice(i, i + 512)
            planes = torch.from_numpy(examples.planes[rows].astype(np.float32))
            answers.append(networks(planes, torch.from_numpy(examples.facts[rows])))
    return Answer(*(torch.cat(part) for part in zip(*answers, strict=True)))


def part(answer: Answer, rows: np.ndarray) -> Answer:
    """Return the answer to the examples at `rows`."""
    return Answer(*(each[rows] for each in answer))


def scatter_of_casts(light: Tensor, truth: Tensor, roll: Tensor) -> Tensor:
    """Return how far a frame's mean a*, b*, less the truth's, is from its roll's, on average."""
    difference = (srgb_to_lab(light.clamp(0.0, 1.0)) - srgb_to_lab(truth))[..., 1:].mean(dim=1)
    apart = difference - told_by_roll(difference, roll)[:, :2]
    return (apart.square().sum(dim=1) + 1e-2).sqrt().mean()


def check(network: InRoll, answer: Answer, batch: Batch) -> tuple[float, float, float]:
    """Return the picture error, that of colour, and the scatter of casts, by whole rolls."""
    network.eval()
    with torch.no_grad():
        heard = told_by_roll(network.tells(answer), batch["roll"])
        corrections = network(answer, heard)
        found = picture_error(render_parametric, corrections, batch)
        light = render_parametric(corrections, batch)
        casts = scatter_of_casts(light, batch["truth"], batch["roll"])
    network.train()
    return float(found.whole.mean()), float(found.colour.mean()), float(casts)


def load_in_roll(path: Path, networks: Average) -> InRoll:
    """Return the network with the weights of a file."""
    network = InRoll(networks.thought_size)
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def train(
    networks: Average,
    examples: Examples,
    held: Examples,
    weights: Path,
    *,
    steps: int,
    rate: float = 1.5e-3,
) -> None:
    """Train and write the weights that do best on `held`; the rate falls as a cosine."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    network = InRoll(networks.thought_size)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=3e-2)
    answers = thoughts(networks, examples)
    rows = np.flatnonzero(held.film != POSITIVE)
    held_batch, held_answer = tensors(held, rows), part(thoughts(networks, held), rows)
    order = np.argsort(examples.roll, kind="stable")
    starts = np.unique(examples.roll[order], return_index=True)[1]
    rolls = [each for each in np.split(order, starts[1:]) if examples.film[each[0]] != POSITIVE]
    best, began = float("inf"), time.perf_counter()
    alone = picture_error(render_parametric, held_answer.corrections, held_batch)
    print(f"alone: {float(alone.whole.mean()):.3f}, colour {float(alone.colour.mean()):.3f}")
    for step in range(steps):
        frames = int(rng.integers(FEWEST, min(len(roll) for roll in rolls) + 1))
        drawn = rng.choice(len(rolls), FRAMES // frames, replace=False)
        chosen = np.concatenate([rng.choice(rolls[i], frames, replace=False) for i in drawn])
        batch = tensors(examples, chosen, rng.integers(examples.truth.shape[1], size=PIXELS))
        answer = part(answers, chosen)
        corrections = network(answer, told_by_roll(network.tells(answer), batch["roll"]))
        found = picture_error(render_parametric, corrections, batch)
        light = render_parametric(corrections, batch)
        casts = scatter_of_casts(light, batch["truth"], batch["roll"])
        loss = (found.whole + found.colour).mean() + CAST_WEIGHT * casts
        descend(network, optimiser, loss, rate_at(step, steps, rate))
        if (step + 1) % EVERY and step + 1 != steps:
            continue
        whole, colour, scatter = check(network, held_answer, held_batch)
        print(
            f"{step + 1} of {steps}, {time.perf_counter() - began:.0f} s: in rolls {whole:.3f}, "
            f"colour {colour:.3f}, casts apart {scatter:.2f}",
            flush=True,
        )
        if whole + colour < best:
            best = whole + colour
            torch.save(network.state_dict(), weights)


def main() -> None:
    """Train and save the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", type=Path, nargs="+", help="weights of training.train")
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="files of examples")
    parser.add_argument("--check", type=Path, nargs="+", required=True, help="examples held out")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--weights", type=Path, required=True, help="where the weights are put")
    options = parser.parse_args()
    torch.set_num_threads(1)
    networks = Average([load_network(path) for path in options.networks]).eval()
    examples, held = Examples.load(*options.train), Examples.load(*options.check)
    train(networks, examples, held, options.weights, steps=options.steps)


if __name__ == "__main__":
    main()
