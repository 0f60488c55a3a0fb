"""The small form: frames kept in the repository, scored against recorded numbers.

`tests/data/inversion` holds 18 simulated scans, their truths and what shows picture, each as one
sheet of 3 × 6 frames, `frames.json` with where every scene comes from, and `recorded.json` with the
numbers of the shipped models. Scans are stored as the square root of linear light in 2047 steps,
which are no coarser than the simulated noise, so that the sheet stays small.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inversion.classical import CLASSICAL, encode
from inversion.metrics import score, truth_of
from inversion.negadoctor import NEGADOCTOR
from inversion.product import NETWORK, TOLD, product_methods
from inversion.report import Table
from inversion.scan import Method, Scan
from inversion.simulated import SIZE, held_out
from orangemask.curves import SRGB
from training.make_sample import panorama_to_view
from training.scenes import Scene, is_held_out, srgb_to_linear
from training.simulator import draw_frame, draw_roll

FOLDER = Path(__file__).resolve().parents[2] / "data/inversion"
NEGATIVES, TRUTHS, AREAS = "negatives.png", "truths.png", "areas.png"
FRAMES, RECORDED = "frames.json", "recorded.json"
ACROSS, DOWN = 3, 6
STEPS = 2047.0  # of the stored square root
SEED = 2026
WORSE = 1.05  # of a recorded number; more is a failure
MEASURES = ("delta_e", "colour")

# Held out by the hash of their bytes like all photographs; all are CC0-1.0.
PHOTOGRAPHS = {
    "0111.jpg": "blue-periwinkle",
    "0116.jpg": "roman-colosseum",
    "0117.jpg": "singaporean-cityscape",
    "0121.jpg": "motherboard-circuits",
}
PANORAMAS = (
    "blocky_photo_studio",
    "christmas_photo_studio_07",
    "drachenfels_cellar",
    "leadenhall_market",
    "sepulchral_chapel_rotunda",
    "st_fagans_interior",
    "thatch_chapel",
)
YAWS, VIEW = (-100.0, 60.0), 75.0  # degrees: the middles of the two views, their width
GREY = 0.18  # linear light that a view's geometric mean is brought to


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A frame read back: the scan and the truth (h, w, 3), linear sRGB."""

    scan: Scan
    truth: NDArray[np.float64]


def scenes(data: Path) -> list[tuple[Scene, str]]:
    """Return the scenes of the small form with their origin, photographs first.

    Raises
    ------
    ValueError
        A picture cannot be read or is not among those held out.
    """
    found = []
    for name, title in PHOTOGRAPHS.items():
        code = _read(data / "photos" / name, cv2.IMREAD_COLOR_RGB)
        small = cv2.resize(srgb_to_linear(code.astype(np.uint8)), None, fx=0.5, fy=0.5,
                           interpolation=cv2.INTER_AREA)  # fmt: skip
        origin = f"github.com/BuddiesOfBudgie/budgie-backgrounds, {title}"
        found.append((Scene(name, small.astype(np.float16)), origin))
    for name in PANORAMAS:
        path = data / f"hdr/{name}_1k.hdr"
        panorama = _read(path, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR_RGB).astype(np.float32)
        for yaw in YAWS:
            view = panorama_to_view(panorama, yaw, VIEW, 2 * SIZE[0], 2 * SIZE[1])
            view *= np.float32(GREY / np.exp(np.log(np.maximum(view.mean(axis=2), 1e-4)).mean()))
            clipped = np.clip(view, 0.0, 1.0).astype(np.float16)
            found.append((Scene(f"{name} {yaw:+.0f}", clipped), f"polyhaven.com/a/{name}"))
    return found


def _read(path: Path, how: int) -> NDArray[Any]:
    content = path.read_bytes()
    if not is_held_out(content):
        raise ValueError(f"{path} is trained on: its hash does not hold it out")
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), how)
    if picture is None:
        raise ValueError(f"cannot read {path}: not a picture that OpenCV decodes")
    return np.asarray(picture)


