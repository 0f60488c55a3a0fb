"""Baking, and the looks and pictures that the tests of `orangemask.luts` share."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from orangemask.curves import (
    LINEAR,
    MIN_TRANSMITTANCE,
    SRGB,
    Affine,
    Chain,
    Density,
    Table,
    Transfer,
)
from orangemask.errors import ParameterError
from orangemask.luts import bake, moving_shaper, reads_linear
from orangemask.transforms import Curves, Matrix, Transform

DATA = Path(os.environ.get("ORANGEMASK_DATA", Path(__file__).parents[2] / "shared" / "data"))
PHOTOS = DATA / "photos"
BASE = np.array([0.22, 0.60, 0.85])  # D of an orange mask, Status M-like
CONTRAST = 0.65  # D per decade of exposure, C-41
SHADOWS = (0.28, 0.65, 0.92)
HIGHLIGHTS = (1.52, 1.95, 2.28)
MIDTONES = (0.1, 0.0, -0.15)
CROSSTALK = ((1.08, -0.06, -0.02), (-0.05, 1.12, -0.07), (-0.01, -0.10, 1.11))
PRIMARIES = ((1.10, -0.08, -0.02), (-0.03, 1.06, -0.03), (0.01, -0.09, 1.08))
MEAN_DELTA_E = 0.3  # below what an eye tells apart side by side


@dataclass(frozen=True, slots=True)
class Midtones:
    """z / (z + (1 - z) e^-m), straight on outside 0…1."""

    m: float

    def __call__(self, z):
        k = np.exp(-self.m)
        inner = np.clip(z, 0, 1)
        bent = inner / (inner + (1 - inner) * k)
        return bent + np.minimum(z, 0) / k + np.maximum(z - 1, 0) * k


@dataclass(frozen=True, slots=True)
class Print:
    """max(0, E (1 - 10^-v))^4 with a soft shoulder from 0.75."""

    exposure: float = 1.08
    soft: float = 0.75

    def __call__(self, v):
        y = np.maximum(0, self.exposure * (1 - 10.0**-v)) ** 4
        room = 1 - self.soft
        over = np.maximum(y - self.soft, 0)
        return np.minimum(y, self.soft) + room * (1 - np.exp(-over / room))


def build_look(source=SRGB, crosstalk=True, primaries=True, midtones=MIDTONES):
    """Invert C41 as DESIGN section 3 writes it."""
    a = np.array(CROSSTALK)
    prints = [
        Chain((Affine(1 / (h - s), -s / (h - s)), Midtones(m), Print()))
        for s, h, m in zip(SHADOWS, HIGHLIGHTS, midtones, strict=True)
    ]
    return Transform.of(
        [
            Curves((source,) * 3),
            Curves((Density(),) * 3),
            *([Matrix(a, BASE - a @ BASE)] if crosstalk else []),
            Curves(tuple(prints)),
            *([Matrix.of(PRIMARIES)] if primaries else []),
            Curves((SRGB.inverse,) * 3),
        ]
    )


def synthetic_photo(h=120, w=180):
    """Smooth, colourful, dark to bright: display codes of a positive."""
    y, x = np.mgrid[0:h, 0:w] / (h - 1)
    waves = [0.5 + 0.5 * np.cos(7 * x + 5 * y * k + 2 * k) for k in range(3)]
    return np.clip((0.06 + 0.94 * np.stack(waves, -1)) * (0.15 + 0.85 * y[..., None]), 0, 1)


def negative(photo):
    """Linear transmittance of the negative of display codes."""
    exposure = np.maximum(SRGB(photo), 0.004)
    return 10 ** -(BASE + CONTRAST * (np.log10(exposure) + 2.4))


def photographs():
    cv2 = pytest.importorskip("cv2")
    yield "synthetic", synthetic_photo()
    for path in sorted(PHOTOS.glob("*.jpg"))[40:1000:240]:
        yield path.name, cv2.imread(str(path))[::4, ::4, ::-1] / 255.0


def import_colour():
    """colour-science, whose import warns of a missing matplotlib."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("colour", reason="pip install orangemask[dev]")


