"""The network of Film Emulate: facts, a first placing, a look at what it gives, a second."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from orangemask_filters.film_emulate.exposure import (
    CONTRAST,
    DARKEST,
    FOOT,
    GREY,
    HIGHLIGHTS,
    KNEE,
    POWERED_WHITE,
    RANGE,
    SHADOWS,
)
from orangemask_filters.film_emulate.features import FACTS, SIDE
from orangemask_filters.film_emulate.prediction import LEAST_SPAN
from training.form import midtone
from training.network import CHANNELS, OUTPUTS, SEEN, layers, scaled, seen

MOST = torch.tensor([6.0, 0.8, 1.5]).repeat_interleave(CHANNELS)  # EV; natural logarithm; m
DROP = 0.3  # share of numbers left out in training
ROWS = torch.kron(  # shift, stretch and bend to S, m and H
    torch.tensor([[1.0, 0.0, 1.0], [SHADOWS, 0.0, HIGHLIGHTS], [0.0, 1.0, 0.0]]),
    torch.eye(CHANNELS),
)


class Placing(NamedTuple):
    """What the network says of n photographs.

    Attributes
    ----------
    corrections : (n, 9)
        Rows S, m, H for red, green, blue, each less its default.
    expected_delta_e : (n, 1)
        Mean difference to expect, ΔE.
    channel_error : (n, 3)
        Mean error to expect of the sRGB codes of red, green, blue, 0…1.
    first : (n, 9)
        The corrections before it looked.
    """

    corrections: Tensor
    expected_delta_e: Tensor
    channel_error: Tensor
    first: Tensor


def placed(unit: Tensor, corrections: Tensor) -> Tensor:
    """Return exposures (n, p, 3), 0…1, moved by corrections (n, 9) as the filter moves them."""
    shadows, m, highlights = corrections.view(-1, 3, 3)[:, :, None].unbind(1)
    span = (HIGHLIGHTS - SHADOWS + highlights - shadows).clamp_min(LEAST_SPAN)
    z = (DARKEST - SHADOWS + RANGE * unit - shadows) / span
    exposure = SHADOWS + (HIGHLIGHTS - SHADOWS) * midtone(z, m, "moebius")
    return (exposure - DARKEST) / RANGE


def as_camera(unit: Tensor) -> Tensor:
    """Return the display light that `exposure.Camera` shows of exposures 0…1."""
    exposure = DARKEST + RANGE * unit.clamp(0.0, 1.0)
    light = torch.exp(exposure * math.log(2.0)) * (GREY + FOOT) - FOOT
    powered = light.clamp_min(1e-6) ** CONTRAST  # the floor keeps its power finite
    shown: Tensor = powered * (1.0 + KNEE / POWERED_WHITE) / (powered + KNEE)
    return shown.clamp(max=1.0)


def to_corrections(raw: Tensor) -> Tensor:
    """Return corrections (n, 9) of shifts in EV, stretches about grey and midtones (n, 9)."""
    held = torch.minimum(torch.maximum(raw, -MOST), MOST)
    shift, stretch, bend = torch.split(held, CHANNELS, dim=1)
    return torch.cat([shift, torch.exp(stretch) - 1.0, bend], dim=1) @ ROWS


class Placer(nn.Module):
    """Nine corrections to the filter's defaults, and what to expect of them.

    A first guess comes from the facts; the picture is placed by it and looked at as a camera would
    show it; the second thought adds to the guess.
    """

    def __init__(self, width: int = 224, hidden: int = 128) -> None:
        super().__init__()
        self.facts_scale = nn.BatchNorm1d(FACTS, affine=False)
        self.guess = layers(FACTS, width, hidden, DROP)
        self.first = nn.Linear(hidden, OUTPUTS)
        self.seen_scale = nn.BatchNorm1d(SEEN, affine=False)
        self.seen_drop = nn.Dropout(0.1)
        self.thought = layers(FACTS + OUTPUTS + SEEN, width, hidden, DROP)
        self.sizes = [OUTPUTS, 1, CHANNELS]
        self.second = nn.Linear(hidden, sum(self.sizes))
        with torch.no_grad():  # start from the defaults
            for last in (self.first, self.second):
                last.weight.mul_(0.05)
                last.bias.zero_()

    def forward(self, planes: Tensor, facts: Tensor) -> Placing:
        """Return the answer to planes (n, 3, 32, 32) and facts (n, FACTS)."""
        known = scaled(self.facts_scale, facts)
        first = self.first(self.guess(known))
        with torch.no_grad():  # what it sees does not depend on what it would like to see
            few = planes[:, :, ::2, ::2]  # every fourth: a quarter of the work, the same colours
            unit = few.flatten(2).transpose(1, 2)  # (n, p, 3)
            shown = as_camera(placed(unit, to_corrections(first)))
            weight = (unit[:, :, 0] >= 0.0).float() * (4.0 / (SIDE * SIDE))  # all alike
            looks = seen(shown, weight)
        looks = self.seen_drop(scaled(self.seen_scale, looks))
        thought = self.thought(torch.cat([known, first, looks], dim=1))
        raw = self.second(thought).split(self.sizes, dim=1)
        return Placing(
            to_corrections(first + raw[0]),
            functional.softplus(raw[1]) * 10.0,
            functional.softplus(raw[2]) * 0.1,
            to_corrections(first),
        )


class PlacerAverage(nn.Module):
    """The mean of several networks: what the program asks."""

    def __init__(self, networks: list[Placer]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, planes: Tensor, facts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return corrections, expected ΔE and expected error of each channel."""
        answers = [network(planes, facts) for network in self.networks]
        mean = [torch.stack(each).mean(dim=0) for each in zip(*answers, strict=True)]
        return mean[0], mean[1], mean[2]
