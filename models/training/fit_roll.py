"""Measure rolls: what the program makes of simulated rolls, and the odds it shrinks frames with.

    python -m training.fit_roll --data DATA [--count 16] [--tune] [--bare] [--jobs 2]
        [--light frame|roll|daylight|mixed] [--cache ROLLS.npz] [--json FILE]

The table has single frames, the roll at several freedoms, and two limits of any shrinking towards
the roll: the best part of each distance to keep, the same for all frames, and for each frame by
itself. ``--tune`` looks for the odds of least mean ΔE2000 at a freedom of ½, on training stocks and
cameras; without it those held out are measured. Either takes photographs never trained on, but
not the same.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from orangemask.curves import SRGB
from orangemask.roll import (
    DEFAULT_FREEDOM,
    FITTED,
    LEAST_RANGE,
    Film,
    Odds,
    Parts,
    Place,
    kept,
    nine_at,
    parts_kept,
    place_of,
)
from orangemask.roll_base import APART
from orangemask_filters.invert_c41.print_curve import PRINT
from training.films import default_data
from training.form import Form, Pictures, delta_e_2000, invert, srgb_to_lab
from training.rolls import LIGHTS, Draw, Rolls, draw_rolls

Array = NDArray[np.float64]

FREEDOMS = (0.0, 0.25, 0.5, 0.75)
GRID = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.5, 2.5, 4.0)  # odds tried
LAMPS = (0.03, 0.04, 0.06, 0.1, 0.15, 0.25)  # D, tried of `Odds.lamp`
PARTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3)
ROUNDS = 2  # of all odds, one after the other
NEUTRAL = 5.0  # CIELAB chroma of the truth below which a pixel is grey
ENOUGH_NEUTRALS = 12  # pixels
ENOUGH_CASTS = 4  # frames of a roll
POWERS = np.exp(np.linspace(np.log(0.4), np.log(2.5), 19))
"""Exponents g tried of the common curve a·v^g + b; a and b follow by least squares."""
FORM = Form(
    PRINT.gamma, PRINT.soft_clip, PRINT.span, np.eye(3), "ITU-R BT.2020", "moebius"
)  # Rec. 2020 is the filter's `primaries`


@dataclass(frozen=True, slots=True, eq=False)
class Seat:
    """A frame of a roll beside its film."""

    place: Place
    film: Film
    confidence: float

    def nine(self, parts: Parts) -> tuple[tuple[float, ...], ...]:
        """Return rows S, m, H with these parts kept."""
        return nine_at(kept(self.place, parts), self.film)

    def parts(self, freedom: float, odds: Odds = FITTED) -> Parts:
        """Return the parts that the program keeps."""
        return parts_kept(self.place, self.film, self.confidence, freedom, odds)


class Trial:
    """Rolls made ready for trying nine numbers on all of their n frames.

    Attributes
    ----------
    seats : tuple of n Seat
    odd : (n,) bool
        Frames that do not belong to their roll and are rendered alone.
    roll : (n,) int
        Which roll each is of.
    daylight : (n,) bool
    single : (n, p, 3) Tensor
        Linear sRGB of the frames without a roll.
    truth : (n, p, 3) Tensor
        Linear sRGB.
    """

    def __init__(self, rolls: Rolls) -> None:
        """Find each roll's film, and render every frame alone."""
        count, frames, pixels, _ = rolls.density.shape[:4]
        seats, odd = [], []
        for i, (film, flawed) in enumerate(rolls.films()):
            seats += [Seat(place_of(x, film), film, x.confidence) for x in rolls.seen(i)]
            odd.append(flawed)
        self.seats = tuple(seats)
        self.odd = np.concatenate(odd)
        self.roll = np.repeat(np.arange(count), frames)
        self.daylight = rolls.daylight.reshape(-1)
        shape = (count * frames, pixels, 3)
        self.truth = torch.tensor(rolls.truth.reshape(shape))
        density = rolls.density.reshape(shape)
        level = np.repeat(rolls.level, frames, axis=0)
        self._inside = _corrected(density, level, rolls.crosstalk.reshape(-1, 3, 3))
        alone = _corrected(
            density, rolls.base.reshape(-1, 3), rolls.single_crosstalk.reshape(-1, 3, 3)
        )
        self.single = _printed(alone, rolls.single_nine.reshape(-1, 3, 3))

    def rendered(self, parts: Sequence[Parts]) -> torch.Tensor:
        """Return linear sRGB (n, p, 3) of all frames, each with its parts kept."""
        nine = np.array([seat.nine(each) for seat, each in zip(self.seats, parts, strict=True)])
        printed = _printed(self._inside, nine)
        printed[torch.tensor(self.odd)] = self.single[torch.tensor(self.odd)]
        return printed

    def errors(self, parts: Sequence[Parts]) -> Array:
        """Return the mean ΔE2000 of each frame, (n,)."""
        return np.asarray(delta_e_2000(self.rendered(parts), self.truth).mean(axis=1))

    def with_odds(self, freedom: float, odds: Odds = FITTED) -> list[Parts]:
        """Return the parts of each frame that the program keeps."""
        return [seat.parts(freedom, odds) for seat in self.seats]


