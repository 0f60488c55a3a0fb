"""Train one of the two predictors on examples.

    python -m training.train parametric --train A.npz … --check C.npz --steps 7500 --weights W.pt
    python -m training.export parametric W.pt [W2.pt …] --film F.pt

The loss is the picture's: pixels are rendered with the nine numbers and compared with the
photograph in CIELAB; parameters themselves are never compared, since many nines print alike.
Beside it the network learns what to expect of itself, the class of rig and the true film base.
Every 500 steps the running average is checked on examples it is not trained on, the best is kept
as W.pt, and all that is needed to go on is put beside it, in W.state. What the frames of a roll
gain from one another is learned afterwards (`training.train_roll`).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from orangemask_filters.invert_c41.features import RIG_FACTS
from orangemask_filters.invert_c41.prediction import FILMS
from orangemask_filters.invert_c41.rigs import RIGS, WHITE
from training.dataset import Examples, told_white
from training.descent import descend, rate_at
from training.form import difference
from training.network import GAMMA, Answer, Corrections, matrix_light, parametric_light
from training.scenes import LUMINANCE

BATCH = 64
PIXELS = 100  # of each picture, drawn anew each time
EVERY = 500  # steps between checks
RISE = 300  # steps
DECAY = 0.998  # of the running average of the weights
# Beside the picture's loss, which is about 8. Colour is the hard half: it counts once more by
# itself, at the brightness of the truth.
COLOUR_WEIGHT = 1.0
FIRST_WEIGHT = 0.3  # of the picture rendered with the first guess
EXPECTED_WEIGHT, CHANNEL_WEIGHT, CLASS_WEIGHT, BASE_WEIGHT = 0.02, 2.0, 0.5, 1.0
POSITIVE = FILMS.index("positive")

Batch: TypeAlias = dict[str, Tensor]
Render: TypeAlias = Callable[[Tensor, Batch], Tensor]

WEIGHTS = torch.from_numpy(LUMINANCE)


def render_parametric(corrections: Tensor, batch: Batch) -> Tensor:
    """Return linear sRGB (n, p, 3) for corrections (n, 9)."""
    spread = (batch["highlights"] - batch["shadows"])[:, None]
    z = (batch["corrected"] - (batch["shadows"] - batch["base"])[:, None]) / spread
    return parametric_light(z, corrections)


def render_matrix(corrections: Tensor, batch: Batch) -> Tensor:
    """Return linear sRGB (n, p, 3) for corrections (n, 9) of the matrix on density above base."""
    spread = (batch["highlights"] - batch["base"])[:, None]
    return matrix_light(batch["corrected"] / spread, corrections)


RENDERERS: dict[str, Render] = {"parametric": render_parametric, "matrix": render_matrix}


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


def asked_weight(batch: Batch) -> Tensor:
    """Return what each of n examples counts for when classes of rig are learned, (n,); mean 1.

    The program asks as if the light were white. Examples told another class do not count, and the
    others make up for those of their own class: being told white says nothing of what it is.
    """
    is_white = batch["facts"][:, RIG_FACTS][:, list(RIGS).index(WHITE.name)]
    chance = torch.tensor([told_white(name) for name in RIGS])
    return is_white / chance[batch["rig"]]


def loss_of(render: Render, answer: Answer, batch: Batch) -> tuple[Tensor, float]:
    """Return the loss, and the mean error of the pictures; positives count for nothing."""
    is_negative = (batch["film"] != POSITIVE).float()
    count = is_negative.sum().clamp_min(1.0)
    found = picture_error(render, answer.corrections, batch)
    guess = picture_error(render, answer.first, batch)
    picture = found.whole + COLOUR_WEIGHT * found.colour
    picture = picture + FIRST_WEIGHT * (guess.whole + COLOUR_WEIGHT * guess.colour)
    error = found.whole.detach()
    expected = (answer.expected_delta_e[:, 0] - error).abs()
    channel = (answer.channel_error - found.codes).abs().mean(dim=1)
    base = (answer.base - (batch["true_base"] - batch["base"])).abs().mean(dim=1).clamp(max=1.0)
    rig = cross_entropy(answer.rig, batch["rig"], reduction="none") * asked_weight(batch)
    whole = picture + EXPECTED_WEIGHT * expected + CHANNEL_WEIGHT * channel
    whole = whole + BASE_WEIGHT * base + CLASS_WEIGHT * rig
    return (whole * is_negative).sum() / count, float((error * is_negative).sum() / count)


def check(network: nn.Module, render: Render, examples: Examples) -> dict[str, float]:
    """Return what the network reaches: picture error, and rigs told rightly.

    `bare` is the error of the estimate, `first` that of the first guess.
    """
    network.eval()
    batch = tensors(examples, np.flatnonzero(examples.film != POSITIVE))
    with torch.no_grad():
        answer = network(batch["planes"], batch["facts"])
        tried = {
            "error": answer.corrections,
            "first": answer.first,
            "bare": torch.zeros_like(answer.corrections),
        }
        found = {name: picture_error(render, each, batch) for name, each in tried.items()}
    network.train()
    reached = {name: float(each.whole.mean()) for name, each in found.items()}
    reached["colour"] = float(found["error"].colour.mean())
    right = (answer.rig.argmax(1) == batch["rig"]).float()
    reached["rig"] = float((right * asked_weight(batch)).mean())
    return reached


def load_network(path: Path, kind: str = "parametric") -> Corrections:
    """Return a network with the weights of a file."""
    network = Corrections(kind)
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
    rate: float = 2e-3,
    log: Path | None = None,
) -> dict[str, float]:
    """Train a network and keep the running average that does best on `held` as `weights`.

    Where `weights` has a state beside it, training goes on from there. The rate rises over `RISE`
    steps to `rate` and falls as a cosine to 0 at `steps`. What it reaches at its best, as `check`
    tells it, is returned.
    """
    torch.manual_seed(seed)
    network = Corrections(kind, examples.facts.shape[1])
    weigh = get_ema_multi_avg_fn(DECAY)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=weigh, use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-2)
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
        pixels = rng.integers(examples.truth.shape[1], size=PIXELS)
        batch = tensors(examples, rng.choice(len(examples), BATCH, replace=False), pixels)
        loss, error = loss_of(render, network(batch["planes"], batch["facts"]), batch)
        descend(network, optimiser, loss, rate_at(step, steps, rate, RISE))
        average.update_parameters(network)
        recent.append(error)
        if (step + 1) % EVERY and step + 1 != steps:
            continue
        found = check(average.module, render, held)
        print(
            f"{step + 1} of {steps}, {time.perf_counter() - began:.0f} s: "
            f"training {np.mean(recent):.2f}, held out {found['error']:.3f}, "
            f"colour {found['colour']:.3f} (first guess {found['first']:.2f}, "
            f"estimate {found['bare']:.2f}), rig {found['rig']:.1%}",
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
    writer.add_scalar("right/rig", found["rig"], step)
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
    parser.add_argument("--steps", type=int, default=7500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=2e-3)
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
