from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from orangemask.curves import LINEAR, SRGB
from orangemask.errors import ParameterError
from orangemask.luts import bake, size_to_level, transform_to_hald, transform_to_hald_pixels
from orangemask.transforms import Transform
from test_luts_bake import (
    MEAN_DELTA_E,
    build_look,
    delta_e,
    import_colour,
    negative,
    synthetic_photo,
)


def read_png(content):
    cv2 = pytest.importorskip("cv2")
    flags = cv2.IMREAD_UNCHANGED
    return cv2.imdecode(np.frombuffer(content, np.uint8), flags)[..., ::-1]


def identity(level):
    """Hald identity as its author's loop writes it, one colour after the other."""
    edge = level * level
    steps = [
        (r / (edge - 1), g / (edge - 1), b / (edge - 1))
        for b in range(edge)
        for g in range(edge)
        for r in range(edge)
    ]
    return np.array(steps).reshape(level**3, level**3, 3)


def test_the_png_is_a_16_bit_hald_of_the_look():
    look = build_look()
    pixels = read_png(transform_to_hald(look, 4, title="é", comments=["Input: sRGB"]))
    assert pixels.dtype == np.uint16
    expected = np.rint(np.clip(look(identity(4)), 0, 1) * 65535)
    assert np.abs(pixels - expected).max() <= 1


def test_texts_are_in_the_file():
    pillow = pytest.importorskip("PIL.Image")
    import io

    content = transform_to_hald(build_look(), 4, title="look", comments=["a", "b"])
    with pillow.open(io.BytesIO(content)) as picture:
        picture.load()
        assert picture.text == {"Title": "look", "Comment": "a\nb"}


def test_imagemagick_draws_the_same_identity(tmp_path):
    program = shutil.which("magick") or shutil.which("convert")
    path = tmp_path / "hald.png"
    command = [program or "", "hald:4", "-depth", "16", str(path)]
    if not program or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("ImageMagick is not installed")
    if not path.exists():
        pytest.skip("ImageMagick draws no Hald")
    ours = transform_to_hald_pixels(Transform(), 4, allow_linear=True)
    assert np.abs(read_png(path.read_bytes()).astype(int) - ours).max() <= 1


def test_a_hald_of_8_renders_a_photograph_as_the_transform_does():
    colour = import_colour()
    look = build_look()
    codes = SRGB.inverse(negative(synthetic_photo()))
    pixels = transform_to_hald_pixels(look, 8)
    table = pixels.reshape(64, 64, 64, 3).transpose(2, 1, 0, 3) / 65535
    flat = colour.algebra.table_interpolation_tetrahedral(codes.reshape(-1, 3), table)
    error = delta_e(look(codes), flat.reshape(codes.shape))
    print(f"mean {error.mean():.4f}, worst {error.max():.3f}")
    assert error.mean() <= MEAN_DELTA_E


def test_hald_and_cube_hold_the_same_table():
    table = np.clip(bake(build_look(), 16), 0, 1)
    pixels = transform_to_hald_pixels(build_look(), 4).reshape(16, 16, 16, 3)
    assert np.abs(pixels / 65535 - table.transpose(2, 1, 0, 3)).max() <= 0.51 / 65535


def test_linear_input_is_refused_unless_allowed():
    with pytest.raises(ParameterError, match="--encoding srgb"):
        transform_to_hald(build_look(LINEAR))
    assert transform_to_hald(build_look(LINEAR), 4, allow_linear=True)


@pytest.mark.parametrize("level", [0, 3, 17])
def test_levels_beyond_the_limits_are_refused(level):
    with pytest.raises(ParameterError, match="4 to 16"):
        transform_to_hald(build_look(), level)


@pytest.mark.parametrize(("size", "level"), [(2, 4), (17, 4), (33, 6), (64, 8), (65, 8), (999, 16)])
def test_the_nearest_level_is_taken(size, level):
    assert size_to_level(size) == level
