"""What must not bring the engine down: bad lines, bad files, full disks, clients that die."""

from __future__ import annotations

import io
import json
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orangemask.engine import serve
from orangemask.engine.protocol import MAX_LINE
from test_engine import render_request, write_negative
from test_engine_client import Client, engine

__all__ = ["engine"]

GOOD = {"id": 1, "method": "hello", "params": {"protocol": 1}}
BAD_LINES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"7",
    b'"hello"',
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
    b'{"id":' * 50_000,
    b'{"id": NaN, "method": "hello"}',
    b'{"id": 1, "method": "hello", "params": {"protocol": Infinity}}',
    b'{"id": 1, "method": "hello", "params": {"protocol": 1e999}}',
    b'{"id": 1, "method": "hello", "params": {"protocol": ' + b"9" * 5000 + b"}}",
    b'{"id": 1e0, "method": "hello"}',
    b'{"id": true, "method": "hello"}',
    b'{"id": -1, "method": "hello"}',
    b'{"id": [1], "method": "hello"}',
    b'{"id": {}, "method": "hello"}',
    b'{"id": "' + b"x" * 101 + b'", "method": "hello"}',
    b'{"method": "hello", "params": {"protocol": 1}}',
    b'{"id": 1}',
    b'{"id": 1, "method": 2}',
    b'{"id": 1, "method": "explode"}',
    b'{"id": 1, "method": "__init__"}',
    b'{"id": 1, "method": "\\ud800"}',
    b'{"id": 1, "method": "hello", "params": []}',
    b'{"id": 1, "method": "hello", "params": {}}',
    b'{"id": 1, "method": "hello", "params": {"protocol": "1"}}',
    b'{"id": 1, "method": "hello", "params": {"protocol": 1, "colour": 2}}',
    b'{"id": 1, "method": "hello", "params": {"protocol": 1}, "jsonrpc": "2.0"}',
    b'{"id": 1, "method": "cancel"}',
    b'{"id": 1, "method": "cancel", "params": {"id": []}}',
    b'{"id": 1, "method": "render", "params": {}}',
    b'{"id": 1, "method": "predict", "params": {"filter": "film-emulat"}}',
    b'{"id": 1, "method": "describe", "params": {"filter": 7}}',
    b'{"id": 1, "method": "hello", "params": "' + b"x" * MAX_LINE + b'"}',
]


def talk(lines: list[bytes]) -> list[dict[str, Any]]:
    """Return all that the engine answers to `lines`, in this process."""
    out = io.BytesIO()
    assert serve(io.BytesIO(b"\n".join(lines) + b"\n"), out) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: repr(line[:50]))
def test_a_bad_line_gets_one_error_and_the_next_is_served(line: bytes) -> None:
    good = json.dumps({**GOOD, "id": "next"}).encode()
    bad, served = sorted(talk([line, good]), key=lambda reply: reply["id"] == "next")
    assert bad["id"] in (None, 1)
    assert bad["error"]["code"] in ("bad-request", "bad-parameter")
    assert "\n" not in bad["error"]["message"]
    assert len(bad["error"]["message"]) < 1100
    assert "result" in served


def test_a_thousand_bad_lines_are_survived() -> None:
    generator = random.Random(3)
    template = json.dumps(render_like(Path("/nowhere"))).encode()

    def spoilt() -> bytes:
        line = bytearray(template)
        for _ in range(generator.randrange(1, 8)):
            at = generator.randrange(len(line))
            line[at : at + generator.randrange(3)] = generator.randbytes(generator.randrange(3))
        return bytes(line).replace(b"\n", b" ")

    lines = [*(random.choice(BAD_LINES[:8]) for _ in range(200)), *(spoilt() for _ in range(800))]
    with Client() as client:
        for start in range(0, 1000, 50):  # fewer than may wait
            for line in lines[start : start + 50]:
                client.send_raw(line + b"\n")
            for _ in range(50):
                reply = client.receive()
                assert reply is not None
                assert reply["error"]["code"] in ("bad-request", "bad-parameter", "bad-input")
        assert "result" in client.ask("hello", {"protocol": 1})
        assert client.log == []


