"""What limits the network: too few scenes, or what a picture does not say.

    python -m training.limits --train A.npz … --check C.npz --folder F [--steps 4000] [--json FILE]

The same network is trained as long on a part of the photographs only (the learning curve), and on
all of them while it is told the true film base and how dark greys come out on that film, process
and rig, which a picture alone does not say. What is left then is the scene's own: its light and
how bright it was meant. The error that all pictures of a scene share, whatever their film, rig and
exposure, is told apart from the rest.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.dataset import Examples
from training.form import srgb_to_lab
from training.kinds import FILM_KINDS
from training.network import Corrections
from training.train import load_network, render_parametric, tensors, train

MASKED = FILM_KINDS.index("c41")
SHARES = (0.1, 0.3, 1.0)  # of the photographs


def part_of(examples: Examples, rows: np.ndarray) -> Examples:
    """Return the examples at `rows`."""
    part = Examples(0)
    for name, array in vars(examples).items():
        setattr(part, name, array[rows])
    return part


def informed(examples: Examples) -> Examples:
    """Return the examples with what nobody sees among their facts."""
    one = part_of(examples, np.arange(len(examples)))
    one.facts = np.hstack([examples.facts, examples.told])
    return one


def spread_by_scene(network: Corrections, held: Examples) -> dict[str, list[float]]:
    """Return how pictures' mean errors in L*, a*, b* differ from scene to scene, and within one.

    Standard deviations of three: of the scenes' means, and about these.
    """
    batch = tensors(held, np.flatnonzero((held.film == MASKED) & (held.scene >= 0)))
    with torch.no_grad():
        found = render_parametric(network(batch["planes"], batch["facts"]).corrections, batch)
        off = srgb_to_lab(found.clamp(0.0, 1.0)) - srgb_to_lab(batch["truth"])
    errors, scenes = off.mean(dim=1).numpy(), batch["scene"].numpy()
    _, place = np.unique(scenes, return_inverse=True)
    sums = np.stack([np.bincount(place, one) for one in errors.T], axis=1)
    means = sums / np.bincount(place)[:, None]
    return {
        "between scenes": means.std(axis=0).tolist(),
        "within": (errors - means[place]).std(axis=0).tolist(),
    }


def main() -> None:
    """Train and print the errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="files of examples")
    parser.add_argument("--check", type=Path, nargs="+", required=True, help="examples held out")
    parser.add_argument("--folder", type=Path, required=True, help="where weights are put")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--json", type=Path, help="write the numbers there as well")
    options = parser.parse_args()
    torch.set_num_threads(1)
    examples, held = Examples.load(*options.train), Examples.load(*options.check)
    options.folder.mkdir(parents=True, exist_ok=True)
    scenes = int(examples.scene.max()) + 1
    found: dict[str, Any] = {}
    for share in SHARES:
        # Panoramas and other kinds of film are in all of them.
        rows = np.flatnonzero(examples.scene < share * scenes)
        name = f"{round(share * scenes)} photographs"
        weights = options.folder / f"{round(share * scenes)}.pt"
        found[name] = train(
            "parametric", part_of(examples, rows), held, weights, steps=options.steps
        )
        print(f"{name}: {found[name]['error']:.2f}, colour {found[name]['colour']:.2f}", flush=True)
    found["errors of L*, a*, b*"] = spread_by_scene(load_network(weights), held)
    print(found["errors of L*, a*, b*"], flush=True)
    name, weights = "told film, rig and base", options.folder / "told.pt"
    found[name] = train(
        "parametric", informed(examples), informed(held), weights, steps=options.steps
    )
    print(f"{name}: {found[name]['error']:.2f}, colour {found[name]['colour']:.2f}", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
