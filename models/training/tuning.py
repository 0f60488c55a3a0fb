"""How layers act on each other, where no sheet tells: fitted to the hues of a ColorChecker.

Makers tune film and paper to each other. Sheets tell neither a paper's inter-layer effects nor a
negative's dyes exactly (they are a split of its neutral), and as published the pair turns leaves
to brown. One matrix for each paper, the same for all films that are printed on it, and one for
all slides stand for what is not told; the differences between stocks stay theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import least_squares  # type: ignore[import-untyped]

from orangemask.spaces import conversion, space
from orangemask_filters.film_emulate.exposure import Camera
from orangemask_filters.film_emulate.material import Film, Paper
from training.compare_it8 import mixing
from training.films import Array
from training.hues import MEMORY, change, hue_and_chroma
from training.neutral import expose_print, make_neutral
from training.reflectances import chart_reflectances, to_srgb

# Skin, sky and leaves count for more: makers care for them first (Kodak E-73, "Why a color may
# not reproduce correctly").
MEMORY_WEIGHT = 1.5
TURN, RATIO = 8.0, 0.25  # degrees of hue that are as bad as this in the logarithm of chroma
EXPOSURES = (-1.0, 0.0, 1.5)  # EV
HOLD = 0.25  # of an element: as bad, in each film, as `TURN` in a patch
# Off the diagonal: layers inhibit each other. Where blue helps red, bright skies are washed out.
LEAST, MOST = -0.6, 0.08
ROUNDS = 2  # of fit and neutral greys


def colours() -> tuple[Array, Array]:
    """Return linear sRGB (18, 3) of a ColorChecker's colours, and their weights (18,)."""
    weight = np.ones(18)
    weight[list(MEMORY)] = MEMORY_WEIGHT
    return to_srgb(chart_reflectances()[:18]), weight


def error(film: Film, finish: str, off: Array) -> Array:
    """Return the residuals (114,) of a film: hues, chroma, and the matrix' size by `off` (6,).

    Hues against the scene's, chroma against that which a camera shows.
    """
    srgb, weight = colours()
    to_rec2020 = conversion(space("srgb"), space("linear-rec2020"))
    rows = [off / HOLD]
    for ev in EXPOSURES:
        scene = srgb * 2.0**ev
        turn, ratio = change(film, finish, scene)
        plain = hue_and_chroma(Camera()(scene) @ to_rec2020.T)[1]
        wanted = plain / hue_and_chroma(scene @ to_rec2020.T)[1]
        chroma = np.log(np.maximum(ratio, 1e-3) / wanted)
        rows += [weight * turn / TURN, weight * chroma / RATIO]
    return np.concatenate(rows)


def on_paper(film: Film, paper: Paper) -> Film:
    """Return the film printed on `paper`, not yet exposed for it."""
    return replace(film, paper=paper, filtration=np.zeros(3))


def fit_paper(paper: Paper, films: Sequence[Film]) -> Paper:
    """Return the paper with the interaction of layers that suits its films best, all together.

    A matrix on log exposures whose rows sum to 1; least squares (soft L1) of `error`.

    Parameters
    ----------
    paper : Paper
    films : sequence of Film
        As published: greys not yet neutral.
    """

    def errors(off: Array, neutral: Sequence[Film]) -> Array:
        mixed = replace(paper, inter_layer=mixing(off))
        exposed = [expose_print(on_paper(film, mixed), steps=12) for film in neutral]
        return np.concatenate([error(film, "print", off) for film in exposed])

    off = np.zeros(6)
    for _ in range(ROUNDS):
        mixed = replace(paper, inter_layer=mixing(off))
        neutral = [make_neutral(on_paper(film, mixed))[0] for film in films]
        # The print's exposure is solved for inside: steps below 1e-3 would measure its rounding.
        off = least_squares(
            errors, off, args=(neutral,), diff_step=1e-3, bounds=(LEAST, MOST), loss="soft_l1"
        ).x
    return replace(paper, inter_layer=mixing(off))


def fit_slides(films: Sequence[Film]) -> Array:
    """Return what is added to the inter-layer effects of slides (3, 3); rows sum to 0.

    As `fit_paper`; `HOLD` holds it to 0.

    Parameters
    ----------
    films : sequence of Film
        Greys neutral.
    """

    def errors(off: Array) -> Array:
        added = mixing(off) - np.eye(3)
        changed = [replace(film, inter_layer=film.inter_layer + added) for film in films]
        return np.concatenate([error(film, "projection", off) for film in changed])

    found = least_squares(
        errors, np.zeros(6), diff_step=1e-3, bounds=(LEAST, MOST), loss="soft_l1"
    ).x
    return np.asarray(mixing(found) - np.eye(3))