def _corrected(density: NDArray[np.float32], base: Array, crosstalk: Array) -> torch.Tensor:
    """Return D' = B + A (D − B), (n, p, 3), with a base (n, 3) and A (n, 3, 3) for each frame."""
    above = density - base[:, None]
    return torch.tensor((base[:, None] + above @ crosstalk.transpose(0, 2, 1)).astype(np.float32))


def _printed(density: torch.Tensor, nine: Array) -> torch.Tensor:
    """Return linear sRGB (n, p, 3), 0…1, of D' and rows S, m, H (n, 3, 3)."""
    ranges = np.log(np.maximum(nine[:, 2] - nine[:, 0], LEAST_RANGE))
    rows = torch.tensor(np.stack([nine[:, 0], ranges, nine[:, 1]], axis=1).astype(np.float32))
    nowhere = torch.zeros(len(rows), 3)
    curve = torch.tensor([FORM.gamma, FORM.soft, FORM.span])
    pictures = Pictures(density, nowhere, density)
    return invert(pictures, rows, curve, torch.eye(3), FORM).clamp(0.0, 1.0)


def colour_only(linear: torch.Tensor, truth: torch.Tensor) -> Array:
    """Return the mean ΔE2000 (n,) after the curve a·v^g + b on all channels that is nearest.

    The curve is fitted to sRGB codes, for each frame.
    """
    codes = [SRGB.inverse(x.numpy().astype(np.float64)) for x in (linear, truth)]
    flat, aim = (each.reshape(len(each), -1) for each in codes)
    aim_mean = aim.mean(axis=1, keepdims=True)
    best, nearest = np.full(len(flat), np.inf), flat.copy()
    for power in POWERS:
        v = flat**power
        moved = v - v.mean(axis=1, keepdims=True)
        a = (moved * aim).sum(axis=1, keepdims=True)
        a /= np.maximum((moved**2).sum(axis=1, keepdims=True), 1e-9)
        fitted = a * moved + aim_mean
        error = ((fitted - aim) ** 2).sum(axis=1)
        nearest[error < best] = fitted[error < best]
        best = np.minimum(best, error)
    bounded = SRGB(np.clip(nearest.reshape(codes[0].shape), 0.0, 1.0))
    return np.asarray(delta_e_2000(torch.tensor(bounded), truth.double()).mean(axis=1))


def neutral_casts(linear: torch.Tensor, truth: torch.Tensor) -> Array:
    """Return mean a*, b* less the truth's (n, 2) of what is grey; not-a-number where little is."""
    lab, reference = (srgb_to_lab(x).numpy().astype(np.float64) for x in (linear, truth))
    grey = np.hypot(reference[..., 1], reference[..., 2]) < NEUTRAL  # (n, p)
    count = grey.sum(axis=1)
    total = ((lab - reference)[..., 1:] * grey[..., None]).sum(axis=1)
    return np.where(count[:, None] < ENOUGH_NEUTRALS, np.nan, total / np.maximum(count, 1)[:, None])


def score(trial: Trial, linear: torch.Tensor, use: NDArray[np.bool_]) -> dict[str, float]:
    """Return mean ΔE2000, the same of colour only, and the spread of greys within a roll.

    The spread is the root of the summed variances of a frame's mean a*, b* less the truth's, over
    a roll of at least four such frames; the mean over rolls.
    """
    casts = neutral_casts(linear, trial.truth)
    use_of_roll = [use & (trial.roll == i) & ~np.isnan(casts[:, 0]) for i in np.unique(trial.roll)]
    spreads = [
        np.sqrt(np.var(casts[each], axis=0, ddof=1).sum())
        for each in use_of_roll
        if each.sum() >= ENOUGH_CASTS
    ]
    return {
        "mean": float(delta_e_2000(linear[use], trial.truth[use]).mean()),
        "colour": float(colour_only(linear[use], trial.truth[use]).mean()),
        "spread": float(np.mean(spreads)) if spreads else float("nan"),
    }


