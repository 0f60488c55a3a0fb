"""The GIMP plug-in's client without GIMP: the real engine, and everything that can go wrong."""

import json
import os
import signal
import stat
import subprocess
import sys
import time

import numpy as np
import pytest

from orangemask.engine.protocol import PROTOCOL as SPOKEN
from orangemask_gimp import PROTOCOL
from orangemask_gimp.declared import FILE, declared_filters, find_declared
from orangemask_gimp.engine import Engine, RefusedError
from orangemask_gimp.places import (
    clean_environment,
    config_file,
    engine_command,
    log_file,
    scratch,
    scratch_roots,
)
from orangemask_gimp.problems import PluginError, StoppedError
from scans import negative, run_orangemask

ENGINE = (sys.executable, "-m", "orangemask.cli")


def program(tmp_path, code):
    """Write a program that is not our engine."""
    path = tmp_path / "program"
    path.write_text(f"#!{sys.executable}\nimport sys, json, time\n{code}\n")
    path.chmod(0o755)
    return [str(path)]


@pytest.fixture
def folder(tmp_path):
    with scratch(1000, {"TMPDIR": str(tmp_path)}) as made:
        yield made


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log" / "engine.log"


def image(folder, height=60, width=90):
    codes = negative(height, width)
    codes.tofile(folder / "codes")
    told = {"path": str(folder / "codes"), "width": width, "height": height, "dtype": "uint16"}
    return codes, {**told, "encoding": "linear"}


def test_the_declared_filters_are_the_engines():
    done = run_orangemask("filters", "--json")
    assert json.loads(FILE.read_text()) == json.loads(done.stdout), (
        "run: orangemask filters --json > gimp/orangemask-gimp/filters.json"
    )
    assert PROTOCOL == SPOKEN
    assert [one.name for one in declared_filters()][:2] == ["invert-c41", "invert-c41-matrix"]
    one = find_declared("plug-in-orangemask-film-emulate")
    assert list(one.groups) == ["red", "green", "blue"]
    assert [each.digits for each in one.params[:2]] == [2, 2]


def test_predict_and_render_are_the_command_lines(folder, log, tmp_path):
    import tifffile

    codes, told = image(folder)
    (folder / "out").touch()
    with Engine(ENGINE, folder, log) as engine:
        found = engine.ask("predict", {"filter": "invert-c41", "image": told})
        engine.ask(
            "render",
            {
                "filter": "invert-c41",
                "values": found["values"],
                "context": found["context"],
                "image": told,
                "output": {"path": str(folder / "out"), "dtype": "uint16"},
            },
        )
        ours = np.fromfile(folder / "out", np.uint16).reshape(codes.shape)
    tifffile.imwrite(tmp_path / "n.tif", codes, photometric="rgb", metadata=None)
    words = ("invert", tmp_path / "n.tif", "-o", tmp_path / "p.tif")
    assert run_orangemask(*words).returncode == 0
    np.testing.assert_array_equal(ours, tifffile.imread(tmp_path / "p.tif"))


def test_a_refusal_is_a_sentence_with_a_code(folder, log):
    with Engine(ENGINE, folder, log) as engine:
        with pytest.raises(RefusedError) as refused:
            engine.ask("describe", {"filter": "nonsense"})
        assert refused.value.code == "bad-parameter"
        assert str(refused.value)[0].isupper() and str(refused.value).endswith(".")
        assert engine.ask("hello", {"protocol": PROTOCOL})["protocol"] == PROTOCOL


def test_a_render_can_be_stopped(folder, log):
    _, told = image(folder, 3000, 4000)
    (folder / "out").touch()
    with Engine(ENGINE, folder, log) as engine:
        found = engine.ask("predict", {"filter": "invert-c41", "image": told})
        with pytest.raises(StoppedError):
            engine.ask(
                "render",
                {
                    "filter": "invert-c41",
                    "values": found["values"],
                    "context": found["context"],
                    "image": told,
                    "output": {"path": str(folder / "out"), "dtype": "float32"},
                },
                lambda _part: False,
            )
        assert engine.ask("hello", {"protocol": PROTOCOL})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("sys.exit(3)", r"ended unexpectedly \(status 3\)"),
        ("print('hello', flush=True); time.sleep(60)", "says what no Orangemask engine says"),
        (
            "sys.stdin.readline(); print(json.dumps({'id': 1, 'error': {'code': 'bad-protocol', "
            "'message': 'protocol is 1; orangemask 9.0 speaks 2'}}), flush=True); time.sleep(60)",
            "do not go together. Protocol is 1; orangemask 9.0 speaks 2.",
        ),
        (
            "sys.stdin.readline(); print(json.dumps({'id': 1, 'result': {'protocol': 7}}), "
            "flush=True); time.sleep(60)",
            "speaks protocol 7, this plug-in 1",
        ),
    ],
)
def test_what_is_no_engine_is_told_and_ended(tmp_path, folder, log, code, said):
    begun = time.monotonic()
    command = program(tmp_path, code)
    with pytest.raises(PluginError, match=said), Engine(command, folder, log) as engine:
        engine.greet()
    assert time.monotonic() - begun < 20


