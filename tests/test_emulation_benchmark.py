"""The benchmark of Film Emulate: its perturbations against physics, its numbers as recorded."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("colour", reason="the benchmark's ΔE2000: pip install .[dev]")
ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ORANGEMASK_DATA", ROOT.parent / "shared/data"))
sys.path[:0] = [str(ROOT / "tests/benchmarks"), str(ROOT / "models")]

from emulation import command, pictures, report, small  # noqa: E402
from inversion.classical import encode  # noqa: E402

from orangemask.nine import nine_to_values  # noqa: E402
from orangemask_filters.film_emulate.exposure import (  # noqa: E402
    GREY,
    HIGHLIGHTS,
    SHADOWS,
    Scene,
)
from orangemask_filters.film_emulate.features import light_to_unit  # noqa: E402
from training.perturb import (  # noqa: E402
    CONTRASTS,
    MOST_EV,
    MOST_KELVIN,
    NOTHING,
    Perturbation,
    draw,
    shown,
)

# What the network may leave of no prediction and of rules on the repository's 18 scenes, whose draw
# is milder than most: 0.591 and 0.46 when shipped; on the held-out photographs see emulation.md.
SHARE_OF_BARE, RULES = 0.6, 0.5
MOST_MOVED = 2.0  # ΔE2000 of what is well taken
EIGHT_BITS = 0.04  # of linear light near white: half a code, and the slope of the inverse curve
GREYS = np.float32([[[0.0] * 3, [GREY] * 3, [0.9] * 3]])


def test_nothing_wrong_changes_nothing():
    light = np.random.default_rng(0).random((5, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(NOTHING(light), light, rtol=1e-6)


def test_exposure_doubles_light_and_contrast_turns_about_grey():
    np.testing.assert_allclose(Perturbation(ev=1.0)(GREYS), 2 * GREYS, rtol=1e-6)
    flat = Perturbation(contrast=0.7)(GREYS)
    np.testing.assert_allclose(flat[0, 1], GREY, rtol=1e-6)
    assert np.log(flat[0, 2, 0] / GREY) == pytest.approx(0.7 * np.log(0.9 / GREY), rel=1e-5)


def test_a_wrong_balance_is_that_of_the_published_daylights():
    """CIE 15: D40 has x, y = 0.3823, 0.3838, D55 0.3324, 0.3474; Bradford's cones adapt."""
    found = Perturbation(kelvin=-1500.0)(np.ones((1, 1, 3), np.float32))[0, 0]
    assert found[0] > found[1] > found[2]
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367],
                         [0.0389, -0.0685, 1.0296]])  # fmt: skip
    whites = [
        np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in ((0.3324, 0.3474), (0.3823, 0.3838))
    ]
    gain = np.diag((bradford @ whites[1]) / (bradford @ whites[0]))
    adapted = np.linalg.inv(bradford) @ gain @ bradford @ to_xyz @ np.ones(3)
    np.testing.assert_allclose(found, np.linalg.solve(to_xyz, adapted), atol=0.01)


def test_a_well_exposed_photograph_comes_back_from_its_jpeg():
    light = np.linspace(0.05, 1.9, 60, dtype=np.float32).reshape(4, 5, 3)
    np.testing.assert_allclose(Scene()(shown(light)), light, rtol=EIGHT_BITS)
    cut_off = shown(Perturbation(ev=2.0)(light))
    assert (cut_off > 1.0 - 1e-6).mean() > 0.5  # and stays cut off


def test_what_is_drawn_is_within_what_is_promised():
    rng = np.random.default_rng(1)
    drawn = [draw(rng, True, True, True) for _ in range(200)]
    assert 1.9 < max(abs(one.ev) for one in drawn) <= MOST_EV
    assert max(abs(one.kelvin) for one in drawn) <= MOST_KELVIN
    assert all(CONTRASTS[0] <= one.contrast <= CONTRASTS[1] for one in drawn)
    assert draw(rng, False, False, False) == NOTHING


