"""Grain and halation of film stocks: as strong as published, off unless asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

colour = pytest.importorskip("colour", reason="colour-science is not installed")

from orangemask.curves import LINEAR, SRGB  # noqa: E402
from orangemask.effects import Place  # noqa: E402
from orangemask.errors import ParameterError  # noqa: E402
from orangemask.execute import apply  # noqa: E402
from orangemask.film_base import NO_BASE  # noqa: E402
from orangemask.filters import Context, SourceLight, find_filter  # noqa: E402
from orangemask.grain import Grain  # noqa: E402
from orangemask.halation import Halation  # noqa: E402
from orangemask.luts import write_lut  # noqa: E402
from orangemask.render import full_transform  # noqa: E402
from orangemask.spaces import conversion, space  # noqa: E402
from orangemask.transforms import Cube, Curves, Transform  # noqa: E402
from orangemask.values import Values, read_values  # noqa: E402
from orangemask_filters.film_emulate import grain as own  # noqa: E402
from orangemask_filters.film_emulate.bake import film_cube  # noqa: E402
from orangemask_filters.film_emulate.chain import develop  # noqa: E402
from orangemask_filters.film_emulate.exposure import BRIGHTEST, DARKEST, FromEV  # noqa: E402
from orangemask_filters.film_emulate.stock import stocks  # noqa: E402
from test_effects import through_aperture  # noqa: E402

FILTER = find_filter("film-emulate")
STOCKS = stocks()
TO_REC2020 = conversion(space("srgb"), space("linear-rec2020"))
KEPT = 0.3  # ΔE2000 of a grey's mean, grain 1, 24 MP on 135


def look(scene: bool = False, target: str = "srgb", **settings: object) -> Transform:
    """Return the rendering by the default values."""
    light = SourceLight(scene)
    context = Context(NO_BASE, settings=FILTER.checked_settings(settings), light=light)
    values = Values(FILTER.name, FILTER.defaults(), context)
    transfer = LINEAR if scene else SRGB
    return full_transform((transfer,) * 3, FILTER, values, space(target))


def grain_of(name: str, amount: float = 1.0, frame: str = "135", seed: int = 3) -> Grain:
    """Return a stock's grain on sRGB light."""
    stock = STOCKS[name]
    cube = film_cube(stock, stock.finishes[0], 1.0, 1.0, TO_REC2020)
    return own.film_grain(stock, amount, own.FORMATS[frame], seed, cube, TO_REC2020)


def test_without_grain_and_halation_nothing_is_added():
    plain = look()
    assert [type(one) for one in plain.operations] == [Curves, Cube]
    pixels = np.random.default_rng(0).integers(0, 65536, (50, 70, 3)).astype(np.uint16)
    other = look(grain=0, halation=0.0, seed=9, film_format="4x5")
    np.testing.assert_array_equal(apply(plain, pixels), apply(other, pixels))
    for scene in (False, True):
        both = look(scene, grain=1, halation=1)
        kinds = [type(one) for one in both.operations]
        assert kinds == [Curves, Halation, Curves, Grain, Cube]
        x = np.random.default_rng(1).random((50, 70, 3))
        np.testing.assert_allclose(both.without_effects()(x), look(scene)(x), atol=1e-12)


@pytest.mark.parametrize("name", ["kodak-portra-400", "kodak-vision3-500t", "fuji-provia-100f"])
def test_the_film_has_the_granularity_of_its_stock(name):
    stock, per_mm = STOCKS[name], 250.0
    unit = np.linspace(0, 1, 2001)
    net = own.visual_density(own.greys(unit, stock.film), stock.film)
    grey = unit[np.abs(net - own.READ_AT).argmin()]
    flat = np.full((1200, 1200, 3), grey, np.float32)
    film = replace(grain_of(name), frame_mm=6000 / per_mm)
    exposed = film(flat, Place(0, 0, 6000, 4000)).reshape(-1, 3).astype(np.float64)
    ev = exposed * (BRIGHTEST - DARKEST) + DARKEST
    density = np.concatenate(
        [
            own.visual_density(develop(np.maximum(FromEV()(part), 0), stock.film), stock.film)
            for part in np.array_split(ev, 40)
        ]
    )
    read = through_aperture(density.reshape(1200, 1200), per_mm)
    assert len(read.ravel()) > 5000
    assert read.std() * 1000 == pytest.approx(stock.granularity, rel=0.05)


def test_layers_are_independent_and_the_blue_one_is_coarsest():
    stock = STOCKS["kodak-portra-400"]
    film = replace(grain_of(stock.name), frame_mm=24.0)
    flat = np.full((300, 300, 3), 0.55, np.float32)
    exposed = film(flat, Place(0, 0, 6000, 4000)).reshape(-1, 3).astype(np.float64)
    ev = exposed * (BRIGHTEST - DARKEST) + DARKEST
    dyes = develop(np.maximum(FromEV()(ev), 0), stock.film)
    assert np.abs(np.corrcoef(dyes.T) - np.eye(3)).max() < 0.06
    red, green, blue = dyes.std(axis=0)
    assert blue > 1.3 * green and blue > 1.3 * red


@pytest.mark.parametrize("name", list(STOCKS))
def test_greys_keep_their_mean(name):
    plain, grainy = look(True, "linear-rec2020", stock=name), grain_of(name)
    before, after = Transform(plain.operations[:1]), Transform(plain.operations[1:])
    for ev in range(-5, 5, 2):
        flat = before(np.full((200, 200, 3), 0.18 * 2.0**ev, np.float32))
        shown = after(grainy(flat, Place(0, 0, 6000, 4000))).mean(axis=(0, 1))
        wanted = after(flat)[0, 0]
        assert colour.delta_E(lab(shown), lab(wanted), method="CIE 2000") < KEPT


