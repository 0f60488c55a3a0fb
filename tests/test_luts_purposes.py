"""Looks for photographs: the spaces against colour-science, the files against OpenColorIO."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pytest

from orangemask.cli import main
from orangemask.curves import SRGB, Affine, Chain, Transfer
from orangemask.errors import ParameterError
from orangemask.filters import filters
from orangemask.luts import (
    ENDINGS,
    PURPOSES,
    AcesCct,
    Pq,
    curves_and_cube,
    describe,
    find_ending,
    find_purpose,
    look_for,
    reads_linear,
    transform_to_clf,
    transform_to_cube,
    transform_to_hald_pixels,
    write_lut,
)
from orangemask.spaces import SPACES, conversion
from orangemask.transforms import Cube, Curves, Matrix, Transform
from test_cube import film_cube
from test_execute import PRIMARIES
from test_luts_bake import delta_e, import_colour, ocio_apply, photographs, synthetic_photo

WRITTEN = 3e-6  # six decimals, and float32 arithmetic of the reader
SHAPED = 1e-3  # a quarter of an 8-bit code, where 65,536 entries meet a curve steep at black
PLAIN_DELTA_E = {17: 2.5, 33: 1.0, 65: 0.3}  # 0.3: below what an eye tells apart side by side
GREY, WHITE = 0.18, 203.0  # a grey card, and cd/m² of paper white in HDR
LOWEST, SPAN = -7.0, 14.0  # EV from grey at the ends of the cube


@dataclass(frozen=True)
class Place:
    """Light to its place along the edges of the cube, with a foot."""

    def __call__(self, x):
        foot = GREY / 128
        ev = np.log2(np.maximum(x + foot, 1e-9) / (GREY + foot))
        return (ev - LOWEST) / SPAN


def render(curve, light, target):
    """A film of our own making, in the shape that a filter renders photographs in."""
    place = Chain((Place(), Affine(0.98, 0.01)))
    brighter = Chain((Place(), Affine(1.02, 0.0)))
    to_rec709 = np.linalg.solve(SPACES["srgb"].rgb_to_pcs, np.array(light.rgb_to_xyz))
    nodes = film_cube(33).nodes.astype(float) - film_cube(33).nodes.min()
    cube = Cube(nodes @ (0.5 * np.eye(3) + 0.5 * to_rec709).T)
    shown = Transfer(1.5)
    return Transform.of(
        [
            Curves((curve, curve, curve)),
            Curves((place, brighter, place)),
            cube,
            Curves((shown, shown, shown)),
            Matrix.of(conversion(SPACES["linear-rec2020"], target)),
        ]
    )


def look(name, ending=None):
    purpose = find_purpose(name)
    return look_for(purpose, find_ending(ending or purpose.ending), render)


def codes_of(name, photo):
    """Codes of a purpose for sRGB codes of a picture, a stop and more brighter in highlights."""
    light = SRGB(photo) * 3
    purpose = find_purpose(name)
    inverse = {
        "srgb": lambda x: SRGB.inverse(x / 3),
        "rec709": lambda x: (x / 3) ** (1 / 2.4),
        "acescct": AcesCct(encode=True),
        "linear": lambda x: x,
        "pq": lambda x: Pq(encode=True)(x**1.2 * WHITE / 10000),
    }[name]
    codes = inverse(light)
    wanted = light / 3 if name in ("srgb", "rec709") else light
    assert np.allclose(purpose.decode(codes), wanted, atol=1e-9)
    return codes


def test_acescct_is_colour_sciences():
    colour = import_colour()
    models = colour.models
    light = np.concatenate([[-0.005, 0.0, 0.0078125, GREY, 1.0], np.geomspace(1e-6, 200, 400)])
    with np.errstate(all="ignore"):  # it takes logarithms of all
        codes = models.log_encoding_ACEScct(light)
    assert np.abs(AcesCct(encode=True)(light) - codes).max() < 1e-9
    assert np.allclose(AcesCct()(codes), light, rtol=1e-9, atol=1e-12)
    assert AcesCct(encode=True)(np.array([GREY]))[0] == pytest.approx(0.4135884, abs=1e-7)
    assert AcesCct()(codes.astype(np.float32)).dtype == np.float32


def test_pq_is_colour_sciences():
    models = import_colour().models
    luminance = np.concatenate(
        [[0.0, 26.0, 100.0, WHITE, 1000.0, 10000.0], np.geomspace(1e-4, 1e4)]
    )
    codes = models.eotf_inverse_ST2084(luminance)
    assert np.abs(Pq(encode=True)(luminance / 10000) - codes).max() < 1e-9
    assert np.allclose(Pq()(codes) * 10000, luminance, rtol=1e-7, atol=1e-9)
    beyond = np.array([-1.0, 0.0, 1.0, 2.0])
    assert np.allclose(Pq()(beyond), [0, 0, 1, 1])
    assert Pq(encode=True)(beyond.astype(np.float32)).dtype == np.float32


def test_grey_and_white_are_where_bt_2408_has_them():
    """Table 1 there: reference white at 58 % PQ, a grey card at 38 %."""
    codes = Pq(encode=True)(np.array([26.0, WHITE]) / 10000)
    assert np.round(codes, 2).tolist() == [0.38, 0.58]
    assert find_purpose("pq").decode(codes) == pytest.approx([GREY, 1.0], rel=5e-3)
    assert find_ending("pq").encode(np.array([1.0]))[0] == pytest.approx(codes[1])


def test_bt_1886_is_colour_sciences():
    models = import_colour().models
    codes = np.linspace(0, 1, 11)
    assert np.allclose(find_purpose("rec709").decode(codes), models.eotf_BT1886(codes))


def test_a_grey_scene_is_the_same_grey_for_every_purpose():
    """As light that is shown, over white."""
    grey = np.full(3, GREY)
    pq = Pq(encode=True)(np.full(3, WHITE * GREY**1.2 / 10000))
    shown = [
        SRGB(look("linear")(grey)),
        look("acescct")(AcesCct(encode=True)(grey)) ** 2.4,
        Pq()(look("pq")(pq)) * 10000 / WHITE,
        look("linear", "linear-rec2020")(grey),
        AcesCct()(look("linear", "acescct")(grey)),
    ]
    assert np.allclose([one.mean() for one in shown], shown[0].mean(), rtol=0.03)


@pytest.mark.parametrize("name", PURPOSES)
def test_a_look_is_curves_and_a_cube(name):
    found = curves_and_cube(look(name))
    assert found is not None
    curves, cube = found
    assert cube.size == 33
    x = np.stack([np.linspace(-0.1, 1, 5001)] * 3, axis=-1) * curves.end
    assert np.abs(cube(curves(x)) - look(name)(x)).max() < 1e-12
    top = curves(np.full((1, 3), curves.end))
    assert np.allclose(curves(np.full((1, 3), 5 * curves.end)), top, atol=1e-4)
    if name == "linear":  # 7 EV above grey
        assert 20 < curves.end < 30


@pytest.mark.parametrize("name", PURPOSES)
def test_only_the_linear_one_reads_light(name):
    assert reads_linear(look(name)) == find_purpose(name).linear


@pytest.mark.parametrize(("size", "stop"), [(17, 1), (33, 3), (65, 1)])
@pytest.mark.parametrize("name", PURPOSES)
def test_a_cube_file_gives_the_look(tmp_path, name, size, stop):
    path, transform = tmp_path / "look.cube", look(name)
    linear = find_purpose(name).linear
    path.write_bytes(transform_to_cube(transform, size, linear=linear))
    assert (b"LUT_1D_SIZE 65536\nLUT_1D_INPUT_RANGE 0.0 2" in path.read_bytes()) == linear
    for title, photo in islice(photographs(), stop):
        codes = codes_of(name, photo)
        wanted, found = np.clip(transform(codes), 0, 1), ocio_apply(path, codes)
        error = delta_e(wanted, found)
        print(f"{name} {size} {title}: mean {error.mean():.4f}, worst {error.max():.3f}")
        assert error.mean() <= PLAIN_DELTA_E[size]


def test_a_cube_file_for_linear_light_is_the_look_itself(tmp_path):
    """Nothing is sampled but the curves; only what is beyond the file's 0…1 is cut."""
    path, transform = tmp_path / "look.cube", look("linear")
    path.write_bytes(transform_to_cube(transform, 33, linear=True))
    curves, cube = curves_and_cube(transform)
    cut = Cube(np.clip(cube.nodes, 0, 1))
    light = np.random.default_rng(2).uniform(0, 1, (5000, 3)) ** 4 * 25
    assert np.abs(ocio_apply(path, light) - cut(curves(light))).max() < SHAPED + WRITTEN