def test_balance_alone_leaves_the_brightness():
    scene = np.random.default_rng(2).uniform(0.1, 0.4, (20, 30, 3)).astype(np.float32)
    taken = pictures.take(
        scene * np.float32([1.4, 1.0, 0.7]), pictures.UNTOUCHED, np.random.default_rng()
    )
    context = pictures.context_of("kodak-gold-200", is_scene=False)
    values = pictures.predicted(taken, context, pictures.BALANCE)
    places = [values[f"{channel}_shadows"] for channel in ("red", "green", "blue")]
    assert np.mean(places) == pytest.approx(pictures.FILTER.defaults()["red_shadows"])
    assert places[0] > places[1] > places[2]


def test_training_places_as_the_filter_does():
    """Corrections on film in torch (trilinear) against the filter's own rendering."""
    torch = pytest.importorskip("torch", reason="training: pip install .[dev,train]")
    from training.emulate_network import placed
    from training.emulate_train import Shown

    rng = np.random.default_rng(3)
    light = rng.uniform(0.02, 0.9, (400, 3)).astype(np.float32)
    nine = rng.uniform(-0.6, 0.6, (3, 3)).astype(np.float32)
    window = nine + np.float32([[SHADOWS], [0.0], [HIGHLIGHTS]])
    context = pictures.context_of("kodak-gold-200", is_scene=False)
    codes = pictures.render(light, nine_to_values(window.tolist()), context)
    unit = torch.from_numpy(light_to_unit(light, scene=False))[None]
    shown_there = Shown("kodak-gold-200", "print")(placed(unit, torch.from_numpy(nine).view(1, 9)))
    difference = np.abs(encode(shown_there[0].numpy().astype(np.float64)) - codes)
    assert difference.mean() < 2e-3 and difference.max() < 0.03


def test_training_knows_what_is_wrong_by_its_steps():
    torch = pytest.importorskip("torch", reason="training: pip install .[dev,train]")
    from training.emulate_network import RANGES, STEPS, steps_of

    numbers = torch.tensor([[-0.9, 320.0, 1.07], [2.0, -1500.0, 0.7]])
    for share, (low, high), steps, wanted in zip(
        steps_of(numbers), RANGES, STEPS, numbers.T, strict=True
    ):
        mean = share @ torch.linspace(float(low), float(high), steps)
        np.testing.assert_allclose(mean, wanted, rtol=1e-4)
        np.testing.assert_allclose(share.sum(dim=1), 1.0, rtol=1e-5)
        assert (share > 0).sum(dim=1).max() <= 2


@pytest.fixture(scope="module")
def found():
    return small.table()


def test_shipped_network_is_no_worse_than_recorded(found):
    assert small.worse(found, small.recorded()) == []


def test_shipped_network_is_nearer_than_rules_and_leaves_what_is_good(found):
    ours = found[pictures.NETWORK.name]
    best = report.best_heuristic(found, "together")
    assert ours["together"] <= SHARE_OF_BARE * found[pictures.BARE]["together"]
    assert ours["together"] <= RULES * found[best]["together"]
    assert ours["untouched"] <= MOST_MOVED
    assert found[pictures.BARE]["untouched"] < 1e-6


def test_measures_are_those_that_were_recorded(found):
    """Without prediction nothing depends on the network: only stocks and measures may move it."""
    wanted = small.recorded()[pictures.BARE]["together"]
    assert found[pictures.BARE]["together"] == pytest.approx(wanted, rel=0.05)


def test_a_worse_network_is_named():
    wanted = small.recorded()
    bad = {
        pictures.NETWORK.name: {key: 1.2 * v for key, v in wanted[pictures.NETWORK.name].items()}
    }
    assert len(small.worse(bad, wanted)) >= 1
    assert small.worse(wanted, wanted) == []


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "photos").is_dir(), reason=f"no data at {DATA}")
def test_command_measures_and_writes_everything(tmp_path, capsys):
    files = {name: tmp_path / f"out.{name}" for name in ("markdown", "json")}
    words = ["--data", DATA, "--count", 2, "--stocks", "kodak-gold-200", "fuji-velvia-50"]
    words += [w for name, path in files.items() for w in (f"--{name}", path)]
    words += ["--gallery", tmp_path / "out.jpg"]
    assert command.main([str(word) for word in words]) == 0
    assert files["markdown"].read_text("utf-8") in capsys.readouterr().out
    content = json.loads(files["json"].read_text("utf-8"))
    assert set(content["table"]["network"]) == set(pictures.SETS)
    assert (tmp_path / "out.jpg").stat().st_size > 10_000
