"""From scene light through a film to display light, wavelength by wavelength.

    H     = E · linear sRGB                 E: rows sum to 1, so that greys expose all layers alike
    log H'= K log10(H / 0.18)               K: inter-layer effects, rows sum to 1
    a     = curve(log H')                   dye amounts, per layer
    T(λ)  = 10^−(D_min(λ) + Σ a_c dye_c(λ))               Bouguer, Beer

    print: log H_p = K_p log10 Σ_λ T(λ) light(λ) S_p(λ) + filtration, K_p as K, the paper's
           curves and dyes, and T_p(λ) as above; projection: T relative to the clearest film
    XYZ   = Σ_λ T(λ) D50(λ) x̄ȳz̄(λ), of which white is 1 and black 0 in each component
    scan:  D_c   = −log10 Σ_λ T(λ) Status_c(λ), on each channel's own grey scale; D' = A D, rows
           of A sum to 1; a negative is then printed by the print curve of Invert C41

The light of a picture is not a spectrum; E is what comes nearest for real reflectances under the
light that the film is balanced for (training/reflectances.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from orangemask.curves import Floats
from orangemask.errors import ParameterError
from orangemask.filters import unknown
from orangemask.spaces import PCS_WHITE, adaptation, space
from orangemask_filters.film_emulate.exposure import GREY, HIGHLIGHTS
from orangemask_filters.film_emulate.material import Array, Curves, Film, Paper
from orangemask_filters.invert_c41.print_curve import PRINT_FROM_BLACK

# What a layer gets without light: 9 EV below grey, deeper than films see. A layer that a colour
# outside sRGB would expose negatively gets no less than half of it.
LEAST_LIGHT = GREY / 512.0
LEAST_TRANSMITTANCE = 1e-9  # D = 9, beyond any film; its logarithm is finite
MOST_BLACK = 0.5  # of white; a film that shows more without light is no film
LEAST_RANGE = 1e-3  # D between mid grey and highlights
LN10 = float(np.log(10.0))


@dataclass(frozen=True, slots=True, eq=False)
class Standards:
    """Tables on `WAVELENGTHS`, and what a scan corrects.

    Attributes
    ----------
    xyz : (31, 3) float64
        CIE 1931 colour matching functions times D50; Y sums to 1.
    status_a, status_m : (31, 3) float64
        ISO 5-3 densitometers' red, green, blue; each sums to 1.
    scan_negative, scan_slide : (3, 3) float64
        Cross-talk of balanced densities; rows sum to 1.
    """

    xyz: Array
    status_a: Array
    status_m: Array
    scan_negative: Array
    scan_slide: Array


@lru_cache(maxsize=1)
def standards() -> Standards:
    """Return the tables of film_standards.json."""
    text = (files("orangemask_models") / "film_standards.json").read_text("utf-8")
    tables = json.loads(text)
    names = ("xyz_d50", "status_a", "status_m", "scan_negative", "scan_slide")
    return Standards(*(np.asarray(tables[name]) for name in names))


def expose(light: Floats, film: Film) -> Floats:
    """Return the layers' log10 exposures (n, 3), 0 at an 18 % grey, of linear sRGB (n, 3)."""
    kind = light.dtype.type
    exposure = light @ film.exposure.T.astype(light.dtype)
    least = kind(LEAST_LIGHT)
    # max(0, H) + least made smooth, so that a cube can follow.
    exposure = kind(0.5) * (exposure + least + np.sqrt(exposure * exposure + least * least))
    return np.log10(exposure * kind(1.0 / GREY)) @ film.inter_layer.T.astype(light.dtype)


def curve(log_exposure: Floats, curves: Curves) -> Floats:
    """Return dye amounts (n, 3) of log exposures (n, 3)."""
    x = curves.log_exposure
    columns = [np.interp(log_exposure[:, c], x, curves.amounts[:, c]) for c in range(3)]
    return np.stack(columns, axis=1).astype(log_exposure.dtype)


def develop(light: Floats, film: Film) -> Floats:
    """Return the film's dye amounts (n, 3) of linear sRGB (n, 3)."""
    return curve(expose(light, film), film.curves)


def transmit(amounts: Floats, dyes: Array) -> Floats:
    """Return the transmittance (n, 31) of dye amounts (n, 3)."""
    density = amounts @ (dyes.T * -LN10).astype(amounts.dtype)
    return np.exp(density, out=density)


def print_exposure(transmittance: Floats, film: Film, paper: Paper) -> Floats:
    """Return the log exposures (n, 3) of a paper's layers under a negative (n, 31).

    The film's D_min is not in `transmittance`; it is added here.
    """
    base = paper.light * 10.0**-film.d_min
    received = transmittance @ (base[:, None] * paper.sensitivity).astype(transmittance.dtype)
    received = np.maximum(received, received.dtype.type(LEAST_TRANSMITTANCE))
    mixed = np.log10(received) @ paper.inter_layer.T.astype(transmittance.dtype)
    return np.asarray(mixed + film.filtration.astype(transmittance.dtype))


def view(film: Film, amounts: Floats) -> Floats:
    """Return XYZ (n, 3) of a print or a projected slide, of which the medium's white is 1.

    Parameters
    ----------
    film : Film
    amounts : (n, 3) float
        Dye amounts of the film.
    """
    light = transmit(amounts, film.dyes)
    if film.paper is not None:
        exposure = print_exposure(light, film, film.paper)
        light = transmit(curve(exposure, film.paper.curves), film.paper.dyes)
    seen = standards().xyz / standards().xyz.sum(axis=0)
    return np.asarray(light @ seen.astype(light.dtype))


