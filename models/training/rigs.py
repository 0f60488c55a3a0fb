"""Rigs: the light and the sensor that turn film into numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from orangemask_filters.invert_c41.rigs import RIGS
from training.films import WAVELENGTHS, Array, read_json
from training.lights import (
    FLUORESCENTS,
    PHOSPHOR_LEDS,
    WHITE_LEDS,
    colour,
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
# What the program tells apart: white light on a Bayer sensor, red, green and blue LEDs on one,
# and scanners with three bands.
RIG_CLASSES = tuple(RIGS)
DISPLAY_SHARE = 0.12  # of white-light rigs: a converter went on to a display's primaries
DISPLAY_SPACES = {"srgb": "sRGB", "rec2020": "ITU-R BT.2020"}  # names in colour-science

D65 = 6504.0  # K, of the daylight that displays' white is

LED_SHARE = 0.6  # of rigs with three lamps, LEDs; the rest a triple band-pass filter
FILTER_PEAKS = (628.0, 530.0, 457.0)  # nm, of filters sold for this; see compare_it8.py
BASE_SHARE = 0.7  # of rigs with three lamps, those set for grey film base, as people set them
BASE_SIGMA = 0.25  # natural logarithm, how nearly

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
        Light times sensitivity; the bare light gives at most 1. Negative in places where
        a converter's matrix is in it.
    space : str
        "sensor", or one of `DISPLAY_SPACES`: white balanced and matrixed before it was saved.
    """

    kind: str
    name: str
    response: Array
    space: str = "sensor"

    @property
    def rig_class(self) -> str:
        """One of `RIG_CLASSES`."""
        return {"rgb": "narrow", "scanner": "scanner"}.get(self.kind, "white")


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
    """Return the name and spectrum of a light of one of `WHITE_KINDS`."""
    if kind == "daylight":
        cct = float(rng.integers(48, 61)) * 100.0
        return f"D{cct:.0f}", daylight(cct)
    if kind == "tungsten":
        temperature = float(rng.uniform(2800.0, 3400.0))
        return f"P{temperature:.0f}", incandescent(temperature)
    if kind == "fluorescent":
        name = str(rng.choice(FLUORESCENTS))
        return name, lamp(name)
    name = str(rng.choice((*WHITE_LEDS, *PHOSPHOR_LEDS, "W100")))
    return name, scanning_lights(data)[name] if name == "W100" else lamp(name)


def bands(peaks: Sequence[float] | Array, width: float) -> Array:
    """Return Gaussian bands (31, 3) of a full width at half maximum in nm."""
    sigma = width / 2.3548
    return np.asarray(np.exp(-0.5 * ((WAVELENGTHS[:, None] - np.asarray(peaks)) / sigma) ** 2))


def balanced_rgb(d_min: Array, sensitivity: Array, base: Array, lamps: Array) -> Array:
    """Return the response (31, 3) of a camera before three lamps set for equal film base.

    Who photographs film by red, green and blue light turns the lamps until the orange base
    looks grey: blue then is the strongest by far, and a green channel that sees some of it
    mixes the layers.

    Parameters
    ----------
    d_min : (31,) float64
        Of the film in D.
    sensitivity : (31, 3) float64
        Of the camera.
    base : (3,) float64
        Codes of the film base, in any unit.
    lamps : (31, 3) float64
        Spectra of the lamps. None is turned below a hundredth of the strongest.
    """
    spectra = lamps / lamps.sum(axis=0)
    seen = np.einsum("w,wk,wc->ck", 10.0**-d_min, spectra, sensitivity)
    weights = np.linalg.solve(seen, base)
    weights = np.maximum(weights, 0.01 * weights.max())
    response = (spectra @ weights)[:, None] * sensitivity
    return np.asarray(response / response.sum(axis=0).max())


def rgb_lamps(data: Path) -> Array:
    """Return the measured spectra (31, 3) of red, green and blue scanning LEDs."""
    measured = scanning_lights(data)
    return np.stack([measured[name] for name in ("R100_G0_B0", "R0_G100_B0", "R0_G0_B100")], axis=1)


def draw_lamps(rng: np.random.Generator, data: Path) -> tuple[str, Array]:
    """Return red, green and blue light (31, 3): measured LEDs, or a filter's three bands."""
    if rng.random() < LED_SHARE:
        return "RGB", rgb_lamps(data)
    peaks = np.asarray(FILTER_PEAKS) + rng.normal(0.0, 6.0, 3)
    return "triple band", bands(peaks, rng.uniform(15.0, 35.0))


