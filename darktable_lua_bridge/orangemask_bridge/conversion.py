"""Our nine values as negadoctor's parameters, and a user's negadoctor edit as our nine.

Ours (DESIGN §3), for light T of the source::

    D' = B + A (D − B),  z_c = (D'_c − S_c) / (H_c − S_c),  y_c = P(g(z_c; m_c))
    P(v): p = E (1 − 10^(−σ v)), p^γ, a shoulder

negadoctor has the same P, and t = 10^(−σ z) of a z of its own, straight in each channel's density::

    z_c = (D_c − s_c) / (h_c − s_c)
    σ / (h_c − s_c) = wb_high_c / D_max                 the exponent
    10^−s_c = Dmin_c · 10^(−D_max · offset · wb_low_c)    the gain

**S and H are exact.** A grey of ours that prints black has D' = S, so D = B + A⁻¹(S − B) =: s, and
h likewise of H: on the line between them, where all z are equal, both have the same z. Colours
beside that line differ by A.

**Midtones.** negadoctor's γ, σ and exposure are common to the channels. They are those whose print
is nearest, in sRGB codes, to the mean print of the three layers; black and white stay where they
are (black = 0; the exposure follows from white).

**Film base.** Dmin is the film base's own light, and offset · wb_low_c = (s_c − B_c) / D_max, where
the sliders' ranges allow it; else Dmin takes up what is left. The print is the same.

What A and the differences of m leave is carried by a table behind negadoctor (`rest`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from orangemask.curves import MIN_TRANSMITTANCE, SRGB
from orangemask.errors import ParameterError
from orangemask.filters import find_filter
from orangemask.image import Triple
from orangemask.nine import nine_to_values, values_to_nine
from orangemask.values import Values
from orangemask_bridge.negadoctor import RANGES, Light, Negadoctor, shoulder
from orangemask_bridge.reading import Reading
from orangemask_filters.invert_c41 import FILTER, MIN_SPAN
from orangemask_filters.invert_c41.print_curve import PRINT
from orangemask_filters.midtone import Midtone

STEPS = np.linspace(0.0, 1.0, 65)[1:]  # of z, at which prints are compared
WHITE = float(PRINT(np.ones(1))[0])  # what z = 1 prints; black is 0
UNSHOULDERED = float(Negadoctor(black=0.0, gamma=1.0, exposure=1.0).unprinted(np.array(WHITE)))
WHITE_PRINT = 1.0 - UNSHOULDERED  # the same before the shoulder
SPANS = (0.05, 3.0)  # σ that are tried
TRIED, ROUNDS = 17, 5  # values of each number, and how often the grid is made finer
LEAST_OFFSET = 0.01  # below it wb_low would have to be far from 1 for little
USUAL_OFFSET = -0.05  # negadoctor's default
MIDTONES = (-4.0, 4.0)  # what the nine allow
LEAST_LIGHT = MIN_TRANSMITTANCE**2  # D = 8: no film


@dataclass(frozen=True, slots=True)
class Grade:
    """What negadoctor's channels share.

    Attributes
    ----------
    gamma, exposure : float
    span : float
        σ: t of white is 10^−σ.
    """

    gamma: float
    exposure: float
    span: float


def values_to_negadoctor(values: Values, reading: Reading) -> Negadoctor:
    """Return negadoctor's parameters for nine values.

    Parameters
    ----------
    values : Values
        Of ``invert-c41``.
    reading : Reading
        How darktable reads the scan.

    Raises
    ------
    ParameterError
        The values are of another filter, or cross-talk turns a channel upside down.
    """
    shadows, midtones, highlights = _rows(values)
    black, white = (_grey(values, reading, row) for row in (shadows, highlights))
    spans = white - black
    if min(spans) <= 0.0:
        raise ParameterError(
            "negadoctor cannot show these values: with the rig's cross-talk a channel's "
            "highlights lie below its shadows; render them instead"
        )
    grade = common_grade(midtones)
    exponents = grade.span / spans
    low, high = RANGES["wb_high"]
    d_max = float(np.exp(-np.log(exponents).mean()))
    d_max = min(max(d_max, low / exponents.min()), high / exponents.max(), RANGES["d_max"][1])
    base = _density(reading.to_work(10.0 ** -np.array(values.context.base.density)))
    offset, wb_low = _shadow_balance((black - base) / d_max)
    return Negadoctor(
        _triple(10.0 ** (d_max * offset * wb_low - black)),
        _triple(d_max * exponents),
        _triple(wb_low),
        d_max,
        offset,
        0.0,
        grade.gamma,
        PRINT.soft_clip,
        grade.exposure,
    ).within_range()


def negadoctor_to_values(edit: Negadoctor, values: Values, reading: Reading) -> Values:
    """Return the nine values nearest to a negadoctor edit.

    S and H are where the edit prints our black and our white. The midtones move together, by what
    its paper is softer or harder than the one made of `values`; how the layers differ stays.

    Parameters
    ----------
    edit : Negadoctor
    values : Values
        Whose film base, rig and differences between the layers are meant.
    reading : Reading

    Raises
    ------
    ParameterError
        The edit's black and white do not lie apart in every channel.
    """
    _, midtones, _ = _rows(values)
    source = reading.to_source(edit.inverse(np.array([[0.0] * 3, [WHITE] * 3])))
    base, mix = np.array(values.context.base.density), np.array(values.context.rig.crosstalk)
    black, white = base + (_density(source) - base) @ mix.T
    if not np.all(white - black >= MIN_SPAN):
        raise ParameterError(
            "the nine values cannot say this edit: its black and white do not lie apart in every "
            "channel"
        )
    moved = _midtone_of(edit) - _midtone_of(values_to_negadoctor(values, reading))
    middle = np.clip(np.array(midtones) + moved, *MIDTONES)
    found = nine_to_values([black.tolist(), middle.tolist(), white.tolist()])
    one = find_filter(values.filter)
    held = {
        param.name: min(max(found[param.name], param.minimum), param.maximum)
        for param in one.params
    }
    return replace(values, values=one.checked(held), model=None, model_sha256=None)


@lru_cache(maxsize=64)
def common_grade(midtones: Triple) -> Grade:
    """Return the paper whose print is nearest to the mean print of the layers."""
    wanted = np.mean([_codes(PRINT(Midtone(m)(STEPS))) for m in midtones], axis=0)
    low, high = RANGES["exposure"]
    gammas, spans = RANGES["gamma"], SPANS
    for _ in range(ROUNDS):
        gamma = np.linspace(*gammas, TRIED).reshape(-1, 1, 1)
        span = np.geomspace(*spans, TRIED).reshape(-1, 1)
        exposure = WHITE_PRINT ** (1.0 / gamma) / (1.0 - 10.0**-span)  # (γ, σ, 1)
        printed = (exposure * (1.0 - 10.0 ** (-span * STEPS))) ** gamma  # (γ, σ, z)
        error = ((_codes(shoulder(printed, PRINT.soft_clip)) - wanted) ** 2).mean(axis=2)
        allowed = ((exposure >= low) & (exposure <= high))[..., 0]
        i, j = divmod(int(np.argmin(np.where(allowed, error, np.inf))), TRIED)
        best = Grade(float(gamma[i, 0, 0]), float(exposure[i, j, 0]), float(span[j, 0]))
        gammas = _nearer(gammas, best.gamma, RANGES["gamma"])
        middle = float(np.log(best.span))
        spans = _exp(_nearer(_log(spans), middle, _log(SPANS)))
    return best


def _midtone_of(paper: Negadoctor) -> float:
    """Return the m, common to the layers, whose print is nearest to a paper's."""
    black, white = np.log10(np.maximum(paper.unprinted(np.array([0.0, WHITE])), LEAST_LIGHT))
    shown = _codes(paper.printed(10.0 ** (black + STEPS * (white - black))))
    around = MIDTONES
    for _ in range(ROUNDS):
        tried = np.linspace(*around, TRIED)
        errors = [((_codes(PRINT(Midtone(float(m))(STEPS))) - shown) ** 2).sum() for m in tried]
        best = float(tried[int(np.argmin(errors))])
        around = _nearer(around, best, MIDTONES)
    return best


