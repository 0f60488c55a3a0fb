"""The network: it knows facts, renders what it thinks, looks at that, and thinks again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from orangemask.spaces import conversion, space
from orangemask_filters.invert_c41.features import FACTS
from orangemask_filters.invert_c41.prediction import FILMS, LEAST_RANGE
from orangemask_filters.invert_c41.print_curve import BLACK_V, PRIMARIES, PRINT
from orangemask_filters.invert_c41.rigs import RIGS
from training.form import midtone, print_curve

OUTPUTS = 9
CHANNELS = 3
FAR = 5.0  # deviations from the mean beyond which a number is no farther
MOST = 3.0  # largest correction, ranges of the estimate
STRIDE = 2  # of the rows that are looked at: half the work, the same colours
HIDDEN = 128  # numbers of a thought
TOLD = 32  # numbers that one frame of a roll tells the others
CHROMAS, TONES, LEVELS = 13, 3, 16  # bins of red − green and blue − green, of both's tone, of codes
FARTHEST = 0.6  # difference of codes at the outermost bins
SEEN = TONES * CHROMAS * CHROMAS + CHANNELS * LEVELS + CHANNELS
THINNEST = 0.05  # D above base that can be white
BRIGHTEST = 1.3  # linear light; more is no brighter
GAMMA = 2.2  # of sRGB codes, nearly
TINY = 1e-5

CURVE = torch.tensor([PRINT.gamma, PRINT.soft_clip, PRINT.span])
TO_SRGB = torch.tensor(conversion(space(PRIMARIES), space("srgb")).T, dtype=torch.float32)
TONE = torch.tensor([0.25, 0.6, 0.15])  # red, green, blue, in what tells dark from bright

Printed: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]


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
    rig : (n, 3)
        Logits of the class of rig.
    base : (n, 3)
        By how much the true film base is denser than the one found, D.
    thought : (n, 128)
        What it thinks, in no words; others build on it.
    first : (n, 9)
        The corrections before it looked.
    """

    corrections: Tensor
    expected_delta_e: Tensor
    channel_error: Tensor
    rig: Tensor
    base: Tensor
    thought: Tensor
    first: Tensor


def print_parametric(planes: Tensor, facts: Tensor, corrections: Tensor) -> Tensor:
    """Return linear sRGB (n, p, 3) of the planes (n, 4, h, w) with corrections (n, 9)."""
    z = planes[:, :CHANNELS].flatten(2).transpose(1, 2)
    return parametric_light(z, corrections)


def parametric_light(z: Tensor, corrections: Tensor) -> Tensor:
    """Return linear sRGB (n, p, 3) of z (n, p, 3) under the estimate, with corrections (n, 9).

    Shifts are in units of the estimate's range. The range stays above a tenth of it.
    """
    shadows, m, highlights = corrections.view(-1, 3, 3)[:, :, None].unbind(1)
    spread = (1.0 + highlights - shadows).clamp_min(LEAST_RANGE)
    return print_curve(midtone((z - shadows) / spread, m, "moebius"), CURVE) @ TO_SRGB


def print_matrix(planes: Tensor, facts: Tensor, corrections: Tensor) -> Tensor:
    """Return the same of the matrix model."""
    shadows, spread = facts[:, None, 2:5], facts[:, None, 5:8]  # above base, D
    z = planes[:, :CHANNELS].flatten(2).transpose(1, 2)
    white = (shadows + spread).clamp_min(THINNEST)
    return matrix_light((shadows + z * spread) / white, corrections)


def matrix_light(density: Tensor, corrections: Tensor) -> Tensor:
    """Return linear sRGB (n, p, 3) of density over base, 1 where the estimate's highlights are."""
    matrix = torch.eye(3) + corrections.view(-1, 3, 3)
    v = BLACK_V + (1 - BLACK_V) * (density @ matrix.transpose(1, 2))
    return print_curve(v, CURVE) @ TO_SRGB


PRINTS: Mapping[str, Printed] = {"parametric": print_parametric, "matrix": print_matrix}


