"""`orangemask-bridge run`: jobs in, a Lua literal out, and what goes wrong."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from bridge import read_lua, start, write_job

from orangemask._version import version
from orangemask.cli import main as orangemask
from orangemask_bridge.cli import main
from scans import files_in, write_scan


def test_hello(do) -> None:
    status, reply = do({"job": "hello"}, id=7)
    assert status == 0
    assert (reply["protocol"], reply["version"], reply["id"]) == (1, version(), 7)
    (result,) = reply["results"]
    assert result["ok"] and "invert-c41" in result["result"]["filters"]


def test_the_version_is_told(capsys) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"orangemask-bridge {version()}\n"


def test_describe_has_nine_parameters(do) -> None:
    _, reply = do({"job": "describe", "filter": "invert-c41"})
    (filter_,) = reply["results"][0]["result"]["filters"]
    assert len(filter_["params"]) == 9


def test_a_prediction_is_the_engines(do, one, work: Path, capsys) -> None:
    assert orangemask(["predict", "invert", one["file"], "--model", "physical", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert one["values"] == pytest.approx(told["values"])
    assert one["base"]["density"] == pytest.approx(told["context"]["base"]["density"])
    assert one["confidence"] == pytest.approx(told["confidence"])
    assert one["film_used"] == told["context"].get("film", "auto")


def test_a_picture_that_cannot_be_read_stops_no_other(do, one, work: Path) -> None:
    bad = work / "bad.tif"
    bad.write_bytes(b"II*\0 no picture")
    files = [str(bad), one["file"], str(work / "none.tif")]
    status, reply = do({"job": "predict", "files": files, "model": "physical"})
    frames = reply["results"][0]["result"]["frames"]
    assert status == 0
    assert [frame["ok"] for frame in frames] == [False, True, False]
    assert "there is no such file" in frames[2]["error"]["message"]
    status, reply = do({"job": "predict", "files": files[:1]})
    assert status == 1 and reply["results"][0]["error"]["code"] == "bad-input"


def test_a_roll_shares_its_film_base(do, work: Path) -> None:
    files = []
    for i, shade in enumerate((1.0, 0.9, 0.8)):
        codes = tifffile.imread(next(work.glob("scan*.tif"))) * shade
        files.append(str(work / f"{i}.tif"))
        tifffile.imwrite(files[-1], codes.astype(np.uint16), photometric="rgb", metadata=None)
    status, reply = do({"job": "predict", "files": [*files, "/none.tif"], "roll": True})
    result = reply["results"][0]["result"]
    assert status == 0
    assert [frame["ok"] for frame in result["frames"]] == [True, True, True, False]
    bases = [frame["base"]["density"] for frame in result["frames"][:3]]
    assert bases[0] == bases[1] == bases[2] == result["roll"]["base"]["density"]
    assert "roll" in json.loads(result["frames"][0]["state"])["context"]


def test_bare_film_may_be_pointed_at(do, one) -> None:
    job = {"job": "predict", "files": [one["file"]], "model": "physical"}
    _, reply = do({**job, "base_rect": [0.0, 0.0, 0.05, 1.0]}, {**job, "base": [0.5, 0.2, 0.1]})
    found = [result["result"]["frames"][0]["base"] for result in reply["results"]]
    assert found[0]["origin"] == "given"
    assert found[1]["density"] == pytest.approx([-np.log10(x) for x in (0.5, 0.2, 0.1)])


def test_a_photograph_is_predicted(do, one) -> None:
    _, reply = do({"job": "predict", "files": [one["file"]], "filter": "film-emulate",
                   "settings": {"stock": "kodak-gold-200"}})  # fmt: skip
    frame = reply["results"][0]["result"]["frames"][0]
    assert len(frame["values"]) == 9 and "base" not in frame
    assert "kodak-gold-200" in frame["state"]


def test_render_is_what_invert_with_these_values_makes(do, one, work: Path) -> None:
    ours, theirs = work / "ours.tif", work / "theirs.tif"
    changed = {"red_highlights": one["values"]["red_highlights"] + 0.1}
    status, reply = do({"job": "render", "file": one["file"], "output": str(ours),
                        "state": one["state"], "values": changed})  # fmt: skip
    result = reply["results"][0]["result"]
    assert status == 0 and result["output"] == str(ours)
    values = work / "values.json"
    values.write_text(one["state"], "utf-8")
    name, number = next(iter(changed.items()))
    words = [one["file"], "--params", str(values), "--set", f"{name}={number!r}", "-o", str(theirs)]
    assert orangemask(["invert", *words]) == 0
    difference = tifffile.imread(ours).astype(int) - tifffile.imread(theirs)
    assert np.abs(difference).max() == 0  # the bar is 1 of 65535
    assert json.loads(Path(result["sidecar"]).read_text("utf-8"))["values"][name] == number


WRONG = [
    (b"{", "bad-request", "not JSON"),
    (b"[1]", "bad-request", "an object, not"),
    (b"\xff\xfe", "bad-request", "not JSON"),
    (b'{"protocol": 2, "jobs": [{"job": "hello"}]}', "bad-protocol", "same version of both"),
    (b'{"jobs": [{"job": "hello"}]}', "bad-request", "protocol"),
    (b'{"protocol": 1, "jobs": []}', "bad-request", "1 to"),
    (b'{"protocol": 1, "jobs": [3]}', "bad-request", '"job", its name'),
    (b'{"protocol": 1, "jobs": [{"job": "hello"}], "colour": 1}', "bad-request", "'colour'"),
    (b'{"protocol": 1, "jobs": [{"job": "hello"}], "cancel": "x"}', "bad-request", "absolute"),
    (b'{"protocol": 1, "jobs": [{"job": "hello"}], "id": 1.5}', "bad-request", "id is"),
]


@pytest.mark.parametrize(("raw", "code", "said"), WRONG)
def test_what_is_no_request_is_refused(tmp_path, capsys, raw, code, said) -> None:
    job = tmp_path / "job.json"
    job.write_bytes(raw)
    assert main(["run", str(job)]) == 2
    out, err = capsys.readouterr()
    error = read_lua(out)["error"]
    assert error["code"] == code and said in error["message"] and said in err


def test_a_job_that_cannot_be_read_is_misuse(tmp_path, capsys) -> None:
    assert main(["run", str(tmp_path / "none.json")]) == 2
    assert "cannot read the job" in capsys.readouterr().err


def test_a_reply_without_a_place_is_refused_before_the_work(tmp_path, capsys) -> None:
    job = write_job(tmp_path, {"job": "hello"}, reply=str(tmp_path / "none" / "reply.lua"))
    assert main(["run", str(job)]) == 2
    assert "there is no such folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("job", "code", "said"),
    [
        ({"job": "nope"}, "bad-request", "unknown job 'nope'"),
        ({"job": "hello", "x": 1}, "bad-request", "'x'"),
        ({"job": "predict"}, "bad-request", "1 to"),
        ({"job": "predict", "files": ["x.tif"]}, "bad-request", "no absolute path"),
        ({"job": "predict", "files": ["/x.tif"], "rig": "?"}, "bad-request", "allowed: auto"),
        ({"job": "predict", "files": ["/x.tif"], "base": [0, 1, 1]}, "bad-request", "above 0"),
        ({"job": "negadoctor", "state": "{"}, "bad-parameter", "state is not"),
        ({"job": "negadoctor", "values": {"x": 1}}, "bad-parameter", "unknown parameter 'x'"),
        ({"job": "negadoctor", "filter": "film-emulate"}, "bad-parameter", "not of film-emulate"),
        ({"job": "style", "style": "/none/a.dtstyle", "name": ""}, "bad-parameter", "name of a"),
        ({"job": "style", "style": "/none/a", "name": "x", "darktable": "?"}, "bad-request", "5.4"),
        (
            {"job": "style", "style": "/none/a", "name": "x", "lut_root": "/none"},
            "bad-output",
            "3D",
        ),
        ({"job": "read", "params": "zz"}, "bad-parameter", "no parameters"),
        ({"job": "read", "params": "00"}, "bad-parameter", "1 bytes"),
        ({"job": "read"}, "bad-request", "one of params, style and xmp"),
        ({"job": "crop"}, "bad-request", "one of params, style and xmp"),
        ({"job": "read", "xmp": "/none.xmp"}, "bad-parameter", "cannot read"),
        ({"job": "lut", "output": "/none/x.cube", "size": 1}, "bad-request", "allowed is 2"),
        ({"job": "render", "file": "/none.tif", "output": "/x.tif"}, "bad-input", "no such file"),
        ({"job": "render", "file": "/x", "output": "/x.tif", "space": "?"}, "bad-parameter", "use"),
    ],
)
def test_a_job_that_is_wrong_says_why(do, job, code, said) -> None:
    status, reply = do(job)
    (result,) = reply["results"]
    assert status == 1 and not result["ok"]
    assert result["error"]["code"] == code and said in result["error"]["message"]
    assert "\n" not in result["error"]["message"]


def test_progress_rises_to_one(do, one, tmp_path: Path) -> None:
    progress = tmp_path / "progress.txt"
    job = {"job": "predict", "files": [one["file"]], "model": "physical"}
    do(job, job, progress=str(progress))
    told = [line.split(" ", 1) for line in progress.read_text("utf-8").splitlines()]
    parts = [float(part) for part, _ in told]
    assert parts == sorted(parts) and parts[-1] == 1.0


def test_a_cancel_file_stops_before_the_work(do, one, work: Path, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    stop.touch()
    before = files_in(work)
    status, reply = do({"job": "render", "file": one["file"], "output": str(work / "o.tif"),
                        "state": one["state"]}, {"job": "hello"}, cancel=str(stop))  # fmt: skip
    assert status == 3
    assert [result["error"]["code"] for result in reply["results"]] == ["cancelled"] * 2
    assert files_in(work) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("how", ["file", "signal"])
def test_a_roll_is_stopped_in_the_middle(one, work: Path, tmp_path: Path, how: str) -> None:
    reply, progress, stop = (tmp_path / name for name in ("reply.lua", "progress", "stop"))
    files = [one["file"]] * 1000
    jobs = {"job": "predict", "files": files, "model": "physical"}
    told = {"reply": str(reply), "progress": str(progress), "cancel": str(stop)}
    before = files_in(work)
    process = start("run", write_job(tmp_path, jobs, {"job": "hello"}, **told))
    until = time.monotonic() + 30
    while not progress.exists() and time.monotonic() < until:
        time.sleep(0.01)
    if how == "file":
        stop.touch()
    else:
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 3
    results = read_lua(reply.read_bytes())["results"]
    assert [result["error"]["code"] for result in results] == ["cancelled"] * 2
    assert files_in(work) == before
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == sorted(
        ["job.json", "progress", "reply.lua", *(["stop"] if how == "file" else [])]
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_a_full_disk_leaves_nothing(one, work: Path, tmp_path: Path) -> None:
    jobs = [
        {
            "job": "render",
            "file": one["file"],
            "output": str(work / "o.tif"),
            "state": one["state"],
        },
        {"job": "xmp", "xmp": str(work / "o.xmp"), "lut_root": str(work / "luts")},
    ]
    before = files_in(work)
    import resource

    limit = 20_000  # bytes a file; larger ones fail as on a full disk

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    process = start("run", write_job(tmp_path, *jobs), preexec_fn=limited)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    results = read_lua(out)["results"]
    assert [result["error"]["code"] for result in results] == ["bad-output"] * 2
    assert files_in(work) == before


@pytest.mark.skipif(os.name != "posix" or sys.platform == "darwin", reason="names are bytes here")
def test_a_name_that_is_not_utf_8_is_kept(tmp_path: Path, capsys) -> None:
    scan = Path(os.fsdecode(os.fsencode(tmp_path) + b"/scan\xff.tif"))
    write_scan(scan)
    job = {"job": "predict", "files": [str(scan)], "model": "physical"}
    assert main(["run", str(write_job(tmp_path, job))]) == 0
    assert 'scan\\255.tif"' in capsys.readouterr().out
