"""Print materials: their sheets, and the light they are exposed by."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from orangemask_filters.film_emulate.material import Curves, Paper
from training.films import (
    LAYERS,
    WAVELENGTHS,
    Array,
    amounts_of_neutral,
    densitometer,
    read_json,
    to_grid,
)
from training.import_positives import POSITIVES
from training.lights import incandescent
from training.neutral import smoothed
from training.stock_facts import MIT, PAPERS, SFL, PaperFacts

DRAWN = 0.06  # log10 exposure, σ that takes the corners out of a digitised curve
LAMP = 3200.0  # K, halogen
# Where dichroic filters pass over, nm: yellow stops what is below, magenta what is between.
YELLOW_EDGE, MAGENTA_EDGE, EDGE_WIDTH = 500.0, 600.0, 5.0


def print_light(facts: PaperFacts) -> Array:
    """Return the printing light (31,) behind yellow and magenta dichroic filters."""
    below = 1.0 / (1.0 + np.exp((WAVELENGTHS - YELLOW_EDGE) / EDGE_WIDTH))
    above = 1.0 / (1.0 + np.exp(-(WAVELENGTHS - MAGENTA_EDGE) / EDGE_WIDTH))
    density = facts.yellow * below + facts.magenta * (1.0 - below - above)
    return np.asarray(incandescent(LAMP) * 10.0**-density)


def load_paper(data: Path, name: str) -> Paper:
    """Return a print material; its dye amounts are those of the neutral steps of its sheet.

    Its layers do not interact yet: `tuning.fit_paper`.
    """
    facts = PAPERS[name]
    sheet = read_json(POSITIVES)["sheets"][facts.source]
    waves = WAVELENGTHS.tolist()
    dyes = np.stack([to_grid(waves, sheet["dyes"][layer]) for layer in LAYERS], axis=1)
    dyes = np.maximum(dyes, 0.0) / dyes.max(axis=0)
    logs = [to_grid(waves, sheet["log_sensitivity"][layer], -9.0) for layer in LAYERS]
    density = np.stack([np.asarray(sheet["statusA_density"][c]) for c in "RGB"], axis=1)
    density = np.maximum.accumulate(density - density.min(axis=0), axis=0)
    # The damped start of Newton's method needs more steps at a paper's densities.
    amounts = amounts_of_neutral(
        density, np.zeros(len(dyes)), dyes, densitometer(data, "A"), steps=40
    )
    amounts = np.maximum.accumulate(np.maximum(amounts - amounts[0], 0.0), axis=0)
    step = sheet["log_exposure"]["step"]
    curves = Curves(sheet["log_exposure"]["first"], step, smoothed(amounts, DRAWN, step))
    sources = (f"maker's data sheet of {sheet['year']}" if sheet["year"] else "maker's data sheet",)
    return Paper(
        name,
        facts.label,
        print_light(facts),
        10.0 ** np.stack(logs, axis=1),
        dyes,
        np.eye(3),
        curves,
        MIT,
        (*sources, SFL),
    )
