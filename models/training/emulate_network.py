"""The network of Film Emulate: what it thinks is wrong, and the nine numbers that follow of it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from orangemask_filters.film_emulate.exposure import DARKEST, HIGHLIGHTS, RANGE, SHADOWS
from orangemask_filters.film_emulate.features import FACTS
from orangemask_filters.film_emulate.prediction import LEAST_SPAN
from training.form import midtone
from training.network import CHANNELS, OUTPUTS, scaled
from training.perturb import CONTRASTS, MOST_EV, MOST_KELVIN, Perturbation

MOST = torch.tensor([6.0, 0.8, 1.5]).repeat_interleave(CHANNELS)  # EV; natural logarithm; m
DROP, DROP_FACTS = 0.4, 0.1  # shares of numbers left out in training
ROWS = torch.kron(  # shift, stretch and bend to S, m and H
    torch.tensor([[1.0, 0.0, 1.0], [SHADOWS, 0.0, HIGHLIGHTS], [0.0, 1.0, 0.0]]),
    torch.eye(CHANNELS),
)
# What can be wrong, evenly in these units from least to most, in so many steps.
STEPS = (17, 7, 7)
RANGES = torch.tensor(
    [[-MOST_EV, MOST_EV], [-MOST_KELVIN, MOST_KELVIN], [CONTRASTS[0], CONTRASTS[1]]]
)
PLACES = torch.linspace(-MOST_EV, MOST_EV, STEPS[0])  # EV
LATE = 2.0  # a gate that has learnt nothing lets 1 − σ(−2) = 0.88 of a correction through
STEEP = 3.0


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
    wrong : tuple of (n, 17), (n, 7), (n, 7) and (n, 1)
        Logits: of exposure, balance and contrast being as wrong as each of `STEPS`, and of
        nothing being wrong.
    """

    corrections: Tensor
    expected_delta_e: Tensor
    channel_error: Tensor
    wrong: tuple[Tensor, ...]


def placed(unit: Tensor, corrections: Tensor) -> Tensor:
    """Return exposures (n, p, 3), 0…1, moved by corrections (n, 9) as the filter moves them."""
    shadows, m, highlights = corrections.view(-1, 3, 3)[:, :, None].unbind(1)
    span = (HIGHLIGHTS - SHADOWS + highlights - shadows).clamp_min(LEAST_SPAN)
    z = (DARKEST - SHADOWS + RANGE * unit - shadows) / span
    exposure = SHADOWS + (HIGHLIGHTS - SHADOWS) * midtone(z, m, "moebius")
    return (exposure - DARKEST) / RANGE


def to_corrections(raw: Tensor) -> Tensor:
    """Return corrections (n, 9) of shifts in EV, stretches about grey and midtones (n, 9)."""
    held = torch.minimum(torch.maximum(raw, -MOST), MOST)
    shift, stretch, bend = torch.split(held, CHANNELS, dim=1)
    return torch.cat([shift, torch.exp(stretch) - 1.0, bend], dim=1) @ ROWS


def wrong_numbers(wrong: Perturbation) -> tuple[float, float, float]:
    """Return what is wrong in the units of `RANGES`."""
    return wrong.ev, wrong.kelvin, wrong.contrast


def steps_of(numbers: Tensor) -> list[Tensor]:
    """Return the shares (n, steps) of the two steps that each of numbers (n, 3) lies between."""
    shares = []
    for each, (low, high), steps in zip(numbers.T, RANGES, STEPS, strict=True):
        place = ((each - low) / (high - low) * (steps - 1)).clamp(0.0, steps - 1.0)
        shares.append((1.0 - (place[:, None] - torch.arange(steps)).abs()).clamp_min(0.0))
    return shares


class Placer(nn.Module):
    """Nine corrections to the filter's defaults, and what to expect of them.

    From facts and planes it tells how likely it is that exposure, balance and contrast are so and
    so wrong, and that nothing is; it is taught that as well. The corrections start from the mean of
    the exposures it thinks of, and are closed towards none by a gate.
    """

    honest: Tensor

    def __init__(self, width: int = 240, maps: int = 16) -> None:
        super().__init__()
        self.facts_scale = nn.BatchNorm1d(FACTS, affine=False)
        self.facts_drop = nn.Dropout(DROP_FACTS)
        self.look = nn.Sequential(  # 32 px to 16 to 8
            *_convolved(CHANNELS, maps, 2),
            *_convolved(maps, 2 * maps, 2),
            *_convolved(2 * maps, 2 * maps, 1),
        )
        self.look_drop = nn.Dropout(0.3)
        self.body = nn.Sequential(
            *_thought(FACTS + 4 * maps, width, DROP), *_thought(width, width, DROP / 2)
        )
        self.guess = nn.Linear(width, sum(STEPS) + 1)
        told = width + sum(STEPS) + 1
        self.place = nn.Sequential(nn.Linear(told, 64), nn.ReLU(), nn.Linear(64, OUTPUTS + 1))
        self.expect = nn.Sequential(nn.Linear(told, 32), nn.ReLU(), nn.Linear(32, 1 + CHANNELS))
        # Of the expected errors: what they are on photographs never seen, over what it learnt.
        self.register_buffer("honest", torch.ones(2))
        last = self.place[-1]
        with torch.no_grad():  # start from the defaults
            last.weight.mul_(0.1)
            last.bias.zero_()

    def forward(self, planes: Tensor, facts: Tensor) -> Placing:
        """Return the answer to planes (n, 3, 32, 32) and facts (n, FACTS)."""
        known = self.facts_drop(scaled(self.facts_scale, facts))
        maps = self.look(4.0 * planes - 2.0)
        looks = self.look_drop(torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1))
        thought = self.body(torch.cat([known, looks], dim=1))
        wrong = self.guess(thought).split([*STEPS, 1], dim=1)
        likely = [each.softmax(dim=1) for each in wrong[:-1]]
        all_told = torch.cat([thought, *(2.0 * p for p in likely), 2.0 * wrong[-1].sigmoid()], 1)
        raw, gate = self.place(all_told).split([OUTPUTS, 1], dim=1)
        ev = (likely[0] * PLACES).sum(dim=1, keepdim=True).expand(-1, CHANNELS)
        moved = raw + functional.pad(ev, (0, OUTPUTS - CHANNELS))
        # What to expect teaches nothing else.
        expected = functional.softplus(self.expect(all_told.detach()))
        return Placing(
            to_corrections((LATE - STEEP * gate).sigmoid() * moved),
            expected[:, :1] * 10.0 * self.honest[0],
            expected[:, 1:] * 0.1 * self.honest[1],
            wrong,
        )


class PlacerAverage(nn.Module):
    """The mean of several networks: what the program asks."""

    def __init__(self, networks: list[Placer]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, planes: Tensor, facts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return corrections, expected ΔE and expected error of each channel."""
        answers = [network(planes, facts)[:3] for network in self.networks]
        mean = [torch.stack(each).mean(dim=0) for each in zip(*answers, strict=True)]
        return mean[0], mean[1], mean[2]


def _convolved(size: int, maps: int, stride: int) -> tuple[nn.Module, ...]:
    """Return one layer of 3 × 3 px."""
    return nn.Conv2d(size, maps, 3, stride, 1), nn.BatchNorm2d(maps), nn.ReLU()


def _thought(size: int, width: int, drop: float) -> tuple[nn.Module, ...]:
    """Return one layer of `width`."""
    return nn.Linear(size, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(drop)
