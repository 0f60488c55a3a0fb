"""The oracle: the best nine numbers of each picture against its truth (training.form)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from inversion.classical import encode
from inversion.product import BEST_NINE, BEST_NINE_A
from inversion.scan import Codes, Rendering
from orangemask.curves import MIN_TRANSMITTANCE
from orangemask.filters import find_filter
from orangemask_filters.invert_c41.print_curve import PRINT
from orangemask_filters.invert_c41.rigs import RIGS
from training.form import Form, Pictures, fit, invert

PIXELS = 800  # of each picture, evenly taken, that the fit looks at
STEPS = 350
FORM_PRIMARIES = {"rec2020": "ITU-R BT.2020", "srgb": "sRGB", "display-p3": "Display P3"}
FILTER = find_filter("invert-c41")
ORACLES = (BEST_NINE, BEST_NINE_A)


def crosstalk_of(oracle: str, rig_class: str) -> NDArray[np.float64]:
    """Return the A (3, 3) of one of `ORACLES` for a class of rig."""
    return np.eye(3) if oracle == BEST_NINE else np.asarray(RIGS[rig_class].crosstalk)


def product_form() -> Form:
    """Return the shipped print curve and primaries; cross-talk is undone before."""
    return Form(
        PRINT.gamma,
        PRINT.soft_clip,
        PRINT.span,
        np.eye(3),
        FORM_PRIMARIES[FILTER.primaries],
        "moebius",
    )


def codes_to_density(codes: Codes) -> Codes:
    """Return D of linear codes."""
    return np.asarray(-np.log10(np.maximum(codes, MIN_TRANSMITTANCE)))


def best_nine(
    negatives: Sequence[Codes],
    truths: Sequence[Codes],
    bases: Sequence[Codes],
    crosstalks: Sequence[NDArray[np.float64]],
    steps: int = STEPS,
) -> list[Rendering]:
    """Return each picture's rendering with its best nine numbers.

    Parameters
    ----------
    negatives, truths : sequences of (n, 3) float
        Linear codes of the pixels of a picture and their linear sRGB; n may differ.
    bases : sequence of (3,) float
        Linear codes of the film base, about which the matrix acts.
    crosstalks : sequence of (3, 3) float64
        A of each.
    steps : int
        Of the fit.
    """
    taken = [np.linspace(0, len(one) - 1, PIXELS).astype(int) for one in negatives]
    feet = [codes_to_density(np.asarray(one, np.float64)) for one in bases]
    density = np.stack(
        [
            unmixed(one[i], foot, a)
            for one, i, foot, a in zip(negatives, taken, feet, crosstalks, strict=True)
        ]
    )
    truth = np.stack([one[i] for one, i in zip(truths, taken, strict=True)])
    pictures = Pictures(
        *(torch.tensor(part, dtype=torch.float32) for part in (density, np.stack(feet), truth))
    )
    form, nine, _ = fit(product_form(), pictures, steps=steps)
    return [
        _rendering(form, each, foot, a)
        for each, foot, a in zip(nine, feet, crosstalks, strict=True)
    ]


def unmixed(codes: Codes, base: Codes, crosstalk: NDArray[np.float64]) -> Codes:
    """Return D' = B + A (D − B) of linear codes (…, 3)."""
    return np.asarray(base + (codes_to_density(codes) - base) @ crosstalk.T)


def _rendering(
    form: Form, nine: NDArray[np.float64], base: Codes, crosstalk: NDArray[np.float64]
) -> Rendering:
    curve = torch.tensor([form.gamma, form.soft, form.span], dtype=torch.float64)
    values = torch.tensor(nine[None], dtype=torch.float64)
    foot = torch.tensor(base[None])

    def render(codes: Codes) -> Codes:
        seen = unmixed(np.asarray(codes, np.float64), base, crosstalk)
        density = torch.tensor(seen.reshape(1, -1, 3))
        with torch.no_grad():
            a = torch.eye(3, dtype=torch.float64)
            linear = invert(Pictures(density, foot, density), values, curve, a, form)
        return encode(linear.numpy().reshape(np.shape(codes)))

    return render
