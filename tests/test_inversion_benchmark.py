"""The benchmark of inversion: its measures and methods against what others published."""

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

from inversion import charts, classical, command, metrics, negadoctor, report, small  # noqa: E402
from inversion.product import NETWORK, product_methods  # noqa: E402
from inversion.scan import Scan, crop, whole_file  # noqa: E402

from orangemask.curves import SRGB  # noqa: E402

# Sharma, Wu and Dalal (2005), The CIEDE2000 color-difference formula, table 1.
SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]
NOTHING = 0.02  # ΔE that the search for g, ended after 20 golden sections, leaves
BAR = 0.8  # of the mean ΔE2000 of the percentile stretch of density of the whole file
CODE_ERROR = 2e-3  # of an sRGB code: percentiles between two pixels


def scan_of(negative: np.ndarray, base: tuple[float, float, float] = (0.9, 0.5, 0.3)) -> Scan:
    return Scan(negative.astype(np.float32), np.ones(negative.shape[:2], bool), np.array(base))


@pytest.fixture
def picture() -> np.ndarray:
    """Linear sRGB (40, 60, 3) that is black and white in every channel for more than 1 %."""
    rng = np.random.default_rng(5)
    grey = rng.uniform(0.0, 1.0, (40, 60, 1)) ** 2
    linear = np.clip(grey + rng.normal(0.0, 0.05, (40, 60, 3)), 0.0, 1.0)
    linear[0], linear[-1] = 0.0, 1.0
    return linear


def test_delta_e_is_the_published_one():
    one, other, wanted = (np.array(part) for part in zip(*SHARMA, strict=True))
    np.testing.assert_allclose(metrics.delta_e_2000(one, other), wanted, atol=5e-5)


def test_srgb_primaries_have_the_published_lab():
    # IEC 61966-2-1's own matrix, rounded to four digits, moves the second decimal.
    found = metrics.codes_to_lab(np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]]))
    np.testing.assert_allclose(found, [[53.24, 80.09, 67.2], [100.0, 0.0, 0.0]], atol=0.03)


@pytest.mark.parametrize(("a", "g", "b"), [(0.8, 1.0, 0.1), (0.6, 2.2, 0.05), (1.0, 0.45, 0.0)])
def test_colour_only_forgives_one_common_curve(picture, a, g, b):
    """The result v is such that a·v^g + b is the truth."""
    truth = np.clip(classical.encode(picture.reshape(-1, 3)), b, a + b)
    v = ((truth - b) / a) ** (1.0 / g)
    scores = metrics.score(v, metrics.truth_of(SRGB(truth)))
    assert scores["colour"] < NOTHING < scores["delta_e"]


def test_colour_only_does_not_forgive_a_cast(picture):
    truth = metrics.truth_of(picture.reshape(-1, 3))
    cast = metrics.score(truth.codes ** np.array([0.8, 1.0, 1.25]), truth)
    assert cast["colour"] > 4.0
    assert metrics.score(truth.codes, truth)["delta_e"] < 1e-9


def test_exposure_alone_is_brightness(picture):
    truth = metrics.truth_of(picture.reshape(-1, 3))
    scores = metrics.score(classical.encode(picture.reshape(-1, 3) / 2.0), truth)
    assert scores["exposed"] < NOTHING < scores["delta_e"]


def test_a_blank_result_is_scored(picture):
    truth = metrics.truth_of(picture.reshape(-1, 3))
    scores = metrics.score(np.zeros_like(truth.codes), truth)
    assert np.isfinite([scores["delta_e"], scores["exposed"], scores["colour"]]).all()


def test_neutrals_have_the_chroma_and_cast_they_were_given():
    wanted = np.array([[50.0, 0.0, 0.0]] * 9 + [[50.0, 60.0, 0.0]])
    found = metrics.neutrals(wanted + np.array([0.0, 3.0, 4.0]), wanted)
    assert found == pytest.approx({"chroma": 5.0, "a": 3.0, "b": 4.0})
    assert np.isnan(metrics.neutrals(wanted[9:], wanted[9:])["chroma"])


def test_spread_is_that_of_frames_within_a_roll():
    casts = {0: [(1.0, 0.0), (-1.0, 0.0)], 1: [(5.0, 5.0), (5.0, 5.0)]}
    rows = [
        {"index": i, "scores": {"m": {"a": a, "b": b}}} for i, ab in casts.items() for a, b in ab
    ]
    # Standard deviation of ±1 is √2 with n − 1; the second roll has a cast but no spread.
    assert report.spread_of_neutrals(rows, "m") == pytest.approx(np.sqrt(2.0) / 2.0)


def test_one_minus_x_inverts_itself(picture):
    negative = SRGB(1.0 - classical.encode(picture))
    found = classical.complement(scan_of(negative))(negative)
    np.testing.assert_allclose(found, classical.encode(picture), atol=1e-9)


def test_density_stretch_recovers_a_stretched_density(picture):
    codes = classical.encode(picture)
    negative = 10.0 ** -(np.array([0.1, 0.4, 0.6]) + codes * np.array([1.2, 1.4, 1.7]))
    found = classical.stretch_density(scan_of(negative))(negative)
    np.testing.assert_allclose(found, codes, atol=CODE_ERROR)


