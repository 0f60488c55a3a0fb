"""Train one of the two predictors on examples.

    python -m training.train parametric --train A.npz --check C.npz --steps 40000 --weights W.pt
    python -m training.export parametric W.pt [W2.pt …] --film F.pt

The loss is the picture's: pixels are rendered with the nine numbers and compared with the
photograph in CIELAB; parameters themselves are never compared, since many nines print alike.
Beside it the network learns what to expect of itself, the kind of film, the class of rig and the
true film base. Every 500 steps it is checked on examples it is not trained on, the best running
average is kept as W.pt, and all that is needed to go on is put beside it, in W.state.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from orangemask.spaces import conversion, space
from orangemask_filters.invert_c41.features import SIDE
from orangemask_filters.invert_c41.prediction import FILMS, LEAST_RANGE
from orangemask_filters.invert_c41.print_curve import BLACK_V, PRIMARIES, PRINT
from training.dataset import Examples
from training.form import difference, midtone, print_curve
from training.network import Answer, Corrections, moved
from training.scenes import LUMINANCE

BATCH = 64
PIXELS = 250  # of each picture, drawn anew each time
EVERY = 500  # steps between checks
DECAY = 0.999  # of the running average of the weights
# Of a quarter of the batches: deviation of the estimate's disturbances, common and per channel,
# and of the found base, D.
SHIFT, SCALE, BASE_NOISE = 0.04, 0.05, 0.03
# Beside the picture's loss, which is about 8. Colour is the hard half: it counts once more by
# itself, at the brightness of the truth.
COLOUR_WEIGHT = 1.0
EXPECTED_WEIGHT, CHANNEL_WEIGHT, CLASS_WEIGHT, BASE_WEIGHT = 0.02, 2.0, 0.5, 1.0
# Of the kinds of film: the rare ones weigh as much as masked colour negatives.
FILM_WEIGHTS = torch.tensor([1.0, 6.0, 6.0, 6.0])
POSITIVE = FILMS.index("positive")

Batch: TypeAlias = dict[str, Tensor]
Render: TypeAlias = Callable[[Tensor, Batch], Tensor]

CURVE = torch.tensor([PRINT.gamma, PRINT.soft_clip, PRINT.span])
GAMMA = 2.2  # of sRGB codes, nearly
WEIGHTS = torch.from_numpy(LUMINANCE)
TO_SRGB = torch.tensor(conversion(space(PRIMARIES), space("srgb")).T, dtype=torch.float32)


def render_parametric(corrections: Tensor, batch: Batch) -> Tensor:
    """Return linear sRGB (n, p, 3) for corrections (n, 9): shift of S, m, shift of H.

    Shifts are in units of the estimate's range. The range stays above a tenth of it.
    """
    spread = (batch["highlights"] - batch["shadows"])[:, None]
    z = (batch["corrected"] - (batch["shadows"] - batch["base"])[:, None]) / spread
    shadows, m, highlights = corrections.view(-1, 3, 3)[:, :, None].unbind(1)
    new_spread = (1.0 + highlights - shadows).clamp_min(LEAST_RANGE)
    v = midtone((z - shadows) / new_spread, m, "moebius")
    return print_curve(v, CURVE) @ TO_SRGB


def render_matrix(corrections: Tensor, batch: Batch) -> Tensor:
    """Return linear sRGB (n, p, 3) for corrections (n, 9) of the matrix on density above base."""
    spread = (batch["highlights"] - batch["base"])[:, None]
    matrix = torch.eye(3) + corrections.view(-1, 3, 3)
    v = BLACK_V + (1 - BLACK_V) * (batch["corrected"] / spread @ matrix.transpose(1, 2))
    return print_curve(v, CURVE) @ TO_SRGB


RENDERERS: dict[str, Render] = {"parametric": render_parametric, "matrix": render_matrix}


def disturbed(batch: Batch, generator: torch.Generator) -> Batch:
    """Return the batch mirrored, partly covered, or as if another estimate had been made.

    The estimate's anchors and the film base move, as another film or light would move them; the
    facts follow; the pixels of the loss stay what they are. It keeps the network from learning
    single films and photographs, and teaches it to start from anywhere near.
    """
    n = len(batch["facts"])

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    def chance(share: float) -> bool:
        return float(torch.rand(1, generator=generator)) < share

    planes, facts = batch["planes"], batch["facts"]
    moves: Batch = {}
    if chance(0.25):
        shift = SHIFT * (normal(n, 1) + normal(n, 3))
        scale = torch.exp(SCALE * (normal(n, 1) + 0.6 * normal(n, 3)))
        spread = batch["highlights"] - batch["shadows"]
        planes, facts = moved(planes, facts, shift, scale)
        shadows = batch["shadows"] + shift * spread
        moves = {"shadows": shadows, "highlights": shadows + scale * spread}
        # The base found is wrong by this much more: all that is measured from it moves.
        wrong = BASE_NOISE * normal(n, 3)
        facts = facts.clone()
        facts[:, 0] += wrong[:, 0] - wrong[:, 1]
        facts[:, 1] += wrong[:, 2] - wrong[:, 1]
        facts[:, 2:5] -= wrong
        facts[:, 24:39] -= wrong.repeat(1, 5)
        moves |= {"base": batch["base"] + wrong, "corrected": batch["corrected"] - wrong[:, None]}
    if chance(0.5):
        planes = planes.flip(3)
    if chance(0.15):
        planes = planes.clone()
        y, x = (int(torch.randint(0, SIDE, (1,), generator=generator)) for _ in range(2))
        covered = torch.rand(n, generator=generator) < 0.5
        planes[covered, :, y : y + SIDE // 3, x : x + SIDE // 2] = 0.0
    return {**batch, **moves, "planes": planes, "facts": facts}


def tensors(examples: Examples, rows: np.ndarray, pixels: np.ndarray | None = None) -> Batch:
    """Return the examples at `rows` as tensors, of some pixels only where given."""
    batch = {}
    for name, array in vars(examples).items():
        part = array[rows]
        if pixels is not None and name in ("corrected", "truth"):
            part = part[:, pixels]
        whole = part.dtype.kind == "i"
        batch[name] = torch.from_numpy(part.astype(np.int64 if whole else np.float32))
    return batch


class PictureError(NamedTuple):
    """How far n pictures are from their truth.

    Attributes
    ----------
    whole : (n,)
        Mean difference.
    colour : (n,)
        The same with the brightness of the truth.
    codes : (n, 3)
        Mean error of the sRGB codes of each channel.
    """

    whole: Tensor
    colour: Tensor
    codes: Tensor


def picture_error(render: Render, corrections: Tensor, batch: Batch) -> PictureError:
    """Return how far the pictures rendered with `corrections` are from the truth."""
    result, truth = render(corrections, batch), batch["truth"]
    # Beyond the display nothing is seen; a tenth of the excess keeps the gradient.
    shown = result.clamp(0.0, 1.0)
    whole = difference(shown + 0.1 * (result - shown), truth).mean(dim=1)
    seen, wanted = (x.detach().clamp_min(0.0) ** (1.0 / GAMMA) for x in (shown, truth))
    means = [(x @ WEIGHTS).mean(dim=1).clamp_min(0.01) for x in (seen, wanted)]
    gain = (means[1] / means[0]) ** GAMMA
    level = result * gain[:, None, None]
    bright = level.clamp(0.0, 1.0)
    colour = difference(bright + 0.1 * (level - bright), truth).mean(dim=1)
    return PictureError(whole, colour, (seen - wanted).abs().mean(dim=1))


def loss_of(render: Render, answer: Answer, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the loss, and the picture's part of it (n,), 0 for positives."""
    is_negative = (batch["film"] != POSITIVE).float()
    found = picture_error(render, answer.corrections, batch)
    error, codes = found.whole * is_negative, found.codes
    count = is_negative.sum().clamp_min(1.0)
    loss = (error.sum() + COLOUR_WEIGHT * (found.colour * is_negative).sum()) / count
    expected = (answer.expected_delta_e[:, 0] - error.detach()).abs() * is_negative
    channel = (answer.channel_error - codes).abs().mean(dim=1) * is_negative
    base = (answer.base - (batch["true_base"] - batch["base"])).abs().mean(dim=1) * is_negative
    loss = loss + EXPECTED_WEIGHT * expected.mean() + CHANNEL_WEIGHT * channel.mean()
    loss = loss + BASE_WEIGHT * base.clamp(max=1.0).mean()
    rig = (cross_entropy(answer.rig, batch["rig"], reduction="none") * is_negative).mean()
    film = cross_entropy(answer.film, batch["film"], weight=FILM_WEIGHTS)
    return loss + CLASS_WEIGHT * (film + rig), error


