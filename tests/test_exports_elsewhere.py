"""Exported looks, applied by other programs, against what ``orangemask emulate`` writes.

The programs are looked for in the folders of ORANGEMASK_TEST_PROGRAMS, then on the PATH. The
photographs are those of ORANGEMASK_DATA where there are any, and a drawn one.
"""

from __future__ import annotations

import base64
import os
import shutil
import struct
import subprocess
import zlib
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from orangemask.curves import SRGB
from orangemask.decode import open_image
from orangemask.encode import SaveOptions, write_image
from orangemask.filters import find_filter
from orangemask.luts import PURPOSES, AcesCct, Pq
from orangemask.luts.purposes import BT1886, REFERENCE_WHITE, SYSTEM_GAMMA
from orangemask.spaces import SPACES, conversion
from orangemask_filters.film_emulate.exposure import Scene
from test_luts_bake import delta_e, import_colour, ocio_apply, photographs
from test_luts_cube import colour_apply

FILTER = find_filter("film-emulate")
STOCKS = ("kodak-gold-200", "fuji-velvia-50")  # a print of a negative, and a steep reversal film
FAITHFUL = 0.5  # mean CIE 2000, as the issue asks
FAITHFUL_8_BIT = 0.8
# Of 17 points, half a stop and more a step.
COARSE = {"acescct": 1.5, "pq": 0.9, "srgb": 0.6}
READERS_AGREE = 1e-4  # of codes; they interpolate the 1D table in float32 and float64

needs_film = pytest.mark.skipif(
    not set(STOCKS) <= set(FILTER.settings[0].by_name), reason="the stocks are not installed"
)
pytestmark = needs_film


def find_program(*names: str) -> str:
    folders = [os.environ.get("ORANGEMASK_TEST_PROGRAMS", ""), os.environ.get("PATH", "")]
    for name in names:
        found = shutil.which(name, path=os.pathsep.join(folders))
        if found is not None and "stands in" not in _version(found):
            return found
    pytest.skip(f"{' or '.join(names)} is not installed")


@cache
def _version(program: str) -> str:
    """What a program says of itself, and "stands in" where it is another under its name."""
    told = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False, timeout=120
    )
    failed = told.returncode != 0 and "ImageMagick is not installed" in told.stdout + told.stderr
    return "stands in" if failed else told.stdout


# Ours


@dataclass(frozen=True)
class Kind:
    """A purpose as a file that ``emulate`` reads.

    Attributes
    ----------
    space : str
        Of the file; a scene is written as OpenEXR.
    words : tuple of str
        What ``emulate`` is told of it.
    """

    space: str
    words: tuple[str, ...] = ()


KINDS = {
    "srgb": Kind("srgb"),
    "rec709": Kind("srgb", ("--encoding", "gamma:2.4")),
    "acescct": Kind("acescg"),
    "linear": Kind("srgb"),
    "pq": Kind("linear-rec2020"),
}


def light_of(purpose, photo):
    """Light that a file of the purpose holds: what is displayed, or the scene."""
    shown = SRGB(photo)
    if not PURPOSES[purpose].scene:
        return shown
    to_primaries = conversion(SPACES["srgb"], SPACES[KINDS[purpose].space])
    return np.maximum(Scene()(shown) @ to_primaries.T, 0.0)


def codes_of(purpose, light):
    """Codes that the look-up table reads, by the standards' formulas."""
    return {
        "srgb": SRGB.inverse,
        "rec709": BT1886.inverse,
        "acescct": AcesCct(encode=True),
        "linear": lambda x: x,
        "pq": lambda x: Pq(encode=True)(x**SYSTEM_GAMMA * REFERENCE_WHITE / 10000),
    }[purpose](light)


