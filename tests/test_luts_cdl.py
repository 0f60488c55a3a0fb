from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from orangemask.errors import ParameterError
from orangemask.luts import (
    DENSITY_REFERENCE,
    cdl_from_parameters,
    cdl_to_parameters,
    cdl_to_xml,
    gamma_to_midtones,
    midtones_error,
    midtones_to_gamma,
)
from test_luts_bake import HIGHLIGHTS, MIDTONES, SHADOWS, Midtones, import_ocio


@pytest.fixture
def cdl():
    return cdl_from_parameters(SHADOWS, HIGHLIGHTS, MIDTONES)


def density(rows=500):
    return np.random.default_rng(5).uniform(0, 2.6, (rows, 3))


def test_parameters_come_back(cdl):
    back = cdl_to_parameters(cdl)
    for values, expected in zip(back, (SHADOWS, HIGHLIGHTS, MIDTONES), strict=True):
        assert values == pytest.approx(expected, abs=1e-13)


def test_it_is_the_scaled_density_where_there_are_no_midtones():
    cdl = cdl_from_parameters(SHADOWS, HIGHLIGHTS, (0, 0, 0))
    z = (density() - SHADOWS) / np.subtract(HIGHLIGHTS, SHADOWS)
    assert cdl.power == (1, 1, 1)
    assert np.abs(cdl(density() / DENSITY_REFERENCE) - np.clip(z, 0, 1)).max() < 1e-14


@pytest.mark.parametrize("m", [-1.5, -0.4, 0.0, 0.3, 1.2])
def test_the_power_meets_the_midtone_curve_in_the_middle(m):
    gamma = midtones_to_gamma((m, m, m))
    assert 0.5 ** gamma[0] == pytest.approx(Midtones(m)(np.array(0.5)), abs=1e-15)
    assert gamma_to_midtones(gamma) == pytest.approx((m, m, m), abs=1e-14)
    z = np.linspace(0, 1, 999)
    distance = np.abs(z ** gamma[0] - Midtones(m)(z)).max()
    print(f"m {m}: gamma {gamma[0]:.4f}, greatest difference {distance:.4f}")
    assert midtones_error((m, 0, 0)) == pytest.approx(distance, abs=1e-4)


def test_opencolorio_evaluates_the_file_alike(cdl, tmp_path):
    ocio = import_ocio()
    path = tmp_path / "look.cdl"
    path.write_bytes(cdl_to_xml(cdl, title="roll 7 & <8>"))
    transform = ocio.CDLTransform.CreateFromFile(str(path), "roll 7 & <8>")
    transform.setStyle(ocio.CDL_ASC)
    assert transform.getSlope() == pytest.approx(cdl.slope, rel=1e-9)
    assert transform.getSat() == 1
    processor = ocio.Config.CreateRaw().getProcessor(transform)
    pixels = (density() / DENSITY_REFERENCE).astype(np.float32)
    expected = cdl(pixels.astype(np.float64))
    processor.getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS).applyRGB(pixels)
    print(f"against OpenColorIO {np.abs(pixels - expected).max():.1e}")
    assert np.abs(pixels - expected).max() < 1e-5


def test_the_file_says_how_exact_it_is(cdl):
    root = ElementTree.fromstring(cdl_to_xml(cdl, comments=["roll & frame"]))
    space = "{urn:ASC:CDL:v1.2}"
    texts = [node.text for node in root.iter(f"{space}Description")]
    assert texts[0] == "roll & frame"
    assert f"greatest difference {midtones_error(MIDTONES):.4f}" in texts[-1]
    assert root.find(f".//{space}SatNode/{space}Saturation").text == "1"


def test_what_a_cdl_cannot_hold_is_refused(cdl):
    with pytest.raises(ParameterError, match="denser"):
        cdl_from_parameters(HIGHLIGHTS, SHADOWS, MIDTONES)
    with pytest.raises(ParameterError, match="finite"):
        cdl_from_parameters(SHADOWS, (np.nan, 1, 1), MIDTONES)
    with pytest.raises(ParameterError, match="three"):
        cdl_from_parameters(SHADOWS, (1, 1), MIDTONES)
    with pytest.raises(ParameterError, match="above 0"):
        cdl_to_parameters(type(cdl)((0, 1, 1), (0, 0, 0), (1, 1, 1)))