@pytest.mark.parametrize("size", [None, 17])
@pytest.mark.parametrize("name", PURPOSES)
def test_a_clf_gives_the_look(tmp_path, name, size):
    path, transform = tmp_path / "look.clf", look(name)
    text = transform_to_clf(transform, size=size)
    path.write_bytes(text)
    edge = size or 33
    assert f'interpolation="tetrahedral">\n<Array dim="{edge} {edge} {edge} 3">'.encode() in text
    rng = np.random.default_rng(2)
    light = np.geomspace(1e-5, 20, 300)[:, None] * rng.uniform(0.2, 1, (300, 3))
    random = AcesCct(encode=True)(light) if name == "acescct" else light
    random = random if find_purpose(name).linear else np.clip(random, 0, 1)
    for codes in (random, codes_of(name, synthetic_photo())):
        error = np.abs(ocio_apply(path, codes) - transform(codes)).max()
        print(f"{name} {size}: {error:.1e}")
        assert error < (0.3 if size else SHAPED)


@pytest.mark.parametrize("name", ["srgb", "rec709", "acescct", "pq"])
def test_a_hald_gives_the_look(name):
    interpolate = import_colour().algebra.table_interpolation_tetrahedral
    transform = look(name)
    pixels = transform_to_hald_pixels(transform, 8, allow_linear=True)
    table = pixels.reshape(64, 64, 64, 3).transpose(2, 1, 0, 3) / 65535
    codes = np.clip(codes_of(name, synthetic_photo()), 0, 1)
    found = interpolate(codes.reshape(-1, 3), table).reshape(codes.shape)
    error = delta_e(transform(codes), found)
    print(f"{name}: mean {error.mean():.4f}, worst {error.max():.3f}")
    assert error.mean() <= PLAIN_DELTA_E[65]


