"""darktable's negadoctor: its parameters, its formula and the inverse.

On linear light x of the working profile, per channel c::

    t_c = 10^(wb_high_c / D_max · log10(x_c / Dmin_c) + wb_high_c · offset · wb_low_c)
    p_c = max(0, exposure · (1 + black − t_c))
    g_c = p_c^gamma
    y_c = g_c                                           up to s = soft_clip
        = s + (1 − s) (1 − exp(−(g_c − s) / (1 − s)))   above

Of the four per-channel numbers only two are free, a gain and an exponent: Dmin and wb_low are both
gains. black, gamma, soft_clip and exposure are common.

Reference
---------
darktable, src/iop/negadoctor.c, parameters version 2 (5.0.1 to 5.4.1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from orangemask.curves import Floats
from orangemask.errors import ParameterError
from orangemask.image import Triple
from orangemask_bridge.structs import NEGADOCTOR, Field

Light = Floats

COLOUR_FILM = 1
THRESHOLD = 2.0**-32  # its floor of light
UNUSED = 1.0  # the fourth element of its vectors
MOST_PRINT = 1.0 - 1e-6  # y that stands for all above it; 1 is never reached
LEAST_T = 1e-12

RANGES: Mapping[str, tuple[float, float]] = {
    "d_min": (1e-5, 1.5),
    "wb_high": (0.25, 2.0),
    "wb_low": (0.25, 2.0),
    "d_max": (0.1, 6.0),
    "offset": (-1.0, 1.0),
    "black": (-0.5, 0.5),
    "gamma": (1.0, 8.0),
    "soft_clip": (1e-4, 1.0),
    "exposure": (0.5, 2.0),
}
"""What its sliders allow."""

_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "d_min": ("D min red component", "D min green component", "D min blue component"),
    "wb_low": ("shadows red offset", "shadows green offset", "shadows blue offset"),
    "wb_high": ("illuminant red gain", "illuminant green gain", "illuminant blue gain"),
    "d_max": ("D max",),
    "offset": ("scan exposure bias",),
    "black": ("paper black (density correction)",),
    "gamma": ("paper grade (gamma)",),
    "soft_clip": ("paper gloss (specular highlights)",),
    "exposure": ("print exposure adjustment",),
}
"""The sliders' names in paths of actions (``dt.gui.action``), red, green, blue."""