def test_an_engine_killed_is_told_with_its_log(folder, log):
    _, told = image(folder)
    with Engine(ENGINE, folder, log) as engine:
        os.kill(engine._process.pid, signal.SIGKILL)
        with pytest.raises(PluginError, match=f"ended unexpectedly.*{log.name}"):
            engine.ask("predict", {"filter": "invert-c41", "image": told})
    assert log.exists()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_nothing_is_found_where_nothing_is(tmp_path):
    env = {"HOME": str(tmp_path), "PATH": str(tmp_path)}
    with pytest.raises(PluginError, match="orangemask install gimp"):
        engine_command(env, "linux")
    config = config_file(env, "linux")
    assert config == tmp_path / ".config/orangemask/config.json"
    config.parent.mkdir(parents=True)
    for content, said in (("{", "cannot be read"), ('{"engine": 3}', "list of words"),
                          ('{"engine": ["/nowhere/x"]}', "is not where")):  # fmt: skip
        config.write_text(content)
        with pytest.raises(PluginError, match=said):
            engine_command(env, "linux")
    config.write_text(json.dumps({"engine": [sys.executable, "-m", "orangemask.cli"]}))
    assert engine_command(env, "linux") == list(ENGINE)


def test_the_usual_places_and_the_path_are_looked_at(tmp_path):
    env = {"HOME": str(tmp_path), "PATH": ""}
    place = tmp_path / ".local/bin/orangemask"
    place.parent.mkdir(parents=True)
    place.touch()
    place.chmod(0o755)
    assert engine_command(env, "linux") == [str(place)]
    assert engine_command({**env, "ORANGEMASK_ENGINE": sys.executable}) == [sys.executable]
    assert "Application Support" in str(config_file(env, "darwin"))
    assert config_file({**env, "APPDATA": "C:\\x"}, "win32").name == "config.json"
    assert log_file(env, "linux").name == "gimp-engine.log"


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_installer_and_plug_in_mean_the_same_places(tmp_path, system):
    from orangemask.install.places import User

    env = {
        "HOME": str(tmp_path),
        "APPDATA": str(tmp_path / "r"),
        "LOCALAPPDATA": str(tmp_path / "l"),
    }
    user = User(tmp_path, env, system)
    assert user.log == log_file(env, system)
    assert user.ours / "config.json" == config_file(env, system)


def test_the_hosts_own_environment_stays_with_it():
    foreign = ("PYTHONHOME", "LD_LIBRARY_PATH", "GI_TYPELIB_PATH", "GIMP3_DIRECTORY")
    own = {"PATH": "p", "DISPLAY": ":0"}
    assert clean_environment({**own, **dict.fromkeys(foreign, "x")}) == own


def test_scratch_is_private_and_removed(tmp_path):
    env = {"TMPDIR": str(tmp_path)}
    with scratch(1000, env) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "codes").write_bytes(b"x")
    assert not folder.exists()
    with pytest.raises(PluginError, match="no room"), scratch(1 << 60, env):
        pass
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f"orangemask-gimp-{dead.pid}-abc"
    left.mkdir()
    with scratch(1000, env):
        assert not left.exists()
    assert scratch_roots({"TMPDIR": "/nowhere"}) == []


def test_the_engine_removes_the_folder_of_a_client_killed(tmp_path, log):
    code = f"""
import os, pathlib, sys
from orangemask_gimp.engine import Engine
from orangemask_gimp.places import scratch
with scratch(1000, {{"TMPDIR": {str(tmp_path)!r}}}) as folder:
    Engine({list(ENGINE)!r}, folder, pathlib.Path({str(log)!r}))
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    for _ in range(100):
        if not list(tmp_path.glob("orangemask-gimp-*")):
            break
        time.sleep(0.1)
    assert not list(tmp_path.glob("orangemask-gimp-*"))


@pytest.mark.parametrize("kind", ["open", "named", "link", "missing"])
def test_the_engine_removes_no_other_folder(tmp_path, kind):
    folder = tmp_path / ("precious" if kind == "named" else "orangemask-x")
    if kind == "link":
        (tmp_path / "other").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "other")
    elif kind != "missing":
        folder.mkdir(mode=0o755 if kind == "open" else 0o700)
    done = run_orangemask("serve", "--scratch", folder, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert "scratch folder" in done.stderr
    assert kind == "missing" or folder.exists()
