"""Files that are digital photographs and no scans: RAW is developed, the rest is displayed."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from dng import mosaic_of, write_dng
from orangemask.curves import SRGB
from orangemask.decode import open_image
from orangemask.encode import SaveOptions, write_image
from orangemask.spaces import SPACES, space

# XYZ (D65) to a made-up camera: its channels overlap as real ones do, and see white unequally.
CAMERA = np.array([[0.70, 0.05, -0.10], [-0.35, 1.15, 0.20], [0.02, 0.05, 0.55]])
PATCHES = np.array(  # linear Rec. 2020
    [[0.18, 0.18, 0.18], [0.40, 0.20, 0.10], [0.10, 0.30, 0.12], [0.08, 0.12, 0.35]]
)
SIDE = 32  # px of a patch; its middle is free of what demosaicing mixes
OF_FULL = 0.002  # LibRaw truncates, and rounds its matrices


def developed(path, **tags):
    """Return the light of each patch, photographed by `CAMERA`, as it is read: (4, 3)."""
    to_camera = CAMERA @ space("rec2020").rgb_to_xyz
    sensor = PATCHES @ to_camera.T
    rgb = np.repeat(np.repeat(sensor[None], SIDE, 0), SIDE, 1)  # (SIDE, 4 · SIDE, 3)
    codes = np.rint(rgb * 15000 + 512).astype(np.uint16)
    neutral = to_camera.sum(axis=1)
    write_dng(
        path,
        mosaic_of(codes),
        black=512,
        white=15512,
        color_matrix=CAMERA.ravel().tolist(),
        **{"as_shot_neutral": (neutral / neutral.max()).round(5).tolist(), **tags},
    )
    image = open_image(path, photograph=True)
    light = image.pixels / 65535.0
    return image, light[SIDE // 2, SIDE // 2 :: SIDE] / neutral.max()


def test_raw_gets_the_balance_of_the_shot_and_the_matrix_of_its_camera(tmp_path):
    image, light = developed(tmp_path / "a.dng")
    np.testing.assert_allclose(light, PATCHES, atol=OF_FULL)
    assert image.is_scene and image.encoding == "linear" and image.kind == "raw"
    np.testing.assert_allclose(image.rgb_to_xyz, space("rec2020").rgb_to_pcs, atol=1e-4)
    assert image.warnings == ()


def test_another_balance_of_the_shot_moves_the_picture(tmp_path):
    neutral = CAMERA @ space("rec2020").rgb_to_xyz.sum(axis=1)
    warm = (neutral * [0.7, 1.0, 1.3] / 2).round(5).tolist()
    _, light = developed(tmp_path / "a.dng", as_shot_neutral=warm)
    assert light[0, 0] > light[0, 1] > light[0, 2]


def test_the_same_file_as_a_scan_is_the_sensors_own(tmp_path):
    developed(tmp_path / "a.dng")
    image = open_image(tmp_path / "a.dng")
    sensor = PATCHES @ (CAMERA @ space("rec2020").rgb_to_xyz).T
    light = image.pixels[SIDE // 2, SIDE // 2 :: SIDE] / 65535.0
    np.testing.assert_allclose(light, sensor, atol=OF_FULL)
    assert image.rgb_to_xyz is None


@pytest.mark.parametrize(("photograph", "encoding"), [(True, "srgb"), (False, "linear")])
def test_16_bits_without_profile_are_srgb_in_a_photograph(tmp_path, photograph, encoding):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.full((8, 8, 3), 30000, np.uint16), photometric="rgb", metadata=None)
    image = open_image(path, photograph=photograph)
    assert image.encoding == encoding and image.is_scene is (encoding == "linear")
    (warning,) = image.warnings
    assert warning.startswith(f"encoding guessed {encoding} (16-bit TIFF without profile)")


def test_openexr_is_the_scene_in_its_own_primaries(tmp_path):
    path = tmp_path / "a.exr"
    light = np.random.default_rng(0).uniform(0, 4, (8, 8, 3)).astype(np.float32)
    write_image(path, light, space=SPACES["acescg"], options=SaveOptions(depth="float"))
    image = open_image(path, photograph=True)
    assert image.is_scene and np.array_equal(image.pixels, light)
    np.testing.assert_allclose(image.rgb_to_xyz, SPACES["acescg"].rgb_to_pcs, atol=1e-4)


def test_what_the_light_is_may_be_told(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((8, 8, 3), np.float32), photometric="rgb", metadata=None)
    assert open_image(path, photograph=True).is_scene
    assert not open_image(path, photograph=True, scene=False).is_scene
    shown = open_image(path, photograph=True, encoding="srgb", scene=True)
    assert shown.is_scene and shown.transfer == (SRGB,) * 3
