from __future__ import annotations

import pytest

from orangemask.curves import LINEAR
from orangemask.errors import OutputError, ParameterError
from orangemask.luts import FORMATS, cdl_from_parameters, describe, write_lut
from test_luts_bake import HIGHLIGHTS, MIDTONES, SHADOWS, build_look


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("look.cube", b"TITLE"),
        ("look.CUBE", b"TITLE"),
        ("look.png", b"\x89PNG"),
        ("look.clf", b"<?xml"),
        ("look.cdl", b"<?xml"),
    ],
)
def test_the_extension_chooses_the_format(tmp_path, name, start):
    path = tmp_path / name
    cdl = cdl_from_parameters(SHADOWS, HIGHLIGHTS, MIDTONES)
    comments = describe("codes of a negative, encoding srgb", "positive in sRGB")
    write_lut(path, build_look(), size=17, cdl=cdl, comments=comments)
    content = path.read_bytes()
    assert content.startswith(start)
    for text in (b"encoding srgb", b"positive in sRGB", b"Written by Orangemask 0", b"look"):
        assert text in content
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["look.3dl", "look", "look.cube.gz"])
def test_an_unknown_extension_names_the_allowed(tmp_path, name):
    with pytest.raises(OutputError, match=r"\.cube, \.png, \.clf or \.cdl"):
        write_lut(tmp_path / name, build_look())
    assert FORMATS == (".cube", ".png", ".clf", ".cdl")


def test_nothing_is_overwritten_without_force(tmp_path):
    path = tmp_path / "look.cube"
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        write_lut(path, build_look(), size=2)
    assert path.read_bytes() == b"mine"
    write_lut(path, build_look(), size=2, force=True)
    assert path.read_bytes().startswith(b"TITLE")


def test_a_failure_leaves_nothing_behind(tmp_path):
    with pytest.raises(ParameterError):
        write_lut(tmp_path / "look.cube", build_look(), size=1)
    with pytest.raises(ParameterError, match="linear input"):
        write_lut(tmp_path / "look.png", build_look(LINEAR))
    with pytest.raises(OutputError, match="CDL"):
        write_lut(tmp_path / "look.cdl", build_look())
    with pytest.raises(OutputError, match="there is no folder"):
        write_lut(tmp_path / "missing" / "look.cube", build_look(), size=2)
    (tmp_path / "folder.cube").mkdir()
    with pytest.raises(OutputError, match="folder"):
        write_lut(tmp_path / "folder.cube", build_look(), size=2, force=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.cube"]


def test_linear_input_is_told_to_a_hald(tmp_path):
    write_lut(tmp_path / "look.png", build_look(LINEAR), size=16, linear=False)
    write_lut(tmp_path / "look.cube", build_look(LINEAR), size=2)
    assert b"LUT_1D_SIZE" in (tmp_path / "look.cube").read_bytes()
