"""The network: colours wherever they are, shapes where they help, facts beside."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from orangemask_filters.invert_c41.features import EMPTY, FACTS, PLANES
from orangemask_filters.invert_c41.prediction import LEAST_RANGE

OUTPUTS = 9


class Corrections(nn.Module):
    """Nine corrections to the physical estimate, and the error to expect.

    Three readings of the picture are joined: a bag of colours (1×1 convolutions, masked mean and
    deviation), shapes (strided 3×3 convolutions), and the facts. No sigmoid at the end: the
    corrections are signed.
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.colours = nn.Sequential(
            nn.Conv2d(PLANES, width, 1), nn.ReLU(),
            nn.Conv2d(width, width, 1), nn.ReLU(),
            nn.Conv2d(width, 2 * width, 1), nn.ReLU(),
        )  # fmt: skip
        layers: list[nn.Module] = []
        for before, after in (
            (PLANES, width),
            (width, 2 * width),
            (2 * width, 3 * width),
            (3 * width, 4 * width),
        ):
            layers += [
                nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
        self.shapes = nn.Sequential(*layers)  # (n, 4w, 4, 4)
        joined = 2 * 2 * width + 2 * 4 * width + FACTS
        self.head = nn.Sequential(
            nn.Linear(joined, 192), nn.ReLU(), nn.Dropout(0.1),
            nn.Linear(192, 96), nn.ReLU(),
            nn.Linear(96, OUTPUTS + 1),
        )  # fmt: skip
        self.facts_scale = nn.BatchNorm1d(FACTS)
        with torch.no_grad():  # start from the physical estimate
            self.head[-1].weight.mul_(0.05)  # type: ignore[operator, union-attr]
            self.head[-1].bias.zero_()  # type: ignore[operator, union-attr]

    def forward(self, planes: Tensor, facts: Tensor) -> tuple[Tensor, Tensor]:
        """Return corrections (n, 9) and the expected mean ΔE (n, 1).

        Parameters
        ----------
        planes : (n, 4, 64, 64)
        facts : (n, FACTS)
        """
        half = nn.functional.avg_pool2d(planes, 2)  # (n, 4, 32, 32)
        mask = half[:, 3:]
        weight = mask.mean(dim=(2, 3), keepdim=True).clamp_min(EMPTY)
        bag = self.colours(half) * mask
        mean = bag.mean(dim=(2, 3), keepdim=True) / weight
        square = (bag * bag).mean(dim=(2, 3), keepdim=True) / weight
        deviation = (square - mean * mean).clamp_min(1e-6).sqrt()
        shapes = self.shapes(planes)
        joined = torch.cat(
            [
                mean.flatten(1),
                deviation.flatten(1),
                shapes.mean(dim=(2, 3)),
                shapes.amax(dim=(2, 3)),
                self.facts_scale(facts),
            ],
            dim=1,
        )
        raw = self.head(joined)
        return raw[:, :OUTPUTS], nn.functional.softplus(raw[:, OUTPUTS:]) * 10.0


class Average(nn.Module):
    """The mean of several networks, each asked for the picture and its mirror image."""

    def __init__(self, networks: list[Corrections]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, planes: Tensor, facts: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean corrections (n, 9) and expected error (n, 1)."""
        views = (planes, planes.flip(3))
        answers = [network(view, facts) for network in self.networks for view in views]
        corrections = torch.stack([answer[0] for answer in answers]).mean(dim=0)
        expected = torch.stack([answer[1] for answer in answers]).mean(dim=0)
        return corrections, expected


class Refined(nn.Module):
    """Corrections, then corrections of the corrected: the second look starts nearer the truth.

    On simulated negatives it changes nothing; on scans unlike those it reaches farther.
    """

    def __init__(self, average: Average) -> None:
        super().__init__()
        self.average = average

    def forward(self, planes: Tensor, facts: Tensor) -> tuple[Tensor, Tensor]:
        """Return corrections (n, 9) to the estimate the features were made with, and the error."""
        shift, _, end = self.average(planes, facts)[0].view(-1, 3, 3).unbind(1)
        scale = (1.0 + end - shift).clamp_min(LEAST_RANGE)
        corrections, expected = self.average(*moved(planes, facts, shift, scale))
        shadows, midtones, highlights = corrections.view(-1, 3, 3).unbind(1)
        new_shadows = shift + scale * shadows
        new_range = scale * (1.0 + highlights - shadows).clamp_min(LEAST_RANGE)
        rows = [new_shadows, midtones, new_shadows + new_range - 1.0]
        return torch.stack(rows, dim=1).flatten(1), expected


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
    mask = planes[:, 3:]
    seen = (planes[:, :3] - shift[:, :, None, None]) / scale[:, :, None, None]
    seen = seen * (mask > EMPTY)
    spread = facts[:, 5:8]
    quantiles = (facts[:, 9:].unflatten(1, (-1, 3)) - shift[:, None]) / scale[:, None]
    told = [facts[:, :2], facts[:, 2:5] + shift * spread, spread * scale, facts[:, 8:9]]
    return torch.cat([seen, mask], dim=1), torch.cat([*told, quantiles.flatten(1)], dim=1)
