"""OpenEXR: files written by the OpenEXR library and by OpenCV's, read by ours."""

from __future__ import annotations

import warnings

import numpy as np
import OpenEXR
import pytest

from orangemask.curves import LINEAR
from orangemask.decode import open_image
from orangemask.decode.primaries import D65_XY, REC_2020, primaries_to_xyz
from orangemask.errors import InputError

with warnings.catch_warnings():  # it misses Matplotlib, which is not needed
    warnings.simplefilter("ignore")
    import colour

RNG = np.random.default_rng(3)
RGB = (RNG.random((23, 31, 3)) * 4 - 0.5).astype(np.float32)
ALPHA = RNG.random((23, 31)).astype(np.float32)


def written(tmp_path, channels, name="a.exr", **header):
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, **header}
    with OpenEXR.File(header, channels) as file:
        file.write(str(tmp_path / name))
    return tmp_path / name


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("coding", ["NO", "ZIP", "PIZ", "RLE", "ZIPS"])
def test_values_come_back(tmp_path, kind, coding):
    samples = RGB.astype(kind)
    compression = getattr(OpenEXR, f"{coding}_COMPRESSION")
    image = open_image(written(tmp_path, {"RGB": samples}, compression=compression))
    assert image.pixels.dtype == np.float32 and image.pixels.flags.c_contiguous
    assert np.array_equal(image.pixels, samples.astype(np.float32))
    assert image.transfer == (LINEAR,) * 3 and not image.warnings


def test_separate_channels_and_a_named_layer(tmp_path):
    planes = {f"scan.{name}": RGB[..., c].copy() for c, name in enumerate("RGB")}
    image = open_image(written(tmp_path, {**planes, "Z": ALPHA}))
    assert np.array_equal(image.pixels, RGB)
    assert image.notes["layer"] == "scan"


def test_the_layer_without_name_comes_first(tmp_path):
    planes = {f"a.{name}": ALPHA for name in "RGB"}
    image = open_image(written(tmp_path, {**planes, "RGB": RGB}))
    assert np.array_equal(image.pixels, RGB)


def test_alpha_is_divided_out(tmp_path):
    stored = RGB * ALPHA[..., np.newaxis]
    image = open_image(written(tmp_path, {"RGBA": np.dstack([stored, ALPHA])}))
    assert np.allclose(image.pixels, RGB, atol=1e-5, rtol=1e-5)
    assert np.array_equal(image.alpha, ALPHA)


def test_grey_is_repeated(tmp_path):
    image = open_image(written(tmp_path, {"Y": ALPHA}))
    assert np.array_equal(image.pixels, np.dstack([ALPHA] * 3))
    assert any("grey" in warning for warning in image.warnings)


def test_chromaticities_become_the_matrix(tmp_path):
    numbers = tuple(v for pair in (*REC_2020, D65_XY) for v in pair)
    image = open_image(written(tmp_path, {"RGB": RGB}, chromaticities=numbers))
    assert np.allclose(image.rgb_to_xyz, primaries_to_xyz(REC_2020), atol=1e-6)


@pytest.mark.parametrize("name", ["ITU-R BT.2020", "sRGB", "Adobe RGB (1998)", "ACES2065-1"])
def test_primaries_to_xyz_as_colour_science(name):
    space = colour.RGB_COLOURSPACES[name]
    native = colour.normalised_primary_matrix(space.primaries, space.whitepoint)
    white = colour.xy_to_XYZ(space.whitepoint)
    adapt = colour.adaptation.matrix_chromatic_adaptation_VonKries(
        white, np.array([0.9642, 1.0, 0.8249]), transform="Bradford"
    )
    found = primaries_to_xyz(space.primaries, space.whitepoint)
    assert np.allclose(found, adapt @ native, atol=1e-6)


def test_integers_and_other_channels_are_refused(tmp_path):
    counts = np.ones((4, 4), np.uint32)
    path = written(tmp_path, {"R": counts, "G": counts.copy(), "B": counts.copy()})
    with pytest.raises(InputError, match="its channels are integers; save it as half or float"):
        open_image(path)
    path = written(tmp_path, {"Z": ALPHA})
    with pytest.raises(InputError, match="no channels R, G and B, only Z"):
        open_image(path)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1)])
def test_thin_pictures(tmp_path, shape):
    samples = RNG.random((*shape, 3)).astype(np.float32)
    assert np.array_equal(open_image(written(tmp_path, {"RGB": samples})).pixels, samples)


def test_infinity_is_kept_and_told(tmp_path):
    samples = RGB.copy()
    samples[2, 2, 2] = np.inf
    image = open_image(written(tmp_path, {"RGB": samples}))
    assert np.isinf(image.pixels[2, 2, 2])
    assert "1 samples are not-a-number or infinite" in image.warnings


@pytest.mark.parametrize("damage", ["cut", "flip"])
def test_damage_is_refused_silently(tmp_path, capfd, damage):
    path = written(tmp_path, {"RGB": np.round(RGB)})  # compressible
    whole = bytearray(path.read_bytes())
    if damage == "cut":
        whole = whole[:-40]
    else:
        whole[-300:-100] = bytes(200)
    path.write_bytes(whole)
    with pytest.raises(InputError, match=r"^cannot read .*a\.exr: "):
        open_image(path)
    assert capfd.readouterr() == ("", "")