def displayed(purpose, codes):
    """sRGB codes of what a look-up table gives."""
    codes = np.clip(codes, 0.0, 1.0)
    if purpose in ("rec709", "acescct"):
        return SRGB.inverse(BT1886(codes))
    if purpose != "pq":
        return codes
    light = Pq()(codes) * 10000 / REFERENCE_WHITE
    to_srgb = conversion(SPACES["linear-rec2020"], SPACES["srgb"])
    return SRGB.inverse(np.clip(light @ to_srgb.T, 0.0, 1.0))


@dataclass(frozen=True)
class Rendering:
    """A picture, the values found for it, and its rendering as sRGB codes."""

    source: Path
    values: Path
    shown: np.ndarray


def emulate(run, folder, purpose, photo, stock):
    """Return what the command makes of a photograph in the space of a purpose."""
    kind, light = KINDS[purpose], light_of(purpose, photo)
    if PURPOSES[purpose].scene:
        source = folder / "in.exr"
        whole = SaveOptions(depth="float")
        pixels = light.astype(np.float32)
        write_image(source, pixels, space=SPACES[kind.space], options=whole, force=True)
    else:
        source = folder / "in.tif"
        codes = np.rint(codes_of(purpose, light) * 65535).astype(np.uint16)
        write_image(source, codes, space=SPACES[kind.space], force=True)
    out = folder / "ours.tif"
    words = ("--space", "srgb", "--depth", "16", "--force", *kind.words)
    told = ("--stock", stock, "--model", "grey-world")
    status, _, errors = run("emulate", source, "-o", out, *words, *told)
    assert status == 0, errors
    values = out.with_name(f"{out.name}.orangemask.json")
    return Rendering(source, values, open_image(out).pixels / 65535)


def export(run, ours, path, purpose, *words):
    told = ("--params", ours.values, "--for", purpose, "--force", *words)
    status, _, errors = run("export", "emulate", *told, "-o", path)
    assert status == 0, errors
    return path


def each():
    return ((stock, photo) for stock in STOCKS for _, photo in photographs())


# Libraries


class Differences:
    """Mean CIE 2000 of each picture, and what is told of them in the end."""

    def __init__(self) -> None:
        self.means = []

    def add(self, ours, theirs):
        self.means.append(delta_e(ours.shown, theirs).mean())

    def add_file(self, ours, path):
        pixels = open_image(path).pixels
        self.add(ours, pixels / np.iinfo(pixels.dtype).max)

    def hold(self, told, limit=FAITHFUL):
        print(f"{told}: mean {np.mean(self.means):.3f}, worst picture {max(self.means):.3f}")
        assert np.mean(self.means) <= limit


@pytest.mark.parametrize(
    ("size", "pictures"),
    [(33, 1), *(pytest.param(size, None, marks=pytest.mark.slow) for size in (17, 33, 65))],
)
@pytest.mark.parametrize("purpose", PURPOSES)
def test_opencolorio_and_colour_science(run, tmp_path, purpose, size, pictures):
    import_colour()
    cube, clf, readers = Differences(), Differences(), []
    for stock, photo in islice(each(), pictures):
        ours = emulate(run, tmp_path, purpose, photo, stock)
        codes = codes_of(purpose, light_of(purpose, photo))
        path = export(run, ours, tmp_path / "look.cube", purpose, "--size", size)
        theirs = ocio_apply(path, codes)
        cube.add(ours, displayed(purpose, theirs))
        if not readers:  # slow: once
            readers.append(np.abs(colour_apply(path, codes) - theirs).max())
        path = export(run, ours, tmp_path / "look.clf", purpose, "--size", size)
        clf.add(ours, displayed(purpose, ocio_apply(path, codes)))
    assert readers[0] < READERS_AGREE
    limit = COARSE.get(purpose, FAITHFUL) if size == 17 else FAITHFUL
    cube.hold(f"{purpose}, .cube of {size}, OpenColorIO and colour-science", limit)
    clf.hold(f"{purpose}, .clf of {size}, OpenColorIO", limit)


# Programs