def test_light_stretch_recovers_a_stretched_light(picture):
    codes = classical.encode(picture)
    negative = np.array([0.9, 0.5, 0.3]) - codes * np.array([0.5, 0.3, 0.2])
    found = classical.stretch_light(scan_of(negative))(negative)
    np.testing.assert_allclose(found, codes, atol=CODE_ERROR)


def test_common_gamma_brings_the_median_to_the_middle(picture):
    codes = classical.encode(picture)
    negative = 10.0 ** -(0.2 + codes)
    found = classical.stretch_density_to_middle(scan_of(negative))(negative)
    luminance = SRGB(found.reshape(-1, 3)) @ classical.LUMINANCE
    assert SRGB.inverse(np.median(luminance, keepdims=True))[0] == pytest.approx(0.42, abs=1e-3)
    np.testing.assert_allclose(np.argsort(found[5, :, 0]), np.argsort(codes[5, :, 0]))


def test_median_power_law_recovers_its_own_power(picture):
    """RawTherapee: out = 1/24 (x / median)^−p with p = 2.04, 1.5, 1.29."""
    light = 0.02 + 0.9 * picture
    light *= (1.0 / 24.0) / np.median(light[8:-8, 12:-12].reshape(-1, 3), axis=0)
    negative = 0.1 * (24.0 * light) ** (-1.0 / np.array([2.04, 1.5, 1.29]))
    found = classical.median_power(scan_of(negative))(negative)
    np.testing.assert_allclose(found, classical.encode(light), atol=CODE_ERROR)


def test_telling_the_picture_area_leaves_the_border_out(picture):
    negative = 10.0 ** -(0.2 + classical.encode(picture))
    framed = np.full((60, 80, 3), 1e-4)
    framed[10:50, 10:70] = negative
    area = framed.min(axis=2) > 1e-3
    scan = Scan(framed.astype(np.float32), area, np.ones(3))
    plain = classical.stretch_density(scan_of(negative))(negative)
    np.testing.assert_allclose(classical.stretch_density(scan)(negative), plain)
    assert crop(scan).negative.shape == (40, 60, 3)
    assert np.abs(whole_file(classical.stretch_density)(scan)(negative) - plain).max() > 0.1


def test_negadoctor_prints_what_its_source_says():
    """At Dmin, and where e = −1, by hand from the formula and the defaults of version 2."""
    plain = negadoctor.Negadoctor(np.array([1.0, 0.45, 0.25]), np.ones(3), np.ones(3), offset=0.0)
    base = plain(plain.d_min[None])
    np.testing.assert_allclose(base, (0.9245 * 0.0755) ** 4, rtol=1e-6)
    dense = plain(plain.d_min[None] * 10.0**-2.046)
    np.testing.assert_allclose(dense, (0.9245 * 0.9755) ** 4, rtol=1e-6)
    # Above 0.75 the shoulder: 1 − 0.25 exp(−(p − 0.75) / 0.25), at most 1.
    bright = negadoctor.Negadoctor(np.ones(3), np.ones(3), np.ones(3), offset=0.0, exposure=1.0)
    p = (1.0755 - 1e-6) ** 4
    expected = 1.0 - 0.25 * np.exp(-(p - 0.75) / 0.25)
    np.testing.assert_allclose(bright(np.full((1, 3), 10 ** (-6 * 2.046))), expected, rtol=1e-5)


def test_negadoctor_has_the_published_shadows_and_highlights():
    """S = −log Dmin + Dmax·offset·wb_low prints as e = 0, H = S + Dmax / wb_high as e = −1."""
    rng = np.random.default_rng(2)
    d_min, low, high = rng.uniform(0.2, 1.0, 3), rng.uniform(0.5, 2, 3), rng.uniform(1, 2, 3)
    one = negadoctor.Negadoctor(d_min, high, low, d_max=1.7, offset=0.12)
    shadows = -np.log10(d_min) + 1.7 * 0.12 * low
    highlights = shadows + 1.7 / high
    np.testing.assert_allclose(one.corrected_density(10.0**-shadows), 0.0, atol=1e-12)
    np.testing.assert_allclose(one.corrected_density(10.0**-highlights), -1.0, atol=1e-12)


def test_negadoctor_pickers_use_the_range_of_the_print():
    """A grey negative: the darkest prints at 0.1 E, the brightest at 0.96, before the grade."""
    light = np.repeat(np.geomspace(0.02, 0.8, 5000)[:, None], 3, axis=1)
    one = negadoctor.picked(light, np.full(3, 0.9))
    np.testing.assert_allclose(one.wb_high, 1.0)
    ends = np.percentile(light, negadoctor.ENDS, axis=0)
    printed = one.exposure * (1.0 + one.black - 10.0 ** one.corrected_density(ends))
    np.testing.assert_allclose(printed[0], 0.96, rtol=1e-6)
    np.testing.assert_allclose(printed[1], 0.1 * one.exposure, rtol=1e-6)