def _grey(values: Values, reading: Reading, row: Triple) -> Light:
    """Return the density (3,) in the working profile of the grey that has D' = `row`."""
    base, mix = np.array(values.context.base.density), np.array(values.context.rig.crosstalk)
    density = base + unmixed(mix, np.array(row) - base)
    return _density(reading.to_work(10.0**-density))


def unmixed(mix: Light, densities: Light) -> Light:
    """Return the densities (…, 3) that cross-talk (3, 3) turns into these.

    That of black-and-white film makes one grey of all three and has no inverse: then the nearest
    to the film base that give this grey.
    """
    return np.asarray(densities @ np.linalg.pinv(mix).T)


def _shadow_balance(shifts: Light) -> tuple[float, Light]:
    """Return offset and wb_low (3,) whose product is `shifts`, or less where sliders end.

    Dmin is then darker than the film base by what is left; it has room there.
    """
    low, high = RANGES["wb_low"]
    offset = float(shifts.mean())
    if abs(offset) < LEAST_OFFSET or not np.all((shifts / offset > low) & (shifts / offset < high)):
        offset = float(shifts.min())
    if offset > -LEAST_OFFSET and shifts.min() < LEAST_OFFSET:
        return USUAL_OFFSET, np.ones(3)
    offset = float(np.clip(offset, *RANGES["offset"]))
    return offset, np.clip(shifts / offset, low, high)


def _rows(values: Values) -> tuple[Triple, Triple, Triple]:
    if values.filter != FILTER.name:
        raise ParameterError(
            f"negadoctor can show values of {FILTER.name}, not of {values.filter}; render them"
        )
    return values_to_nine(values.values)


def _nearer(
    ends: tuple[float, float], best: float, limits: tuple[float, float]
) -> tuple[float, float]:
    """Return the interval of two steps either side of the best of a grid."""
    step = 2.0 * (ends[1] - ends[0]) / (TRIED - 1)
    return max(best - step, limits[0]), min(best + step, limits[1])


def _codes(light: Light) -> Light:
    """Return sRGB codes, where errors are about as visible everywhere."""
    return np.asarray(SRGB.inverse(light))


def _density(light: Light) -> Light:
    return np.asarray(-np.log10(np.maximum(light, LEAST_LIGHT)))


def _log(ends: tuple[float, float]) -> tuple[float, float]:
    return float(np.log(ends[0])), float(np.log(ends[1]))


def _exp(ends: tuple[float, float]) -> tuple[float, float]:
    return float(np.exp(ends[0])), float(np.exp(ends[1]))


def _triple(row: Light) -> Triple:
    return float(row[0]), float(row[1]), float(row[2])
