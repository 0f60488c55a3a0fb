"""`orangemask-bridge serve`: lines through a pair of pipes, and files in a folder."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bridge import read_lua, start

from scans import write_scan

PATIENCE = 30.0  # s; a machine under load starts the bridge slowly
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tests use signals")


def request(*jobs: dict, **members: object) -> bytes:
    return json.dumps({"protocol": 1, "jobs": list(jobs), **members}).encode() + b"\n"


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def lines():
    process = start("serve")
    yield process
    process.kill()
    process.communicate()


def answers(process, line: bytes) -> Iterator[dict]:
    """Send a line and give what comes, up to the reply."""
    process.stdin.write(line)
    process.stdin.flush()
    while True:
        answer = read_lua(process.stdout.readline())
        yield answer
        if "progress" not in answer:
            return


def test_lines_are_answered_until_there_are_no_more(lines) -> None:
    for id_ in (1, "two"):
        (reply,) = [each for each in answers(lines, request({"job": "hello"}, id=id_))
                    if "progress" not in each]  # fmt: skip
        assert reply["id"] == id_ and reply["results"][0]["ok"]
    out, err = lines.communicate(timeout=PATIENCE)
    assert (out, err, lines.returncode) == (b"", b"", 0)


def test_a_line_that_is_no_request_ends_nothing(lines) -> None:
    (reply,) = answers(lines, b"no\n")
    assert reply["error"]["code"] == "bad-request"
    (reply,) = answers(lines, request({"job": "hello"}, reply="/x.lua", id=4))
    assert "leave out reply" in reply["error"]["message"]
    *_, reply = answers(lines, b"\n" + request({"job": "hello"}))
    assert reply["results"][0]["ok"]


def test_progress_is_told_between(lines, tmp_path: Path) -> None:
    scan = write_scan(tmp_path / "scan.tif")
    job = {"job": "predict", "files": [str(scan)], "model": "physical"}
    *told, reply = answers(lines, request(job, job, job, id=5))
    assert reply["results"][2]["ok"]
    assert told and all(each["id"] == 5 for each in told)
    assert told[-1]["progress"] == 1.0


def test_a_signal_ends_it_after_the_reply(lines, tmp_path: Path) -> None:
    scan = write_scan(tmp_path / "scan.tif")
    job = {"job": "predict", "files": [str(scan)] * 1000, "model": "physical"}
    found = answers(lines, request(job))
    next(found)
    lines.send_signal(signal.SIGTERM)
    *_, reply = found
    assert reply["results"][0]["error"]["code"] == "cancelled"
    lines.communicate(timeout=PATIENCE)
    assert lines.returncode == 0


def test_nobody_reading_is_no_error() -> None:
    process = start("serve")
    process.stdout.close()
    process.stdin.write(request({"job": "hello"}))
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()


@pytest.fixture
def folder(tmp_path: Path):
    """Give a folder with a bridge that looks at it, and the process."""
    place = tmp_path / "a ü %"
    place.mkdir()
    process = start("serve", "--folder", place)
    wait_for((place / "ready").exists)
    yield place, process
    process.kill()
    process.communicate()


def ask(place: Path, name: str, line: bytes) -> dict:
    part = place / f"{name}.part"
    part.write_bytes(line)
    part.rename(place / f"{name}.request")
    reply = place / f"{name}.reply"
    wait_for(reply.exists)
    found = read_lua(reply.read_bytes())
    reply.unlink()
    return found


def test_files_are_answered_until_stopped(folder) -> None:
    place, process = folder
    assert int((place / "ready").read_text()) == process.pid
    for name in ("1", "2"):
        assert ask(place, name, request({"job": "hello"}))["results"][0]["ok"]
    assert ask(place, "x", b"no")["error"]["code"] == "bad-request"
    progress = place / "progress"
    ask(place, "3", request({"job": "hello"}, progress=str(progress)))
    assert progress.read_text().startswith("1.000 ")
    progress.unlink()
    (place / "stop").touch()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and list(place.iterdir()) == []


def test_it_ends_with_its_folder(folder) -> None:
    place, process = folder
    (place / "ready").unlink()
    place.rmdir()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_it_ends_where_nobody_asks(tmp_path: Path) -> None:
    process = start("serve", "--folder", tmp_path, "--idle", "0.2")
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_misuse(tmp_path: Path) -> None:
    process = start("serve", "--folder", tmp_path / "none")
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2 and b"there is no folder" in err