def check(network: nn.Module, render: Render, examples: Examples) -> dict[str, float]:
    """Return what the network reaches: picture error, that of the bare estimate, shares right."""
    network.eval()
    found: dict[str, list[Tensor]] = {
        "error": [], "colour": [], "bare": [], "film": [], "other": [], "rig": [],
    }  # fmt: skip
    with torch.no_grad():
        for i in range(0, len(examples), 256):
            batch = tensors(examples, np.arange(i, min(i + 256, len(examples))))
            answer = network(batch["planes"], batch["facts"])
            negative = batch["film"] != POSITIVE
            far = picture_error(render, answer.corrections, batch)
            found["error"].append(far.whole[negative])
            found["colour"].append(far.colour[negative])
            bare = torch.zeros_like(answer.corrections)
            found["bare"].append(picture_error(render, bare, batch).whole[negative])
            right = (answer.film.argmax(1) == batch["film"]).float()
            found["film"].append(right[batch["film"] == 0])
            found["other"].append(right[batch["film"] != 0])
            found["rig"].append((answer.rig.argmax(1) == batch["rig"]).float()[negative])
    network.train()
    return {name: float(torch.cat(parts).mean()) for name, parts in found.items()}


def load_network(path: Path) -> Corrections:
    """Return a network with the weights of a file."""
    network = Corrections()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def train(
    kind: str,
    examples: Examples,
    held: Examples,
    weights: Path,
    *,
    steps: int,
    seed: int = 0,
    rate: float = 1.5e-3,
    log: Path | None = None,
) -> dict[str, float]:
    """Train a network and keep the running average that does best on `held` as `weights`.

    Where `weights` has a state beside it, training goes on from there. The rate rises over 300
    steps to `rate` and falls as a cosine to 0 at `steps`. What it
    reaches at its best, as `check` tells it, is returned.
    """
    torch.manual_seed(seed)
    network = Corrections(examples.facts.shape[1])
    weigh = get_ema_multi_avg_fn(DECAY)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=weigh, use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-4)
    state = weights.with_suffix(".state")
    first, best, reached = 0, float("inf"), dict[str, float]()
    if state.exists():
        saved: dict[str, Any] = torch.load(state, weights_only=True)
        network.load_state_dict(saved["network"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        first, best, reached = saved["step"], saved["best"], saved["reached"]
    writer = _writer(log)
    render, recent, began = RENDERERS[kind], [], time.perf_counter()
    for step in range(first, steps):
        rng = np.random.default_rng((seed, step))
        generator = torch.Generator().manual_seed(hash((seed, step)) % 2**31)
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, step / 300) * 0.5 * (1 + math.cos(math.pi * step / steps))
        rows = np.sort(rng.choice(len(examples), BATCH, replace=False))
        pixels = rng.integers(examples.truth.shape[1], size=PIXELS)
        batch = disturbed(tensors(examples, rows, pixels), generator)
        # Half precision in the products alone: it doubles the speed and changes no digit shown.
        with torch.autocast("cpu", torch.bfloat16):
            answer = network(batch["planes"], batch["facts"])
        loss, error = loss_of(render, Answer(*(part.float() for part in answer)), batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(network)
        recent.append(float(error.detach().sum() / (batch["film"] != POSITIVE).sum()))
        if (step + 1) % EVERY and step + 1 != steps:
            continue
        found = check(average.module, render, held)
        print(
            f"{step + 1} of {steps}, {time.perf_counter() - began:.0f} s: "
            f"training {np.mean(recent):.2f}, held out {found['error']:.3f}, "
            f"colour {found['colour']:.3f} "
            f"(estimate {found['bare']:.2f}), film {found['film']:.1%} "
            f"and {found['other']:.1%}, rig {found['rig']:.1%}",
            flush=True,
        )
        _report(writer, step + 1, float(np.mean(recent)), found, average.module, render, held)
        recent = []
        if found["error"] + COLOUR_WEIGHT * found["colour"] < best:
            best, reached = found["error"] + COLOUR_WEIGHT * found["colour"], found
            torch.save(average.module.state_dict(), weights)
        torch.save(
            {
                "network": network.state_dict(),
                "average": average.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step + 1,
                "best": best,
                "reached": reached,
            },
            state,
        )
    return reached


def _writer(log: Path | None) -> Any:
    if log is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(log)


def _report(
    writer: Any,
    step: int,
    training: float,
    found: dict[str, float],
    network: nn.Module,
    render: Render,
    held: Examples,
) -> None:
    """Log the numbers and the sampled pixels of eight pictures, found above, true below."""
    if writer is None:
        return
    writer.add_scalars("picture", {"training": training, "held out": found["error"]}, step)
    for name in ("film", "other", "rig"):
        writer.add_scalar(f"right/{name}", found[name], step)
    batch = tensors(held, np.arange(8))
    with torch.no_grad():
        network.eval()
        corrections = network(batch["planes"], batch["facts"]).corrections
        network.train()
        pair = torch.stack([render(corrections, batch), batch["truth"]], dim=1)
    order = batch["truth"].mean(dim=2).argsort(dim=1)[:, None, :, None].expand_as(pair)
    strips = pair.gather(2, order).flatten(0, 1).clamp(0, 1) ** (1.0 / 2.2)  # dark to bright
    picture = strips.repeat_interleave(8, dim=0).permute(2, 0, 1)
    writer.add_image("dark to bright, found and true", picture, step)


def main() -> None:
    """Train and save the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=list(RENDERERS))
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="files of examples")
    parser.add_argument("--check", type=Path, nargs="+", required=True, help="examples held out")
    parser.add_argument("--steps", type=int, default=36000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--log", type=Path, help="folder for TensorBoard")
    parser.add_argument("--weights", type=Path, required=True, help="where the weights are put")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train(
        options.kind,
        Examples.load(*options.train),
        Examples.load(*options.check),
        options.weights,
        steps=options.steps,
        seed=options.seed,
        rate=options.rate,
        log=options.log,
    )


if __name__ == "__main__":
    main()