def render_like(folder: Path) -> dict[str, Any]:
    image = {"path": str(folder / "in"), "width": 9, "height": 9, "dtype": "uint16"}
    params = {
        "filter": "invert-c41",
        "values": {"red_shadows": 0.3},
        "context": {"base": {"density": [0.1, 0.2, 0.3]}},
        "image": image,
        "output": {"path": str(folder / "out"), "dtype": "uint8"},
    }
    return {"id": 5, "method": "render", "params": params}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ["filter", "image", "output", "values", "context", "base", "base_rect", "rig", "protocol", "id"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["hello", "describe", "predict", "render", "cancel"]),
    st.dictionaries(names, json_values | st.just("invert-c41"), max_size=6),
)
def test_any_parameters_get_exactly_one_answer(method: str, params: dict[str, Any]) -> None:
    (reply,) = talk([json.dumps({"id": 3, "method": method, "params": params}).encode()])
    assert reply["id"] == 3
    assert "result" in reply or reply["error"]["code"] not in ("internal", "failed")


def test_a_last_line_without_end_is_served() -> None:
    out = io.BytesIO()
    assert serve(io.BytesIO(json.dumps(GOOD).encode()), out) == 0
    assert json.loads(out.getvalue())["id"] == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"width": 84}, "bad-input"),
        ({"height": 60}, "bad-input"),
        ({"channels": 4}, "bad-input"),
        ({"dtype": "float32"}, "bad-input"),
        ({"dtype": "int32"}, "bad-request"),
        ({"dtype": "O"}, "bad-request"),
        ({"width": 0}, "bad-request"),
        ({"width": -83}, "bad-request"),
        ({"width": 83.0}, "bad-request"),
        ({"width": 1 << 20, "height": 1 << 20}, "bad-request"),
        ({"width": 1 << 60}, "bad-request"),
        ({"channels": 2}, "bad-request"),
        ({"encoding": "gamma:99"}, "bad-parameter"),
        ({"profile": "%%%"}, "bad-request"),
        ({"path": "in"}, "bad-request"),
        ({"path": "/no/such/file"}, "bad-input"),
        ({"path": "/a\0b"}, "bad-input"),
        ({"path": "/\ud800"}, "bad-input"),
        ({"path": "/"}, "bad-input"),
        ({"path": "/dev/zero"}, "bad-input"),
        ({"stride": 5}, "bad-request"),
    ],
)
def test_a_wrong_image_is_refused(
    engine: Client, tmp_path: Path, change: dict[str, Any], code: str
) -> None:
    image = {**write_negative(tmp_path / "in"), **change}
    reply = engine.ask("render", render_request(image, tmp_path / "out"))
    assert reply["error"]["code"] == code, reply
    assert (tmp_path / "out").stat().st_size == 0


@pytest.mark.skipif(os.name == "nt", reason="POSIX kinds of file")
def test_an_output_that_is_no_plain_file_is_refused(engine: Client, tmp_path: Path) -> None:
    image = write_negative(tmp_path / "in")
    request = render_request(image, tmp_path / "out")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    (tmp_path / "again").hardlink_to(tmp_path / "in")
    os.mkfifo(tmp_path / "fifo")
    before = (tmp_path / "in").read_bytes()
    for name in ("link", "fifo", "in", "again", "absent", "."):
        request["output"]["path"] = str(tmp_path / name)
        assert engine.ask("render", request)["error"]["code"] == "bad-output", name
    assert not (tmp_path / "absent").exists()
    assert (tmp_path / "in").read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives away")
def test_another_users_output_is_refused(engine: Client, tmp_path: Path) -> None:
    request = render_request(write_negative(tmp_path / "in"), tmp_path / "out")
    os.chown(tmp_path / "out", 12345, -1)
    assert engine.ask("render", request)["error"]["code"] == "bad-output"
    assert (tmp_path / "out").stat().st_size == 0


def test_wrong_values_leave_the_output_alone(engine: Client, tmp_path: Path) -> None:
    request = render_request(write_negative(tmp_path / "in"), tmp_path / "out")
    for change in (
        {"values": {**request["values"], "red_shadows": 99}},
        {"values": {"red_shadows": 0.3}},
        {"values": {**request["values"], "red_highlights": request["values"]["red_shadows"]}},
        {"context": {}},
        {"filter": "invert-c42"},
    ):
        assert engine.ask("render", {**request, **change})["error"]["code"] == "bad-parameter"
    request["output"]["space"] = "no-such-space"
    assert engine.ask("render", request)["error"]["code"] == "bad-parameter"
    request["output"]["profile"] = "AAAA"
    assert engine.ask("render", request)["error"]["code"] == "bad-request"  # one of the two
    del request["output"]["space"]
    assert engine.ask("render", request)["error"]["code"] == "bad-output"
    assert (tmp_path / "out").stat().st_size == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    import resource

    request = render_request(write_negative(tmp_path / "in"), tmp_path / "out")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal_before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
        with Client() as client:
            reply = client.ask("render", request)
            assert reply["error"]["code"] == "bad-output"
            assert "result" in client.ask("hello", {"protocol": 1})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, signal_before)
