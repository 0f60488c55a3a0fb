"""darktable's parameter structs and how they are written as text."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orangemask.errors import ParameterError
from orangemask_bridge.structs import COLORIN, LAYOUTS, LUT3D, NEGADOCTOR, decode, encode

# sizeof of each struct in darktable 5.4.1's sources
SIZES = {"negadoctor": 76, "colorin": 1044, "lut3d": 12940, "temperature": 20}


def test_structs_have_the_sizes_of_darktables() -> None:
    assert {name: layout.size for name, layout in LAYOUTS.items()} == SIZES


def test_a_struct_comes_back_as_it_was() -> None:
    given = {
        "filepath": "orangemask/für%.cube", "colorspace": 1, "interpolation": 0,
        "nb_keypoints": 0, "c_clut": "", "lutname": "",
    }  # fmt: skip
    assert LUT3D.unpack(LUT3D.pack(given)) == given


def test_fields_lie_where_the_c_struct_has_them() -> None:
    raw = struct.pack("<i18f", 1, *range(1, 19))
    known = NEGADOCTOR.unpack(raw)
    assert known["Dmin"] == (1, 2, 3, 4)
    assert known["wb_high"] == (5, 6, 7, 8)
    assert (known["D_max"], known["exposure"]) == (13, 18)


def test_a_text_that_is_too_long_is_refused() -> None:
    names = {"filename": "x" * 512, "filename_work": ""}
    with pytest.raises(ParameterError, match="512 bytes; darktable has room for 511"):
        COLORIN.pack(names | dict.fromkeys(("type", "intent", "normalize", "blue_mapping"), 0))


def test_a_struct_of_another_size_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"negadoctor have 75 bytes; version 2.* has 76"):
        NEGADOCTOR.unpack(bytes(75))


@given(st.binary(max_size=300), st.integers(1, 40))
def test_text_of_parameters_comes_back(piece: bytes, times: int) -> None:
    assert decode(encode(piece * times)) == piece * times


def test_what_darktable_packed_is_read() -> None:
    # The parameters of a mask that is not there, as darktable 5.4.1 exports them in a style.
    assert len(decode("gz11eJxjYIAACQYYOOHEgAZY0QWAgBGLGANDgz0Ej1Q+dcF/IADRAGpyHQU=")) == 420


@pytest.mark.parametrize("text", ["xyz", "abc", "gz01****", "gz01AAAA", "gz99" + "eJw="])
def test_what_is_no_text_of_parameters_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="parameters"):
        decode(text)


def test_parameters_that_unpack_to_too_much_are_refused() -> None:
    with pytest.raises(ParameterError, match="too large"):
        decode(encode(bytes(1 << 20)))
