"""Rendering for a picture's own profile, against littleCMS and the declared spaces."""

import imagecodecs
import numpy as np
import pytest

from orangemask.decode.icc import Parametric
from orangemask.encode import profile
from orangemask.errors import OutputError
from orangemask.profiles import Inverse, ProfileSpace, target_of_profile
from orangemask.spaces import SPACES, conversion, space

CODES = np.linspace(0, 1, 4001)


@pytest.mark.parametrize("name", list(SPACES))
def test_our_own_profiles_are_our_spaces(name):
    assert target_of_profile(profile(space(name))) is space(name)


def foreign(gamma=1.9):
    """Return a profile of primaries and a gamma that are none of ours."""
    primaries = [0.66, 0.32, 1.0, 0.27, 0.64, 1.0, 0.155, 0.07, 1.0]
    white = [0.3457, 0.3585, 1.0]
    return imagecodecs.cms_profile("rgb", whitepoint=white, primaries=primaries, gamma=gamma)


def test_foreign_profile_is_as_littlecms_has_it():
    icc = foreign()
    target = target_of_profile(icc)
    assert isinstance(target, ProfileSpace)
    light = np.random.default_rng(1).uniform(0.05, 0.6, (1, 500, 3))
    ours = light @ conversion(space("linear-rec2020"), target).T
    ours = np.stack([target.encoders[c](ours[..., c]) for c in range(3)], axis=-1)
    theirs = imagecodecs.cms_transform(
        light.astype(np.float32),
        profile(space("linear-rec2020")),
        icc,
        colorspace="rgb",
        outcolorspace="rgb",
        outdtype="float32",
        intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
    )
    inside = ((ours > 0.02) & (ours < 0.98)).all(axis=-1)
    assert inside.sum() > 100
    assert np.abs(ours - theirs)[inside].max() < 1e-3  # its own 16-bit curves


@pytest.mark.parametrize(
    "curve", [Parametric(2.2, 0.9, 0.1, 0.1, 0.05, 0.0, 0.0), lambda x: x**2.2]
)
def test_inverse_gives_back_16_bit_codes(curve):
    light = np.maximum.accumulate(np.asarray(curve(np.linspace(0, 1, 65536))))
    codes = np.arange(0, 65536, 7) / 65535
    assert np.abs(Inverse(light)(np.asarray(curve(codes))) - codes).max() < 0.5 / 65535


def test_inverse_clips_nothing():
    light = np.linspace(0, 1, 65536) ** 2.0
    found = Inverse(light)(np.array([-0.01, 1.1]))
    assert found[0] < 0
    assert found[1] == pytest.approx(1.1**0.5, abs=0.003)


def test_what_has_no_inverse_is_refused():
    for icc, said in ((b"nothing", "cannot be used"), (b"\0" * 200, "cannot be used")):
        with pytest.raises(OutputError, match=said):
            target_of_profile(icc)
    grey = imagecodecs.cms_profile("gray", gamma=2.2)
    with pytest.raises(OutputError, match="convert it to RGB first"):
        target_of_profile(grey)
