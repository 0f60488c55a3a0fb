"""Profiles: our curves and matrices against littleCMS and colour-science."""

from __future__ import annotations

import struct
import warnings

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow
from PIL import ImageCms

from orangemask.curves import LINEAR, SRGB, Table, Transfer
from orangemask.decode import open_image
from orangemask.decode.encoding import parse_encoding
from orangemask.decode.icc import Parametric, read_profile, to_rec_2020
from orangemask.errors import ParameterError

with warnings.catch_warnings():  # it misses Matplotlib, which is not needed
    warnings.simplefilter("ignore")
    import colour

RAMP = np.linspace(0, 1, 256)
CODES = np.repeat(np.arange(0, 65536, 257, dtype=np.uint16)[None, :, None], 3, axis=2)
LCMS = 3e-4  # littleCMS samples curves in 16 bits
SRGB_ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
D65 = [0.3127, 0.3290, 1.0]
WIDE = [0.64, 0.33, 1.0, 0.21, 0.71, 1.0, 0.15, 0.06, 1.0]


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def profile(tags: dict[bytes, bytes], space: bytes = b"RGB ", pcs: bytes = b"XYZ ") -> bytes:
    """Return a version 4 display profile with these tags."""
    at = 132 + 12 * len(tags)
    table = b""
    body = b""
    for name, data in tags.items():
        table += name + struct.pack(">II", at + len(body), len(data))
        body += padded(data)
    names = b"mntr" + space + pcs + bytes(12) + b"acsp"
    head = struct.pack(">I4sI", at + len(body), b"lcms", 0x04200000) + names
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def xyz(x, y, z) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))


def para(kind: int, *values: float) -> bytes:
    fixed = struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed


def curv(*values: int) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *values)


def matrix_profile(curve: bytes) -> bytes:
    return profile(
        {
            b"wtpt": xyz(0.9642, 1, 0.8249),
            b"rXYZ": xyz(0.4361, 0.2225, 0.0139),
            b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
            b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
            b"rTRC": curve,
            b"gTRC": curve,
            b"bTRC": curve,
        }
    )


GAMMA_TABLE = curv(*(round(65535 * (i / 255) ** 1.8) for i in range(256)))
CURVES = {
    "identity": curv(),
    "gamma": curv(563),
    "table": GAMMA_TABLE,
    "para0": para(0, 1.8),
    "para1": para(1, 2.0, 0.9, 0.1),
    "para2": para(2, 2.0, 0.8, 0.1, 0.05),
    "para3": para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    "para3prophoto": para(3, 1.8, 1.0, 0.0, 1 / 16, 0.03125),
    "para4": para(4, 2.2, 0.9, 0.05, 0.4, 0.1, 0.03, 0.01),
}
TYPES = {
    "identity": Transfer, "gamma": Transfer, "table": Table, "para0": Transfer,
    "para1": Parametric, "para2": Parametric, "para3": Transfer, "para3prophoto": Transfer,
    "para4": Parametric,
}  # fmt: skip


@pytest.mark.parametrize("name", CURVES)
def test_curves_as_littlecms(name):
    icc = matrix_profile(CURVES[name])
    found = read_profile(icc)
    assert isinstance(found.transfer[0], TYPES[name])
    linear = matrix_profile(curv())
    expected = imagecodecs.cms_transform(
        CODES,
        icc,
        linear,
        colorspace="rgb",
        outcolorspace="rgb",
        outdtype="float32",
        intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
    )[0]
    ours = np.stack([curve(RAMP) for curve in found.transfer], axis=-1)
    assert np.abs(np.clip(ours, 0, 1) - expected).max() < LCMS


def test_known_curves_are_recognised():
    assert read_profile(SRGB_ICC).transfer == (SRGB,) * 3
    assert read_profile(matrix_profile(curv())).transfer == (LINEAR,) * 3
    table = curv(*np.rint(SRGB(np.linspace(0, 1, 1024)) * 65535).astype(int))
    assert read_profile(matrix_profile(table)).transfer == (SRGB,) * 3


def test_srgb_as_colour_science():
    expected = colour.eotf(RAMP, "sRGB")
    assert np.abs(read_profile(SRGB_ICC).transfer[0](RAMP) - expected).max() < 1e-12


@pytest.mark.parametrize("name", ["para1", "para3", "para4", "table"])
def test_curves_keep_the_precision_given(name):
    curve = read_profile(matrix_profile(CURVES[name])).transfer[0]
    assert curve(RAMP.astype(np.float32)).dtype == np.float32
    assert np.abs(curve(RAMP.astype(np.float32)) - curve(RAMP)).max() < 1e-6


def test_primaries_are_kept_as_littlecms_sees_them():
    icc = imagecodecs.cms_profile("rgb", whitepoint=D65, primaries=WIDE, gamma=2.2)
    found = read_profile(icc).rgb_to_xyz
    assert found.sum(axis=1) == pytest.approx([0.9642, 1, 0.8249], abs=2e-3)
    space = colour.RGB_COLOURSPACES["Adobe RGB (1998)"]
    # Row Y of the matrix hardly moves with the adaptation.
    assert found[1] == pytest.approx([0.3111, 0.6257, 0.0632], abs=2e-3), space.name


