"""The networks' own arithmetic, against plain counting and against the program's rendering."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("colour", reason="colour-science is not installed")

from orangemask.curves import Affine, Chain  # noqa: E402
from orangemask.spaces import conversion, space  # noqa: E402
from orangemask_filters.invert_c41.features import FACTS, PLANES, SIDE  # noqa: E402
from orangemask_filters.invert_c41.print_curve import PRIMARIES, PRINT  # noqa: E402
from orangemask_filters.midtone import Midtone  # noqa: E402
from training.network import (  # noqa: E402
    CHROMAS,
    LEVELS,
    SEEN,
    TOLD,
    TONES,
    Average,
    Corrections,
    InRoll,
    parametric_light,
    seen,
    tent,
)
from training.train_roll import told_by_roll  # noqa: E402


def test_a_rendered_guess_is_what_the_program_renders():
    rng = np.random.default_rng(3)
    z = rng.uniform(-0.5, 1.6, (40, 3))
    shift, m, end = rng.normal(0, 0.2, (3, 3))
    corrections = torch.tensor(np.concatenate([shift, m, end]), dtype=torch.float32)[None]
    found = parametric_light(torch.tensor(z, dtype=torch.float32)[None], corrections)[0].numpy()
    wanted = np.empty_like(z)
    for c in range(3):
        slope = 1.0 / (1.0 + end[c] - shift[c])
        curve = Chain((Affine(slope, -shift[c] * slope), Midtone(m[c]), PRINT))
        wanted[:, c] = curve(z[:, c])
    wanted = wanted @ conversion(space(PRIMARIES), space("srgb")).T
    np.testing.assert_allclose(found, wanted, atol=2e-4)


def test_tents_share_out_every_value():
    x = torch.linspace(0.0, 6.0, 61)
    assert torch.allclose(tent(x, 7).sum(dim=-1), torch.ones(61), atol=1e-6)
    assert torch.equal(tent(torch.tensor([2.0]), 4), torch.tensor([[0.0, 0.0, 1.0, 0.0]]))


def test_what_is_seen_of_a_picture_adds_up_and_does_not_depend_on_the_order_of_pixels():
    generator = torch.Generator().manual_seed(1)
    light = torch.rand(2, 200, 3, generator=generator)
    weight = torch.full((2, 200), 1 / 200)
    found = seen(light, weight)
    assert found.shape == (2, SEEN)
    chroma, levels = found[:, : TONES * CHROMAS**2] ** 2, found[:, TONES * CHROMAS**2 : -3] ** 2
    assert torch.allclose(chroma.sum(dim=1), torch.ones(2), atol=0.01)
    assert torch.allclose(levels.view(2, 3, LEVELS).sum(dim=2), torch.ones(2, 3), atol=0.01)
    assert torch.allclose(seen(light[:, torch.randperm(200)], weight), found, atol=1e-5)


def test_each_frame_of_a_roll_is_told_the_mean_of_its_own():
    told = torch.tensor([[1.0, 2.0], [3.0, 4.0], [10.0, 10.0]])
    found = told_by_roll(told, torch.tensor([7, 7, 5]))
    assert found.tolist() == [[2.0, 3.0, 1.0], [2.0, 3.0, 1.0], [10.0, 10.0, 1.0]]


@pytest.mark.parametrize("kind", ["parametric", "matrix"])
def test_the_average_of_twins_is_one_of_them(kind):
    torch.manual_seed(2)
    network = Corrections(kind).eval()
    both = Average([network, network]).eval()
    planes, facts = torch.rand(3, PLANES, SIDE, SIDE), torch.randn(3, FACTS)
    with torch.no_grad():
        one, two = network(planes, facts), both(planes, facts)
    assert torch.allclose(one.corrections, two.corrections, atol=1e-6)
    assert torch.equal(torch.cat([one.thought, one.thought], dim=1), two.thought)


def test_a_frame_without_a_roll_keeps_its_corrections():
    torch.manual_seed(3)
    network = Average([Corrections()]).eval()
    in_roll = InRoll(network.thought_size).eval()
    with torch.no_grad():
        answer = network(torch.rand(2, PLANES, SIDE, SIDE), torch.randn(2, FACTS))
        alone = in_roll(answer, torch.zeros(2, TOLD + 1))
        inside = in_roll(answer, told_by_roll(in_roll.tells(answer), torch.tensor([1, 1])))
    assert torch.equal(alone, answer.corrections)
    assert not torch.equal(inside, alone)
