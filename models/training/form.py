"""The form of the inversion in torch, and the oracle: the best nine numbers per picture.

Density, cross-talk matrix A, nine parameters, midtone curve g, print curve P, primaries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from training.films import Array
from training.lights import colour

WHITE_PRINT = 0.9  # linear light at v = 1, the highlight parameter's meaning
PRIMARIES = ("sRGB", "Display P3", "ITU-R BT.2020")
MIDTONES = ("moebius", "power", "exponential", "toe")
PRINTINGS = ("negadoctor", "paper")
TOE = 4.0  # sharpness of the toe at m = 0, per z
LAB_KNEE = (6.0 / 29.0) ** 3  # CIE 15:2018
MIDTONE_WEIGHT = 0.1  # ΔE; keeps m about 0 where gamma or S and H could do its work
CHROMA_WEIGHT = 0.03  # between the 0.045 (chroma) and 0.015 (hue) of CIE94


@dataclass(frozen=True, slots=True)
class Form:
    """What all pictures share.

    Attributes
    ----------
    gamma, soft : float
        Paper grade and start of the soft clip of negadoctor's print curve. Of "paper": the
        logistic's slope per v and its middle in v.
    span : float
        log10 range of the print between v = 0 and 1; 1 is negadoctor's own with Dmax = H − S,
        another is its Dmax = (H − S) / span. Of "paper": its density range in D.
    a : (3, 3) float64
        Cross-talk of dyes and sensor; rows sum to 1.
    primaries : str
        Of the print's channels, one of `PRIMARIES`.
    midtone : str
        One of `MIDTONES`.
    printing : str
        One of `PRINTINGS`.
    """

    gamma: float
    soft: float
    span: float
    a: Array
    primaries: str
    midtone: str
    printing: str = "negadoctor"

    @property
    def exposure(self) -> float:
        """E of the print curve, so that v = 1 prints `WHITE_PRINT`."""
        return float(print_exposure(torch.tensor([self.gamma, self.soft, self.span])))


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures to invert: density (n, p, 3), base (n, 3), linear sRGB truth (n, p, 3)."""

    density: Tensor
    base: Tensor
    truth: Tensor


def print_exposure(curve: Tensor) -> Tensor:
    """Return E for b = 0 from P(1) = `WHITE_PRINT`: the soft clip and power solved backwards.

    `curve` holds gamma, soft and span.
    """
    gamma, soft, span = curve
    ramp = (WHITE_PRINT - soft) / (1.0 - soft)
    clipped = soft - (1.0 - soft) * torch.log1p(-ramp.clamp(max=0.999))
    q = torch.where(ramp > 0.0, clipped, torch.tensor(WHITE_PRINT, dtype=soft.dtype))
    exposure: Tensor = q ** (1.0 / gamma) / (1.0 - 10.0**-span)
    return exposure


def midtone(z: Tensor, m: Tensor, kind: str) -> Tensor:
    """Return g(z; m), one of `MIDTONES`; all rise and go through (0, 0) and (1, 1).

    "moebius" z / (z + (1 − z) e^−m), straight on beyond 0 and 1 with its slopes there; "power"
    of |z|; "exponential" (1 − e^−mz) / (1 − e^−m): toe for m < 0, shoulder for m > 0; "toe"
    softplus (k z) from 0 with k = 4 e^m: a toe that goes over into a straight line.
    """
    if kind == "power":
        return torch.sign(z) * (z.abs() + 1e-6) ** torch.exp(-m)
    if kind == "exponential":
        # Linear where m is so small that the quotient would lose its digits.
        safe = torch.where(m.abs() < 1e-3, torch.full_like(m, 1e-3), m)
        return torch.expm1(-safe * z.clamp(-2.0, 3.0)) / torch.expm1(-safe)
    if kind == "toe":
        k = TOE * torch.exp(m)
        rest = float(np.log(2.0))
        toe: Tensor = softplus(k * z) - rest
        return toe / (softplus(k) - rest)
    inside = z.clamp(0.0, 1.0)
    v = inside / (inside + (1.0 - inside) * torch.exp(-m))
    return v + (z.clamp(max=0.0)) * torch.exp(m) + (z - 1.0).clamp(min=0.0) * torch.exp(-m)


