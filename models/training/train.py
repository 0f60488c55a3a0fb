"""Train one of the two predictors on examples.

    python -m training.train parametric --train A.npz --check C.npz --minutes 20 --weights W.pt
    python -m training.export parametric W.pt [W2.pt …]

The loss is the picture's: pixels are rendered with the nine numbers and compared with the
photograph in CIELAB; parameters themselves are never compared, since many nines print alike.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from orangemask.spaces import conversion, space
from orangemask_filters.invert_c41.features import SIDE
from orangemask_filters.invert_c41.prediction import LEAST_RANGE
from orangemask_filters.invert_c41.print_curve import BLACK_V, PRIMARIES, PRINT, RIG
from training.dataset import Examples
from training.form import difference, midtone, print_curve
from training.network import Corrections, moved

BATCH = 64
PIXELS = 400  # of each picture, drawn anew each time
SHIFT, SCALE = 0.06, 0.08  # deviation of the disturbances, common and per channel
BASE_NOISE = 0.08  # D, on the differences between the base's channels
EXPECTED_WEIGHT = 0.02  # of the error head beside the picture's loss

Batch: TypeAlias = dict[str, Tensor]
Render: TypeAlias = Callable[[Tensor, Batch], Tensor]

CURVE = torch.tensor([PRINT.gamma, PRINT.soft_clip, PRINT.span])
TO_SRGB = torch.tensor(conversion(space(PRIMARIES), space("srgb")).T, dtype=torch.float32)
CROSSTALK = torch.tensor(RIG.crosstalk, dtype=torch.float32)


def render_parametric(corrections: Tensor, batch: Batch) -> Tensor:
    """Return linear sRGB (n, p, 3) for corrections (n, 9): shift of S, m, shift of H.

    Shifts are in units of the estimate's range. The range stays above a tenth of it.
    """
    spread = (batch["highlights"] - batch["shadows"])[:, None]
    z = (batch["corrected"] - batch["shadows"][:, None]) / spread
    shadows, m, highlights = corrections.view(-1, 3, 3)[:, :, None].unbind(1)
    new_spread = (1.0 + highlights - shadows).clamp_min(LEAST_RANGE)
    v = midtone((z - shadows) / new_spread, m, "moebius")
    return print_curve(v, CURVE) @ TO_SRGB


def render_matrix(corrections: Tensor, batch: Batch) -> Tensor:
    """Return linear sRGB (n, p, 3) for corrections (n, 9) of the matrix on density above base."""
    spread = (batch["highlights"] - batch["base"])[:, None]
    u = (batch["corrected"] - batch["base"][:, None]) / spread
    matrix = torch.eye(3) + corrections.view(-1, 3, 3)
    v = BLACK_V + (1 - BLACK_V) * (u @ matrix.transpose(1, 2))
    return print_curve(v, CURVE) @ TO_SRGB


def disturbed(batch: Batch, generator: torch.Generator) -> Batch:
    """Return the batch as if the physical estimate had been another, and seen otherwise.

    The estimate's anchors move, as another film or light would move them; the picture may be
    mirrored or have a part of it covered. The facts follow; the pixels of the loss stay what they
    are. It keeps the network from learning single films and photographs, and teaches it to start
    from anywhere near.
    """
    n = len(batch["facts"])

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    shift = SHIFT * (normal(n, 1) + normal(n, 3))
    scale = torch.exp(SCALE * (normal(n, 1) + 0.6 * normal(n, 3)))
    spread = batch["highlights"] - batch["shadows"]
    planes, facts = moved(batch["planes"], batch["facts"], shift, scale)
    if torch.rand(1, generator=generator) < 0.5:
        planes = planes.flip(3)
    y, x = (int(torch.randint(0, SIDE, (1,), generator=generator)) for _ in range(2))
    covered = torch.rand(n, generator=generator) < 0.2
    planes[covered, :, y : y + SIDE // 3, x : x + SIDE // 2] = 0.0
    facts[:, :2] += BASE_NOISE * normal(n, 2)  # or it tells the stock
    shadows = batch["shadows"] + shift * spread
    return {
        **batch,
        "planes": planes,
        "facts": facts,
        "shadows": shadows,
        "highlights": shadows + spread * scale,
    }


RENDERERS: dict[str, Render] = {"parametric": render_parametric, "matrix": render_matrix}


def tensors(examples: Examples, rows: np.ndarray, pixels: np.ndarray | None = None) -> Batch:
    """Return the examples at `rows` as float tensors, of some pixels only where given."""
    batch = {}
    for name, array in vars(examples).items():
        part = array[rows]
        if pixels is not None and name in ("corrected", "density", "truth"):
            part = part[:, pixels]
        batch[name] = torch.from_numpy(part.astype(np.float32))
    return batch


def picture_error(render: Render, corrections: Tensor, batch: Batch) -> Tensor:
    """Return the mean difference (n,) of each rendered picture from its truth."""
    result = render(corrections, batch)
    # Beyond the display nothing is seen; a tenth of the excess keeps the gradient.
    shown = result.clamp(0.0, 1.0) + 0.1 * (result - result.clamp(0.0, 1.0))
    return difference(shown, batch["truth"]).mean(dim=1)


def check(network: Corrections, render: Render, examples: Examples) -> tuple[float, float]:
    """Return the mean picture error of the network and of the bare estimate."""
    network.eval()
    errors, bare = [], []
    with torch.no_grad():
        for i in range(0, len(examples), 256):
            batch = tensors(examples, np.arange(i, min(i + 256, len(examples))))
            corrections, _ = network(batch["planes"], batch["facts"])
            errors.append(picture_error(render, corrections, batch))
            bare.append(picture_error(render, torch.zeros_like(corrections), batch))
    network.train()
    return float(torch.cat(errors).mean()), float(torch.cat(bare).mean())


def train(
    kind: str,
    examples: Examples,
    held: Examples,
    minutes: float,
    seed: int = 0,
    start: Corrections | None = None,
    rate: float = 2e-3,
) -> Corrections:
    """Return the running average of a network trained for `minutes` (wall clock).

    It goes on from `start` where there is one; the rate falls from `rate` as a cosine.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    render = RENDERERS[kind]
    network = start or Corrections()
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.998), use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-4)
    began, step = time.perf_counter(), 0
    order = rng.permutation(len(examples))
    while (passed := (time.perf_counter() - began) / (60 * minutes)) < 1.0:
        first = step * BATCH % (len(examples) - BATCH + 1)
        if first < BATCH:
            order = rng.permutation(len(examples))
        warm = min(1.0, step / 200)
        for group in optimiser.param_groups:
            group["lr"] = rate * warm * 0.5 * (1 + np.cos(np.pi * passed))
        pixels = rng.integers(examples.truth.shape[1], size=PIXELS)
        batch = disturbed(tensors(examples, order[first : first + BATCH], pixels), generator)
        corrections, expected = network(batch["planes"], batch["facts"])
        error = picture_error(render, corrections, batch)
        loss = error.mean()
        loss = loss + EXPECTED_WEIGHT * (expected[:, 0] - error.detach()).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(network)
        step += 1
        if step % 500 == 0:
            mean, bare = check(average.module, render, held)
            print(
                f"{step} steps, {passed:.0%}: training {float(error.mean().detach()):.2f}, "
                f"held out {mean:.2f} (estimate alone {bare:.2f})",
                flush=True,
            )
    return average.module.eval()


def load_network(path: Path) -> Corrections:
    """Return a network with the weights of a file."""
    network = Corrections()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network


def main() -> None:
    """Train and check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=list(RENDERERS))
    parser.add_argument("--train", type=Path, nargs="+", required=True)
    parser.add_argument("--check", type=Path, required=True, help="examples never trained on")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--weights", type=Path, required=True, help="where the weights are put")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    examples, held = Examples.load(*options.train), Examples.load(options.check)
    start = load_network(options.start) if options.start is not None else None
    network = train(
        options.kind, examples, held, options.minutes, options.seed, start, options.rate
    )
    torch.save(network.state_dict(), options.weights)
    mean, bare = check(network, RENDERERS[options.kind], held)
    print(f"held out {mean:.3f}, estimate alone {bare:.3f}")


if __name__ == "__main__":
    main()
