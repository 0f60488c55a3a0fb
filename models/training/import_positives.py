"""Read reversal films and print materials of the package spectral_film_lut into stocks_data.

    python -m training.import_positives spectral_film_lut-0.18.13-py3-none-any.whl

As `import_stocks`, the wheel is read as text: nothing of it is imported or run.
"""

from __future__ import annotations

import argparse
import ast
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from training.films import LAYERS
from training.import_stocks import CURVE_STEP, ORIGIN, columns, literal, on_grid, rounded, rows

POSITIVES = Path(__file__).parent / "stocks_data/spectral_film_lut_positives.json"
FOLDERS = ("spectral_film_lut/reversal_film/", "spectral_film_lut/print_film/")
WANTED = {
    "Fuji Velvia 50": "Velvia50",
    "Fuji Provia 100F": "Provia100F",
    "Kodak Ektachrome 100D": "EktachromeE100",
    "Kodachrome 64": "Kodachrome64",
    "Kodak Vision 2383": "Kodak2383",
    "Kodak Portra Endura Paper": "PortraEndura",
}
READ = {"name", "iso", "year", "log_sensitivity", "sensiometric_curve", "spectral_density"}


def read_sheets(source: str) -> list[dict[str, Any]]:
    """Return the `READ` arguments of each wanted `FilmData(…)` assigned in a module's text."""
    sheets = []
    for statement in ast.parse(source).body:
        value = statement.value if isinstance(statement, ast.Assign) else None
        if not isinstance(value, ast.Call) or getattr(value.func, "id", "") != "FilmData":
            continue
        found = {word.arg: word.value for word in value.keywords}
        if ast.literal_eval(found["name"]) in WANTED:
            sheets.append({k: literal(v, {}) for k, v in found.items() if k in READ})
    return sheets


def sheet_to_json(sheet: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of one material as `stocks_data` keeps them."""
    curves = [columns(curve) for curve in sheet["sensiometric_curve"]]
    start = max(x[0] for x, _ in curves)
    log_exposure = np.arange(start, min(x[-1] for x, _ in curves) + 1e-9, CURVE_STEP)
    return {
        "title": sheet["name"],
        "iso": sheet.get("iso"),
        "year": sheet.get("year"),
        "log_sensitivity": {
            layer: rounded(on_grid(curve), 3)
            for layer, curve in zip(LAYERS, sheet["log_sensitivity"], strict=True)
        },
        "dyes": {
            layer: rounded(on_grid(curve), 4)
            for layer, curve in zip(LAYERS, sheet["spectral_density"], strict=True)
        },
        "log_exposure": {"first": round(float(start), 4), "step": CURVE_STEP},
        "statusA_density": {
            c: rounded(np.interp(log_exposure, x, y), 4)
            for c, (x, y) in zip("RGB", curves, strict=True)
        },
    }


def main() -> None:
    """Write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, default=POSITIVES)
    options = parser.parse_args()
    sheets: dict[str, Any] = {}
    with zipfile.ZipFile(options.wheel) as wheel:
        names = sorted(wheel.namelist())
        for name in (n for n in names if n.startswith(FOLDERS)):
            for sheet in read_sheets(wheel.read(name).decode()):
                sheets[WANTED[sheet["name"]]] = sheet_to_json(sheet)
        notice = next(n for n in names if n.endswith("licenses/LICENSE"))
        licence = wheel.read(notice).decode()
    missing = set(WANTED.values()) - set(sheets)
    if missing:
        raise ValueError(f"{options.wheel} lacks {', '.join(sorted(missing))}")
    head = {
        "origin": ORIGIN,
        "file": options.wheel.name,
        "what": "digitised from the makers' data sheets by the package's author; here on 400 to "
        "700 nm by 10 nm, null where not drawn; densities are absolute Status A; exposures are "
        "log10 lux seconds of films, relative of print materials",
        "licence": licence,
    }
    lines = rows(dict(sorted(sheets.items())))
    text = f'{json.dumps(head, indent=1)[:-2]},\n "sheets": {{\n{lines}\n }}\n}}\n'
    options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