def rgb_response(
    rng: np.random.Generator, lamps: Array, sensitivity: Array, d_min: Array
) -> tuple[bool, Array]:
    """Return whether three lamps are set for the film base, and the response (31, 3) to them."""
    if rng.random() < BASE_SHARE:
        base = np.exp(rng.normal(0.0, BASE_SIGMA, 3))
        return True, balanced_rgb(d_min, sensitivity, base, lamps)
    light = (lamps / lamps.max(axis=0)) @ rng.uniform(0.5, 2.0, 3)
    return False, np.asarray(light[:, None] * sensitivity)


def draw_scanner(rng: np.random.Generator) -> Rig:
    """Return a film scanner: three narrow bands, each seen by its own channel."""
    peaks = np.asarray(SCANNER_PEAKS) + rng.normal(0.0, 8.0, 3)
    widths = rng.uniform(20.0, 45.0, 3) / 2.3548  # full width at half maximum to sigma
    response = np.exp(-0.5 * ((WAVELENGTHS[:, None] - peaks) / widths) ** 2)
    name = "scanner " + " ".join(f"{peak:.0f}" for peak in peaks)
    return Rig("scanner", name, response / response.sum(axis=0))


@cache
def display_targets(space: str) -> tuple[Array, Array]:
    """Return the ColorChecker's reflectances (24, 31) and its linear RGB (24, 3) in a space.

    Seen under D65 by the CIE 1931 observer, white at 1.
    """
    chart = colour.SDS_COLOURCHECKERS["BabelColor Average"]
    reflectances = np.stack([to_wavelengths(one.wavelengths, one.values) for one in chart.values()])
    observer = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    matching = np.stack(
        [to_wavelengths(observer.wavelengths, observer.values[:, c]) for c in range(3)], axis=1
    )
    seen = daylight(D65)[:, None] * matching
    to_rgb = colour.RGB_COLOURSPACES[DISPLAY_SPACES[space]].matrix_XYZ_to_RGB
    rgb = reflectances @ seen @ to_rgb.T
    return reflectances, rgb / (seen.sum(axis=0) @ to_rgb.T)


def display_matrix(response: Array, space: str) -> Array:
    """Return the matrix (3, 3) from balanced camera RGB to a display's linear RGB.

    Least squares over the ColorChecker as the camera sees it in that light, as converters'
    matrices are made; then each row is divided by its sum, so that white stays white.

    Parameters
    ----------
    response : (31, 3) float64
        Columns that sum to 1.
    space : str
        One of `DISPLAY_SPACES`.
    """
    reflectances, target = display_targets(space)
    solved = np.linalg.lstsq(reflectances @ response, target, rcond=None)[0].T
    return np.asarray(solved / solved.sum(axis=1, keepdims=True))


def draw_rig(
    rng: np.random.Generator,
    cameras: dict[str, Array],
    data: Path,
    d_min: Array,
    kinds: tuple[str, ...] = tuple(KINDS),
) -> Rig:
    """Return a rig of one of `kinds`, as often as `KINDS` says.

    One camera rig in two is balanced on the bare light (a scanner's calibration, a flat field
    or a white balance); the others keep the sensor's own ratios. Of the white-light rigs
    `DISPLAY_SHARE` gave their files in a display's primaries, of the rigs with three lamps
    `BASE_SHARE` have them set for the film base, `d_min` (31,) in D.
    """
    share = np.asarray([KINDS[kind] for kind in kinds])
    kind = str(rng.choice(kinds, p=share / share.sum()))
    if kind == "scanner":
        return draw_scanner(rng)
    camera = str(rng.choice(sorted(cameras)))
    if kind == "rgb":
        light_name, lamps = draw_lamps(rng, data)
        is_set, response = rgb_response(rng, lamps, cameras[camera], d_min)
        light_name += " for base" if is_set else ""
        bare = response.sum(axis=0)
        scale = bare if not is_set and rng.random() < 0.5 else bare.max()
        return Rig(kind, f"{camera}, {light_name}", response / scale)
    light_name, light = draw_light(rng, kind, data)
    response = light[:, None] * cameras[camera]
    bare = response.sum(axis=0)
    if kind in WHITE_KINDS and rng.random() < DISPLAY_SHARE:
        space = str(rng.choice(list(DISPLAY_SPACES)))
        response = response / bare
        response = response @ display_matrix(response, space).T
        return Rig(kind, f"{camera}, {light_name}", response, space)
    balanced = rng.random() < 0.5
    return Rig(kind, f"{camera}, {light_name}", response / (bare if balanced else bare.max()))
