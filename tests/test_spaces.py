"""Output spaces against colour-science."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from orangemask.errors import ParameterError
from orangemask.spaces import SPACES, adaptation, conversion, space

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it misses matplotlib
    import colour

MATRIX = 1e-9  # both are float64 arithmetic on the same primaries
CODE = 1e-9  # of 1; a 16-bit code is 1.5e-5

THEIRS = {
    "srgb": "sRGB",
    "display-p3": "Display P3",
    "adobe-rgb": "Adobe RGB (1998)",
    "rec2020": "ITU-R BT.2020",
    "prophoto": "ROMM RGB",
    "linear-rec2020": "ITU-R BT.2020",
    "acescg": "ACEScg",
}
EVERY = pytest.mark.parametrize("name", SPACES)


def reference(name: str):
    theirs = colour.RGB_COLOURSPACES[THEIRS[name]].copy()
    theirs.use_derived_transformation_matrices(True)
    return theirs


def encoded_by_colour(name: str, light: np.ndarray) -> np.ndarray:
    if name in ("linear-rec2020", "acescg"):
        return light
    if name == "rec2020":
        return colour.models.oetf_BT2020(light, is_12_bits_system=True)
    return reference(name).cctf_encoding(light)


def test_the_seven_spaces_are_declared():
    assert list(SPACES) == list(THEIRS)


@EVERY
def test_primaries_and_matrix_are_the_published_ones(name):
    np.testing.assert_allclose(
        SPACES[name].rgb_to_xyz, reference(name).matrix_RGB_to_XYZ, 0, MATRIX
    )


@EVERY
def test_the_curve_is_the_published_one(name):
    light = np.linspace(0, 1, 65536)
    codes = SPACES[name].encode(light)
    np.testing.assert_allclose(codes, encoded_by_colour(name, light), 0, CODE)
    np.testing.assert_allclose(SPACES[name].transfer(codes), light, 0, CODE)
    assert SPACES[name].is_linear == (name in ("linear-rec2020", "acescg"))


@EVERY
@pytest.mark.parametrize("other", SPACES)
def test_conversion_is_bradford(name, other):
    theirs = colour.matrix_RGB_to_RGB(reference(name), reference(other), "Bradford")
    ours = conversion(SPACES[name], SPACES[other])
    np.testing.assert_allclose(ours, theirs, 0, 1e-4)  # its Bradford matrix is another rounding
    np.testing.assert_allclose(ours @ np.ones(3), np.ones(3), 0, MATRIX)
    np.testing.assert_allclose(ours @ conversion(SPACES[other], SPACES[name]), np.eye(3), 0, MATRIX)


@EVERY
def test_white_is_d50_in_the_connection_space(name):
    white = SPACES[name].rgb_to_pcs.sum(axis=1)
    np.testing.assert_allclose(white, (0.9642, 1.0, 0.8249), 0, MATRIX)


def test_adaptation_to_the_same_white_is_nothing():
    white = np.array([0.95, 1.0, 1.09])
    np.testing.assert_allclose(adaptation(white, white), np.eye(3), 0, MATRIX)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("sRGB", "srgb"),
        ("Display P3", "display-p3"),
        ("DISPLAY-P3", "display-p3"),
        ("Adobe RGB (1998)", "adobe-rgb"),
        ("AdobeRGB", "adobe-rgb"),
        ("Rec. 2020", "rec2020"),
        ("ProPhoto", "prophoto"),
        ("Linear Rec2020", "linear-rec2020"),
        ("ACEScg", "acescg"),
    ],
)
def test_names_are_read_as_people_write_them(given, name):
    assert space(given) is SPACES[name]


@pytest.mark.parametrize("given", ["", "rgb", "cmyk", "p3"])
def test_an_unknown_space_is_refused_with_the_list(given):
    with pytest.raises(ParameterError, match=r"srgb, display-p3, .* acescg"):
        space(given)
