"""Read the colour negative stocks of the package spectral_film_lut into stocks_data.

    python -m training.import_stocks spectral_film_lut-0.18.13-py3-none-any.whl

The wheel is read as text: its Python literals are parsed, nothing of it is imported or run.
"""

from __future__ import annotations

import argparse
import ast
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from training.films import LAYERS, SHEETS, WAVELENGTHS, Array

ORIGIN = "github.com/JanLohse/spectral_film_lut"
FOLDER = "spectral_film_lut/negative_film/"
# Left out: stocks of the data folder (Ektar 100, Gold 200, Portra 160 and 400, Ultramax 400);
# twins (X-Tra 400 of C200; Eterna Vivid of Eterna; pushed Portra 800); no d_min, or called
# unreliable there (5247, 5248, 5250, 5293, 5247 II's first sheet);
# Verita 200D, whose printed d_min lies 1.6 D too high; Aerocolor IV, which has no mask.
WANTED = {
    "Agfa Vista 100": "AgfaVista100",
    "Fuji C200": "FujiC200",
    "Fuji Eterna 500": "Eterna500",
    "Fuji Natura 1600": "Natura1600",
    "Fuji Pro 160C": "Pro160C",
    "Fuji Pro 160S": "Pro160S",
    "Fuji Pro 400H": "Pro400H",
    "Fuji Superia Reala": "Reala100",
    "Kodak 5247 II Alt": "Eastman5247",
    "Kodak EXR 100T 5248": "EXR100T",
    "Kodak Portra 800": "Portra800",
    "Kodak Vericolor III": "VericolorIII",
    "Kodak Vision 320T 5277": "Vision320T",
    "Kodak Vision3 200T 5213": "Vision3_200T",
    "Kodak Vision3 250D 5207": "Vision3_250D",
    "Kodak Vision3 500T 5219": "Vision3_500T",
    "Kodak Vision3 50D 5203": "Vision3_50D",
}
# Same dyes and much the same layers as Vision3 250D: emulated, but not simulated for training.
TWINS = {"Vision3_200T", "Vision3_50D"}
READ = {"name", "iso", "year", "exposure_kelvin", "exposure_base", "log_sensitivity"}
READ |= {"sensiometric_curve", "spectral_density", "d_ref_sd", "d_min_sd"}
NORMAL = 12.5  # lux seconds times ISO at 0 stops of curves drawn over stops; 500T's sheet: 12.8
CURVE_STEP = 0.05  # log10 lux seconds


def literal(node: ast.expr, names: dict[str, Any]) -> Any:
    """Return the value of a literal, or of an item of a dictionary in `names`."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        return names[node.value.id][ast.literal_eval(node.slice)]
    return ast.literal_eval(node)


def read_sheets(source: str) -> list[dict[str, Any]]:
    """Return the `READ` arguments of each wanted `FilmData(…)` assigned in a module's text."""
    names: dict[str, Any] = {}
    sheets = []
    for statement in ast.parse(source).body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            continue
        value = statement.value
        if isinstance(value, ast.Dict):
            names[statement.targets[0].id] = ast.literal_eval(value)
        elif isinstance(value, ast.Call) and getattr(value.func, "id", "") == "FilmData":
            found = {word.arg: word.value for word in value.keywords}
            if ast.literal_eval(found["name"]) in WANTED:
                sheets.append({k: literal(v, names) for k, v in found.items() if k in READ})
    return sheets


def columns(curve: dict[float, float]) -> tuple[Array, Array]:
    """Return a digitised curve as its sorted abscissae and its ordinates."""
    x = np.asarray(sorted(curve))
    return x, np.asarray([curve[at] for at in x])


def on_grid(curve: dict[float, float]) -> Array:
    """Return a spectrum on `WAVELENGTHS`, nan where it is not drawn."""
    x, y = columns(curve)
    near = 1.0  # nm, the reading error of a drawing's ends
    values = np.interp(WAVELENGTHS, x, y)
    return np.where((x[0] - near <= WAVELENGTHS) & (x[-1] + near >= WAVELENGTHS), values, np.nan)


def rounded(values: Array, digits: int) -> list[float | None]:
    """Return a list for JSON, null for nan."""
    return [None if np.isnan(v) else round(float(v), digits) for v in values]


def sheet_to_json(sheet: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of one stock as `stocks_data` keeps them."""
    curves = [columns(curve) for curve in sheet["sensiometric_curve"]]
    if sheet.get("exposure_base") == 2:
        normal = np.log10(NORMAL / sheet["iso"])
        curves = [(x * np.log10(2.0) + normal, y) for x, y in curves]
    start = max(x[0] for x, _ in curves)
    log_exposure = np.arange(start, min(x[-1] for x, _ in curves) + 1e-9, CURVE_STEP)
    facts: dict[str, Any] = {
        "title": sheet["name"],
        "iso": sheet["iso"],
        "balance_K": sheet.get("exposure_kelvin", 5500),
        "year": sheet["year"],
        "d_min": rounded(on_grid(sheet["d_min_sd"]), 4),
        "log_sensitivity": {
            layer: rounded(on_grid(curve), 3)
            for layer, curve in zip(LAYERS, sheet["log_sensitivity"], strict=True)
        },
        "log_exposure": {"first": round(float(start), 4), "step": CURVE_STEP},
        "statusM_density": {
            c: rounded(np.interp(log_exposure, x, y), 4)
            for c, (x, y) in zip("RGB", curves, strict=True)
        },
    }
    if "spectral_density" in sheet:
        facts["dyes"] = {
            layer: rounded(on_grid(curve), 4)
            for layer, curve in zip(LAYERS, sheet["spectral_density"], strict=True)
        }
    else:
        neutral = on_grid(sheet["d_ref_sd"]) - on_grid(sheet["d_min_sd"])
        facts["neutral"] = rounded(neutral, 4)
    return facts


def rows(sheets: dict[str, Any]) -> str:
    """Return sheets one a line: a difference names its stock."""
    return ",\n".join(
        f"  {json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in sheets.items()
    )


def main() -> None:
    """Write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, default=SHEETS)
    options = parser.parse_args()
    stocks = {}
    with zipfile.ZipFile(options.wheel) as wheel:
        names = sorted(wheel.namelist())
        for name in names:
            if not name.startswith(FOLDER):
                continue
            for sheet in read_sheets(wheel.read(name).decode()):
                stocks[WANTED[sheet["name"]]] = sheet_to_json(sheet)
        notice = next(n for n in names if n.endswith("licenses/LICENSE"))
        licence = wheel.read(notice).decode()
    missing = set(WANTED.values()) - set(stocks)
    if missing:
        raise ValueError(f"{options.wheel} lacks {', '.join(sorted(missing))}")
    whole = {
        "origin": ORIGIN,
        "file": options.wheel.name,
        "what": "digitised from the makers' data sheets by the package's author; here on 400 to "
        "700 nm by 10 nm, null where not drawn; densities are absolute Status M, exposures log10 "
        "lux seconds; neutral is mid grey less d_min",
        "licence": licence,
    }
    head = json.dumps(whole, indent=1)[:-2]
    simulated = {name: sheet for name, sheet in sorted(stocks.items()) if name not in TWINS}
    twins = {name: stocks[name] for name in sorted(TWINS)}
    text = (
        f'{head},\n "stocks": {{\n{rows(simulated)}\n }},\n "twins": {{\n{rows(twins)}\n }}\n}}\n'
    )
    options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