@pytest.mark.parametrize("kind", ["tif", "png", "jpg"])
def test_an_embedded_profile_decides(tmp_path, kind):
    icc = imagecodecs.cms_profile("rgb", whitepoint=D65, primaries=WIDE, gamma=1.8)
    path = tmp_path / f"a.{kind}"
    Pillow.new("RGB", (16, 16), (200, 100, 50)).save(path, icc_profile=icc)
    image = open_image(path)
    assert image.encoding == "gamma:1.8000030517578125" and image.icc == icc and not image.warnings
    assert image.rgb_to_xyz is not None
    told = open_image(path, encoding="linear")
    assert told.transfer == (LINEAR,) * 3 and told.icc == icc


def with_profile(tmp_path, icc, samples=None):
    path = tmp_path / "a.tif"
    samples = np.full((8, 8, 3), 30000, np.uint16) if samples is None else samples
    tifffile.imwrite(path, samples, photometric="rgb", iccprofile=icc, metadata=None)
    return path


@pytest.mark.parametrize(
    ("icc", "words"),
    [
        (SRGB_ICC[:400], "truncated"),
        (b"nonsense" * 40, "not an ICC profile"),
        (profile({b"wtpt": xyz(1, 1, 1)}), "neither curves nor tables"),
        (profile({b"kTRC": curv(512)}, b"GRAY"), "for GRAY, not for RGB"),
        (profile({}, b"CMYK", b"Lab "), "for CMYK, not for RGB"),
        (matrix_profile(b"curv\0\0\0\0\0\1\0\0"), "curve is truncated"),
        (matrix_profile(b"what\0\0\0\0\0\0\0\0"), "unknown type"),
    ],
)
def test_a_broken_profile_is_told_and_the_rule_takes_over(tmp_path, icc, words):
    image = open_image(with_profile(tmp_path, icc))
    assert any("profile is ignored" in w and words in w for w in image.warnings)
    assert image.encoding == "linear" and image.rgb_to_xyz is None


def lut_profile() -> bytes:
    """Return a Lab look-up profile (lut16) whose table is sRGB's, at 17 points a side."""
    side = 17
    grid = np.linspace(0, 1, side)
    rgb = np.stack(np.meshgrid(grid, grid, grid, indexing="ij"), -1)
    white = np.array([0.9642, 1.0, 0.8249])
    light = rgb @ read_profile(SRGB_ICC).rgb_to_xyz.T  # the input tables hold the curve
    lab = colour.XYZ_to_Lab(light, colour.XYZ_to_xy(white))
    codes = (lab + np.array([0, 128, 128])) * [
        652.8,
        256,
        256,
    ]  # ICC.1:2022, 10.10: legacy 16-bit Lab
    table = np.clip(np.rint(codes), 0, 65535).astype(">u2")
    points = 1024
    curve = np.rint(SRGB(np.linspace(0, 1, points)) * 65535).astype(">u2").tobytes()
    flat = struct.pack(">2H", 0, 65535)
    data = b"mft2\0\0\0\0" + bytes([3, 3, side, 0])
    data += struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    data += struct.pack(">2H", points, 2) + curve * 3 + table.tobytes() + flat * 3
    return profile({b"wtpt": xyz(*white), b"A2B0": data}, pcs=b"Lab ")


def test_a_table_profile_is_applied_by_littlecms(tmp_path):
    samples = np.random.default_rng(5).integers(6000, 65536, (20, 20, 3), np.uint16)
    image = open_image(with_profile(tmp_path, lut_profile(), samples))
    assert image.pixels.dtype == np.float32 and image.encoding == "icc" and image.icc is None
    assert any("converted to linear Rec. 2020" in warning for warning in image.warnings)
    light = SRGB(samples / 65535) @ read_profile(SRGB_ICC).rgb_to_xyz.T
    # 17 points a side: what is left is the table's own interpolation.
    assert np.abs(image.pixels @ image.rgb_to_xyz.T - light).max() < 0.02
    assert open_image(tmp_path / "a.tif", encoding="srgb").pixels.dtype == np.uint16


def test_conversion_to_rec_2020_as_colour_science():
    samples = np.random.default_rng(5).integers(0, 65536, (300, 7, 3), np.uint16)
    expected = colour.RGB_to_RGB(
        colour.eotf(samples / 65535, "sRGB"), "sRGB", "ITU-R BT.2020",
        chromatic_adaptation_transform="Bradford",
    )  # fmt: skip
    assert np.abs(to_rec_2020(samples, SRGB_ICC) - expected).max() < LCMS


@pytest.mark.parametrize("text", ["", "rec709", "gamma", "gamma:", "gamma:0", "gamma:9", "gamma:x"])
def test_a_misspelt_encoding_is_refused(text):
    with pytest.raises(ParameterError, match="it may be auto, linear, srgb, or gamma:G"):
        parse_encoding(text)


def test_encodings():
    assert parse_encoding("auto") is None
    assert parse_encoding("Linear") == LINEAR == parse_encoding("gamma:1.0")
    assert parse_encoding("sRGB") == SRGB
    assert parse_encoding("gamma:2.2") == Transfer(2.2)
