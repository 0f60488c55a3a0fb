"""Rigs: the light and the sensor that turn film into numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.films import WAVELENGTHS, Array, read_json
from training.lights import (
    FLUORESCENTS,
    PHOSPHOR_LEDS,
    WHITE_LEDS,
    daylight,
    incandescent,
    lamp,
    scanning_lights,
    to_wavelengths,
)

HOLD_OUT_EVERY = 6  # of the cameras in the order of their file names, the last of each six
KINDS = {"led": 0.45, "daylight": 0.1, "tungsten": 0.07, "fluorescent": 0.06}
KINDS |= {"rgb": 0.16, "scanner": 0.16}
WHITE_KINDS = ("led", "daylight", "tungsten", "fluorescent")
NARROW_KINDS = ("rgb", "scanner")

# Peaks of film scanners' lights in nm, red, green, blue; makers use LEDs about these.
SCANNER_PEAKS = (645.0, 540.0, 455.0)


@dataclass(frozen=True, slots=True)
class Rig:
    """A light with a sensor.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    name : str
    response : (31, 3) float64
        Light times sensitivity; the bare light gives at most 1.
    """

    kind: str
    name: str
    response: Array


def load_cameras(data: Path, held_out: bool) -> dict[str, Array]:
    """Return the sensitivities (31, 3) of the training or of the held-out cameras, by name."""
    cameras = {}
    for index, path in enumerate(sorted((data / "film/cameras").glob("*_ssf.json"))):
        if (index % HOLD_OUT_EVERY == HOLD_OUT_EVERY - 1) != held_out:
            continue
        table = read_json(path)
        bands = np.asarray(table["ssf_bands"], dtype=float)
        columns = [
            to_wavelengths(bands, np.asarray(table[f"{c}_ssf"], dtype=float))
            for c in ("red", "green", "blue")
        ]
        cameras[path.name.removesuffix("_ssf.json")] = np.stack(columns, axis=1)
    return cameras


def draw_light(rng: np.random.Generator, kind: str, data: Path) -> tuple[str, Array]:
    """Return the name and spectrum of a light of one of `KINDS` but "scanner"."""
    if kind == "daylight":
        cct = float(rng.integers(48, 61)) * 100.0
        return f"D{cct:.0f}", daylight(cct)
    if kind == "tungsten":
        temperature = float(rng.uniform(2800.0, 3400.0))
        return f"P{temperature:.0f}", incandescent(temperature)
    measured = scanning_lights(data)
    if kind == "rgb":
        spectra = np.stack([measured[n] for n in ("R100_G0_B0", "R0_G100_B0", "R0_G0_B100")])
        weights = rng.uniform(0.5, 2.0, 3) / spectra.max(axis=1)
        return "RGB", np.asarray(weights @ spectra)
    if kind == "fluorescent":
        name = str(rng.choice(FLUORESCENTS))
        return name, lamp(name)
    name = str(rng.choice((*WHITE_LEDS, *PHOSPHOR_LEDS, "W100")))
    return name, measured[name] if name == "W100" else lamp(name)


def draw_scanner(rng: np.random.Generator) -> Rig:
    """Return a film scanner: three narrow bands, each seen by its own channel."""
    peaks = np.asarray(SCANNER_PEAKS) + rng.normal(0.0, 8.0, 3)
    widths = rng.uniform(20.0, 45.0, 3) / 2.3548  # full width at half maximum to sigma
    response = np.exp(-0.5 * ((WAVELENGTHS[:, None] - peaks) / widths) ** 2)
    name = "scanner " + " ".join(f"{peak:.0f}" for peak in peaks)
    return Rig("scanner", name, response / response.sum(axis=0))


def draw_rig(
    rng: np.random.Generator,
    cameras: dict[str, Array],
    data: Path,
    kinds: tuple[str, ...] = tuple(KINDS),
) -> Rig:
    """Return a rig of one of `kinds`, as often as `KINDS` says.

    One camera rig in two is balanced on the bare light (a scanner's calibration, a flat field
    or a white balance); the others keep the sensor's own ratios.
    """
    share = np.asarray([KINDS[kind] for kind in kinds])
    kind = str(rng.choice(kinds, p=share / share.sum()))
    if kind == "scanner":
        return draw_scanner(rng)
    camera = str(rng.choice(sorted(cameras)))
    light_name, light = draw_light(rng, kind, data)
    response = light[:, None] * cameras[camera]
    bare = response.sum(axis=0)
    balanced = rng.random() < 0.5
    return Rig(kind, f"{camera}, {light_name}", response / (bare if balanced else bare.max()))