@pytest.mark.slow
@pytest.mark.parametrize(("depth", "limit"), [(16, FAITHFUL), (8, FAITHFUL_8_BIT)])
@pytest.mark.parametrize("size", [16, 36, 64])
def test_imagemagick(run, tmp_path, size, depth, limit):
    program, found = find_program("magick", "convert"), Differences()
    for stock, photo in each():
        ours = emulate(run, tmp_path, "srgb", photo, stock)
        hald = export(run, ours, tmp_path / "hald.png", "srgb", "--size", size)
        if depth == 8:
            order(program, hald, "-depth", 8, f"PNG24:{hald}")
        order(program, ours.source, hald, "-hald-clut", "-depth", 16, tmp_path / "im.tif")
        found.add_file(ours, tmp_path / "im.tif")
    found.hold(f"ImageMagick, {depth} bits, {size}", max(limit, COARSE["srgb"] * (size < 17)))


PP3 = """[Version]
AppVersion=5.9
Version=349

[Film Simulation]
Enabled=true
ClutFilename={look}
Strength=100
"""


@pytest.mark.slow
@pytest.mark.parametrize("size", [16, 36, 64])
def test_rawtherapee(run, tmp_path, size):
    program, found = find_program("rawtherapee-cli"), Differences()
    for stock, photo in each():
        ours = emulate(run, tmp_path, "srgb", photo, stock)
        look = export(run, ours, tmp_path / "hald.png", "srgb", "--size", size)
        (tmp_path / "look.pp3").write_text(PP3.format(look=look))
        out, profile = tmp_path / "rt.tif", tmp_path / "look.pp3"
        order(program, "-o", out, "-t", "-b16", "-Y", "-p", profile, "-c", ours.source)
        found.add_file(ours, out)
    found.hold(f"RawTherapee, {size}", COARSE["srgb"] if size < 17 else FAITHFUL)


XMP = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:darktable="http://darktable.sf.net/"
 darktable:xmp_version="5" darktable:raw_params="0" darktable:auto_presets_applied="1"
 darktable:history_end="1"><darktable:history><rdf:Seq>
<rdf:li darktable:num="0" darktable:operation="lut3d" darktable:enabled="1"
 darktable:modversion="3" darktable:params="{params}" darktable:multi_name=""
 darktable:multi_priority="0"/>
</rdf:Seq></darktable:history></rdf:Description></rdf:RDF></x:xmpmeta>
"""
SRGB_LUT, TETRAHEDRAL = 0, 0  # darktable's choices of colour space and interpolation


def lut3d(name):
    """Parameters of darktable's module lut3d, version 3, as its XMP has them."""
    raw = struct.pack("<512siii12288s128s", name.encode(), SRGB_LUT, TETRAHEDRAL, 0, b"", b"")
    packed = zlib.compress(raw)
    factor = min(len(raw) // len(packed) + 1, 99)
    return f"gz{factor:02d}{base64.b64encode(packed).decode()}"


@pytest.mark.slow
@pytest.mark.parametrize("file", ["look.png", "look.cube"])
def test_darktable(run, tmp_path, file):
    program, found = find_program("darktable-cli"), Differences()
    for stock, photo in each():
        ours = emulate(run, tmp_path, "srgb", photo, stock)
        export(run, ours, tmp_path / file, "srgb")
        (tmp_path / "look.xmp").write_text(XMP.format(params=lut3d(file)))
        out = tmp_path / "dt.tif"
        out.unlink(missing_ok=True)
        order(
            program, ours.source, tmp_path / "look.xmp", out, "--icc-type", "SRGB",
            "--apply-custom-presets", "false", "--core", "--configdir", tmp_path / "config",
            "--library", ":memory:", "--disable-opencl",
            "--conf", "plugins/imageio/format/tiff/bpp=16",
            "--conf", f"plugins/darkroom/lut3d/def_path={tmp_path}",
        )  # fmt: skip
        found.add_file(ours, out)
    found.hold(f"darktable, {file}")


def order(program, *words):
    done = subprocess.run(
        [program, *map(str, words)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