@dataclass(frozen=True, slots=True)
class Negadoctor:
    """Its parameters for colour film; the defaults are its own.

    Attributes
    ----------
    d_min, wb_high, wb_low : 3 floats
        Transmittance of the film base; highlights' and shadows' white balance.
    d_max : float
        D.
    offset, black, gamma, soft_clip, exposure : float
    """

    d_min: Triple = (1.0, 0.45, 0.25)
    wb_high: Triple = (1.0, 1.0, 1.0)
    wb_low: Triple = (1.0, 1.0, 1.0)
    d_max: float = 2.046
    offset: float = -0.05
    black: float = 0.0755
    gamma: float = 4.0
    soft_clip: float = 0.75
    exposure: float = 0.9245

    def __call__(self, light: Light) -> Light:
        """Return the print, linear light 0…1, of a negative's linear light (…, 3)."""
        return self.printed(10.0 ** self.corrected_density(light))

    def corrected_density(self, light: Light) -> Light:
        """Return log10 t of a negative's linear light (…, 3): 0 prints black, less is lighter."""
        density = np.log10(np.maximum(light, THRESHOLD) / self.d_min)
        shift = self.offset * np.array(self.wb_low)
        return np.asarray(np.array(self.wb_high) * (density / self.d_max + shift))

    def printed(self, t: Light) -> Light:
        """Return the print of t, which all channels share."""
        y = np.maximum(self.exposure * (1.0 + self.black - t), 0.0) ** self.gamma
        return shoulder(np.asarray(y), self.soft_clip)

    def unprinted(self, y: Light) -> Light:
        """Return t of a print: the inverse of `printed`, held where that is level."""
        y = np.clip(y, 0.0, MOST_PRINT)
        room = 1.0 - self.soft_clip
        over = np.maximum(y - self.soft_clip, 0.0)
        if room > 0.0:
            y = np.minimum(y, self.soft_clip) - room * np.log1p(-over / room)
        return np.asarray(1.0 + self.black - y ** (1.0 / self.gamma) / self.exposure)

    def inverse(self, y: Light) -> Light:
        """Return the negative's light (…, 3) of a print.

        What prints black is taken for the thinnest, what prints white for the densest that does.
        """
        t = np.maximum(self.unprinted(y), LEAST_T)
        high = np.array(self.wb_high)
        log_t = np.log10(t) - high * self.offset * np.array(self.wb_low)
        return np.asarray(np.array(self.d_min) * 10.0 ** (log_t * self.d_max / high))

    def within_range(self) -> Negadoctor:
        """Return the parameters moved to what its sliders allow, as the float32 they become."""
        held: dict[str, float | Triple] = {}
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            kept = np.clip(np.asarray(value, np.float32), np.float32(low), np.float32(high))
            held[name] = _triple(kept) if kept.ndim else float(kept)
        return replace(self, **held)  # type: ignore[arg-type]

    def pack(self) -> bytes:
        """Return darktable's struct."""
        vectors = {
            name: (*getattr(self, own), UNUSED)
            for name, own in (("Dmin", "d_min"), ("wb_high", "wb_high"), ("wb_low", "wb_low"))
        }
        single = {
            name: getattr(self, name)
            for name in ("offset", "black", "gamma", "soft_clip", "exposure")
        }
        return NEGADOCTOR.pack(
            {"film_stock": COLOUR_FILM, **vectors, "D_max": self.d_max, **single}
        )

    @classmethod
    def unpack(cls, raw: bytes) -> Negadoctor:
        """Return the parameters in darktable's struct.

        Raises
        ------
        ParameterError
            It is no such struct, or holds what darktable's sliders do not allow.
        """
        known = NEGADOCTOR.unpack(raw)
        vectors = {name: _vector(known[name]) for name in ("Dmin", "wb_high", "wb_low")}
        if known["film_stock"] != COLOUR_FILM:  # black-and-white film: one film base for all
            vectors["Dmin"] = (vectors["Dmin"][0],) * 3
        read = cls(
            vectors["Dmin"],
            vectors["wb_high"],
            vectors["wb_low"],
            *(
                _number(known[name])
                for name in ("D_max", "offset", "black", "gamma", "soft_clip", "exposure")
            ),
        )
        if read.within_range() != read:
            raise ParameterError("these parameters of negadoctor are outside of its sliders")
        return read

    def numbers(self) -> dict[str, float | Triple]:
        """Return the parameters by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def actions(self) -> list[dict[str, str | float]]:
        """Return what sets its sliders: ``path`` and ``value`` for `dt.gui.action`.

        The slider of the print's exposure shows and takes stops.
        """
        found: list[dict[str, str | float]] = []
        for name, labels in _ACTIONS.items():
            value = getattr(self, name)
            each = value if isinstance(value, tuple) else (value,)
            if name == "exposure":
                each = (math.log2(self.exposure),)
            found += [
                {"path": f"iop/{NEGADOCTOR.operation}/{label}", "value": number}
                for label, number in zip(labels, each, strict=True)
            ]
        return found


def shoulder(y: Light, soft_clip: float) -> Light:
    """Return a print with its highlights rolled off above `soft_clip`, towards 1."""
    room = 1.0 - soft_clip
    if room <= 0.0:
        return np.minimum(y, 1.0)
    over = np.maximum(y - soft_clip, 0.0)
    return np.asarray(np.minimum(y, soft_clip) - room * np.expm1(-over / room))


def _vector(value: Field) -> Triple:
    if not isinstance(value, tuple):
        raise TypeError("a vector is a tuple")
    return _triple(value)


def _triple(value: Light | tuple[float, ...]) -> Triple:
    return float(value[0]), float(value[1]), float(value[2])


def _number(value: Field) -> float:
    if not isinstance(value, (int, float)):
        raise TypeError("a number is a float")
    return float(value)
