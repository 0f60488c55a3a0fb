from __future__ import annotations

import time
from xml.etree import ElementTree

import numpy as np
import pytest

from orangemask.curves import LINEAR, SRGB, Affine, Chain, Density, Table, Transfer
from orangemask.errors import ParameterError
from orangemask.luts import transform_to_clf
from orangemask.transforms import Curves, Matrix, Transform
from test_luts_bake import PRIMARIES, Print, build_look, negative, ocio_apply, synthetic_photo

EXACT = 2e-4  # asked for; float32 arithmetic alone gives about 1e-5 after the logarithm
PROPHOTO = Transfer(1.8, 0.0, 16.0, 0.03125)
REC709 = Transfer(1 / 0.45, 0.099, 4.5, 0.081)
SOURCES = {
    "linear": LINEAR,
    "srgb": SRGB,
    "gamma 2.2": Transfer(2.2),
    "rec709": REC709,
    "prophoto": PROPHOTO,
    "icc": Table(np.linspace(0, 1, 1024) ** 1.8),
}


def error_of(tmp_path, look, codes):
    path = tmp_path / "look.clf"
    path.write_bytes(transform_to_clf(look, title="a look"))
    return float(np.abs(ocio_apply(path, codes) - look(codes)).max())


@pytest.mark.parametrize("crosstalk", [False, True])
@pytest.mark.parametrize("source", SOURCES)
def test_opencolorio_renders_negatives_as_the_transform_does(tmp_path, source, crosstalk):
    look = build_look(SOURCES[source], crosstalk)
    density = np.random.default_rng(7).uniform(0, 3, (20000, 3))
    light = np.concatenate([10**-density, negative(synthetic_photo()).reshape(-1, 3)])
    grid = np.linspace(0, 1, 65536)  # a code for each light, also where there is no inverse
    codes = np.interp(light, SOURCES[source](grid), grid)
    error = error_of(tmp_path, look, codes)
    print(f"{source}, crosstalk {crosstalk}: {error:.1e}, {size_of(tmp_path)} bytes")
    assert error < EXACT


def size_of(tmp_path):
    return (tmp_path / "look.clf").stat().st_size


def test_the_codes_0_and_1_and_above(tmp_path):
    codes = np.array([[0.0] * 3, [1.0] * 3, [0, 1, 0], [1.5, 0.2, 1.9], [1e-7, 1e-3, 1e-4]])
    for source in (LINEAR, SRGB):
        assert error_of(tmp_path, build_look(source), codes) < EXACT


def test_nodes_are_the_chain(tmp_path):
    root = ElementTree.fromstring(transform_to_clf(build_look(SRGB), comments=["a <b> & c"]))
    names = [child.tag.split("}")[1] for child in root]
    assert names == [
        "Description",
        "Exponent",
        "Range",
        "Log",
        "Matrix",
        "LUT1D",
        "Matrix",
        "Exponent",
    ]
    assert root[0].text == "a <b> & c"
    assert root.tag == "{urn:AMPAS:CLF:v3.0}ProcessList" and root.get("compCLFversion") == "3.0"


@pytest.mark.parametrize(
    "operations",
    [
        [],
        [Matrix.of(PRIMARIES, (0.1, -0.2, 0.3))],
        [Curves((Affine(2, 0.1), Affine(3, -1), Affine(-1, 1)))],
        [Curves((SRGB, LINEAR, Transfer(2.2)))],
        [Curves((Chain((SRGB, Density())), Density(), Chain((Transfer(2.0), Density()))))],
        [Curves((Chain((Density(), Print())), Chain((Density(), Affine(2), Print())), LINEAR))],
        [Curves((Transfer(1.8),) * 3), Curves((SRGB.inverse,) * 3)],
        [Curves((Table(np.array([0, 0.9, 0.2, 1.0]), -0.5, 1.5),) * 3)],
        [Curves((Table(np.full(5, 0.25)), LINEAR, LINEAR))],
        [Curves((Print(),) * 3), Curves((Print(),) * 3)],
    ],
    ids=str,
)
def test_other_chains_are_written_exactly_too(tmp_path, operations):
    codes = np.random.default_rng(3).uniform(0.002, 1, (4000, 3))
    assert error_of(tmp_path, Transform.of(operations), codes) < EXACT


def test_a_curve_that_is_not_a_number_is_refused():
    class Broken:
        def __call__(self, x):
            return np.where(x > 0.5, np.nan, x)

    with pytest.raises(ParameterError, match="not a number"):
        transform_to_clf(Transform.of([Curves((Broken(),) * 3)]))


def test_writing_takes_less_than_a_second():
    start = time.perf_counter()
    transform_to_clf(build_look())
    assert time.perf_counter() - start < 1