def test_imagemagick_applies_the_hald_alike(tmp_path):
    program = shutil.which("magick") or shutil.which("convert")
    if not program:
        pytest.skip("ImageMagick is not installed")
    cv2 = pytest.importorskip("cv2")
    transform = look("srgb")
    write_lut(tmp_path / "hald.png", transform, linear=False)
    photo = np.rint(synthetic_photo() * 65535).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "in.png"), photo[..., ::-1])
    command = [program, "in.png", "hald.png", "-hald-clut", "-depth", "16", "PNG48:out.png"]
    if subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode:
        pytest.skip("this ImageMagick cannot")
    found = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED)[..., ::-1] / 65535
    assert delta_e(transform(photo / 65535), found).mean() <= PLAIN_DELTA_E[65]


def test_any_transform_with_a_cube_is_written(tmp_path):
    """A matrix before the cube, curves and another cube after it."""
    transform = Transform.of(
        [Curves((SRGB,) * 3), PRIMARIES, Curves((SRGB.inverse,) * 3), film_cube(9), PRIMARIES,
         Curves((SRGB,) * 3), film_cube(5)]
    )  # fmt: skip
    codes = np.random.default_rng(6).random((3000, 3))
    path = tmp_path / "look.clf"
    path.write_bytes(transform_to_clf(transform))
    assert np.abs(ocio_apply(path, codes) - transform(codes)).max() < SHAPED
    path = tmp_path / "look.cube"
    path.write_bytes(transform_to_cube(transform, 65))
    assert np.abs(ocio_apply(path, codes) - transform(codes)).mean() < 0.005


def test_what_is_not_known_names_what_is():
    with pytest.raises(ParameterError, match=r"did you mean 'acescct'\? allowed: srgb, rec709"):
        find_purpose("acescc")
    with pytest.raises(ParameterError, match=r"did you mean 'rec709'.*acescct.*display-p3"):
        find_ending("rec70")
    assert find_ending("Display P3").encode == SPACES["display-p3"].encode
    assert {one.ending for one in PURPOSES.values()} <= {*ENDINGS, *SPACES}


def test_comments_say_both_spaces():
    purpose = find_purpose("acescct")
    lines = describe(purpose.label, find_ending(purpose.ending).label, ["stock: gold"])
    assert lines[:3] == (
        "Input: scene in ACEScct (AP1)",
        "Output: Rec. 709, gamma 2.4 (BT.1886)",
        "stock: gold",
    )


@pytest.mark.skipif("film-emulate" not in filters(), reason="the filter is not installed")
@pytest.mark.parametrize("name", PURPOSES)
def test_the_command_writes_a_look_for_each_purpose(tmp_path, capsys, name):
    words = ["export", "emulate", "--for", name, "--size", "17", "--strength", "0.5"]
    for suffix in (".cube", ".clf"):
        path = tmp_path / f"look{suffix}"
        assert main([*words, "-o", str(path)]) == 0
        content = path.read_text()
        assert f"Input: {PURPOSES[name].label}" in content
        assert f"Output: {find_ending(PURPOSES[name].ending).label}" in content
        assert "colour: 0.5" in content and "stock: " in content
    status = main([*words, "-o", str(tmp_path / "look.png")])
    said = capsys.readouterr().err
    assert status == 0 if name != "linear" else "cannot hold a look for linear input" in said
