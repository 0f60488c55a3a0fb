"""Scores to tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from inversion.classical import CLASSICAL
from inversion.negadoctor import NEGADOCTOR
from inversion.product import BEST_NINE, NETWORK, ROLL
from inversion.run import Row

Table: TypeAlias = dict[str, dict[str, float]]

TITLES = {
    "single": "single frames, the picture alone",
    "dressed": "single frames with border",
    "under": "single frames, −2 to −0.5 EV",
    "normal": "single frames, −0.5 to +1.5 EV",
    "over": "single frames, +1.5 to +4 EV",
    "roll": "rolls of 12, the picture alone",
    "charts": "IT8 targets on real film, mean over the patches",
}
COLUMNS = {
    "mean": "mean",
    "median": "median",
    "p95": "p95",
    "colour": "colour only",
    "brightness": "brightness",
    "contrast": "contrast",
    "chroma": "C* of neutrals",
    "spread": "spread of neutrals",
    "of oracle": "× oracle",
    "of classical": "× best classical",
}


def best_classical(rows: Sequence[Row]) -> str:
    """Return the classical method of the least mean error; each was told the picture."""
    names = [name for name in {**CLASSICAL, **NEGADOCTOR} if name in rows[0]["scores"]]
    return min(names, key=lambda name: _mean(rows, name, "delta_e"))


def _mean(rows: Sequence[Row], method: str, measure: str) -> float:
    values = np.array([row["scores"][method][measure] for row in rows])
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def spread_of_neutrals(rows: Sequence[Row], method: str) -> float:
    """Return how far the neutrals wander from frame to frame of a roll.

    The standard deviation over the frames of a roll of the mean a* and b* of what should be
    neutral, less the truth's; both added in squares; mean over the rolls.
    """
    spreads = []
    for index in sorted({row["index"] for row in rows}):
        casts = np.array(
            [
                [row["scores"][method][axis] for axis in "ab"]
                for row in rows
                if row["index"] == index
            ]
        )
        casts = casts[np.isfinite(casts).all(axis=1)]
        if len(casts) > 1:
            spreads.append(float(np.hypot(*casts.std(axis=0, ddof=1))))
    return float(np.mean(spreads)) if spreads else float("nan")


def summarise(rows: Sequence[Row]) -> Table:
    """Return the numbers of `COLUMNS` for every method of one set's rows."""
    classical = _mean(rows, best_classical(rows), "delta_e")
    oracle = _mean(rows, BEST_NINE, "delta_e") if BEST_NINE in rows[0]["scores"] else float("nan")
    table: Table = {}
    for name in rows[0]["scores"]:
        errors = [row["scores"][name]["delta_e"] for row in rows]
        mean, exposed, colour = (_mean(rows, name, m) for m in ("delta_e", "exposed", "colour"))
        table[name] = {
            "mean": mean,
            "median": float(np.median(errors)),
            "p95": float(np.percentile(errors, 95)),
            "colour": colour,
            "brightness": mean - exposed,
            "contrast": exposed - colour,
            "chroma": _mean(rows, name, "chroma"),
            "of oracle": mean / oracle,
            "of classical": mean / classical,
        }
        if rows[0]["set"] == "roll":
            table[name]["spread"] = spread_of_neutrals(rows, name)
    return table


def tables(rows: Sequence[Row]) -> dict[str, Table]:
    """Return the table of every set there are rows of, in the order of `TITLES`."""
    found = {}
    for name in TITLES:
        chosen = [row for row in rows if row["set"] == name]
        if chosen:
            found[name] = summarise(chosen)
    return found


def markdown(name: str, table: Table, count: int) -> str:
    """Return one table as Markdown; `count` frames went into it."""
    columns = [key for key in COLUMNS if any(key in row for row in table.values())]
    heads = " | ".join(COLUMNS[key] for key in columns)
    lines = [
        f"| {TITLES[name]}, n = {count} | {heads} |",
        "| --- |" + " --: |" * len(columns),
    ]
    for method, row in table.items():
        cells = " | ".join(_cell(row[key], key) for key in columns)
        shown = f"**{method}**" if method in (NETWORK, ROLL) else method
        lines.append(f"| {shown} | {cells} |")
    return "\n".join(lines) + "\n"


def _cell(value: float, key: str) -> str:
    if not np.isfinite(value):
        return "–"
    digits = 2 if key.startswith("of") else 1
    return f"{round(value, digits) + 0.0:.{digits}f}"  # no −0.0


def charts_markdown(rows: Sequence[Row]) -> str:
    """Return the mean ΔE2000 of every chart as Markdown, methods down, charts across."""
    names = [row["meta"]["stock"] for row in rows]
    lines = [f"| mean ΔE2000 | {' | '.join(names)} |", "| --- |" + " --: |" * len(names)]
    lines += [
        f"| {method} | "
        + " | ".join(f"{row['scores'][method]['delta_e']:.1f}" for row in rows)
        + " |"
        for method in rows[0]["scores"]
    ]
    return "\n".join(lines) + "\n"


def plain(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the rows as JSON can hold them: what is not a number becomes null."""
    return [
        {
            **row,
            "scores": {
                method: {k: round(v, 4) if np.isfinite(v) else None for k, v in measures.items()}
                for method, measures in row["scores"].items()
            },
        }
        for row in rows
    ]