def tent(x: Tensor, bins: int) -> Tensor:
    """Return how much of each of `bins` tents x lies under, (…, bins); the sum is 1 inside."""
    return (1.0 - (x[..., None] - torch.arange(bins, dtype=x.dtype)).abs()).clamp_min(0.0)


def seen(light: Tensor, weight: Tensor) -> Tensor:
    """Return what a rendered picture looks like: histograms of its colours, and their mean.

    A cast moves the histogram of log chroma as a whole, which is what makes a light easy to read
    from it (Barron, Convolutional Color Constancy, 2015).

    Parameters
    ----------
    light : (n, p, 3)
        Linear sRGB.
    weight : (n, p)
        Of each pixel; sums to 1.

    Returns
    -------
    (n, SEEN)
    """
    codes = (light.clamp(0.0, BRIGHTEST) + TINY) ** (1.0 / GAMMA)
    tone = (codes @ TONE).clamp(0.0, 1.0)

    def bin_of(difference: Tensor) -> Tensor:  # finer about grey
        size = ((difference.abs() + TINY) / FARTHEST).clamp(0.0, 1.0) ** 0.6
        return (0.5 + 0.5 * torch.sign(difference) * size) * (CHROMAS - 1)

    red = tent(bin_of(codes[:, :, 0] - codes[:, :, 1]), CHROMAS)
    blue = tent(bin_of(codes[:, :, 2] - codes[:, :, 1]), CHROMAS)
    tones = tent(tone * (TONES - 1), TONES) * weight[:, :, None]
    joined = (tones[:, :, :, None] * red[:, :, None, :]).flatten(2)  # (n, p, TONES · CHROMAS)
    chroma = torch.bmm(joined.transpose(1, 2), blue).flatten(1)
    levels = tent(codes.clamp(0.0, 1.0) * (LEVELS - 1), LEVELS).flatten(2)
    alone = torch.bmm(levels.transpose(1, 2), weight[:, :, None])[:, :, 0]
    mean = torch.bmm(weight[:, None], codes)[:, 0]
    # Roots of shares: what is rare counts for more than its area.
    return torch.cat([(chroma + TINY).sqrt(), (alone + TINY).sqrt(), mean], dim=1)


class Corrections(nn.Module):
    """Nine corrections to the physical estimate, and what to expect of them.

    A first guess comes from the facts; the picture is rendered with it and looked at; the second
    thought adds to the guess.
    """

    def __init__(self, kind: str = "parametric", facts: int = FACTS, width: int = 256) -> None:
        super().__init__()
        self.kind = kind
        self.facts_scale = nn.BatchNorm1d(facts, affine=False)
        self.guess = layers(facts, width, HIDDEN)
        self.first = nn.Linear(HIDDEN, OUTPUTS)
        self.seen_scale = nn.BatchNorm1d(SEEN, affine=False)
        self.seen_drop = nn.Dropout(0.1)
        self.thought = layers(facts + OUTPUTS + SEEN, width, HIDDEN)
        self.sizes = [OUTPUTS, 1, CHANNELS, len(RIGS), CHANNELS]
        self.second = nn.Linear(HIDDEN, sum(self.sizes))
        with torch.no_grad():  # start from the physical estimate
            for last in (self.first, self.second):
                last.weight.mul_(0.05)
                last.bias.zero_()

    def forward(self, planes: Tensor, facts: Tensor) -> Answer:
        """Return the answer.

        Parameters
        ----------
        planes : (n, 4, 32, 32)
        facts : (n, FACTS)
            Or more, if it was made for more.
        """
        known = scaled(self.facts_scale, facts)
        first = self.first(self.guess(known)).clamp(-MOST, MOST)
        with torch.no_grad():  # what it sees does not depend on what it would like to see
            # Some rows show the same colours as all; which, varies while it learns.
            start = int(torch.randint(STRIDE, (1,))) if self.training else 0
            few = planes[:, :, start::STRIDE]
            inside = (few[:, CHANNELS].flatten(1) > 0.5).float()
            weight = inside / inside.sum(dim=1, keepdim=True).clamp_min(1.0)
            looks = seen(PRINTS[self.kind](few, facts, first), weight)
        looks = self.seen_drop(scaled(self.seen_scale, looks))
        thought = self.thought(torch.cat([known, first, looks], dim=1))
        raw = self.second(thought).split(self.sizes, dim=1)
        return Answer(
            (first + raw[0]).clamp(-MOST, MOST),
            functional.softplus(raw[1]) * 10.0,
            functional.softplus(raw[2]) * 0.1,
            raw[3],
            raw[4],
            thought,
            first,
        )


