"""Neutral greys: a film's curves are changed until each step of its grey scale is shown grey."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from orangemask.curves import Floats
from orangemask.spaces import space
from orangemask_filters.film_emulate import chain
from orangemask_filters.film_emulate.exposure import GREY
from orangemask_filters.film_emulate.material import Curves, Film
from training.films import Array
from training.lights import colour

LAB_SCALE = 0.2  # ΔE that is as bad as…
AMOUNT_SCALE = 0.3  # …this change of a dye: holds the ends, where paper has no slope left
STEPS = 12  # of Gauss and Newton
SMOOTH = 0.2  # log10 exposure, σ of the change: a drawing's small waves are not passed on
ROUNDS = 4  # of change and smoothing
JUMP = 1e-4  # dye amount, for the derivatives
MOST = 0.1  # dye amount, change in a step
TOLD = (-5.0, 3.0)  # EV, where the change is reported and the greys must be neutral
PAPER_GREY = 0.7  # dye amount of the paper's grey, to start from
LEAST = 1e-6  # light, before its logarithm


def shown(film: Film, amounts: Floats) -> Array:
    """Return linear Rec. 2020 (n, 3) of dye amounts (n, 3) of the film, printed or projected."""
    black = chain.view(film, chain.develop(np.zeros((1, 3)), film))
    return np.asarray(chain.to_display(chain.view(film, amounts), black))


def to_lab(light: Floats) -> Array:
    """Return CIE L*a*b* (n, 3) of linear Rec. 2020 (n, 3)."""
    target = space("linear-rec2020")
    return np.asarray(colour.XYZ_to_Lab(light @ target.rgb_to_xyz.T, target.white))


def with_amounts(film: Film, amounts: Array) -> Film:
    """Return the film with other dye amounts on its grid of exposures."""
    return replace(film, curves=Curves(film.curves.first, film.curves.step, amounts))


def expose_slide(film: Film) -> tuple[Film, float]:
    """Return a slide whose curves are moved so that mid grey is shown as 0.18, and by how many EV.

    More exposure than the meter's is positive.
    """
    x, amounts = film.curves.log_exposure, film.curves.amounts
    at = float(np.interp(GREY, shown(film, amounts)[:, 1], x))
    moved = np.stack([np.interp(x + at, x, column) for column in amounts.T], axis=1)
    return with_amounts(film, moved), at / float(np.log10(2.0))


def expose_print(film: Film, steps: int = 30) -> Film:
    """Return a negative with the filtration that prints mid grey neutral, at 0.18."""
    paper = film.paper
    if paper is None:
        raise ValueError("a slide is not printed")
    grey = chain.develop(np.full((1, 3), GREY), film)
    if not film.filtration.any():
        started = chain.print_exposure(chain.transmit(grey, film.dyes), film, paper)[0]
        x, amounts = paper.curves.log_exposure, paper.curves.amounts
        wanted = [np.interp(PAPER_GREY, amounts[:, c], x) for c in range(3)]
        film = replace(film, filtration=np.asarray(wanted) - started)
    for _ in range(steps):
        now = np.log(np.maximum(shown(film, grey)[0], LEAST))
        jacobian = np.empty((3, 3))
        for c in range(3):
            nudged = replace(film, filtration=film.filtration + np.eye(3)[c] * JUMP)
            jacobian[:, c] = (np.log(np.maximum(shown(nudged, grey)[0], LEAST)) - now) / JUMP
        change = np.linalg.solve(jacobian, np.log(GREY) - now)
        film = replace(film, filtration=film.filtration + np.clip(change, -0.3, 0.3))
    return film


def smoothed(values: Array, sigma: float, step: float) -> Array:
    """Return columns (n, k) convolved with a Gaussian of `sigma`; their ends are continued."""
    reach = int(np.ceil(4.0 * sigma / step))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / sigma) ** 2)
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    columns = [np.convolve(column, kernel / kernel.sum(), "valid") for column in padded.T]
    return np.stack(columns, axis=1)


def neutral_amounts(film: Film) -> Array:
    """Return the film's dye amounts (n, 3), changed smoothly until each step is shown neutral."""
    published = film.curves.amounts
    rises = published[0].sum() < published[-1].sum()
    target = to_lab(shown(film, published)) * np.asarray([1.0, 0.0, 0.0])
    amounts = published
    for _ in range(ROUNDS):
        change = solved(film, amounts, target) - amounts
        amounts = amounts + smoothed(change, SMOOTH, film.curves.step)
        ordered = np.maximum if rises else np.minimum
        amounts = ordered.accumulate(np.maximum(amounts, 0.0), axis=0)
    return np.asarray(amounts)


def solved(film: Film, start: Array, target: Array) -> Array:
    """Return the dye amounts (n, 3) near `start` that are shown as L*a*b* `target` (n, 3).

    Gauss and Newton's method, with a weight on the change itself.
    """
    amounts = start.copy()
    for _ in range(STEPS):
        lab = to_lab(shown(film, amounts))
        nudged = [to_lab(shown(film, amounts + JUMP * np.eye(3)[c])) for c in range(3)]
        jacobian = np.stack([(there - lab) / (JUMP * LAB_SCALE) for there in nudged], axis=2)
        normal = np.einsum("nik,nil->nkl", jacobian, jacobian) + np.eye(3) / AMOUNT_SCALE**2
        right = np.einsum("nik,ni->nk", jacobian, (target - lab) / LAB_SCALE)
        right += (start - amounts) / AMOUNT_SCALE**2
        change = np.linalg.solve(normal, right[:, :, None])[:, :, 0]
        amounts = amounts + np.clip(change, -MOST, MOST)
    return amounts


def grey_error(film: Film) -> float:
    """Return the greatest ΔE2000 of the film's greys from the grey axis, within `TOLD`."""
    lab = to_lab(shown(film, film.curves.amounts))[told(film)]
    neutral = lab * np.asarray([1.0, 0.0, 0.0])
    return float(np.max(colour.delta_E(lab, neutral, method="CIE 2000")))


def told(film: Film) -> NDArray[np.bool_]:
    """Return which of the film's steps lie within `TOLD`."""
    ev = film.curves.log_exposure / np.log10(2.0)
    return np.asarray((ev >= TOLD[0]) & (ev <= TOLD[1]))


def make_neutral(film: Film) -> tuple[Film, float, float]:
    """Return a film exposed for grey and neutral, its grey error before, and a slide's EV.

    `neutral_D` of the film tells mean and greatest change of a dye amount within `TOLD`.
    """
    moved = 0.0
    if film.paper is None:
        film, moved = expose_slide(film)
    else:
        film = expose_print(film)
    before, published = grey_error(film), film.curves.amounts
    film = with_amounts(film, neutral_amounts(film))
    film = expose_slide(film)[0] if film.paper is None else expose_print(film)
    change = abs(film.curves.amounts - published)[told(film)]
    return replace(film, neutral_D=(float(change.mean()), float(change.max()))), before, moved
