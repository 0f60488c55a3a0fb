"""negadoctor's formula, against numbers worked by hand from darktable's source, and its inverse."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from orangemask.errors import ParameterError
from orangemask_bridge.negadoctor import RANGES, Negadoctor

OWN = Negadoctor(
    (0.6, 0.3, 0.16), (1.1, 1.0, 0.9), (0.9, 1.0, 1.2), 1.6, -0.1, 0.05, 4.5, 0.7, 0.95
)


def by_hand(p: Negadoctor, light: float, c: int) -> float:
    """Return the print of one channel in the steps of ``_process_pixel`` of negadoctor.c."""
    log_density = -math.log10(p.d_min[c] / max(light, 2.0**-32))
    corrected = p.wb_high[c] / p.d_max * log_density + p.wb_high[c] * p.offset * p.wb_low[c]
    print_linear = max(-(p.exposure * 10.0**corrected - p.exposure * (1.0 + p.black)), 0.0)
    print_gamma = print_linear**p.gamma
    if print_gamma <= p.soft_clip:
        return print_gamma
    room = 1.0 - p.soft_clip
    return p.soft_clip + (1.0 - math.exp(-(print_gamma - p.soft_clip) / room)) * room


def test_prints_are_those_of_the_source() -> None:
    light = np.geomspace(1e-9, 1.2, 50)
    got = OWN(np.stack([light] * 3, axis=-1))
    want = [[by_hand(OWN, x, c) for c in range(3)] for x in light]
    np.testing.assert_allclose(got, want, atol=1e-12)


def test_the_inverse_undoes_the_print_between_black_and_white() -> None:
    light = np.geomspace(0.003, 0.4, 40)[:, np.newaxis] * np.array([1.0, 0.6, 0.4])
    shown = OWN(light)
    kept = ((shown > 1e-6) & (shown < 0.9999)).all(axis=1)
    assert kept.sum() > 20
    np.testing.assert_allclose(OWN.inverse(shown)[kept], light[kept], rtol=1e-5)


@pytest.mark.parametrize("soft_clip", [1e-4, 0.5, 1.0])
def test_the_inverse_is_finite_for_every_gloss(soft_clip: float) -> None:
    module = replace(OWN, soft_clip=soft_clip)
    light = module.inverse(np.linspace(0.0, 1.0, 11)[:, np.newaxis].repeat(3, axis=1))
    assert np.isfinite(light).all()
    assert (np.diff(light, axis=0) <= 0.0).all()  # brighter prints come of denser negatives


def test_the_struct_comes_back() -> None:
    module = OWN.within_range()
    assert Negadoctor.unpack(module.pack()) == module


def test_black_and_white_film_has_one_base() -> None:
    raw = bytearray(OWN.within_range().pack())
    raw[0] = 0
    assert len(set(Negadoctor.unpack(bytes(raw)).d_min)) == 1


def test_parameters_outside_of_the_sliders_are_refused() -> None:
    raw = replace(OWN, gamma=20.0).pack()
    with pytest.raises(ParameterError, match="outside of its sliders"):
        Negadoctor.unpack(raw)


def test_each_slider_is_set_by_one_action() -> None:
    actions = OWN.actions()
    assert len(actions) == 15 == len({action["path"] for action in actions})
    by_path = {str(action["path"]).removeprefix("iop/negadoctor/"): action for action in actions}
    assert by_path["D min blue component"]["value"] == 0.16
    assert by_path["print exposure adjustment"]["value"] == pytest.approx(math.log2(0.95))


def test_values_beyond_the_sliders_are_moved_to_their_ends() -> None:
    wild = Negadoctor((9.0, 0.0, 0.5), (9.0, 0.0, 1.0), (0.0, 9.0, 1.0), 60.0, 5.0, 3.0, 90.0)
    held = wild.within_range()
    for name, (low, high) in RANGES.items():
        each = np.ravel(getattr(held, name))
        assert ((each >= np.float32(low)) & (each <= np.float32(high))).all()
