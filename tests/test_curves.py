"""Curves against colour-science and their own inverses."""

import numpy as np
import pytest

from orangemask.curves import LINEAR, SRGB, Affine, Chain, Density, Table, Transfer

FLOAT32_ROUNDING = 2e-6


def test_srgb_agrees_with_colour_science():
    colour = pytest.importorskip("colour", reason="the reference of this test")
    codes = np.linspace(0, 1, 1001)
    assert np.allclose(SRGB(codes), colour.models.eotf_sRGB(codes), atol=1e-12)
    assert np.allclose(SRGB.inverse(codes), colour.models.eotf_inverse_sRGB(codes), atol=2e-7)


@pytest.mark.parametrize("curve", [LINEAR, SRGB, Transfer(2.2), Transfer(1.8, 0.0, 16.0, 0.03125)])
def test_transfer_and_its_inverse_are_one(curve):
    codes = np.linspace(-0.5, 2, 501)
    assert np.allclose(curve.inverse(curve(codes)), codes, atol=1e-6)


def test_transfer_clips_nothing():
    assert SRGB(np.array([2.0]))[0] > 1
    assert SRGB(np.array([-0.5]))[0] < 0


def test_density_of_known_transmittances():
    density = Density()(np.array([1.0, 0.1, 0.5, 10**-0.3]))
    assert np.allclose(density, [0.0, 1.0, 0.30103, 0.3], atol=1e-6)


def test_density_of_impossible_values_is_finite():
    assert np.allclose(Density()(np.array([0.0, -1.0, np.nan, np.inf])), [4, 4, 4, 0])


def test_density_below_zero_where_light_exceeds_one():
    assert Density()(np.array([2.0]))[0] == pytest.approx(-0.30103, abs=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("curve", [SRGB, Density(), Affine(2, 1), Table(np.array([0.0, 0.2, 1.0]))])
def test_curves_keep_dtype_and_shape(curve, dtype):
    x = np.linspace(0, 1, 12, dtype=dtype).reshape(3, 4)
    assert curve(x).dtype == dtype and curve(x).shape == (3, 4)


def test_float32_is_near_float64():
    x = np.linspace(1e-4, 1, 1000)
    for curve in (SRGB, SRGB.inverse, Density()):
        assert np.abs(curve(x.astype(np.float32)) - curve(x)).max() < FLOAT32_ROUNDING


def test_table_is_linear_between_samples():
    assert Table(np.array([0.0, 1.0]), 1.0, 3.0)(np.array([0.0, 2.0, 4.0])).tolist() == [0, 0.5, 1]


def test_chain_applies_in_order():
    assert Chain((Affine(2, 0), Affine(1, 1)))(np.array([3.0]))[0] == 7
