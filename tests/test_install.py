"""Installing into editors: what lies where, a second time, an upgrade, and after uninstalling."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from orangemask.filters import description, filters
from orangemask.install import work
from orangemask.install.configuration import config_file
from orangemask.install.places import User, find_places
from orangemask.install.shipped import SHIPPED, shipped_folder
from orangemask_gimp import places as gimp_places

ROOT = Path(__file__).parents[1]
BOTH = ("gimp", "darktable")
PLUGIN = ".config/GIMP/3.2/plug-ins/orangemask-gimp"
SCRIPTS = ".config/darktable/lua/orangemask"


def listing(folder):
    """Return every path below a folder with its mode and content."""
    return {
        str(path.relative_to(folder)): (
            stat.S_IMODE(path.lstat().st_mode),
            path.read_bytes() if path.is_file() else None,
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def user(tmp_path):
    """A user with a GIMP 3.2, a GIMP 2.10 by Flatpak and a darktable, on a machine of nothing."""
    home = tmp_path / "home"
    for folder in (".config/GIMP/3.2", ".config/darktable",
                   ".var/app/org.gimp.GIMP/config/GIMP/2.10/plug-ins"):  # fmt: skip
        (home / folder).mkdir(parents=True)
    return User(home, system="linux", root=tmp_path)


def test_what_is_put_where(user):
    told = work.install(user, BOTH, dry_run=False)
    plugin, scripts = user.home / PLUGIN, user.home / SCRIPTS
    assert os.access(plugin / "orangemask-gimp.py", os.X_OK)
    assert not os.access(plugin / "filters.json", os.X_OK)
    old = user.home / ".var/app/org.gimp.GIMP/config/GIMP/2.10/plug-ins/orangemask-2.10"
    assert os.access(old / "orangemask-2.10.py", os.X_OK)
    assert (scripts / "orangemask.lua").is_file()
    assert (
        user.home / ".config/darktable/luarc"
    ).read_text() == 'require "orangemask/orangemask"\n'
    for name, place in (("orangemask-gimp", plugin), ("orangemask", scripts)):
        for file in shipped_folder(name).rglob("*.*"):
            if "__pycache__" not in file.parts and not file.name.startswith("filters."):
                within = file.relative_to(shipped_folder(name))
                assert (place / within).read_bytes() == file.read_bytes()
    config = json.loads(config_file(user).read_text())
    assert (
        subprocess.run([*config["engine"], "--version"], stdout=subprocess.DEVNULL).returncode == 0
    )
    assert Path(config["bridge"][0]).name.startswith("orangemask-bridge")
    assert config["bridge"][0] in (scripts / "place.lua").read_text()
    written = [Path(line.split(" ", 1)[1]) for line in told if line.startswith("wrote ")]
    inside = [user.home / each for each, (_, content) in listing(user.home).items() if content]
    assert {*written, config_file(user), user.home / ".config/darktable/luarc"} == set(inside)


def test_the_plugin_finds_the_engine_where_it_was_written(user, monkeypatch):
    work.install(user, ["gimp"], dry_run=False)
    env = {"HOME": str(user.home), "PATH": ""}
    assert gimp_places.engine_command(env, "linux") == work.engine_words()


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("told", [False, True])
def test_the_configuration_lies_where_the_plugin_looks(tmp_path, system, told):
    roots = {"XDG_CONFIG_HOME": "x", "APPDATA": "a/Roaming"}
    env = {"HOME": str(tmp_path), **{name: str(tmp_path / each) for name, each in roots.items()}}
    if not told and system != "win32":  # Windows always sets it
        env = {"HOME": str(tmp_path)}
    assert config_file(User(tmp_path, env, system)) == gimp_places.config_file(env, system)


def test_a_second_time_changes_nothing(user):
    work.install(user, BOTH, dry_run=False)
    before = {path: path.stat().st_mtime_ns for path in user.home.rglob("*")}
    told = work.install(user, BOTH, dry_run=False)
    assert before == {path: path.stat().st_mtime_ns for path in user.home.rglob("*")}
    assert len(told) == 3 and all(line.endswith("up to date") for line in told)


@pytest.mark.parametrize("luarc", [None, "", 'require "tools/script_manager"', "-- é\r\nx = 1\r\n"])
@pytest.mark.parametrize("config", [None, '{"engine": ["/mine"], "other": 1}'])
def test_uninstalling_leaves_what_was_there(user, luarc, config):
    if luarc is not None:
        (user.home / ".config/darktable/luarc").write_bytes(luarc.encode())
    if config is not None:
        config_file(user).parent.mkdir()
        config_file(user).write_text(config)
    before = listing(user.home)
    work.install(user, BOTH, dry_run=False)
    cache = user.home / PLUGIN / "orangemask_gimp/__pycache__"
    cache.mkdir()
    (cache / "run.cpython-313.pyc").touch()
    work.uninstall(user, BOTH, dry_run=False)
    after = listing(user.home)
    if config is not None:  # the members are as they were; how they were laid out is not kept
        name = ".config/orangemask/config.json"
        assert json.loads(after.pop(name)[1]) == json.loads(before.pop(name)[1])
    if luarc == "":  # an empty file is worth as much as none
        before.pop(".config/darktable/luarc")
    assert after == before


def test_one_editor_goes_and_the_other_stays(user):
    before = listing(user.home)
    work.install(user, BOTH, dry_run=False)
    work.uninstall(user, ["gimp"], dry_run=False)
    assert not (user.home / PLUGIN).exists() and (user.home / SCRIPTS).is_dir()
    assert "bridge" in json.loads(config_file(user).read_text())
    work.uninstall(user, ["darktable"], dry_run=False)
    assert listing(user.home) == before


def test_a_dry_run_tells_what_is_done_then(user):
    before = listing(user.home)
    told = work.install(user, BOTH, dry_run=True)
    assert listing(user.home) == before
    assert work.install(user, BOTH, dry_run=False) == told
    before = listing(user.home)
    told = work.uninstall(user, BOTH, dry_run=True)
    assert listing(user.home) == before
    assert work.uninstall(user, BOTH, dry_run=False) == told


def test_an_upgrade_keeps_presets_and_drops_old_files(user):
    work.install(user, BOTH, dry_run=False)
    plugin = user.home / PLUGIN
    kept = {
        user.home / ".config/GIMP/3.2/plug-in-settings/orangemask": b"presets",
        user.home / ".config/darktable/darktablerc": b"lua/orangemask/executable=/x\n",
        user.ours / "stocks/mine.json": b"{}",
    }
    for path, content in kept.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    (plugin / "orangemask_gimp/run.py").write_text("of an older version\n")
    (plugin / "gone.py").touch()
    record = user.ours / "installed.json"
    told = json.loads(record.read_text())
    next(one for one in told["hosts"] if one["folder"] == str(plugin))["files"].append("gone.py")
    record.write_text(json.dumps(told))
    lines = work.install(user, BOTH, dry_run=False)
    assert f"removed {plugin / 'gone.py'}" in lines
    assert f"wrote {plugin / 'orangemask_gimp/run.py'}" in lines
    assert all(path.read_bytes() == content for path, content in kept.items())


def test_what_a_user_put_beside_is_left(user):
    work.install(user, ["gimp"], dry_run=False)
    own = user.home / PLUGIN / "notes.txt"
    own.touch()
    told = work.uninstall(user, ["gimp"], dry_run=False)
    assert own.exists() and any("notes.txt" in line for line in told)


def test_a_record_cannot_name_files_elsewhere(user, run):
    work.install(user, ["gimp"], dry_run=False)
    victim = user.home / "precious"
    victim.touch()
    record = user.ours / "installed.json"
    told = json.loads(record.read_text())
    told["hosts"][0]["files"].append("../../../../../precious")
    record.write_text(json.dumps(told))
    status, _, err = run("install", "gimp", "--uninstall", "--prefix", user.home)
    assert status == 1 and "outside of" in err and victim.exists()


def test_the_users_own_stocks_are_on_the_list(user, tmp_path, monkeypatch):
    own = tmp_path / "stocks"
    own.mkdir()
    told = json.loads((ROOT / "models/orangemask_models/stocks/kodak-gold-200.json").read_text())
    (own / "mine.json").write_text(json.dumps({**told, "name": "my-own-film"}))
    env = {**os.environ, "ORANGEMASK_STOCKS": str(own)}
    command = [sys.executable, "-m", "orangemask.cli", "install", "all", "--prefix", user.home]
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    assert "my-own-film" in (user.home / PLUGIN / "filters.json").read_text()
    assert "my-own-film" in (user.home / SCRIPTS / "filters.lua").read_text()
    shipped = json.loads((shipped_folder("orangemask-gimp") / "filters.json").read_text())
    assert shipped == json.loads(json.dumps([description(one) for one in filters().values()]))


def test_a_folder_that_is_not_ours_is_refused(user, run):
    foreign = user.home / SCRIPTS
    foreign.mkdir(parents=True)
    (foreign / "other.lua").touch()
    before = listing(user.home)
    status, _, err = run("install", "all", "--prefix", user.home)
    assert status == 1 and "is not Orangemask's" in err and listing(user.home) == before


def test_a_linked_plugin_is_left_alone(user, run):
    plugin = user.home / PLUGIN
    plugin.parent.mkdir()
    plugin.symlink_to(shipped_folder("orangemask-gimp"))
    status, _, err = run("install", "gimp", "--prefix", user.home)
    assert status == 1 and "is a link" in err
    run("install", "gimp", "--uninstall", "--prefix", user.home)
    assert plugin.is_symlink() and (shipped_folder("orangemask-gimp") / "filters.json").exists()


def test_without_an_editor_it_says_so(tmp_path, run, monkeypatch):
    monkeypatch.setattr("orangemask.install.places._search", lambda user: [])
    status, _, err = run("install", "all", "--prefix", tmp_path)
    assert status == 1 and "start it once" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("system", "there", "labels"),
    [
        ("linux", ["home/.config/GIMP/3.0", "home/.config/GIMP/2.8", "home/.config/GIMP/2.10"],
         ["GIMP 2.10", "GIMP 3.0"]),
        ("linux", ["usr/bin/gimp-3.2", "usr/bin/gimp-console-3.2", "usr/bin/gimp-3"], ["GIMP 3.2"]),
        ("linux", ["home/snap/gimp/current/.config/GIMP/3.0",
                   "home/snap/darktable/current/.config/darktable"],
         ["GIMP 3.0 (Snap)", "darktable (Snap)"]),
        ("linux", ["var/lib/flatpak/app/org.gimp.GIMP/current/active/files/bin/gimp-3.2",
                   "var/lib/flatpak/app/org.darktable.Darktable/current/active/files/x"],
         ["GIMP 3.2 (Flatpak)", "darktable (Flatpak)"]),
        ("win32", ["home/AppData/Roaming/GIMP/3.0", "Program Files/GIMP 3/bin/gimp-3.2.exe",
                   "Program Files/darktable/bin"], ["GIMP 3.0", "GIMP 3.2", "darktable"]),
        ("darwin", ["home/Library/Application Support/GIMP/3.0", "Applications/darktable.app/x"],
         ["GIMP 3.0", "darktable"]),
    ],
)  # fmt: skip
def test_editors_are_found(tmp_path, system, there, labels):
    for each in there:
        path = tmp_path / each
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch() if "gimp-" in path.name else path.mkdir(exist_ok=True)
    user = User(tmp_path / "home", system=system, root=tmp_path)
    assert [place.label for place in find_places(user)] == labels


def test_gimps_own_folder_may_be_elsewhere(tmp_path):
    env = {"GIMP3_DIRECTORY": str(tmp_path / "profile"), "PATH": ""}
    found = find_places(User(tmp_path, env, "linux", tmp_path))
    assert [place.folder for place in found] == [tmp_path / "profile"]


def test_what_is_shipped_lies_in_the_wheel_too():
    told = (ROOT / "installer/hatch_hosts.py").read_text()
    for name, place in SHIPPED.items():
        assert f'"{place}": "orangemask/hosts/{name}"' in told


def test_doctor_tells_of_the_editors(user, run, monkeypatch):
    monkeypatch.setattr("orangemask.install.places.this_user", lambda prefix=None: user)
    labels = ["GIMP 3.2", "GIMP 2.10 (Flatpak)", "darktable"]
    for expected in ("not installed", "installed"):
        status, out, _ = run("doctor", "--json")
        assert status == 0
        assert json.loads(out)["editors"] == dict.fromkeys(labels, expected)
        work.install(user, BOTH, dry_run=False)
    (user.home / PLUGIN / "orangemask_gimp/run.py").write_text("old\n")
    (user.home / ".config/darktable/luarc").write_text("")
    config_file(user).write_text('{"engine": ["/nowhere/orangemask"]}')
    report = json.loads(run("doctor", "--json")[1])
    assert "run orangemask install gimp" in report["editors"]["GIMP 3.2"]
    assert "run orangemask install darktable" in report["editors"]["darktable"]
    assert "there is no such program" in report["engine of the editors"]
