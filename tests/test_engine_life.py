"""Long requests: progress, cancel, the queue, and how the engine ends."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from orangemask.engine.session import MAX_WAITING
from test_engine import render_request, write_negative
from test_engine_client import Client

GOOD = {"id": 1, "method": "hello", "params": {"protocol": 1}}


def large_render(folder: Path) -> dict[str, Any]:
    """Return a render of some seconds: floats are calculated, not looked up."""
    image = write_negative(folder / "in", "float32", 500, 1000)
    with (folder / "in").open("r+b") as file:
        content = file.read()
        for _ in range(19):
            file.write(content)
    return render_request({**image, "height": 10_000}, folder / "out")


def test_cancel_progress_queue_and_end(tmp_path: Path) -> None:
    request = large_render(tmp_path)
    with Client() as client:
        # Cancelled while it runs: both lines at once, files closed.
        running = client.send("render", request)
        reply = client.receive()
        assert reply is not None
        assert reply["id"] == running
        assert 0 < reply["progress"] < 1
        waiting = client.send("hello", {"protocol": 1})
        dropped = client.send("render", request)
        client.send_raw(json.dumps({**GOOD, "id": running}).encode() + b"\n")
        assert collect(client, [None])[None]["error"]["code"] == "bad-request"
        begin = time.perf_counter()
        cancels = [client.send("cancel", {"id": id_}) for id_ in (dropped, running, 999)]
        answers = collect(client, [running, waiting, dropped, *cancels])
        assert time.perf_counter() - begin < 2
        told = [answers[id_]["result"]["cancelled"] for id_ in cancels]
        assert told == [True, True, False]
        assert answers[running]["error"]["code"] == "cancelled"
        assert answers[dropped]["error"]["code"] == "cancelled"
        assert answers[waiting]["result"]["protocol"] == 1
        maps = Path(f"/proc/{client.process.pid}/maps")
        if maps.exists():
            assert str(tmp_path) not in maps.read_text()

        # The queue has an end, and so has standard input.
        running = client.send("render", request)
        reply = client.receive()  # progress: it does not wait any more
        queued = [client.send("hello", {"protocol": 1}) for _ in range(MAX_WAITING + 9)]
        refused = collect(client, queued[MAX_WAITING:])
        assert {reply["error"]["code"] for reply in refused.values()} == {"busy"}
        status, seconds = client.end()
        assert status == 0
        assert seconds < 2
        assert client.log == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def collect(client: Client, ids: Sequence[int | None]) -> dict[int | None, dict[str, Any]]:
    """Return the last answers to `ids` in whatever order, progress left out."""
    answers: dict[int | None, dict[str, Any]] = {}
    while len(answers) < len(ids):
        reply = client.receive()
        assert reply is not None
        if "progress" not in reply:
            assert reply["id"] in ids
            assert reply["id"] not in answers
            answers[reply["id"]] = reply
    return answers


def test_progress_rises_and_is_seldom(tmp_path: Path) -> None:
    request = large_render(tmp_path)
    with Client() as client:
        begin = time.perf_counter()
        progress, reply = client.answer(client.send("render", request))
        seconds = time.perf_counter() - begin
        assert "result" in reply
        assert progress == sorted(progress)
        assert 1 <= len(progress) <= 10 * seconds + 1
        assert len(client.answer(client.send("render", {**request, "interval": 60}))[0]) == 1


DYING_CLIENT = """
import json, subprocess, sys, time
engine = subprocess.Popen(
    [sys.executable, "-m", "orangemask.engine"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(sys.argv[1], "wb"))
engine.stdin.write(sys.argv[2].encode() + b"\\n")
engine.stdin.flush()
engine.stdout.readline()  # progress: it is at work
print(engine.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="Linux")
def test_a_killed_client_leaves_nothing_behind(tmp_path: Path) -> None:
    line = json.dumps({"id": 1, "method": "render", "params": large_render(tmp_path)})
    log = tmp_path / "log"
    with subprocess.Popen(
        [sys.executable, "-c", DYING_CLIENT, str(log), line], stdout=subprocess.PIPE
    ) as client:
        assert client.stdout is not None
        pid = int(client.stdout.readline())
        client.kill()
    begin = time.perf_counter()
    while is_alive(pid) and time.perf_counter() - begin < 5:
        time.sleep(0.01)
    assert not is_alive(pid)
    assert time.perf_counter() - begin < 2  # a second, and slack for a busy machine
    assert log.read_bytes() == b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "log", "out"]
    (tmp_path / "out").unlink()


def is_alive(pid: int) -> bool:
    """Return whether a process, of whichever parent, has not ended yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_only_the_protocol_is_on_standard_output(tmp_path: Path) -> None:
    script = (
        "import os, sys; from orangemask.engine import requests, serve\n"
        "def hello(params, work):\n"
        "    print('from Python'); os.write(1, b'from a library\\n'); raise KeyError('a\\nb')\n"
        "requests.METHODS = {'hello': hello}\n"
        "import orangemask.engine.session as session; session.METHODS = requests.METHODS\n"
        "sys.exit(serve(sys.stdin.buffer, sys.stdout.buffer))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(GOOD).encode() + b"\n" + json.dumps({**GOOD, "id": 2}).encode(),
        capture_output=True,
        timeout=20,
        check=True,
    )
    replies = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [reply["error"]["code"] for reply in replies] == ["internal", "internal"]
    assert "from Python" in ended.stderr.decode()
    assert "from a library" in ended.stderr.decode()
    assert "Traceback" in ended.stderr.decode()