def lab(light: np.ndarray) -> np.ndarray:
    """Return CIE Lab of linear Rec. 2020."""
    wide = space("linear-rec2020")
    return colour.XYZ_to_Lab(wide.rgb_to_xyz @ np.maximum(light, 0).astype(float), wide.white)


def test_a_larger_format_has_finer_grain():
    flat = np.full((200, 200, 3), 0.5, np.float32)
    seen = {
        frame: grain_of("kodak-gold-200", frame=frame)(flat, Place(0, 0, 6000, 4000)).std()
        for frame in own.FORMATS
    }
    assert seen["half-frame"] > seen["135"] > seen["6x6"] > seen["6x7"] > seen["4x5"]


def test_a_stock_that_is_only_a_cube_has_grain_too():
    steps = np.linspace(0, 1, 17, dtype=np.float32)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    fitted = replace(STOCKS["kodak-gold-200"], film=None, cube=cube, finishes=("fitted",))
    baked = film_cube(fitted, "fitted", 1.0, 1.0, TO_REC2020)
    film = own.film_grain(fitted, 1.0, own.FORMATS["135"], 0, baked, TO_REC2020)
    out = film(np.full((100, 100, 3), 0.5, np.float32), Place(0, 0, 6000, 4000))
    assert 0.001 < out.std() < 0.05


def test_halation_has_the_radius_of_total_reflection():
    stock = STOCKS["kodak-gold-200"]
    halo = own.film_halation(stock, 1.0, own.FORMATS["135"], scene=True)
    angle = np.arcsin(1 / own.INDEX)
    assert halo.ring_mm == pytest.approx(2 * 0.13 * np.tan(angle))
    assert halo.shares[0] == stock.halation > halo.shares[1] > halo.shares[2] == 0
    assert halo.white is None
    assert own.film_halation(stock, 2.0, own.FORMATS["4x5"], scene=False).ring_mm > halo.ring_mm


def test_a_lamp_at_night_glows_red():
    y, x = np.mgrid[:300, :300] - 150
    codes = np.full((300, 300, 3), 0.08, np.float32)
    codes[np.hypot(x, y) < 10] = 1.0
    plain = apply(look(), codes, dtype=np.float32)
    glowing = apply(look(halation=2, film_format="half-frame"), codes, dtype=np.float32)
    near = np.abs(np.hypot(x, y) - 13) < 2
    red, green, blue = (glowing - plain)[near].mean(axis=0)
    assert red > 0.01 and red > green and red > abs(blue)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": 1.5}, "seed is 1.5; it must be a whole number"),
        ({"seed": -1}, "seed is -1; it must lie between 0 and 2147483647"),
        ({"seed": 2**31}, "between 0 and 2147483647"),
        ({"seed": True}, "not a number"),
        ({"grain": 2.1}, "grain is 2.1; it must lie between 0 and 2"),
        ({"halation": float("nan")}, "halation is nan"),
        ({"film_format": "136"}, "unknown film_format '136'; did you mean '135'"),
    ],
)
def test_settings_that_are_not_allowed(settings, message):
    with pytest.raises(ParameterError, match=message):
        FILTER.checked_settings(settings)
    assert FILTER.checked_settings({"seed": 7.0})["seed"] == 7


def test_the_command_line_takes_them_and_the_values_file_repeats_them(run, tmp_path):
    photo, first, again = (tmp_path / name for name in ("p.png", "a.png", "b.png"))
    codes = np.random.default_rng(0).integers(0, 256, (60, 90, 3)).astype(np.uint8)
    Pillow.fromarray(codes).save(photo)
    words = ("--grain", "1", "--film-format", "half-frame", "--seed", "7", "--halation", "1")
    assert run("emulate", photo, "-o", first, *words) == (0, "", "")
    saved = tmp_path / "a.png.orangemask.json"
    assert json.loads(saved.read_text())["context"]["settings"]["seed"] == 7
    settings = read_values(saved).context.settings
    assert settings["grain"] == 1 and settings["film_format"] == "half-frame"
    assert run("emulate", photo, "-o", again, "--params", saved)[0] == 0
    np.testing.assert_array_equal(np.asarray(Pillow.open(first)), np.asarray(Pillow.open(again)))
    run("emulate", photo, "-o", again, "--params", saved, "--seed", "8", "--force")
    assert (np.asarray(Pillow.open(first)) != np.asarray(Pillow.open(again))).any()
    assert run("emulate", photo, "-o", again, "--seed", "x", "--force")[0] == 1


@pytest.mark.parametrize("ending", [".cube", ".png", ".clf"])
def test_a_table_leaves_them_out_and_says_so(tmp_path, ending):
    plain, both = tmp_path / f"a{ending}", tmp_path / f"b{ending}"
    write_lut(plain, look(), size=17, title="look")
    write_lut(both, look(grain=1, halation=1), size=17, title="look")
    if ending == ".png":
        np.testing.assert_array_equal(np.asarray(Pillow.open(plain)), np.asarray(Pillow.open(both)))
        return
    without, told = plain.read_text().splitlines(), both.read_text().splitlines()
    extra = set(told) - set(without)
    assert len(extra) == 1 and "Left out: halation and grain" in next(iter(extra))
    assert [line for line in told if line not in extra] == without
