"""What a stock is made of: films, papers, their curves and spectra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

WAVELENGTHS: Array = np.arange(400.0, 701.0, 10.0)  # nm, of every spectrum in a file
LAYERS = ("cyan", "magenta", "yellow")  # dyes of the red, green and blue sensitive layer
FINISHES = {
    "C-41": ("print", "scan"),
    "ECN-2": ("print", "scan"),
    "E-6": ("projection", "scan"),
    "K-14": ("projection", "scan"),
}
FITTED = ("fitted",)  # the finish of a stock that is a cube


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Dye amounts (n, 3) after log10 exposures first, first + step, …; level beyond the ends."""

    first: float
    step: float
    amounts: Array

    @property
    def log_exposure(self) -> Array:
        """The exposures (n,) of `amounts`."""
        return np.asarray(self.first + self.step * np.arange(len(self.amounts)))


@dataclass(frozen=True, slots=True, eq=False)
class Paper:
    """What a negative is printed on: paper, or film for projection.

    Attributes
    ----------
    name, label : str
    light : (31,) float64
        The printing light behind its filters; only its shape counts.
    sensitivity : (31, 3) float64
        Linear, of the red, green and blue sensitive layer.
    dyes : (31, 3) float64
        Spectral density of cyan, magenta and yellow at amount 1.
    inter_layer : (3, 3) float64
        Mixes the layers' log exposures; rows sum to 1.
    curves : Curves
    licence : str
    sources : tuple of str
    """

    name: str
    label: str
    light: Array
    sensitivity: Array
    dyes: Array
    inter_layer: Array
    curves: Curves
    licence: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """The spectral facts of a film.

    Attributes
    ----------
    exposure : (3, 3) float64
        Exposures of the red, green and blue sensitive layer per linear sRGB; rows sum to 1.
    inter_layer : (3, 3) float64
        Mixes the layers' log exposures; rows sum to 1.
    curves : Curves
        Exposures from that of an 18 % grey at normal exposure.
    d_min : (31,) float64
        Spectral density of the unexposed negative; of slides that of the clearest film.
    dyes : (31, 3) float64
        Spectral density of cyan, magenta and yellow at amount 1.
    paper : Paper or None
        What a negative is printed on.
    filtration : (3,) float64
        Added to the log exposures of the paper's layers: printing time and filters.
    neutral_D : tuple of float
        Mean and greatest change of a dye amount that made the greys neutral, in D.
    """

    exposure: Array
    inter_layer: Array
    curves: Curves
    d_min: Array
    dyes: Array
    paper: Paper | None
    filtration: Array
    neutral_D: tuple[float, float]  # noqa: N815 - the unit


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """A film stock.

    Attributes
    ----------
    name, label, maker : str
        "kodak-gold-200", "Kodak Gold 200", "Kodak".
    process : str
        A key of `FINISHES`.
    iso : float
    balance_K : float
        Light that the film is balanced for; the picture's white stands for it.
    discontinued : bool
    finishes : tuple of str
        The first is the default.
    granularity : float
        RMS granularity, D × 1000 through a round aperture of 48 µm.
    granularity_source : str
    halation : float
        Share of the red layer's light that the base reflects back.
    licence : str
    sources : tuple of str
    doc : str
        A paragraph.
    film : Film or None
        The spectral facts; None where a cube stands for them.
    cube : (n, n, n, 3) float32 or None
        sRGB codes over the unit coordinates of `bake.film_cube`, of linear sRGB; [r, g, b].
    """

    name: str
    label: str
    maker: str
    process: str
    iso: float
    balance_K: float  # noqa: N815 - the unit
    discontinued: bool
    finishes: tuple[str, ...]
    granularity: float
    granularity_source: str
    halation: float
    licence: str
    sources: tuple[str, ...]
    doc: str
    film: Film | None
    cube: NDArray[np.float32] | None = None
