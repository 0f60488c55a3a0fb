"""Differences to tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from emulation.pictures import BARE, HEURISTICS, METHODS, SETS
from orangemask_filters.film_emulate.prediction import NETWORK

Table: TypeAlias = dict[str, dict[str, float]]

HEADS = {
    "together": "all at once",
    "exposure": "exposure",
    "balance": "balance",
    "contrast": "contrast",
    "scene": "all, scene-linear",
    "untouched": "nothing wrong",
}
TITLES = {BARE: "none: a fixed LUT", NETWORK.name: f"**{NETWORK.name}**"}


def summarise(
    found: NDArray[np.float64],
    sets: Sequence[str] = SETS,
    methods: Sequence[str] = METHODS,
) -> Table:
    """Return the mean over stocks and pictures by method and set."""
    mean = found.mean(axis=(0, 1))  # (sets, methods)
    return {
        method: {name: float(mean[i, m]) for i, name in enumerate(sets)}
        for m, method in enumerate(methods)
    }


def best_heuristic(table: Table, name: str) -> str:
    """Return the rule that does best in a set."""
    return min(HEURISTICS, key=lambda method: table[method][name])


def markdown(table: Table, pictures: int, stocks: int) -> str:
    """Return the table, and what the network leaves beside no prediction and the best rule."""
    sets = list(table[BARE])
    heads = " | ".join(HEADS[name] for name in sets)
    lines = [
        f"| mean ΔE2000, {pictures} photographs on {stocks} stocks | {heads} |",
        "| --- |" + " --: |" * len(sets),
    ]
    for method, row in table.items():
        cells = " | ".join(f"{row[name]:.2f}" for name in sets)
        lines.append(f"| {TITLES.get(method, method)} | {cells} |")
    ours, bare = table[NETWORK.name], table[BARE]
    ratios = {
        "network / none": [ours[name] / max(bare[name], 1e-9) for name in sets],
        "network / best rule": [
            ours[name] / max(table[best_heuristic(table, name)][name], 1e-9) for name in sets
        ],
    }
    for title, values in ratios.items():
        shown = [
            "–" if name == "untouched" else f"{value:.2f}"
            for name, value in zip(sets, values, strict=True)
        ]
        lines.append(f"| {title} | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def by_stock(found: NDArray[np.float64], stocks: Sequence[str]) -> Table:
    """Return by stock what `BARE`, the best rule and the network leave of all at once."""
    together = found[:, :, SETS.index("together")].mean(axis=1)  # (stocks, methods)
    untouched = found[:, :, SETS.index("untouched")].mean(axis=1)
    best = METHODS.index(best_heuristic(summarise(found), "together"))
    columns = {"none": METHODS.index(BARE), "best rule": best, "network": -1}
    return {
        stock: {name: float(together[s, m]) for name, m in columns.items()}
        | {"nothing wrong": float(untouched[s, -1])}
        for s, stock in enumerate(stocks)
    }