def print_curve(v: Tensor, curve: Tensor, printing: str = "negadoctor") -> Tensor:
    """Return the print of v: linear light, `WHITE_PRINT` at v = 1.

    "negadoctor" with black 0 is 0 at v = 0 and stays below 1. "paper" is a density curve as of
    RA-4 paper, a logistic of log exposure: toe, straight line, shoulder and a black above 0.
    """
    gamma, soft, span = curve
    if printing == "paper":
        one = torch.ones((), dtype=v.dtype)
        density = span * (torch.sigmoid(gamma * (soft - v)) - torch.sigmoid(gamma * (soft - one)))
        light: Tensor = WHITE_PRINT * 10.0**-density
        return light
    # The floor keeps the gradient of the power finite; it prints below 1e-12.
    p = (print_exposure(curve) * (1.0 - 10.0 ** -(span * v))).clamp(min=1e-4)
    q = p**gamma
    above = (q - soft).clamp(min=0.0) / (1.0 - soft)
    # ONNX has no expm1.
    printed: Tensor = torch.minimum(q, soft) - (1.0 - soft) * (torch.exp(-above) - 1.0)
    return printed


def to_srgb(primaries: str) -> Array:
    """Return the matrix from linear `primaries` to linear sRGB; all have white D65."""
    to_xyz = colour.RGB_COLOURSPACES[primaries].matrix_RGB_to_XYZ
    from_xyz = np.linalg.inv(colour.RGB_COLOURSPACES["sRGB"].matrix_RGB_to_XYZ)
    return np.asarray(from_xyz @ to_xyz)


def srgb_to_lab(linear: Tensor) -> Tensor:
    """Return CIELAB (D65) of linear sRGB; the straight part goes on below 0."""
    to_xyz = np.asarray(colour.RGB_COLOURSPACES["sRGB"].matrix_RGB_to_XYZ)
    to_xyz = to_xyz / to_xyz.sum(axis=1, keepdims=True)
    xyz = linear @ torch.tensor(to_xyz.T, dtype=linear.dtype)
    root = xyz.clamp(min=LAB_KNEE) ** (1.0 / 3.0)
    f = torch.where(xyz > LAB_KNEE, root, xyz * (841.0 / 108.0) + 4.0 / 29.0)
    x, y, z = f.unbind(-1)
    return torch.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], dim=-1)


def difference(result: Tensor, truth: Tensor) -> Tensor:
    """Return a smooth stand-in for ΔE2000 (n, p): CIELAB, a and b weighed down with chroma."""
    lab, reference = srgb_to_lab(result), srgb_to_lab(truth)
    chroma = reference[..., 1:].norm(dim=-1)
    delta = lab - reference
    weighed = (delta[..., 1:] ** 2).sum(-1) / (1.0 + CHROMA_WEIGHT * chroma) ** 2
    return torch.sqrt(delta[..., 0] ** 2 + weighed + 0.01)


def delta_e_2000(result: Tensor, truth: Tensor) -> Array:
    """Return CIE ΔE2000 (n, p) of linear sRGB, the result clipped to the display."""
    labs = [srgb_to_lab(x).numpy() for x in (result.clamp(0.0, 1.0), truth)]
    return np.asarray(colour.difference.delta_E_CIE2000(*labs))


def print_to_v(form: Form, truth: Tensor) -> Tensor:
    """Return v that would print the truth, clamped to 0.02 to 1.2: the start of the oracle."""
    matrix = torch.tensor(np.linalg.inv(to_srgb(form.primaries)).T, dtype=truth.dtype)
    y = (truth @ matrix).clamp(1e-6, 0.985)
    if form.printing == "paper":
        light = torch.sigmoid(torch.tensor(form.gamma * (form.soft - 1.0), dtype=y.dtype))
        share = -torch.log10(y / WHITE_PRINT) / form.span + light
        return (form.soft - torch.logit(share.clamp(0.001, 0.999)) / form.gamma).clamp(0.02, 1.2)
    soft, e = form.soft, form.exposure
    q = torch.where(y > soft, soft - (1 - soft) * torch.log1p(-(y - soft) / (1 - soft)), y)
    p = q ** (1.0 / form.gamma)
    return (-torch.log10((1.0 - p / e).clamp(min=0.01)) / form.span).clamp(0.02, 1.2)