def test_mosaic_shows_every_patch_once():
    codes = np.random.default_rng(1).uniform(0, 1, (288, 3)).astype(np.float32)
    picture = charts.mosaic(codes)
    assert picture.shape == (12 * charts.PATCH, 24 * charts.PATCH, 3)
    np.testing.assert_array_equal(picture[:: charts.PATCH, :: charts.PATCH].reshape(-1, 3), codes)


def test_markdown_and_json_say_the_same_of_a_row():
    row = {"delta_e": 8.0, "exposed": 7.0, "colour": 5.0, "chroma": np.nan, "a": 0.0, "b": 0.0}
    names = (*classical.CLASSICAL, NETWORK)
    rows = [
        {"set": "single", "index": 0, "frame": 0, "meta": {}, "scores": dict.fromkeys(names, row)}
    ]
    text = command.to_markdown(rows)
    assert f"| **{NETWORK}** | 8.0 | 8.0 | 8.0 | 5.0 | 1.0 | 2.0 | – | – | 1.00 |" in text
    assert json.loads(json.dumps(report.plain(rows)))[0]["scores"][NETWORK]["chroma"] is None


@pytest.fixture(scope="module")
def frames() -> list[small.Stored]:
    return small.load()


def test_shipped_network_is_no_worse_than_recorded(frames):
    found = small.measure(frames, {NETWORK: product_methods()[NETWORK]})
    assert small.worse(found, small.recorded()) == []


def test_shipped_network_beats_the_usual_stretch_of_the_file(frames):
    """As most programs do it: told nothing of borders, which every second frame has."""
    usual = whole_file(classical.stretch_density)
    found = small.measure(frames, {"usual": usual, NETWORK: product_methods()[NETWORK]})
    assert found[NETWORK]["delta_e"] <= BAR * found["usual"]["delta_e"]


def test_measures_are_those_that_were_recorded(frames):
    """A classical method knows no model: its numbers change only with the measures or frames."""
    name = "density stretch, one gamma to the middle"
    found = small.measure(frames, {name: classical.CLASSICAL[name]})
    assert found[name] == pytest.approx(small.recorded()[name], rel=5e-3)


def test_a_worse_model_is_named():
    wanted = small.recorded()
    bad = {NETWORK: {key: 1.06 * value for key, value in wanted[NETWORK].items()}}
    assert len(small.worse(bad, wanted)) == 2
    fair = {NETWORK: {key: 1.04 * value for key, value in wanted[NETWORK].items()}}
    assert small.worse(fair, wanted) == []


def test_small_frames_are_small_and_free():
    notes = json.loads((small.FOLDER / small.FRAMES).read_text("utf-8"))
    assert {note["licence"] for note in notes} == {"CC0-1.0"}
    assert sum(path.stat().st_size for path in small.FOLDER.iterdir()) < 2 << 20


@pytest.mark.skipif(not (DATA / "negatives/it8-ektar100").is_dir(), reason=f"no charts at {DATA}")
def test_charts_are_read_as_their_author_wrote_them():
    found = {chart.name: chart for chart in charts.load_charts(DATA)}
    assert {"ektar100-0", "ektar100-2", "portra160-0"} <= set(found)
    mosaic = found["portra160-0"]
    np.testing.assert_allclose(mosaic.codes[0] * 16383, [2674, 4121, 3196], rtol=1e-6)
    np.testing.assert_allclose(mosaic.xyz[0], [0.036, 0.0301, 0.0205])
    assert mosaic.picture.shape == (96, 192, 3)  # no TIFF


@pytest.mark.skipif(not (DATA / "negatives/it8-ektar100").is_dir(), reason=f"no charts at {DATA}")
@pytest.mark.parametrize("name", list(charts.CENTRES))
def test_patches_of_a_picture_are_those_of_the_readings_but_for_the_exposure(name):
    file = DATA / charts.FOLDER / f"{name}{charts.READINGS}"
    readings = np.loadtxt(file, delimiter=",", skiprows=1, usecols=(1, 2, 3)) / 16383
    stops = np.log10(charts.load_chart(file).codes / readings)
    assert np.abs(stops - np.median(stops, axis=0)).mean() < 0.006


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "photos").is_dir(), reason=f"no data at {DATA}")
def test_command_measures_and_writes_everything(tmp_path, capsys):
    words = ["--data", DATA, "--count", 3, "--rolls", 1, "--no-oracle", "--processes", 2]
    files = {name: tmp_path / f"out.{name}" for name in ("markdown", "json", "gallery")}
    files["gallery"] = tmp_path / "out.png"
    words += ["--sets", "dressed", "roll", *(w for k, p in files.items() for w in (f"--{k}", p))]
    assert command.main([str(word) for word in words]) == 0
    assert files["markdown"].read_text("utf-8") in capsys.readouterr().out
    content = json.loads(files["json"].read_text("utf-8"))
    assert len(content["frames"]) == 3 + 12
    assert content["tables"]["dressed"][NETWORK]["of classical"] < 1.0
    assert files["gallery"].stat().st_size > 10_000
