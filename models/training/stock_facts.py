"""What is known of each stock and print material beside its curves.

Which stocks are still made is as of 2026. What is an assumption says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from training.films import Array

OWL = "github.com/OwlMightyCh/film-scan-calibration, CC-BY-4.0"
SFL = "github.com/JanLohse/spectral_film_lut 0.18.13, MIT"
BOTH = "CC-BY-4.0 (OwlMightyCh/film-scan-calibration); MIT (Jan Lohse, spectral_film_lut)"
CC_BY = "CC-BY-4.0 (OwlMightyCh/film-scan-calibration)"
MIT = "MIT (Jan Lohse, spectral_film_lut)"

# Inter-layer effects that real IT8 charts asked for (README.md): rows are the red, green and blue
# sensitive layer. The blue layer hardly acts on the red one.
EKTAR = np.asarray([[1.56, -0.55, -0.01], [-0.35, 1.69, -0.34], [-0.19, -0.39, 1.58]])
PORTRA = np.asarray([[1.43, -0.50, 0.07], [-0.34, 1.72, -0.38], [-0.17, -0.39, 1.56]])
MEAN = (EKTAR + PORTRA) / 2.0

# Shares of that mean where no chart was measured: assumptions. A negative's is a little less
# than the two measured. Slides: chosen so that Provia, sold for true colour, shows a
# ColorChecker at about 1.05 of its chroma; Velvia, sold for the opposite, has the whole.
NEGATIVE, SLIDE, VIVID = 0.75, 0.45, 1.0
VIVID_DYES = 0.7  # Velvia 100: its purer dyes do some of it

# Default granularity: through the published ones of Fujifilm's negatives (160S 3, 400H 4,
# Natura 1600 7).
GRAIN_AT_400, GRAIN_POWER = 4.0, 0.3
# Share of red light that comes back from the base, assumptions: cine film has a black backing.
HALATION, HALATION_REMJET = 0.03, 0.01


@dataclass(frozen=True, slots=True)
class Facts:
    """A stock.

    Attributes
    ----------
    label, maker, process : str
    iso : float
    source : str
        Its name in `films`, or in the table of positives.
    paper : str
        What it is printed on; empty for slides.
    about : str
        One or two sentences.
    dyes : str
        Name of its dyes in the data folder, for slides.
    discontinued : bool
    balance_K : float
    rms : float or None
        Published RMS granularity.
    rms_source : str
    coupling : float or (3, 3) float64
        Share of `MEAN`, or a measured matrix of its own.
    split : bool
        The dyes published for it lie on the bounds of their author's fit; its neutral is split
        by typical dyes instead.
    """

    label: str
    maker: str
    process: str
    iso: float
    source: str
    paper: str
    about: str
    dyes: str = ""
    discontinued: bool = False
    balance_K: float = 5500.0  # noqa: N815 - the unit
    rms: float | None = None
    rms_source: str = "data sheet, from spectral_film_lut"
    coupling: float | Array = NEGATIVE
    split: bool = False

    @property
    def is_slide(self) -> bool:
        """Whether it is reversal film."""
        return not self.paper

    @property
    def inter_layer(self) -> Array:
        """Matrix on log exposures; rows sum to 1."""
        if isinstance(self.coupling, float):
            return np.asarray(np.eye(3) + self.coupling * (MEAN - np.eye(3)))
        return self.coupling

    @property
    def granularity(self) -> tuple[float, str]:
        """RMS granularity and where it is from."""
        if self.rms is not None:
            return self.rms, self.rms_source
        value = GRAIN_AT_400 * (self.iso / 400.0) ** GRAIN_POWER
        return round(value, 1), "default by speed, 4 (ISO / 400)^0.3"

    @property
    def halation(self) -> float:
        """Share of red light that the base reflects."""
        return HALATION_REMJET if self.process in ("ECN-2", "K-14") else HALATION


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """A print material.

    Attributes
    ----------
    label : str
    source : str
        Its name in the table of positives.
    magenta, yellow : float
        Density of the filters before the lamp: what its layers' speeds ask for under these
        negatives, rounded.
    """

    label: str
    source: str
    magenta: float
    yellow: float


ENDURA, VISION = "kodak-portra-endura", "kodak-2383"
PAPERS = {
    ENDURA: PaperFacts("Kodak Professional Portra Endura paper", "PortraEndura", 0.55, 0.7),
    VISION: PaperFacts("Kodak Vision Color Print Film 2383", "Kodak2383", 0.15, 0.5),
}


def kodak(label: str, iso: float, source: str, about: str, **more: Any) -> Facts:
    """Return a Kodak C-41 stock."""
    return Facts(f"Kodak {label}", "Kodak", "C-41", iso, source, ENDURA, about, **more)


def fuji(label: str, iso: float, source: str, about: str, **more: Any) -> Facts:
    """Return a Fujifilm C-41 stock."""
    return Facts(label, "Fujifilm", "C-41", iso, source, ENDURA, about, **more)


def cine(label: str, iso: float, source: str, about: str, **more: Any) -> Facts:
    """Return an ECN-2 stock."""
    maker = label.split()[0]
    return Facts(label, maker, "ECN-2", iso, source, VISION, about, **more)


GONE: dict[str, Any] = {"discontinued": True}
TUNGSTEN: dict[str, Any] = {"balance_K": 3200.0}
# fmt: off
STOCKS: dict[str, Facts] = {
    "kodak-portra-160": kodak(
        "Portra 160", 160.0, "Portra160",
        "Portrait film of fine grain and soft contrast; its inter-layer effects are measured.",
        coupling=PORTRA,
    ),
    "kodak-portra-400": kodak(
        "Portra 400", 400.0, "Portra400",
        "The all-round professional portrait film, with much room for overexposure.",
    ),
    "kodak-portra-800": kodak(
        "Portra 800", 800.0, "Portra800",
        "The fast Portra; the data are those of its first version of 1998.",
    ),
    "kodak-gold-200": kodak(
        "Gold 200", 200.0, "Gold200",
        "The classic holiday film: warm, with strong yellows.",
    ),
    "kodak-ultramax-400": kodak(
        "UltraMax 400", 400.0, "Ultramax400",
        "Consumer film for everything, a stop faster than Gold.",
    ),
    "kodak-ektar-100": kodak(
        "Ektar 100", 100.0, "Ektar100",
        "The finest grain and the strongest colour of Kodak's negatives; its inter-layer "
        "effects are measured.",
        coupling=EKTAR,
    ),
    "kodak-proimage-100": kodak(
        "ProImage 100", 100.0, "ProImage100",
        "Wedding and school film for warm climates; natural skin, moderate contrast.",
    ),
    "kodak-vericolor-iii": kodak(
        "Vericolor III", 160.0, "VericolorIII",
        "Kodak's portrait film of the 1980s, before Portra.",
        **GONE,
    ),
    "fuji-200": fuji(
        "Fujifilm 200", 200.0, "Fujifilm200",
        "Consumer film of today under Fujifilm's name. Its neutral is split by typical dyes.",
        split=True,
    ),
    "fuji-400": fuji(
        "Fujifilm 400", 400.0, "Fujifilm400",
        "The faster consumer film of today; dyes and sensitivities are published as those of "
        "Fujifilm 200, its neutral split by typical dyes.",
        split=True,
    ),
    "fujicolor-100": fuji(
        "Fujicolor 100", 100.0, "Fujicolor100",
        "Fine-grained daylight film sold in Japan.",
    ),
    "fujicolor-c200": fuji(
        "Fujicolor C200", 200.0, "FujiC200",
        "The budget film of the 2000s and 2010s: cool greens, low price.",
        rms=4.0, **GONE,
    ),
    "fuji-superia-premium-400": fuji(
        "Fujicolor Superia Premium 400", 400.0, "SuperiaPremium400",
        "The Superia that Japan kept, tuned for skin.",
    ),
    "fuji-pro-400h": fuji(
        "Fujicolor Pro 400H", 400.0, "Pro400H",
        "The wedding film: pale, airy, with a fourth colour layer, which the data do not "
        "show.",
        rms=4.0, **GONE,
    ),
    "fuji-pro-160c": fuji(
        "Fujicolor Pro 160C", 160.0, "Pro160C",
        "The contrasty twin of the 160s, for landscape and fashion.",
        rms=3.0, **GONE,
    ),
    "fuji-pro-160s": fuji(
        "Fujicolor Pro 160S", 160.0, "Pro160S",
        "Smooth portrait film of low contrast.",
        rms=3.0, **GONE,
    ),
    "fuji-reala-100": fuji(
        "Fujicolor Superia Reala 100", 100.0, "Reala100",
        "Known for true colour in mixed light, with a fourth layer, which the data do not "
        "show.",
        rms=4.0, **GONE,
    ),
    "fuji-natura-1600": fuji(
        "Fujicolor Natura 1600", 1600.0, "Natura1600",
        "Night and available light film; visible grain, lively colour.",
        rms=7.0, **GONE,
    ),
    "agfa-vista-100": Facts(
        "Agfa Vista 100", "Agfa", "C-41", 100.0, "AgfaVista100", ENDURA,
        "Agfa's last own consumer film: rich reds.",
        rms=4.0, **GONE,
    ),
    "kodak-vision3-50d": cine(
        "Kodak Vision3 50D 5203", 50.0, "Vision3_50D",
        "The slowest and finest of today's motion picture negatives, for sunlight.",
    ),
    "kodak-vision3-250d": cine(
        "Kodak Vision3 250D 5207", 250.0, "Vision3_250D",
        "Motion picture negative for daylight, inside and out.",
    ),
    "kodak-vision3-200t": cine(
        "Kodak Vision3 200T 5213", 200.0, "Vision3_200T",
        "Motion picture negative for studio light.",
        **TUNGSTEN,
    ),
    "kodak-vision3-500t": cine(
        "Kodak Vision3 500T 5219", 500.0, "Vision3_500T",
        "The night film of today's cinema.",
        **TUNGSTEN,
    ),
    "kodak-vision-320t": cine(
        "Kodak Vision 320T 5277", 320.0, "Vision320T",
        "Motion picture negative of the 1990s of low contrast.",
        **GONE, **TUNGSTEN,
    ),
    "kodak-exr-100t": cine(
        "Kodak EXR 100T 5248", 100.0, "EXR100T",
        "Studio negative of the early 1990s.",
        **GONE, **TUNGSTEN,
    ),
    "eastman-5247": Facts(
        "Eastman Color Negative II 5247", "Kodak", "ECN-2", 125.0, "Eastman5247", VISION,
        "The negative of the cinema of the 1970s and 1980s, from a late sheet.",
        rms=5.0, **GONE, **TUNGSTEN,
    ),
    "fuji-eterna-500": Facts(
        "Fujifilm Eterna 500", "Fujifilm", "ECN-2", 500.0, "Eterna500", VISION,
        "Fujifilm's soft, muted motion picture negative.",
        rms=3.5, **GONE, **TUNGSTEN,
    ),
    "kodak-ektachrome-e100": Facts(
        "Kodak Ektachrome E100", "Kodak", "E-6", 100.0, "EktachromeE100", "",
        "The slide film that came back in 2018: clean, a little cool, fine grain.",
        dyes="EktachromeE100", rms=9.0, rms_source="taken as Provia 100F's", coupling=SLIDE,
    ),
    "fuji-provia-100f": Facts(
        "Fujichrome Provia 100F", "Fujifilm", "E-6", 100.0, "Provia100F", "",
        "The reference slide film: neutral, fine grain.",
        dyes="Provia100F", rms=9.0, coupling=SLIDE,
    ),
    "fuji-velvia-50": Facts(
        "Fujichrome Velvia 50", "Fujifilm", "E-6", 50.0, "Velvia50", "",
        "The landscape film: deep, saturated colour and high contrast.",
        dyes="Velvia50", rms=9.0, coupling=VIVID,
    ),
    "fuji-velvia-100": Facts(
        "Fujichrome Velvia 100", "Fujifilm", "E-6", 100.0, "Velvia50", "",
        "Velvia a stop faster. Only its dyes are published in our data: curves, sensitivities "
        "and grain are those of Velvia 50, moved by its speed.",
        dyes="Velvia100", rms=9.0, rms_source="taken as Velvia 50's",
        coupling=VIVID_DYES,
    ),
    "kodachrome-64": Facts(
        "Kodachrome 64", "Kodak", "K-14", 64.0, "Kodachrome64", "",
        "The film of the magazines of the 20th century, whose dyes came in at development.",
        rms=10.0, discontinued=True, coupling=SLIDE,
    ),
}
# fmt: on
