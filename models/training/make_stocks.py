"""Write the stock files that are shipped, from the published data that the simulator uses.

    python -m training.make_stocks --data DATA

How is told in models/stocks.md; that page and the swatches are written last (`stock_cards`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares  # type: ignore[import-untyped]

from orangemask.spaces import conversion, space
from orangemask_filters.film_emulate import chain
from orangemask_filters.film_emulate.exposure import Camera
from orangemask_filters.film_emulate.material import Curves, Film, Paper
from orangemask_filters.film_emulate.stock_file import read_paper, read_stock
from training.compare_it8 import mixing
from training.films import (
    LAYERS,
    SHEETS,
    Array,
    default_data,
    densitometer,
    is_measured,
    read_json,
)
from training.import_positives import POSITIVES
from training.lights import colour, to_wavelengths
from training.neutral import make_neutral, smoothed, to_lab
from training.papers import DRAWN, load_paper
from training.stock_cards import chart, write_cards
from training.stock_facts import BOTH, CC_BY, MIT, OWL, PAPERS, SFL, SLIDE, STOCKS, Facts
from training.stock_films import LOG_RANGE, LOG_STEP, load_film
from training.tuning import fit_paper, fit_slides, on_paper

ROOT = Path(__file__).parents[1] / "orangemask_models"
IDENTITY = np.eye(3).tolist()


@dataclass(frozen=True, slots=True)
class Tuned:
    """What `tuning` fitted: papers by name, and what slides' inter-layer effects get added."""

    papers: Mapping[str, Paper]
    slides: Array


def rounded(values: Array, digits: int) -> Any:
    """Return nested lists for JSON."""
    return (np.round(values, digits) + 0.0).tolist()  # + 0.0: no -0.0


def by_layer(values: Array, digits: int) -> dict[str, list[float]]:
    """Return (n, 3) as three lists by the names of the dyes."""
    return {layer: rounded(values[:, c], digits) for c, layer in enumerate(LAYERS)}


