"""The format of stock and paper files: JSON, read with care because people drop in their own.

    {"orangemask_stock": 1, "name": …, "label": …, "maker": …, "process": "C-41", "iso": 200,
     "balance_K": 5500, "discontinued": false, "doc": …, "licence": …, "sources": […],
     "granularity": {"rms": 4.0, "source": …}, "halation": 0.03,
     "exposure": [[…], […], […]], "inter_layer": [[…], […], […]],
     "curves": {"first": -3.2, "step": 0.05, "cyan": […], "magenta": […], "yellow": […]},
     "d_min": […], "dyes": {"cyan": […], "magenta": […], "yellow": […]},
     "print": {"paper": "kodak-endura-premier", "filtration": […]}, "neutral_D": [mean, most]}

Spectra have 31 values, 400 to 700 nm by 10 nm. material.py tells what each field means. A fitted
stock has "cube": {"size": n, "nodes": […]} in the place of everything from "exposure" on: n³
triples of sRGB codes, red fastest, as in a .cube file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangemask.errors import ParameterError
from orangemask.filters import unknown
from orangemask.json_checks import (
    check_version,
    json_mapping,
    json_number,
    json_rows,
    json_text,
    parse_object,
    read_text,
)
from orangemask_filters.film_emulate.material import (
    FINISHES,
    FITTED,
    LAYERS,
    WAVELENGTHS,
    Array,
    Curves,
    Film,
    Paper,
    Stock,
)

VERSION = 1
MAX_BYTES = 4 << 20  # a cube of 33 nodes; ours have 8 kB
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_CURVE = 1000  # points
MAX_CUBE = 33  # nodes along an edge
LEAST_RANGE = 0.1  # dye amount from a curve's one end to the other
ROW_SUM = 1e-3  # how far a row that sums to 1 may be off: rounding


def read_stock(path: Path, papers: Mapping[str, Paper]) -> Stock:
    """Return the stock of a file.

    Parameters
    ----------
    path : Path
    papers : mapping of str to Paper
        What the file may print on.

    Raises
    ------
    ParameterError
        The file cannot be read, or a field is missing or wrong; both are named.
    """
    content = parse_object(read_text(path, "stock file", MAX_BYTES), str(path), "stock file")
    try:
        return _stock(content, papers)
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from error


def read_paper(path: Path) -> Paper:
    """Return the paper of a file.

    Raises
    ------
    ParameterError
        As of `read_stock`.
    """
    content = parse_object(read_text(path, "paper file", MAX_BYTES), str(path), "paper file")
    try:
        check_version(content.get("orangemask_paper"), VERSION, "it")
        return Paper(
            _name(content),
            json_text(content.get("label"), "label"),
            np.asarray(_numbers(content.get("light"), "light", len(WAVELENGTHS), 0.0, 1e6)),
            10.0 ** _layers(content.get("log_sensitivity"), "log_sensitivity", -9.0, 9.0),
            _layers(content.get("dyes"), "dyes", 0.0, 5.0),
            _unit_rows(content.get("inter_layer"), "inter_layer"),
            _curves(content.get("curves")),
            json_text(content.get("licence"), "licence"),
            _texts(content.get("sources"), "sources"),
        )
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from error


def _stock(content: Mapping[str, Any], papers: Mapping[str, Paper]) -> Stock:
    """Return the stock of parsed JSON."""
    check_version(content.get("orangemask_stock"), VERSION, "it")
    process = json_text(content.get("process"), "process")
    if process not in FINISHES:
        raise ParameterError(unknown("process", process, FINISHES))
    discontinued = content.get("discontinued", False)
    if not isinstance(discontinued, bool):
        raise ParameterError("discontinued must be true or false")
    grain = json_mapping(content.get("granularity"), "granularity")
    cube = _cube(content["cube"]) if "cube" in content else None
    film = _film(content, process, papers) if cube is None else None
    return Stock(
        _name(content),
        json_text(content.get("label"), "label"),
        json_text(content.get("maker"), "maker"),
        process,
        json_number(content.get("iso"), "iso", 1.0, 1e5),
        json_number(content.get("balance_K", 5500.0), "balance_K", 1000.0, 20000.0),
        discontinued,
        FINISHES[process] if cube is None else FITTED,
        json_number(grain.get("rms"), "granularity rms", 0.0, 100.0),
        json_text(grain.get("source"), "granularity source"),
        json_number(content.get("halation", 0.0), "halation", 0.0, 1.0),
        json_text(content.get("licence"), "licence"),
        _texts(content.get("sources"), "sources"),
        json_text(content.get("doc"), "doc"),
        film,
        cube,
    )


def _film(content: Mapping[str, Any], process: str, papers: Mapping[str, Paper]) -> Film:
    """Return the spectral part of a stock."""
    paper, filtration = None, [0.0] * 3
    if FINISHES[process][0] == "print":
        printed = json_mapping(content.get("print"), "print")
        name = json_text(printed.get("paper"), "print paper")
        if name not in papers:
            raise ParameterError(unknown("paper", name, sorted(papers)))
        paper = papers[name]
        filtration = _numbers(printed.get("filtration"), "print filtration", 3, -20.0, 20.0)
    changed = _numbers(content.get("neutral_D", [0.0, 0.0]), "neutral_D", 2, 0.0, 10.0)
    return Film(
        _unit_rows(content.get("exposure"), "exposure"),
        _unit_rows(content.get("inter_layer", np.eye(3).tolist()), "inter_layer"),
        _curves(content.get("curves"), rises=paper is not None),
        np.asarray(_numbers(content.get("d_min"), "d_min", len(WAVELENGTHS), 0.0, 5.0)),
        _layers(content.get("dyes"), "dyes", 0.0, 5.0),
        paper,
        np.asarray(filtration),
        (changed[0], changed[1]),
    )


def _curves(value: Any, rises: bool = True) -> Curves:
    """Return characteristic curves that rise (of slides: fall) everywhere."""
    table = json_mapping(value, "curves")
    points = table.get(LAYERS[0])
    n = len(points) if isinstance(points, list) else 0
    if not 2 <= n <= MAX_CURVE:
        raise ParameterError(f"curves {LAYERS[0]} must be a list of 2 to {MAX_CURVE} numbers")
    columns = [_numbers(table.get(layer), f"curves {layer}", n, 0.0, 10.0) for layer in LAYERS]
    amounts = np.stack([np.asarray(column) for column in columns], axis=1)
    turns = np.diff(amounts, axis=0) * (1.0 if rises else -1.0)
    for c, layer in enumerate(LAYERS):
        if (turns[:, c] < 0.0).any() or turns[:, c].sum() < LEAST_RANGE:
            way = "rise" if rises else "fall"
            raise ParameterError(f"curves {layer} must {way} with exposure, everywhere")
    return Curves(
        json_number(table.get("first"), "curves first", -20.0, 20.0),
        json_number(table.get("step"), "curves step", 1e-3, 1.0),
        amounts,
    )


def _cube(value: Any) -> NDArray[np.float32]:
    """Return the nodes (n, n, n, 3) of a fitted stock, [r, g, b]."""
    table = json_mapping(value, "cube")
    size = json_number(table.get("size"), "cube size", 2.0, MAX_CUBE)
    n = int(size)
    nodes = table.get("nodes")
    if n != size or not isinstance(nodes, list) or len(nodes) != n**3:
        given = len(nodes) if isinstance(nodes, list) else "no list of"
        raise ParameterError(f"cube of size {size:g} must have size³ nodes; it has {given} nodes")
    rows = [_numbers(node, "cube nodes", 3, -1.0, 2.0) for node in nodes]
    blue_slowest = np.asarray(rows, np.float32).reshape(n, n, n, 3)  # [b, g, r]
    return np.ascontiguousarray(blue_slowest.transpose(2, 1, 0, 3))


def _layers(value: Any, name: str, low: float, high: float) -> Array:
    """Return three spectra as (31, 3)."""
    table = json_mapping(value, name)
    n = len(WAVELENGTHS)
    columns = [_numbers(table.get(layer), f"{name} {layer}", n, low, high) for layer in LAYERS]
    return np.stack([np.asarray(column) for column in columns], axis=1)


def _unit_rows(value: Any, name: str) -> Array:
    """Return a (3, 3) matrix whose rows sum to 1."""
    rows = np.asarray(json_rows(value, name))
    if abs(rows.sum(axis=1) - 1.0).max() > ROW_SUM:
        raise ParameterError(f"{name}: each row must sum to 1, or greys do not stay grey")
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def _numbers(value: Any, name: str, n: int, low: float, high: float) -> list[float]:
    """Return `n` numbers in their range."""
    if not isinstance(value, list) or len(value) != n:
        given = f"{len(value)}" if isinstance(value, list) else "no list"
        raise ParameterError(f"{name} must be a list of {n} numbers; it has {given}")
    return [json_number(item, name, low, high) for item in value]


def _texts(value: Any, name: str) -> tuple[str, ...]:
    """Return a list of short texts."""
    if not isinstance(value, list) or not 1 <= len(value) <= 20:
        raise ParameterError(f"{name} must be a list of 1 to 20 texts")
    return tuple(json_text(item, name) for item in value)


def _name(content: Mapping[str, Any]) -> str:
    """Return a name such as kodak-gold-200."""
    name = json_text(content.get("name"), "name")
    if not NAME.fullmatch(name) or len(name) > 60:
        raise ParameterError(
            f"name '{name[:60]}' must be small letters and digits joined by hyphens, as in "
            "kodak-gold-200"
        )
    return name
