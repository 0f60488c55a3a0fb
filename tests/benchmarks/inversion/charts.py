"""IT8.7/2 targets on real film: 288 patches of known colour, photographed and scanned.

The readings are those of the data folder `negatives/it8-ektar100` (arufahc/negicc): camera RGB and
the target's XYZ under D50. A chart with a TIFF is inverted from it, as a user would, and its
patches are read in it: the author's readings are of another exposure, 0.02 to 0.13 D away. One
with readings alone is inverted from a mosaic of them. The classical methods are told that the
patches are the picture. Errors are under D50.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inversion.classical import CLASSICAL, encode
from inversion.metrics import Truth, score
from inversion.negadoctor import NEGADOCTOR
from inversion.product import TOLD, product_methods
from inversion.scan import Codes, Scan
from orangemask.curves import SRGB
from orangemask.decode import open_image
from orangemask.spaces import space
from training.lights import colour

FOLDER = "negatives/it8-ektar100"
READINGS = "-r190808_train.txt"
RIG_CLASS = "narrow"  # RGB lamps behind a triple band-pass filter, says the readings' author
FULL_SCALE = 16383.0  # of the 14-bit camera
ROWS, COLUMNS, PATCH = 12, 24, 8  # of the mosaic; px
LETTERS, NUMBERS, GREYS = 12, 22, 24  # of the target: A1 to L22, and a row of greys below
# Centres in the TIFFs of A1 and L22, of the first and the last grey, px: where they differ least
# from the readings but for one gain in each channel, which leaves 0.001 to 0.004 D.
CENTRES = {
    "ektar100-0": ((59, 56), (939, 518), (15, 616), (982, 616)),
    "ektar100-2": ((65, 65), (933, 515), (15, 612), (979, 612)),
}
AROUND = 6  # px
D50 = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D50"]


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A target on film.

    Attributes
    ----------
    name : str
    codes : (288, 3) float32
        Linear camera RGB of the patches, 0…1, as in `picture`.
    xyz : (288, 3) float64
        Of the target under D50, white 1.
    picture : (h, w, 3) float32
        Linear scan of the whole chart, or the mosaic.
    """

    name: str
    codes: NDArray[np.float32]
    xyz: NDArray[np.float64]
    picture: NDArray[np.float32]


def load_charts(data: Path) -> list[Chart]:
    """Return all charts the data folder has, none where there is no such folder."""
    return [load_chart(path) for path in sorted((data / FOLDER).glob(f"*{READINGS}"))]


def load_chart(path: Path) -> Chart:
    """Return the chart of a file of readings.

    Raises
    ------
    ValueError
        It does not have 288 patches.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if len(rows) != ROWS * COLUMNS:
        raise ValueError(f"{path} has {len(rows)} patches; an IT8 target has {ROWS * COLUMNS}")
    xyz = np.array([[float(row[f"ref{c}"]) for c in "XYZ"] for row in rows]) / 100.0
    name = path.name.removesuffix(READINGS)
    tiff = path.with_name(f"{name}.tif")
    if tiff.is_file() and name in CENTRES:
        picture = _read_tiff(tiff)
        return Chart(name, read_patches(picture, *CENTRES[name]), xyz, picture)
    codes = np.array([[float(row[c]) for c in "rgb"] for row in rows], np.float32)
    codes /= np.float32(FULL_SCALE)
    return Chart(name, codes, xyz, mosaic(codes))


def read_patches(picture: NDArray[np.float32], *centres: tuple[int, int]) -> NDArray[np.float32]:
    """Return the mean codes (288, 3) about the patches' centres, in the order of the readings.

    `centres` are x, y of A1, of L22, of the first and of the last grey.
    """
    a1, l22, *greys = (np.array(each, np.float64) for each in centres)
    grid = np.stack(np.meshgrid(np.arange(NUMBERS), np.arange(LETTERS)), axis=-1).reshape(-1, 2)
    places = a1 + grid / (NUMBERS - 1, LETTERS - 1) * (l22 - a1)
    places = np.concatenate([places, np.linspace(*greys, GREYS)])
    return np.stack(
        [
            picture[y - AROUND : y + AROUND + 1, x - AROUND : x + AROUND + 1].mean(axis=(0, 1))
            for x, y in np.rint(places).astype(int)
        ]
    )


def _read_tiff(path: Path) -> NDArray[np.float32]:
    pixels = open_image(path, encoding="linear").pixels
    return np.asarray(pixels / np.float32(65535.0), np.float32)


def mosaic(codes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the patches (288, 3) as a picture of 12 × 24, each 8 × 8 px."""
    patches = codes.reshape(ROWS, COLUMNS, 3)
    return np.ascontiguousarray(patches.repeat(PATCH, axis=0).repeat(PATCH, axis=1))


def chart_truth(xyz: NDArray[np.float64]) -> Truth:
    """Return the truth of XYZ under D50; its sRGB codes, for the fits, are clipped."""
    from_pcs = np.linalg.inv(space("srgb").rgb_to_pcs)
    return Truth(encode(xyz @ from_pcs.T), to_lab(xyz), codes_to_lab_d50)


def to_lab(xyz: Codes) -> NDArray[np.float64]:
    """Return CIELAB of XYZ under D50."""
    return np.asarray(colour.XYZ_to_Lab(xyz, D50))


def codes_to_lab_d50(codes: Codes) -> NDArray[np.float64]:
    """Return CIELAB under D50 of sRGB codes, adapted by Bradford as in ICC profiles."""
    return to_lab(SRGB(np.asarray(codes, np.float64)) @ space("srgb").rgb_to_pcs.T)


def score_chart(chart: Chart) -> dict[str, dict[str, float]]:
    """Return the scores of all methods and of the oracle on the patches."""
    from inversion.oracle import ORACLES, best_nine, crosstalk_of

    truth = chart_truth(chart.xyz)
    base = chart.codes.max(axis=0).astype(np.float64)  # the thinnest patch: the target has no base
    patches = mosaic(chart.codes)
    everywhere = np.ones(patches.shape[:2], bool)
    told = Scan(patches, everywhere, base)
    scan = Scan(chart.picture, np.ones(chart.picture.shape[:2], bool), base)
    scores = {
        name: score(method(told)(chart.codes), truth)
        for name, method in {**CLASSICAL, **NEGADOCTOR}.items()
    }
    for name, method in product_methods().items():
        if name != TOLD:
            scores[name] = score(method(scan)(chart.codes), truth)
    linear = SRGB(truth.codes)
    for name in ORACLES:
        crosstalk = crosstalk_of(name, RIG_CLASS)
        (best,) = best_nine([chart.codes], [linear], [base], [crosstalk], steps=600)
        scores[name] = score(best(chart.codes), truth)
    return scores


def chart_rows(charts: Sequence[Chart]) -> list[dict[str, object]]:
    """Return one row per chart, as `run.Row`."""
    return [
        {
            "set": "charts",
            "index": i,
            "frame": 0,
            "meta": {"stock": chart.name},
            "scores": score_chart(chart),
        }
        for i, chart in enumerate(charts)
    ]
