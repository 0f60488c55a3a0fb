"""The network: colours weighed where they tell most, shapes where they help, facts beside."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from orangemask_filters.invert_c41.features import EMPTY, FACTS, PLANES, SIDE
from orangemask_filters.invert_c41.prediction import FILMS
from orangemask_filters.invert_c41.rigs import RIGS

OUTPUTS = 9
CHANNELS = 3
COLOURS = 2 * CHANNELS + 1  # z, density above base, mask
POINTS = 16  # the colours are those of 16 × 16 squares of the planes
PATCH = 8  # px of a square of the planes that is read as a shape
SEEN = 12  # numbers kept of each square, in its place
VALUES = 16
FAR = 5.0  # deviations from the mean beyond which a fact is no farther
MOST = 3.0  # largest correction, ranges of the estimate
DENSEST = 4.0  # D above base: no film is denser, but holders taken for pictures are


class Answer(NamedTuple):
    """What the network says of n pictures.

    Attributes
    ----------
    corrections : (n, 9)
        Rows shift of S, m, shift of H for red, green, blue, in units of the estimate's range; of
        the matrix model the matrix less the identity.
    expected_delta_e : (n, 1)
        Mean difference to expect, ΔE.
    channel_error : (n, 3)
        Mean error to expect of the sRGB codes of red, green, blue, 0…1.
    film : (n, 4)
        Logits of the kind of film.
    rig : (n, 3)
        Logits of the class of rig.
    base : (n, 3)
        By how much the true film base is denser than the one found, D.
    """

    corrections: Tensor
    expected_delta_e: Tensor
    channel_error: Tensor
    film: Tensor
    rig: Tensor
    base: Tensor


class Corrections(nn.Module):
    """Nine corrections to the physical estimate, what to expect of them, and what film it is.

    The picture is read as a bag of colours, twice: the second time each colour knows what all of
    them are like, and those that tell most (greys, skin, sky) are attended to; as an arrangement
    of squares; and as facts. No sigmoid at the end: the corrections are signed. All of it is
    matrix products over few points, which is what makes training on a processor possible.
    """

    def __init__(
        self, facts: int = FACTS, width: int = 64, heads: int = 12, hidden: int = 224
    ) -> None:
        super().__init__()
        known = 64
        self.facts_scale = nn.BatchNorm1d(facts)
        self.facts = nn.Linear(facts, known)
        self.first = nn.Linear(COLOURS, width)
        self.first_facts = nn.Linear(known, width)
        self.second = nn.Linear(width, width)
        self.context = nn.Sequential(
            nn.BatchNorm1d(2 * width + known),
            nn.Linear(2 * width + known, 96),
            nn.ReLU(),
            nn.Linear(96, width),
        )
        self.third = nn.Linear(COLOURS + width, width)
        self.fourth = nn.Linear(width, width)
        self.attention = nn.Linear(width, heads)
        self.value = nn.Linear(width, VALUES)
        squares = (SIDE // PATCH) ** 2
        self.square = nn.Linear(PLANES * PATCH * PATCH, width)
        self.place = nn.Parameter(torch.zeros(squares, width))
        self.square_again = nn.Linear(width, width)
        self.seen = nn.Linear(width, SEEN)
        self.arrangement = nn.Linear(squares * SEEN, 96)
        joined = known + 4 * width + heads * (VALUES + COLOURS) + 96 + 2 * width
        # Without the normalisations training takes twice as long.
        self.head = nn.Sequential(
            nn.BatchNorm1d(joined),
            nn.Linear(joined, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, 128),
            nn.BatchNorm1d(128),
            nn.ReLU(),
        )
        self.answer = nn.Linear(128, OUTPUTS + 1 + CHANNELS + len(FILMS) + len(RIGS) + CHANNELS)
        with torch.no_grad():  # start from the physical estimate
            self.answer.weight.mul_(0.05)
            self.answer.bias.zero_()

    def forward(self, planes: Tensor, facts: Tensor) -> Answer:
        """Return the answer.

        Parameters
        ----------
        planes : (n, 4, 64, 64)
        facts : (n, FACTS)
            Or more, if it was made for more.
        """
        relu = functional.relu
        few = functional.avg_pool2d(planes, SIDE // POINTS)
        points = with_density(few, facts).flatten(2).transpose(1, 2)
        mask = points[:, :, CHANNELS : CHANNELS + 1]
        known = relu(self.facts(self.facts_scale(facts).clamp(-FAR, FAR)))
        told = self.first_facts(known)[:, None]
        colours = relu(self.second(relu(self.first(points) + told)))
        spread = pooled(colours, mask)
        context = self.context(torch.cat([spread, known], dim=1))[:, None]
        again = relu(self.third(torch.cat([points, colours], dim=2)) + context)
        again = relu(self.fourth(again))
        attention = torch.softmax(self.attention(again) + (mask + 1e-4).log(), dim=1)
        values = torch.cat([self.value(again), points], dim=2)
        attended = torch.matmul(attention.transpose(1, 2), values).flatten(1)

        side = SIDE // PATCH
        squares = planes.reshape(-1, PLANES, side, PATCH, side, PATCH).permute(0, 2, 4, 1, 3, 5)
        squares = squares.reshape(-1, side * side, PLANES * PATCH * PATCH)
        shapes = relu(self.square(squares) + self.place)
        shapes = shapes + relu(self.square_again(shapes))
        arrangement = relu(self.arrangement(relu(self.seen(shapes)).flatten(1)))
        joined = [
            known, spread, pooled(again, mask), attended, arrangement,
            shapes.mean(dim=1), shapes.amax(dim=1),
        ]  # fmt: skip
        raw = self.answer(self.head(torch.cat(joined, dim=1)))
        sizes = [OUTPUTS, 1, CHANNELS, len(FILMS), len(RIGS), CHANNELS]
        corrections, expected, channel, film, rig, base = raw.split(sizes, dim=1)
        return Answer(
            corrections.clamp(-MOST, MOST),
            functional.softplus(expected) * 10.0,
            functional.softplus(channel) * 0.1,
            film,
            rig,
            base,
        )


def with_density(planes: Tensor, facts: Tensor) -> Tensor:
    """Return z, mask and density above base (n, 7, h, w) of planes (n, 4, h, w).

    The density follows from where the facts say that z = 0 and 1 lie.
    """
    mask = planes[:, CHANNELS:]
    shadows, spread = facts[:, 2:5, None, None], facts[:, 5:8, None, None]
    density = (shadows * mask + planes[:, :CHANNELS] * spread).clamp(-1.0, DENSEST)
    return torch.cat([planes, density], dim=1)


def pooled(points: Tensor, mask: Tensor) -> Tensor:
    """Return mean and deviation (n, 2 w) of points (n, k, w) weighed with mask (n, k, 1)."""
    share = (mask / mask.sum(dim=1, keepdim=True).clamp_min(EMPTY)).transpose(1, 2)
    with torch.autocast("cpu", enabled=False):  # a small difference of large numbers
        full = points.float()
        mean, square = (torch.matmul(share, x)[:, 0] for x in (full, full * full))
    return torch.cat([mean, (square - mean * mean).clamp_min(1e-6).sqrt()], dim=1)


class Average(nn.Module):
    """The mean of several networks, each asked for the picture and its mirror image."""

    def __init__(self, networks: list[Corrections]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, planes: Tensor, facts: Tensor) -> Answer:
        """Return the mean answer."""
        views = (planes, planes.flip(3))
        answers = [network(view, facts) for network in self.networks for view in views]
        return Answer(*(torch.stack(each).mean(dim=0) for each in zip(*answers, strict=True)))


def moved(planes: Tensor, facts: Tensor, shift: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Return the features as another estimate would have made them.

    Parameters
    ----------
    planes : (n, 4, h, w)
    facts : (n, FACTS)
        In the order of `make_features`.
    shift, scale : (n, 3)
        Of the shadows, in units of the range, and of the range.
    """
    mask = planes[:, CHANNELS:]
    seen = (planes[:, :CHANNELS] - shift[:, :, None, None]) / scale[:, :, None, None]
    seen = seen * (mask > EMPTY)
    spread = facts[:, 5:8]
    quantiles = (facts[:, 9:24].reshape(len(facts), -1, 3) - shift[:, None]) / scale[:, None]
    told = [facts[:, :2], facts[:, 2:5] + shift * spread, spread * scale, facts[:, 8:9]]
    told += [quantiles.flatten(1), facts[:, 24:]]
    return torch.cat([seen, mask], dim=1), torch.cat(told, dim=1)
