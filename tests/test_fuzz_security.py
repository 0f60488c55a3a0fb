"""The promises of SECURITY.md: what the engine opens and starts, seen by Python's audit hooks."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from fuzzing import PARSERS
from hosts import ROOT

SHIPPED = ("core/orangemask", "plugins/orangemask_filters", "models/orangemask_models",
           "darktable_lua_bridge/orangemask_bridge", "gimp/orangemask-gimp")  # fmt: skip
UNSAFE_IMPORTS = {"pickle", "cPickle", "marshal", "shelve", "dill", "joblib", "cloudpickle",
                  "torch", "socket", "socketserver", "http", "ftplib", "smtplib", "ssl",
                  "requests", "asyncio", "urllib.request", "xmlrpc"}  # fmt: skip
UNSAFE_CALLS = {"eval", "exec", "os.system", "os.popen", "np.load", "numpy.load", "os.mktemp",
                "tempfile.mktemp"}  # fmt: skip

WATCHED = r"""
import json, os, sys
seen = {"written": [], "read": [], "other": []}
def watch(event, told):
    if event == "open" and isinstance(told[0], (str, bytes)):
        path, flags = os.fsdecode(told[0]), told[2] or 0
        kind = "written" if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else "read"
        if path not in seen[kind]:
            seen[kind].append(path)
    elif event.split(".")[0] in REFUSED or event in REFUSED:
        seen["other"].append(event)
REFUSED = {"socket", "pickle", "subprocess", "urllib", "shutil", "os.system", "os.exec",
           "os.posix_spawn", "os.fork", "os.remove", "os.rename", "os.link", "os.symlink",
           "os.mkdir", "os.rmdir", "os.chmod", "os.chown"}
from orangemask.engine.session import Session
from fuzzing import Client
client = Client(open(sys.argv[1], "rb").read())
sys.addaudithook(watch)
Session(client, client).run()
errors = [one["error"] for one in client.checked() if "error" in one]
print(json.dumps({**seen, "errors": errors}))
"""


def test_the_engine_opens_what_is_named_and_nothing_else(tmp_path):
    seeds = tmp_path / "pixels"
    seeds.mkdir()
    lines = [json.loads(one) for one in PARSERS["requests"].seeds(seeds)[:6]]
    requests = tmp_path / "requests"
    requests.write_text("".join(json.dumps({**one, "id": n}) + "\n" for n, one in enumerate(lines)))
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, requests],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT / "tests",
    )
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["errors"] == []
    assert [path for path in seen["written"] if path != "/dev/null"] == [str(seeds / "out.raw")]
    assert seen["other"] == []
    known = (
        sys.prefix,
        sys.base_prefix,
        str(ROOT),
        "/proc",
        "/sys",
        "/usr",
        "/lib",
        "/etc",
        "/dev",
    )
    foreign = [path for path in seen["read"] if not path.startswith(known)]
    assert foreign == [str(seeds / "in.raw")]


@pytest.mark.parametrize("folder", SHIPPED)
def test_nothing_unpickles_evaluates_or_reaches_a_network(folder):
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in UNSAFE_CALLS, f"{file}:{node.lineno}"
                for keyword in node.keywords:
                    assert keyword.arg != "shell", f"{file}:{node.lineno}"
                    assert keyword.arg != "allow_pickle", f"{file}:{node.lineno}"
            for name in names:
                unsafe = {name, name.split(".")[0]} & UNSAFE_IMPORTS
                assert not unsafe, f"{file}:{node.lineno}"


def test_a_model_cannot_bring_other_files_along(tmp_path, monkeypatch):
    onnx = pytest.importorskip("onnx")
    from orangemask.errors import ModelError
    from orangemask.picture_model import open_picture_model

    (tmp_path / "secret").write_bytes(bytes(12))
    weights = onnx.TensorProto(
        name="w", data_type=1, dims=[1, 3, 1, 1], data_location=onnx.TensorProto.EXTERNAL
    )
    for key, value in (("location", "secret"), ("offset", "0"), ("length", "12")):
        weights.external_data.add(key=key, value=value)
    ends = [onnx.helper.make_tensor_value_info(name, 1, [1, 3, "h", "w"]) for name in "xy"]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Add", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [weights]
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    path = tmp_path / "model.onnx"
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    path.write_bytes(model.SerializeToString())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="no model that can be run"):
        open_picture_model(path)


def test_only_whole_sessions_of_the_processor_are_made():
    found = []
    for file in (ROOT / "core").rglob("*.py"):
        text = file.read_text("utf-8")
        assert "register_custom_ops_library" not in text
        found += [line for line in text.splitlines() if "onnxruntime.InferenceSession(" in line]
    assert len(found) == 2
    assert all('(content, options, providers=["CPUExecutionProvider"])' in line for line in found)


def test_every_promise_names_its_test():
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    named = {word.strip("`") for word in text.split() if word.startswith("`tests/")}
    assert len(named) >= 5
    for each in named:
        assert (ROOT / each.strip("`.,;()").rstrip("`")).exists(), each


def test_the_runner_of_the_fuzzers_runs(tmp_path):
    command = [sys.executable, ROOT / "tests/fuzz.py", "--minutes", "0.02", "--only", "values"]
    done = subprocess.run([*command, "--here"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0 and " cases in " in done.stdout, done.stdout + done.stderr
    assert Path(ROOT / "out/fuzz").is_dir()
