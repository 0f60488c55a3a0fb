"""The spectral chain against colour-science, the greys of every stock, and cubes against chains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

colour = pytest.importorskip("colour", reason="colour-science is not installed")

from orangemask.errors import ParameterError  # noqa: E402
from orangemask.spaces import conversion, space  # noqa: E402
from orangemask_filters.film_emulate import bake, chain  # noqa: E402
from orangemask_filters.film_emulate.exposure import (  # noqa: E402
    BRIGHTEST,
    DARKEST,
    GREY,
    Camera,
    Scene,
    ToEV,
)
from orangemask_filters.film_emulate.material import WAVELENGTHS, Curves  # noqa: E402
from orangemask_filters.film_emulate.stock import stocks  # noqa: E402

OWN = {name: stock for name, stock in stocks().items() if stock.film is not None}
EVERY = [(name, finish) for name, stock in OWN.items() for finish in stock.finishes]
NEUTRAL = 1.0  # ΔE2000 from the grey axis over 8 stops: the bar
GREY_ERROR = 0.003  # of display light: the black of a scanned slide is left in
SLOPES = (1.1, 2.2)  # log-log at grey: cameras have 1.3, prints from negatives 1.5 to 2
MEAN_BAR, P99_BAR = 0.5, 2.0  # ΔE2000 of a cube from the chain: the bar
WIDE = space("linear-rec2020")


def greys(ev):
    return np.repeat((GREY * 2.0 ** np.asarray(ev))[:, None], 3, axis=1)


def to_lab(light):
    return colour.XYZ_to_Lab(light @ WIDE.rgb_to_xyz.T, WIDE.white)


def delta_e(a, b):
    return colour.delta_E(a, b, method="CIE 2000")


def test_xyz_of_a_print_is_that_of_colour_science():
    stock = OWN["kodak-gold-200"]
    amounts = chain.develop(np.float64([[0.5, 0.2, 0.05], [0.1, 0.3, 0.4]]), stock.film)
    light = chain.transmit(amounts, stock.film.dyes)
    exposure = chain.print_exposure(light, stock.film, stock.film.paper)
    paper = stock.film.paper
    printed = chain.transmit(chain.curve(exposure, paper.curves), paper.dyes)
    shape = colour.SpectralShape(400, 700, 1)
    d50 = colour.SDS_ILLUMINANTS["D50"].copy().align(shape)
    cmfs = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"].copy().align(shape)

    def to_xyz(values):
        sample = colour.SpectralDistribution(dict(zip(WAVELENGTHS, values, strict=True)))
        return colour.sd_to_XYZ(sample.align(shape), cmfs, d50, method="Integration")

    white = to_xyz(np.ones(31))
    for row, ours in zip(printed, chain.view(stock.film, amounts), strict=True):
        # Ours are 10 nm bands, theirs 1 nm steps.
        assert ours == pytest.approx(to_xyz(row) / white, abs=0.004)


def test_the_tables_are_the_standards():
    tables = chain.standards()
    assert tables.xyz[:, 1].sum() == pytest.approx(1.0, abs=1e-4)
    x, y, z = tables.xyz.sum(axis=0)
    assert (x, y, z) == pytest.approx(colour.xy_to_XYZ((0.34567, 0.35850)), abs=0.003)  # CIE D50
    for status in (tables.status_a, tables.status_m):
        assert status.sum(axis=0) == pytest.approx([1, 1, 1], abs=1e-4)
    # Peaks of ISO 5-3: A 620, 530, 440; M 640, 540, 450 nm.
    assert WAVELENGTHS[tables.status_a.argmax(axis=0)] == pytest.approx([620, 530, 440], abs=10)
    assert WAVELENGTHS[tables.status_m.argmax(axis=0)] == pytest.approx([640, 540, 450], abs=10)


@pytest.mark.parametrize(
    ("name", "magenta", "yellow"),
    [("kodak-gold-200", 0.55, 0.7), ("kodak-vision3-250d", 0.15, 0.5)],
)
def test_printing_light_is_halogen_behind_filters(name, magenta, yellow):
    lamp = colour.sd_blackbody(3200, colour.SpectralShape(400, 700, 10)).values
    density = -np.log10(OWN[name].film.paper.light / lamp)
    density = density - density[-1]
    for at, expected in ((430, yellow), (550, magenta), (650, 0.0)):
        assert density[at == WAVELENGTHS] == pytest.approx(expected, abs=0.01)


def test_layers_of_a_paper_mix_its_log_exposures_and_leave_equal_ones():
    film = OWN["kodak-gold-200"].film
    light = chain.transmit(np.float64([[0.3, 0.1, 0.7], [0.5, 0.9, 0.2]]), film.dyes)
    alone = replace(film.paper, inter_layer=np.eye(3))
    mixed = chain.print_exposure(light, film, film.paper)
    plain = chain.print_exposure(light, film, alone)
    rows = film.paper.inter_layer
    # The same change of light in all layers stays what it is; others mix.
    expected = (plain - film.filtration) @ rows.T + film.filtration
    assert mixed == pytest.approx(expected)
    assert chain.print_exposure(light * 0.1, film, film.paper) == pytest.approx(mixed - 1.0)


def test_display_white_is_white_and_d50_goes_to_d65_by_bradford():
    d50 = colour.xy_to_XYZ((0.3457, 0.3585))
    xyz = np.float64([[0.3, 0.2, 0.1]])
    theirs = colour.adaptation.chromatic_adaptation_VonKries(
        xyz * d50, d50, WIDE.rgb_to_xyz.sum(axis=1), transform="Bradford"
    )
    ours = (xyz @ chain.display_matrix().T) @ WIDE.rgb_to_xyz.T
    assert ours == pytest.approx(theirs, abs=1e-3)  # D50 as ICC rounds it
    assert chain.display_matrix().sum(axis=1) == pytest.approx([1, 1, 1])


def test_densities_add_up_at_each_wavelength():
    dyes = OWN["kodak-gold-200"].film.dyes
    one, other = np.float64([[0.3, 0.1, 0.7]]), np.float64([[0.5, 0.9, 0.2]])
    both = chain.transmit(one + other, dyes)
    assert both == pytest.approx(chain.transmit(one, dyes) * chain.transmit(other, dyes))
    assert -np.log10(chain.transmit(np.eye(3), dyes)) == pytest.approx(dyes.T)


def test_layers_count_exposure_from_grey_and_stay_finite():
    film = OWN["kodak-ektar-100"].film
    logs = chain.expose(greys([0.0, 1.0, 3.0]), film)
    assert logs == pytest.approx(np.outer([0.0, 0.30103, 0.90309], np.ones(3)), abs=2e-3)
    beyond = np.float64([[0, 0, 0], [-1, 5, -1], [40, -3, 0], [1e-30, 0, 0]])
    assert np.isfinite(chain.expose(beyond, film)).all()
    assert np.isfinite(chain.expose(beyond.astype(np.float32), film)).all()


@pytest.mark.parametrize(("name", "finish"), EVERY)
def test_greys_are_neutral_over_eight_stops(name, finish):
    lab = to_lab(chain.render(greys(np.arange(-5.0, 3.01, 0.25)), OWN[name].film, finish))
    assert delta_e(lab, lab * [1, 0, 0]).max() <= NEUTRAL


@pytest.mark.parametrize(("name", "finish"), EVERY)
def test_tone_rises_from_black_through_grey_to_white(name, finish):
    ev = np.arange(-7.0, 7.01, 0.05)
    light = chain.render(greys(ev), OWN[name].film, finish)
    assert np.isfinite(light).all()
    assert np.diff(light @ WIDE.rgb_to_xyz[1]).min() >= 0.0
    assert light[0].max() < 0.01
    assert light[-1].min() > 0.85  # print film is not yet clear there
    assert light.max() <= 1.0 + 1e-6
    at = np.interp([-0.25, 0.0, 0.25], ev, light[:, 1])
    assert at[1] == pytest.approx(GREY, abs=GREY_ERROR)
    assert SLOPES[0] <= np.log2(at[2] / at[0]) / 0.5 <= SLOPES[1]
    assert chain.render(np.zeros((1, 3)), OWN[name].film, finish) == pytest.approx(0.0, abs=2e-3)


@pytest.mark.parametrize(("name", "finish"), EVERY)
def test_a_cube_is_near_its_chain(name, finish):
    rng = np.random.default_rng(7)
    light = GREY * 2.0 ** rng.uniform(-4.0, 4.0, (1500, 1)) * rng.uniform(0.2, 1.8, (1500, 3))
    to_rec2020 = conversion(space("srgb"), WIDE)
    cube = bake.film_cube(OWN[name], finish, 1.0, 1.0, to_rec2020)
    unit = (ToEV()(light) - DARKEST) / (BRIGHTEST - DARKEST)
    error = delta_e(to_lab(cube(unit) ** 3), to_lab(chain.render(light, OWN[name].film, finish)))
    assert error.mean() <= MEAN_BAR
    assert np.percentile(error, 99) <= P99_BAR


@pytest.mark.parametrize("primaries", ["srgb", "display-p3", "rec2020"])
def test_strength_0_leaves_the_picture(primaries):
    codes = np.random.default_rng(3).random((4000, 3))
    light = space(primaries).transfer(codes)
    to_rec2020 = conversion(space(primaries), WIDE)
    scene = Scene()(light)
    shown = bake.look(OWN["fuji-velvia-50"], "projection", 0.0, 0.0, scene, to_rec2020)
    assert shown == pytest.approx(light @ to_rec2020.T, abs=1e-9)
    cube = bake.film_cube(OWN["fuji-velvia-50"], "projection", 0.0, 0.0, to_rec2020)
    unit = np.clip((ToEV()(scene) - DARKEST) / (BRIGHTEST - DARKEST), 0.0, 1.0)
    error = delta_e(to_lab(cube(unit) ** 3), to_lab(light @ to_rec2020.T))
    assert error.mean() <= 0.15  # of interpolation
    assert np.percentile(error, 99) <= 0.5


def test_strengths_mix_lightness_and_colour_of_oklab():
    stock, identity = OWN["kodak-gold-200"], np.eye(3)
    light = GREY * 2.0 ** np.random.default_rng(5).uniform(-3.0, 2.0, (200, 3))
    film = bake.look(stock, "print", 1.0, 1.0, light, identity)
    assert film == pytest.approx(
        chain.render(light @ conversion(WIDE, space("srgb")).T, stock.film, "print")
    )
    plain = Camera()(light)
    tone = bake.rec2020_to_oklab(bake.look(stock, "print", 0.0, 1.0, light, identity))
    assert tone[:, 0] == pytest.approx(bake.rec2020_to_oklab(film)[:, 0], abs=1e-6)
    assert tone[:, 1:] == pytest.approx(bake.rec2020_to_oklab(plain)[:, 1:], abs=1e-6)
    half = bake.rec2020_to_oklab(bake.look(stock, "print", 0.5, 0.5, light, identity))
    middle = (bake.rec2020_to_oklab(film) + bake.rec2020_to_oklab(plain)) / 2
    assert half == pytest.approx(middle, abs=1e-6)


def test_oklab_is_colour_sciences_and_its_inverse_inverts():
    light = np.random.default_rng(2).random((50, 3))
    theirs = colour.XYZ_to_Oklab(light @ WIDE.rgb_to_xyz.T)
    assert bake.rec2020_to_oklab(light) == pytest.approx(theirs, abs=2e-4)
    assert bake.oklab_to_rec2020(bake.rec2020_to_oklab(light)) == pytest.approx(light)


def test_a_cube_holds_the_signed_cube_root_and_is_kept():
    stock, to_rec2020 = OWN["fuji-velvia-50"], np.eye(3)
    cube = bake.film_cube(stock, "projection", 1.0, 1.0, to_rec2020, size=9)
    assert cube.nodes.shape == (9, 9, 9, 3)
    assert cube.nodes.min() < 0.0  # outside Rec. 2020 is not clipped
    assert cube is bake.film_cube(stock, "projection", 1.0, 1.0, to_rec2020.copy(), size=9)


def test_a_finish_that_a_stock_does_not_have_is_refused():
    with pytest.raises(ParameterError, match="allowed: projection, scan"):
        bake.film_cube(OWN["fuji-velvia-50"], "print", 1.0, 1.0, np.eye(3))


def test_a_film_that_cannot_work_is_refused():
    film = OWN["kodak-gold-200"].film
    bright = replace(film, filtration=film.filtration - 5.0)
    with pytest.raises(ParameterError, match="without light"):
        chain.render(greys([0.0]), bright, "print")
    flat = Curves(0.0, 1.0, np.float64([[0.0] * 3, [1e-4] * 3]))
    with pytest.raises(ParameterError, match="density rises"):
        chain.render(greys([0.0]), replace(film, curves=flat), "scan")


def test_velvia_is_more_colourful_than_provia_and_ektar_than_portra():
    rng = np.random.default_rng(11)
    light = GREY * rng.uniform(0.5, 1.5, (300, 3))

    def chroma(name):
        lab = to_lab(chain.render(light, OWN[name].film, OWN[name].finishes[0]))
        return np.hypot(lab[:, 1], lab[:, 2]).mean()

    assert chroma("fuji-velvia-50") > 1.1 * chroma("fuji-provia-100f")
    assert chroma("kodak-ektar-100") > 1.05 * chroma("kodak-portra-400")