def make(data: Path, folder: Path = FOLDER) -> None:
    """Draw the frames, every second one with a border, and write sheets and `frames.json`."""
    rng = np.random.default_rng(SEED)
    negatives, truths, areas, notes = [], [], [], []
    for i, (scene, origin) in enumerate(scenes(data)):
        simulator = replace(held_out(data), scenes=(scene,), panoramas=(), skin=None)
        while True:
            frame = draw_frame(simulator, draw_roll(simulator, rng), rng, SIZE, bool(i % 2))
            area = frame.labels == 0
            if area.all() != bool(i % 2):
                break
        negatives.append(np.rint(np.sqrt(frame.negative) * STEPS).astype(np.uint16))
        truths.append(np.rint(encode(frame.truth) * 255.0).astype(np.uint8))
        areas.append(area.astype(np.uint8) * 255)
        meta = {key: frame.meta[key] for key in ("stock", "rig", "kind", "light", "exposure")}
        base = [round(value, 5) for value in frame.meta["base"]]
        notes.append({"origin": origin, "licence": "CC0-1.0", "base": base, **meta})
    folder.mkdir(parents=True, exist_ok=True)
    for name, parts in ((NEGATIVES, negatives), (TRUTHS, truths)):
        _write(folder / name, _sheet(parts)[:, :, ::-1])
    _write(folder / AREAS, _sheet(areas))
    (folder / FRAMES).write_text(json.dumps(notes, indent=1) + "\n", "utf-8")


def _sheet(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    rows = [np.hstack(parts[i : i + ACROSS]) for i in range(0, len(parts), ACROSS)]
    return np.vstack(rows)


def _write(path: Path, picture: NDArray[Any]) -> None:
    if not cv2.imwrite(str(path), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        raise ValueError(f"cannot write {path}")


def _parts(path: Path) -> list[NDArray[Any]]:
    sheet = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    h, w = SIZE
    if sheet is None or sheet.shape[:2] != (DOWN * h, ACROSS * w):
        raise ValueError(f"{path} is not a sheet of {DOWN} × {ACROSS} frames of {h} × {w} px")
    cells = [(y * h, x * w) for y in range(DOWN) for x in range(ACROSS)]
    return [sheet[y : y + h, x : x + w] for y, x in cells]


def load(folder: Path = FOLDER) -> list[Stored]:
    """Return the frames of the small form."""
    notes = json.loads((folder / FRAMES).read_text("utf-8"))
    sheets = (_parts(folder / name) for name in (NEGATIVES, TRUTHS, AREAS))
    frames = []
    for negative, truth, area, note in zip(*sheets, notes, strict=True):
        light = (negative[:, :, ::-1].astype(np.float32) / np.float32(STEPS)) ** 2
        scan = Scan(np.ascontiguousarray(light), area > 0, np.array(note["base"]))
        frames.append(Stored(scan, np.asarray(SRGB(truth[:, :, ::-1] / 255.0), np.float64)))
    return frames


def small_methods() -> dict[str, Method]:
    """Return the methods whose numbers are recorded."""
    methods = {**CLASSICAL, **NEGADOCTOR, **product_methods()}
    return {name: one for name, one in methods.items() if name != TOLD}


def measure(frames: Sequence[Stored], methods: dict[str, Method]) -> Table:
    """Return the means of `MEASURES` over the frames, by method."""
    table: Table = {}
    for name, method in methods.items():
        scores = []
        for frame in frames:
            area = frame.scan.area
            codes = method(frame.scan)(frame.scan.negative[area])
            scores.append(score(codes, truth_of(frame.truth[area])))
        table[name] = {key: float(np.mean([one[key] for one in scores])) for key in MEASURES}
    return table


def recorded(folder: Path = FOLDER) -> Table:
    """Return the numbers recorded with the shipped models."""
    table: Table = json.loads((folder / RECORDED).read_text("utf-8"))
    return table


def worse(found: Table, wanted: Table, method: str = NETWORK) -> list[str]:
    """Return a sentence for each of a method's numbers that is too much worse than recorded."""
    return [
        f"{method}: {measure} is {found[method][measure]:.2f}, recorded "
        f"{wanted[method][measure]:.2f}; at most {WORSE:g} times that is allowed"
        for measure in MEASURES
        if found[method][measure] > WORSE * wanted[method][measure]
    ]


def main(record: bool) -> int:
    """Print the table; compare it with what is recorded, or record it. Return the exit status."""
    table = measure(load(), small_methods())
    print("| repository's frames, n = 18 | mean | colour only |")
    print("| --- | --: | --: |")
    for name, row in table.items():
        print(f"| {name} | {row['delta_e']:.2f} | {row['colour']:.2f} |")
    if record:
        rounded = {
            name: {key: round(value, 3) for key, value in row.items()}
            for name, row in table.items()
        }
        (FOLDER / RECORDED).write_text(json.dumps(rounded, indent=1) + "\n", "utf-8")
        return 0
    complaints = worse(table, recorded())
    print("\n".join(complaints), end="\n" if complaints else "", file=sys.stderr)
    return 1 if complaints else 0