def to_display(xyz: Floats, black: Floats) -> Floats:
    """Return linear Rec. 2020 (n, 3) of XYZ (n, 3) of which white is 1; `black` becomes 0."""
    relative = (xyz - black) / (1 - black)
    return np.asarray(relative @ display_matrix().T.astype(xyz.dtype))


@lru_cache(maxsize=1)
def display_matrix() -> Array:
    """Return the matrix (3, 3) from XYZ over that of D50 to linear Rec. 2020; rows sum to 1."""
    target = space("linear-rec2020")
    adapt = adaptation(np.asarray(PCS_WHITE), target.rgb_to_xyz.sum(axis=1))
    matrix = np.linalg.inv(target.rgb_to_xyz) @ adapt * np.asarray(PCS_WHITE)
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))


def render(light: Floats, film: Film, finish: str) -> Floats:
    """Return display light of scene light.

    Parameters
    ----------
    light : (n, 3) float
        Linear sRGB, scene-referred, mid grey 0.18; negative where outside its gamut.
    film : Film
    finish : str
        "print", "projection" or "scan".

    Returns
    -------
    (n, 3) float
        Linear Rec. 2020, white 1, black 0; negative where outside its gamut.

    Raises
    ------
    ParameterError
        The film has no such finish, or does not work: it shows light where there is none, or has
        no densities between grey and highlights.
    """
    amounts = develop(light, film)
    if finish == "scan":
        return invert(balance(densities(film, amounts), film), film)
    first = "projection" if film.paper is None else "print"
    if finish != first:
        raise ParameterError(unknown("finish", finish, (first, "scan")))
    black = view(film, develop(np.zeros((1, 3), light.dtype), film))
    if black.max() > MOST_BLACK:
        raise ParameterError(
            f"without light the film shows {black.max():.2f} of white; its curves or its print "
            "filtration cannot be right"
        )
    return to_display(view(film, amounts), black)


def densities(film: Film, amounts: Floats) -> Floats:
    """Return a scanner's densities (n, 3) above the clearest film, of dye amounts (n, 3)."""
    weights = standards().status_a if film.paper is None else standards().status_m
    base = 10.0**-film.d_min
    weights = base[:, None] * weights / (base @ weights)
    light = transmit(amounts, film.dyes) @ weights.astype(amounts.dtype)
    return -np.log10(np.maximum(light, light.dtype.type(LEAST_TRANSMITTANCE)))


def balance(density: Floats, film: Film) -> Floats:
    """Return densities (n, 3) that are equal for greys, after cross-talk.

    Each channel's density becomes what green (of slides the eye) has where the film's grey scale
    gives the channel that density. Beyond the scale the difference from its end is kept.
    """
    scale = densities(film, film.curves.amounts)
    common = scale[:, 1]
    if film.paper is None:
        common = -np.log10(view(film, film.curves.amounts)[:, 1])
        scale, common = scale[::-1], common[::-1]  # so that they rise
    columns = []
    for c in range(3):
        x = density[:, c]
        inside = np.interp(x, scale[:, c], common)
        columns.append(inside + np.minimum(x - scale[0, c], 0) + np.maximum(x - scale[-1, c], 0))
    crosstalk = standards().scan_slide if film.paper is None else standards().scan_negative
    balanced = np.stack(columns, axis=1).astype(density.dtype)
    return balanced @ crosstalk.T.astype(density.dtype)


def invert(density: Floats, film: Film) -> Floats:
    """Return linear Rec. 2020 (n, 3) of balanced densities (n, 3).

    A slide is shown as it is. A negative goes through the print curve of Invert C41.
    """
    kind = density.dtype.type
    if film.paper is None:
        return np.exp(density * kind(-LN10))
    slope, offset = scan_range(film)
    black = kind(PRINT_FROM_BLACK(np.asarray([offset]))[0])
    printed = PRINT_FROM_BLACK(density * kind(slope) + kind(offset))
    return (printed - black) / (1 - black)


@lru_cache(maxsize=256)
def scan_range(film: Film) -> tuple[float, float]:
    """Return slope and offset from density above base to z of the print curve, 0 black, 1 white.

    z is 1 for a grey at `HIGHLIGHTS`; the offset is that which shows mid grey as 0.18.
    """
    scene = np.repeat(np.asarray([[GREY], [GREY * 2.0**HIGHLIGHTS]]), 3, axis=1)
    grey, white = densities(film, develop(scene, film))[:, 1]
    if white - grey < LEAST_RANGE:
        raise ParameterError(f"the film's density rises by {white - grey:.4f} D above mid grey")
    # z = 1 + slope (D − white); more slope is a darker grey.
    low, high = 0.1 / white, 10.0 / (white - grey)
    for _ in range(60):
        slope = np.sqrt(low * high)
        z = 1.0 + slope * (np.asarray([0.0, grey]) - white)
        black, shown = PRINT_FROM_BLACK(z)
        darker = (shown - black) / (1.0 - black) < GREY
        low, high = (low, slope) if darker else (slope, high)
    return float(slope), float(1.0 - slope * white)
