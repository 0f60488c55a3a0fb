"""One step of training, the same for all networks."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer

MOST_GRADIENT = 1.0  # norm


def rate_at(step: int, steps: int, rate: float, rise: int = 0) -> float:
    """Return the rate of a step: it rises over `rise` steps to `rate`, and falls as a cosine."""
    risen = min(1.0, step / rise) if rise else 1.0
    return rate * risen * 0.5 * (1.0 + math.cos(math.pi * step / steps))


def descend(network: nn.Module, optimiser: Optimizer, loss: Tensor, rate: float) -> None:
    """Move a network against the gradient of a loss."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    clip_grad_norm_(network.parameters(), MOST_GRADIENT)
    optimiser.step()