def tune(trial: Trial) -> Odds:
    """Return the odds of least mean ΔE2000, found one after the other from the fitted ones."""
    odds = FITTED
    for _ in range(ROUNDS):
        for field in fields(Odds):
            grid = LAMPS if field.name == "lamp" else GRID
            tried = [replace(odds, **{field.name: value}) for value in grid]
            errors = [
                float(trial.errors(trial.with_odds(DEFAULT_FREEDOM, each)).mean()) for each in tried
            ]
            odds = tried[int(np.argmin(errors))]
            shown = " ".join(f"{v:g}:{e:.3f}" for v, e in zip(grid, errors, strict=True))
            print(f"{field.name}: {shown}", flush=True)
    return odds


def ideal(trial: Trial, *, each: bool) -> list[Parts]:
    """Return the parts of least error, for `each` frame by itself or the same for all.

    Found by looking at the truth: no rule that shrinks towards the same films does better, but
    for what one distance gains from another.
    """
    n = len(trial.seats)
    best = np.tile(np.array(astuple(Parts(0.5, 0.2, 0.5, 0.2, 0.2))), (n, 1))
    for _ in range(ROUNDS):
        for axis in range(best.shape[1]):
            errors = []
            for value in PARTS:
                best_with = best.copy()
                best_with[:, axis] = value
                errors.append(trial.errors([Parts(*row) for row in best_with.tolist()]))
            table = np.array(errors)  # (tried, n)
            index = table.argmin(axis=0) if each else np.full(n, table.mean(axis=1).argmin())
            best[:, axis] = np.array(PARTS)[index]
    return [Parts(*row) for row in best.tolist()]


def spreads(trial: Trial) -> dict[str, list[float]]:
    """Return 1.4826 times the median size of balance and ratios along `APART`."""
    return {
        name: (
            1.4826
            * np.median(np.abs([APART @ getattr(x.place, name) for x in trial.seats]), axis=0)
        )
        .round(4)
        .tolist()
        for name in ("balance", "ratios")
    }


def measure(trial: Trial) -> dict[str, dict[str, float]]:
    """Print the table and return it by row."""
    shared = ideal(trial, each=False)
    print(f"best parts, the same for all frames: {asdict(shared[0])}", flush=True)
    rows: dict[str, Callable[[], torch.Tensor]] = {"single": lambda: trial.single}
    for freedom in FREEDOMS:
        parts = trial.with_odds(freedom)
        rows[f"freedom {freedom:g}"] = lambda parts=parts: trial.rendered(parts)  # type: ignore[misc]
    rows["best parts for all"] = lambda: trial.rendered(shared)
    rows["best parts for each"] = lambda: trial.rendered(ideal(trial, each=True))
    print("| | mean ΔE2000 | colour only | spread of greys | of single | in daylight |  |  |  |")
    print("| --- " * 9 + "|")
    table: dict[str, dict[str, float]] = {}
    every = np.ones_like(trial.daylight)
    for name, render in rows.items():
        linear = render()
        cells = []
        for suffix, use in (("", every), (", daylight", trial.daylight)):
            found = score(trial, linear, use)
            alone = table.setdefault(f"single{suffix}", found)
            found["of single"] = found["spread"] / alone["spread"]
            table[f"{name}{suffix}"] = found
            cells += [f"{number:.2f}" for number in found.values()]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    return table


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=default_data())
    parser.add_argument("--count", type=int, default=16, help="rolls of 12")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--tune", action="store_true", help="look for the odds")
    parser.add_argument(
        "--light", choices=LIGHTS, default=LIGHTS[0],
        help="one for each frame, one of any kind for the roll, one daylight for the roll, or "
        "the first and the last in turn",
    )  # fmt: skip
    parser.add_argument("--bare", action="store_true", help="no rebate, no holder")
    parser.add_argument("--jobs", type=int, default=1, help="processes that draw the rolls")
    parser.add_argument("--cache", type=Path, help="npz file of the rolls, made where it is not")
    parser.add_argument("--json", type=Path, help="write the numbers there as well")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.cache is not None and options.cache.exists():
        rolls = Rolls.load(options.cache)
    else:
        how = Draw(options.data, options.seed, not options.tune, options.light, options.bare)
        rolls = draw_rolls(how, options.count, options.jobs)
        if options.cache is not None:
            rolls.save(options.cache)
    trial = Trial(rolls)
    report: dict[str, object] = {
        "rolls": len(rolls.level),
        "odd": int(trial.odd.sum()),
        "spreads": spreads(trial),
    }
    if options.tune:
        report["odds"] = asdict(tune(trial))
    report["table"] = measure(trial)
    print(json.dumps(report))
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
