"""ΔE2000 and CIELAB, against another implementation and published pairs."""

from __future__ import annotations

import numpy as np
import pytest

from orangemask.spaces import space
from orangemask_bridge.difference import delta_e_2000, light_to_lab

# Sharma, Wu and Dalal (2005), table 1: a selection.
PAIRS = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0010), 7.1792),
    ((50.0, -0.001, 2.49), (50.0, 0.0011, -2.49), 4.7461),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "published"), PAIRS)
def test_published_pairs(one, other, published) -> None:
    found = delta_e_2000(np.array(one), np.array(other))
    assert float(found) == pytest.approx(published, abs=1e-4)


def test_random_pairs_are_those_of_colour_science() -> None:
    colour = pytest.importorskip("colour")
    rng = np.random.default_rng(1)
    one, other = rng.random((2, 3000, 3)) * [100, 200, 200] - [0, 100, 100]
    want = colour.difference.delta_E_CIE2000(one, other)
    np.testing.assert_allclose(delta_e_2000(one, other), want, atol=1e-10)


def test_white_is_100_and_greys_have_no_chroma() -> None:
    grey = np.linspace(0.0, 1.0, 7)[:, np.newaxis].repeat(3, axis=1)
    lab = light_to_lab(grey, space("display-p3"))
    assert lab[-1, 0] == pytest.approx(100.0, abs=1e-9)
    np.testing.assert_allclose(lab[:, 1:], 0.0, atol=0.02)  # PCS white has four digits