def delta_e(one, two):
    """CIE 2000 between pictures of sRGB codes."""
    colour = import_colour()
    labs = [
        colour.XYZ_to_Lab(
            colour.sRGB_to_XYZ(np.clip(codes, 0, 1)),
            colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D65"],
        )
        for codes in (one, two)
    ]
    return colour.delta_E(*labs, method="CIE 2000")


def import_ocio():
    return pytest.importorskip("PyOpenColorIO", reason="pip install opencolorio")


def ocio_apply(path, codes):
    """A look-up table file applied by OpenColorIO in float, tetrahedral."""
    ocio = import_ocio()
    ocio.ClearAllCaches()
    transform = ocio.FileTransform(src=str(path), interpolation=ocio.INTERP_TETRAHEDRAL)
    processor = ocio.Config.CreateRaw().getProcessor(transform)
    cpu = processor.getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
    pixels = np.ascontiguousarray(codes.reshape(-1, 3), np.float32)
    cpu.applyRGB(pixels)
    return pixels.reshape(codes.shape)


def test_table_is_the_transform_at_the_grid():
    look = build_look()
    table = bake(look, 5)
    codes = np.array([[0.25, 1.0, 0.5]])
    assert np.array_equal(table[1, 4, 2], look(codes)[0])
    assert table.shape == (5, 5, 5, 3) and table.dtype == np.float64


def test_shaped_table_is_the_transform_of_the_unshaped_grid():
    look = build_look(LINEAR)
    shaper = moving_shaper(look)
    table = bake(look, 9, shaper=shaper)
    codes = shaper.inverse(np.array([[2, 8, 5]]) / 8)
    assert np.allclose(table[2, 8, 5], look(codes)[0], atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shaper_inverts_within_its_ends_and_holds_outside(dtype):
    shaper = moving_shaper(build_look(LINEAR))
    s = np.linspace(0, 1, 33).repeat(3).reshape(-1, 3).astype(dtype)
    assert shaper(s).dtype == dtype
    assert np.allclose(shaper(shaper.inverse(s)), s, atol=20 * np.finfo(dtype).eps)
    ends = np.array([[-1.0] * 3, [0.0] * 3, [1.0] * 3, [7.0] * 3], dtype)
    assert np.allclose(shaper(ends), [[0] * 3, [0] * 3, [1] * 3, [1] * 3])


def test_shaper_spans_what_moves_and_little_more():
    look = build_look(LINEAR, crosstalk=False, primaries=False)
    shaper = moving_shaper(look)
    for c in range(3):
        dense, clear = -np.log10(shaper.low[c]), -np.log10(shaper.high[c])
        assert SHADOWS[c] - 0.25 <= clear <= SHADOWS[c] + 0.05
        assert HIGHLIGHTS[c] + 0.1 <= dense <= 4
    flat = Transform((Matrix.of(np.zeros((3, 3))),))
    assert moving_shaper(flat).low == pytest.approx((MIN_TRANSMITTANCE,) * 3)


@pytest.mark.parametrize(
    ("source", "linear"),
    [
        (LINEAR, True),
        (SRGB, False),
        (Transfer(2.2), False),
        (Table(np.linspace(0, 1, 9)), True),
        (Table(np.linspace(0, 1, 9) ** 1.8), False),
    ],
)
def test_linear_input_is_told_from_encoded(source, linear):
    assert reads_linear(build_look(source)) is linear


def test_transforms_without_curves_read_light():
    assert reads_linear(Transform()) and reads_linear(Transform.of([Matrix.of(PRIMARIES)]))


@pytest.mark.parametrize("size", [-1, 0, 1, 130])
def test_sizes_beyond_the_limits_are_refused(size):
    with pytest.raises(ParameterError, match="2 to 129"):
        bake(Transform(), size)


def test_a_look_that_is_not_a_number_is_refused():
    with pytest.raises(ParameterError, match="not a number"):
        bake(Transform.of([Curves((Affine(np.inf),) * 3)]), 3)
