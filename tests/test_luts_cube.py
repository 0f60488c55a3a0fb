from __future__ import annotations

import time

import numpy as np
import pytest

from orangemask.curves import LINEAR, SRGB
from orangemask.luts import bake, table_to_cube, transform_to_cube
from orangemask.luts.cube import format_rows
from orangemask.transforms import Transform
from test_luts_bake import (
    MEAN_DELTA_E,
    build_look,
    delta_e,
    import_colour,
    negative,
    ocio_apply,
    photographs,
)

READERS_AGREE = 1e-5  # two float32 interpolations of one table


def colour_apply(path, codes):
    colour = import_colour()
    lut = colour.io.read_LUT_ResolveCube(str(path))
    cube = {"interpolator": colour.algebra.table_interpolation_tetrahedral}
    if isinstance(lut, colour.LUTSequence):
        shaper, table = lut.sequence
        return table.apply(shaper.apply(codes), **cube)
    return lut.apply(codes, **cube)


@pytest.mark.parametrize("crosstalk", [False, True])
@pytest.mark.parametrize("source", [SRGB, LINEAR], ids=["srgb", "linear"])
def test_a_cube_of_65_renders_photographs_as_the_transform_does(tmp_path, source, crosstalk):
    look = build_look(source, crosstalk)
    path = tmp_path / "look.cube"
    path.write_bytes(transform_to_cube(look, 65))
    for name, photo in photographs():
        codes = source.inverse(negative(photo))
        direct = np.clip(look(codes), 0, 1)
        cube = ocio_apply(path, codes)
        error = delta_e(direct, cube)
        print(
            f"{name}: mean {error.mean():.4f}, 99 % {np.percentile(error, 99):.3f}, "
            f"worst {error.max():.3f}, worst code {np.abs(direct - cube).max():.5f}"
        )
        assert error.mean() <= MEAN_DELTA_E


@pytest.mark.parametrize("source", [SRGB, LINEAR], ids=["srgb", "linear"])
def test_colour_science_and_opencolorio_read_the_same(tmp_path, source):
    path = tmp_path / "look.cube"
    path.write_bytes(transform_to_cube(build_look(source), 17))
    codes = source.inverse(negative(next(photographs())[1]))[::4, ::4]
    assert np.abs(colour_apply(path, codes) - ocio_apply(path, codes)).max() < READERS_AGREE


@pytest.mark.parametrize("size", [2, 17, 33, 65])
def test_the_identity_stays_the_identity(tmp_path, size):
    path = tmp_path / "identity.cube"
    path.write_bytes(transform_to_cube(Transform(), size, linear=False))
    codes = np.random.default_rng(1).random((50, 3))
    assert np.abs(ocio_apply(path, codes) - codes).max() < 2e-6


def test_red_runs_fastest_and_the_head_says_what_it_is():
    text = transform_to_cube(
        Transform(), 2, title='a "b" é', comments=["Input: sRGB", "two\nlines"], linear=False
    ).decode("ascii")
    lines = text.splitlines()
    assert lines[0] == "TITLE \"a 'b' ?\""
    assert lines[1:5] == ["# Input: sRGB", "# two", "# lines", "LUT_3D_SIZE 2"]
    assert lines[5:8] == [
        "0.000000 0.000000 0.000000",
        "1.000000 0.000000 0.000000",
        "0.000000 1.000000 0.000000",
    ]
    assert len(lines) == 5 + 8 and text.endswith("\n")


def test_only_linear_input_has_a_shaper():
    assert b"LUT_1D" not in transform_to_cube(build_look(SRGB), 2)
    shaped = transform_to_cube(build_look(LINEAR), 2)
    assert b"LUT_1D_SIZE 16384\nLUT_1D_INPUT_RANGE 0.0 1.0\nLUT_3D_SIZE 2\n" in shaped
    assert shaped.startswith(b"# Orangemask\n")  # OpenColorIO refuses a TITLE here
    assert b"LUT_1D" not in transform_to_cube(build_look(LINEAR), 2, linear=False)


def test_numbers_are_rounded_and_clipped():
    values = np.array([[-0.5, 0.1234565001, 1.5], [1 / 3, 0.9999999, 1e-9]])
    assert format_rows(values) == b"0.000000 0.123457 1.000000\n0.333333 1.000000 0.000000\n"


def test_text_of_65_takes_less_than_a_second():
    table = bake(build_look(), 65)
    start = time.perf_counter()
    text = table_to_cube(table)
    assert time.perf_counter() - start < 1
    assert text.count(b"\n") == 65**3 + 2
