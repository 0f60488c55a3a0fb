"""Our profiles as littleCMS reads them."""

from __future__ import annotations

import hashlib
import io

import imagecodecs
import numpy as np
import pytest
from PIL import ImageCms

from orangemask.encode import profile
from orangemask.spaces import SPACES

FIXED = 3e-5  # of XYZ: two roundings to 1/65536 a colorant, three colorants

EVERY = pytest.mark.parametrize("name", SPACES)


@EVERY
def test_littlecms_gives_the_same_xyz(name):
    space = SPACES[name]
    codes = np.random.default_rng(1).random((64, 64, 3))
    codes[0, :2] = [[0, 0, 0], [1, 1, 1]]
    xyz = imagecodecs.cms_transform(
        codes,
        profile=profile(space),
        outprofile=imagecodecs.cms_profile("xyz"),
        colorspace="rgb",
        outcolorspace="xyz",
        outdtype="f8",
        intent=1,
    )
    expected = space.transfer(codes) @ space.rgb_to_pcs.T
    np.testing.assert_allclose(xyz, expected, 0, FIXED)


@EVERY
def test_neutrals_stay_neutral_to_the_last_bit(name):
    data = profile(SPACES[name])
    read = ImageCms.ImageCmsProfile(io.BytesIO(data)).profile
    total = sum(np.array(getattr(read, f"{c}_colorant")[0]) for c in ("red", "green", "blue"))
    np.testing.assert_allclose(total, read.media_white_point[0], 0, 1e-12)


@EVERY
def test_the_header_is_what_the_standard_asks(name):
    data = profile(SPACES[name])
    read = ImageCms.ImageCmsProfile(io.BytesIO(data)).profile
    assert read.profile_description == SPACES[name].label
    assert read.version == pytest.approx(4.4)
    assert read.is_matrix_shaper
    assert int.from_bytes(data[:4], "big") == len(data)
    plain = data[:44] + bytes(4) + data[48:64] + bytes(4) + data[68:84] + bytes(16) + data[100:]
    assert hashlib.md5(plain).digest() == data[84:100]


def test_the_same_space_gives_the_same_bytes():
    digests = {name: hashlib.sha256(profile(SPACES[name])).hexdigest() for name in SPACES}
    assert len(set(digests.values())) == len(SPACES)
    assert digests["srgb"] == hashlib.sha256(profile(SPACES["srgb"])).hexdigest()