def start(form: Form, pictures: Pictures) -> Tensor:
    """Return nine numbers (n, 3, 3), rows S, log(H − S), m, from a straight line per channel."""
    a = torch.tensor(form.a.T, dtype=pictures.density.dtype)
    base = pictures.base[:, None]
    d = base + (pictures.density - base) @ a
    v = print_to_v(form, pictures.truth)
    mean_v, mean_d = v.mean(1), d.mean(1)
    cov = ((v - mean_v[:, None]) * (d - mean_d[:, None])).mean(1)
    slope = (cov / v.var(1, unbiased=False).clamp(min=1e-3)).clamp(0.3, 3.0)
    return torch.stack([mean_d - slope * mean_v, slope.log(), torch.zeros_like(slope)], dim=1)


def invert(pictures: Pictures, nine: Tensor, curve: Tensor, a: Tensor, form: Form) -> Tensor:
    """Return linear sRGB (n, p, 3) of the pictures with their nine numbers."""
    base = pictures.base[:, None]
    d = base + (pictures.density - base) @ a.T
    z = (d - nine[:, 0, None]) * torch.exp(-nine[:, 1, None])
    y = print_curve(midtone(z, nine[:, 2, None], form.midtone), curve, form.printing)
    return y @ torch.tensor(to_srgb(form.primaries).T, dtype=y.dtype)


def fit(
    form: Form,
    pictures: Pictures,
    *,
    shared: bool = False,
    fit_span: bool = False,
    fit_a: bool = False,
    steps: int = 400,
    rate: float = 0.02,
) -> tuple[Form, Array, Array]:
    """Return the form, the nine numbers and the mean ΔE2000 of each picture at their best.

    Parameters
    ----------
    form : Form
        Fixed, or the start of what is fitted.
    pictures : Pictures
    shared : bool
        Fit gamma and soft (and span, with `fit_span`) over all pictures too.
    fit_a : bool
        Fit A over all pictures too.
    steps : int
        Of Adam, the rate falling as a cosine.
    rate : float
        First step in D.
    """
    dtype = pictures.density.dtype
    nine = start(form, pictures).requires_grad_()
    gamma_soft = [np.log(form.gamma), np.log(form.soft / (1 - form.soft))]
    curve = torch.tensor(gamma_soft, dtype=dtype)
    span = torch.tensor(np.log(form.span), dtype=dtype)
    off = torch.tensor(form.a - np.diag(np.diag(form.a)), dtype=dtype)
    free: list[dict[str, object]] = [{"params": [nine], "lr": rate}]
    if shared:
        free.append({"params": [curve.requires_grad_()], "lr": rate})
    if fit_span:
        free.append({"params": [span.requires_grad_()], "lr": rate})
    if fit_a:
        free.append({"params": [off.requires_grad_()], "lr": rate / 4})
    optimiser = torch.optim.Adam(free, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, rate / 100)
    mask = 1.0 - torch.eye(3, dtype=dtype)

    def parts() -> tuple[Tensor, Tensor]:
        outside = off * mask
        shape = torch.stack([curve[0].exp(), torch.sigmoid(curve[1]), span.exp()])
        return shape, outside + torch.diag(1 - outside.sum(1))

    for _ in range(steps):
        optimiser.zero_grad()
        result = invert(pictures, nine, *parts(), form)
        loss = difference(result, pictures.truth).mean() + MIDTONE_WEIGHT * (nine[:, 2] ** 2).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        shape, a = parts()
        best = invert(pictures, nine, shape, a, form)
        error = delta_e_2000(best, pictures.truth).mean(axis=1)
    gamma, soft, width = shape.double().tolist()
    found = replace(form, gamma=gamma, soft=soft, span=width, a=a.double().numpy())
    return found, nine.detach().double().numpy(), error
