"""The form of the inversion: closed forms, limits and inverses."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("colour", reason="colour-science is not installed")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "models"))

from orangemask_filters.invert_c41.print_curve import PRINT  # noqa: E402
from training import form  # noqa: E402

ENDS = torch.tensor([0.0, 1.0], dtype=torch.float64)
Z = torch.linspace(-0.5, 1.5, 401, dtype=torch.float64)


@pytest.mark.parametrize("kind", form.MIDTONES)
@pytest.mark.parametrize("m", [-1.5, -0.3, 0.0, 0.3, 1.5])
def test_midtones_rise_and_keep_black_and_white(kind: str, m: float) -> None:
    value = torch.tensor(m, dtype=torch.float64)
    assert form.midtone(ENDS, value, kind).numpy() == pytest.approx([0.0, 1.0], abs=2e-3)
    assert (form.midtone(Z, value, kind).diff() >= 0.0).all()


@pytest.mark.parametrize("kind", ["moebius", "power", "exponential"])
def test_midtone_zero_is_the_identity(kind: str) -> None:
    zero = torch.tensor(0.0, dtype=torch.float64)
    assert form.midtone(Z, zero, kind).numpy() == pytest.approx(Z.numpy(), abs=1e-3)


def test_moebius_takes_the_middle_to_the_logistic_of_m() -> None:
    # 1/2 / (1/2 + 1/2 e^-m) = 1 / (1 + e^-m)
    for m in (-1.0, 0.5, 2.0):
        half, value = torch.tensor(0.5), torch.tensor(m)
        assert float(form.midtone(half, value, "moebius")) == pytest.approx(1 / (1 + np.exp(-m)))


def test_the_print_curve_is_the_one_that_the_filter_ships() -> None:
    curve = form.Form(PRINT.gamma, PRINT.soft_clip, PRINT.span, np.eye(3), "sRGB", "moebius")
    assert curve.exposure == pytest.approx(PRINT.exposure, rel=1e-3)


@pytest.mark.parametrize(
    ("printing", "numbers"), [("negadoctor", (6.0, 0.75, 0.5)), ("paper", (8.0, 0.4, 2.2))]
)
def test_prints_rise_to_white_and_their_inverse_undoes_them(
    printing: str, numbers: tuple[float, float, float]
) -> None:
    curve = torch.tensor(numbers, dtype=torch.float64)
    v = torch.linspace(0.25, 1.1, 60, dtype=torch.float64)
    light = form.print_curve(v, curve, printing)
    assert (light.diff() > 0.0).all()
    white = form.print_curve(torch.tensor([1.0], dtype=torch.float64), curve, printing)
    assert float(white[0]) == pytest.approx(form.WHITE_PRINT, abs=1e-3)
    one = form.Form(*numbers, np.eye(3), "sRGB", "moebius", printing)
    back = form.print_to_v(one, light[:, None].repeat(1, 3))[:, 0]
    assert back.numpy() == pytest.approx(v.numpy(), abs=0.01)


def test_the_oracle_finds_the_numbers_and_the_matrix_of_a_picture_it_made() -> None:
    rng = np.random.default_rng(4)
    mixing = np.asarray([[0.9, 0.1, 0.0], [-0.1, 1.3, -0.2], [0.0, 0.1, 0.9]])
    one = form.Form(6.0, 0.75, 0.5, mixing, "ITU-R BT.2020", "moebius")
    density = torch.tensor(rng.uniform(0.2, 1.3, (1, 500, 3)))
    base = torch.zeros(1, 3, dtype=torch.float64)
    nine = torch.tensor([[[0.1, 0.2, 0.0], [0.2, 0.3, 0.1], [0.1, -0.1, 0.2]]]).double()
    curve = torch.tensor([6.0, 0.75, 0.5]).double()
    blank = form.Pictures(density, base, density)
    truth = form.invert(blank, nine, curve, torch.tensor(mixing), one)
    # Negative light of colours outside sRGB does not stand in photographs.
    keep = ((truth > 0.0) & (truth < 0.9)).all(-1)[0]
    pictures = form.Pictures(density[:, keep], base, truth[:, keep])
    start = form.Form(6.0, 0.75, 0.5, np.eye(3), "ITU-R BT.2020", "moebius")
    found, numbers, error = form.fit(start, pictures, fit_a=True, steps=600)
    assert float(error.mean()) < 0.5  # ΔE2000, below what is seen
    # A row may be scaled with H - S: compare where rows sum to 1.
    np.testing.assert_allclose(found.a, mixing, atol=0.06)
    assert np.isfinite(numbers).all()
