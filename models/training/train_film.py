"""Train the small network that tells kinds of film: it is shipped in the same file as the nine.

    python -m training.train_film --train A.npz … --check K.npz --steps 4000 --weights F.pt

Kinds are drawn equally often, so what it says is a probability before anything is known of how
rare slides are; examples with many kinds are made by `training.dataset --other 0.75`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from orangemask_filters.invert_c41.prediction import FILMS
from training.dataset import Examples
from training.descent import descend, rate_at
from training.network import Film

EACH = 16  # examples of each kind in a batch
EVERY = 500  # steps between checks
SMOOTHING = 0.03  # of the labels: nothing is quite sure


def load_film(path: Path) -> Film:
    """Return a network with the weights of a file."""
    network = Film()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def confusion(network: Film, examples: Examples) -> np.ndarray:
    """Return how many of each kind (rows) were taken for which (columns), (4, 4)."""
    network.eval()
    table = np.zeros((len(FILMS), len(FILMS)), int)
    with torch.no_grad():
        found = network(torch.from_numpy(examples.facts)).argmax(1).numpy()
    np.add.at(table, (examples.film.astype(int), found), 1)
    network.train()
    return table


def train(
    examples: Examples, held: Examples, weights: Path, steps: int, seed: int = 0, rate: float = 2e-3
) -> None:
    """Train and write the weights; the rate falls as a cosine."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Film()
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=5e-2)
    by_kind = [np.flatnonzero(examples.film == kind) for kind in range(len(FILMS))]
    recent: list[Tensor] = []
    began = time.perf_counter()
    for step in range(steps):
        rows = np.concatenate([rng.choice(rows, EACH) for rows in by_kind])
        facts = torch.from_numpy(examples.facts[rows])
        film = torch.from_numpy(examples.film[rows].astype(np.int64))
        loss = cross_entropy(network(facts), film, label_smoothing=SMOOTHING)
        descend(network, optimiser, loss, rate_at(step, steps, rate))
        recent.append(loss.detach())
        if (step + 1) % EVERY == 0 or step + 1 == steps:
            table = confusion(network, held)
            right = table.diagonal() / table.sum(axis=1)
            shown = ", ".join(f"{n} {r:.1%}" for n, r in zip(FILMS, right, strict=True))
            passed = time.perf_counter() - began
            mean = float(torch.stack(recent).mean())
            print(f"{step + 1} of {steps}, {passed:.0f} s: loss {mean:.3f}, {shown}", flush=True)
            recent = []
    print(table)
    torch.save(network.state_dict(), weights)


def main() -> None:
    """Train and print how many held-out examples are told rightly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="files of examples")
    parser.add_argument("--check", type=Path, nargs="+", required=True, help="examples held out")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path, required=True, help="where the weights are put")
    options = parser.parse_args()
    torch.set_num_threads(1)
    examples, held = Examples.load(*options.train), Examples.load(*options.check)
    train(examples, held, options.weights, options.steps, options.seed)


if __name__ == "__main__":
    main()