class Average(nn.Module):
    """The mean of several networks; `Answer.thought` is what each thinks, one after the other."""

    def __init__(self, networks: list[Corrections]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    @property
    def thought_size(self) -> int:
        """Length of `Answer.thought`."""
        return HIDDEN * len(self.networks)

    def forward(self, planes: Tensor, facts: Tensor) -> Answer:
        """Return the mean answer."""
        answers = [network(planes, facts) for network in self.networks]
        mean = Answer(*(torch.stack(each).mean(dim=0) for each in zip(*answers, strict=True)))
        return mean._replace(thought=torch.cat([answer.thought for answer in answers], dim=1))


class InRoll(nn.Module):
    """What a frame adds to its corrections when it knows the others of its roll.

    Each frame tells a few numbers; the mean of all of them is heard by each.
    """

    def __init__(self, thought: int) -> None:
        super().__init__()
        self.scale = nn.BatchNorm1d(thought + OUTPUTS, affine=False)
        self.told = nn.Linear(thought + OUTPUTS, TOLD)
        self.mind = layers(thought + OUTPUTS + 2 * TOLD, 160, 96)
        self.change = nn.Linear(96, OUTPUTS)
        with torch.no_grad():  # start from the frame alone
            self.change.weight.mul_(0.05)
            self.change.bias.zero_()

    def tells(self, answer: Answer) -> Tensor:
        """Return what frames tell, (n, TOLD)."""
        told: Tensor = self.told(self._known(answer))
        return told

    def forward(self, answer: Answer, heard: Tensor) -> Tensor:
        """Return corrections (n, 9).

        Parameters
        ----------
        answer : Answer
            Of each frame alone.
        heard : (n, TOLD + 1)
            Mean of what its roll tells, and 1; zeros for a frame that has no roll.
        """
        mean, has_roll = heard[:, :TOLD], heard[:, TOLD:]
        mind = self.mind(torch.cat([self._known(answer), self.tells(answer), mean], dim=1))
        changed: Tensor = answer.corrections + has_roll * self.change(mind)
        return changed.clamp(-MOST, MOST)

    def _known(self, answer: Answer) -> Tensor:
        return scaled(self.scale, torch.cat([answer.thought, answer.corrections], dim=1))


class Film(nn.Module):
    """The kind of film by the facts alone: logits (n, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.facts_scale = nn.BatchNorm1d(FACTS, affine=False)
        self.layers = nn.Sequential(*layers(FACTS, 192, 64, 0.3), nn.Linear(64, len(FILMS)))

    def forward(self, facts: Tensor) -> Tensor:
        """Return the logits of facts (n, FACTS)."""
        logits: Tensor = self.layers(scaled(self.facts_scale, facts))
        return logits


def scaled(scale: nn.BatchNorm1d, x: Tensor) -> Tensor:
    """Return x (n, size) in deviations from its mean, held within `FAR`.

    Written out where nothing is trained: the export knows a batch norm's size only beside others.
    """
    if scale.training or scale.running_mean is None or scale.running_var is None:
        told: Tensor = scale(x)
    else:
        told = (x - scale.running_mean) / (scale.running_var + scale.eps).sqrt()
    return told.clamp(-FAR, FAR)


def layers(size: int, width: int, hidden: int, drop: float = 0.05) -> nn.Sequential:
    """Return two layers of `width` and `hidden`; `drop` is the share left out between them."""
    return nn.Sequential(
        nn.Linear(size, width),
        nn.BatchNorm1d(width),  # without it training takes twice as long
        nn.ReLU(),
        nn.Dropout(drop),
        nn.Linear(width, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
    )