def curves_to_json(curves: Curves) -> dict[str, Any]:
    """Return curves as a file holds them."""
    ends = {"first": round(curves.first, 4), "step": round(curves.step, 4)}
    return ends | by_layer(curves.amounts, 4)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file with one field a line, so that a difference names its field."""
    rows = ",\n".join(
        f" {json.dumps(k)}: {json.dumps(v, separators=(',', ':'), ensure_ascii=False)}"
        for k, v in content.items()
    )
    path.write_text("{\n" + rows + "\n}\n", encoding="utf-8", newline="\n")


def standards_to_json(data: Path) -> dict[str, Any]:
    """Return colour matching under D50 and the densitometers, as film_standards.json."""
    cmfs = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    d50 = colour.SDS_ILLUMINANTS["D50"]
    fine = np.arange(390.0, 711.0)
    power = np.interp(fine, d50.wavelengths, d50.values)
    seen = [power * np.interp(fine, cmfs.wavelengths, column) for column in cmfs.values.T]
    xyz = np.stack([to_wavelengths(fine, column) for column in seen], axis=1)
    return {
        "what": "400 to 700 nm by 10 nm; xyz_d50: CIE 1931 2 degree observer times D50, means "
        "over 10 nm, Y sums to 1; Status A and M: ISO 5-3, each channel sums to 1",
        "xyz_d50": rounded(xyz / xyz[:, 1].sum(), 6),
        "status_a": rounded(densitometer(data, "A"), 6),
        "status_m": rounded(densitometer(data, "M"), 6),
    }


def paper_to_json(paper: Paper) -> dict[str, Any]:
    """Return a paper as its file holds it."""
    return {
        "orangemask_paper": 1,
        "name": paper.name,
        "label": paper.label,
        "licence": paper.licence,
        "sources": list(paper.sources),
        "light": rounded(paper.light, 4),
        "log_sensitivity": by_layer(np.log10(paper.sensitivity), 3),
        "dyes": by_layer(paper.dyes, 4),
        "inter_layer": rounded(paper.inter_layer, 4),
        "curves": curves_to_json(paper.curves),
    }


def published(data: Path, facts: Facts) -> Film:
    """Return a film as published: not exposed for a paper, greys not yet neutral."""
    raw = load_film(data, facts)
    return Film(
        raw.exposure,
        facts.inter_layer,
        Curves(-LOG_RANGE, LOG_STEP, smoothed(raw.amounts, DRAWN, LOG_STEP)),
        raw.d_min,
        raw.dyes,
        None,
        np.zeros(3),
        (0.0, 0.0),
    )


def make_film(data: Path, facts: Facts, tuned: Tuned) -> tuple[Film, float, float]:
    """Return a film as `neutral.make_neutral` does."""
    film = published(data, facts)
    if facts.paper:
        return make_neutral(on_paper(film, tuned.papers[facts.paper]))
    return make_neutral(replace(film, inter_layer=film.inter_layer + tuned.slides))


def make_paper(data: Path, name: str) -> Paper:
    """Return a print material, its layers fitted to all films that are printed on it."""
    films = [published(data, facts) for facts in STOCKS.values() if facts.paper == name]
    return fit_paper(load_paper(data, name), films)


def slide_layers(data: Path) -> Array:
    """Return what all slides get added to their inter-layer effects, fitted to the sober ones."""
    sober = [facts for facts in STOCKS.values() if facts.is_slide and facts.coupling == SLIDE]
    return fit_slides([make_neutral(published(data, facts))[0] for facts in sober])


def stock_to_json(data: Path, name: str, facts: Facts, tuned: Tuned) -> dict[str, Any]:
    """Return a stock as its file holds it."""
    film, before, moved = make_film(data, facts, tuned)
    rms, rms_source = facts.granularity
    licence, sources = origin(data, facts)
    mean, most = film.neutral_D
    # The sentences that are derived from the numbers.
    told = f"As published its greys leave the grey axis by up to {before:.1f} ΔE2000 between "
    told += f"-5 and +3 EV; dyes were changed by {mean:.3f} D on average and {most:.2f} D at most "
    told += "to make them neutral."
    if facts.is_slide:
        told += f" It is exposed {moved:+.1f} EV from the meter's, so that mid grey shows as 0.18."
    content: dict[str, Any] = {
        "orangemask_stock": 1,
        "name": name,
        "label": facts.label,
        "maker": facts.maker,
        "process": facts.process,
        "iso": facts.iso,
        "balance_K": facts.balance_K,
        "discontinued": facts.discontinued,
        "doc": f"{facts.about} {told}",
        "licence": licence,
        "sources": sources,
        "granularity": {"rms": rms, "source": rms_source},
        "halation": facts.halation,
        "neutral_D": [round(mean, 4), round(most, 4)],
        "exposure": rounded(film.exposure, 5),
        "inter_layer": rounded(film.inter_layer, 4),
        "d_min": rounded(film.d_min, 4),
        "dyes": by_layer(film.dyes, 4),
        "curves": curves_to_json(film.curves),
    }
    if film.paper is not None:
        content["print"] = {"paper": film.paper.name, "filtration": rounded(film.filtration, 5)}
    return content


def origin(data: Path, facts: Facts) -> tuple[str, list[str]]:
    """Return licence and sources of a film."""
    if not facts.is_slide and is_measured(data, facts.source):
        return CC_BY, ["maker's data sheet", OWL]
    negatives = read_json(SHEETS)
    sheets = read_json(POSITIVES)["sheets"] | negatives["stocks"] | negatives["twins"]
    sheet = sheets[facts.source]
    sources = [f"maker's data sheet of {sheet['year']}", SFL]
    if facts.dyes:
        return BOTH, [*sources, f"dyes: {OWL}"]
    if "dyes" in sheet:
        return MIT, sources
    return BOTH, [*sources, f"its neutral split by typical dyes: {OWL}"]


def scan_crosstalk(films: Sequence[Film]) -> Array:
    """Return the cross-talk (3, 3) of a scan, rows sum to 1, that suits these films best.

    As a rig is calibrated from a chart: least squares of L*a*b* of the ColorChecker's 18
    colours, scanned, against the chart as `exposure.Camera` shows it, over all films.
    """
    srgb = chart()[:18]
    target = to_lab(Camera()(srgb) @ conversion(space("srgb"), space("linear-rec2020")).T)
    scans = [chain.balance(chain.densities(f, chain.develop(srgb, f)), f) for f in films]

    def error(off: Array) -> Array:
        shown = [chain.invert(d @ mixing(off).T, f) for d, f in zip(scans, films, strict=True)]
        return np.concatenate([(to_lab(light) - target).ravel() for light in shown])

    return mixing(least_squares(error, np.zeros(6)).x)


def write_standards(out: Path, content: Mapping[str, Any]) -> None:
    """Write film_standards.json and let the chain read it again."""
    write_json(out / "film_standards.json", content)
    chain.standards.cache_clear()


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data", type=Path, default=default_data())
    options = parser.parse_args()
    if options.data is None:
        parser.error("name the data folder with --data or ORANGEMASK_DATA")
    data: Path = options.data
    for folder in ("stocks", "papers"):
        (ROOT / folder).mkdir(exist_ok=True)
        for old in (ROOT / folder).glob("*.json"):
            old.unlink()
    content = standards_to_json(data) | {"scan_negative": IDENTITY, "scan_slide": IDENTITY}
    write_standards(ROOT, content)
    papers = {}
    for name in PAPERS:
        write_json(ROOT / f"papers/{name}.json", paper_to_json(make_paper(data, name)))
        papers[name] = read_paper(ROOT / f"papers/{name}.json")
    tuned = Tuned(papers, slide_layers(data))
    films = []
    for name, facts in STOCKS.items():
        path = ROOT / f"stocks/{name}.json"
        write_json(path, stock_to_json(data, name, facts, tuned))
        if (film := read_stock(path, papers).film) is not None:
            films.append(film)
    for key, slides in (("scan_negative", False), ("scan_slide", True)):
        of_kind = [film for film in films if (film.paper is None) == slides]
        content[key] = rounded(scan_crosstalk(of_kind), 4)
    write_standards(ROOT, content)
    write_cards()


if __name__ == "__main__":
    main()
