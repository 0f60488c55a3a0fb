"""How the scripts are written: what darktable's script manager and our own conventions ask."""

from __future__ import annotations

import re

import pytest
from lua_runtime import SCRIPTS, Scripts

FILES = sorted((SCRIPTS / "orangemask").rglob("*.lua"))
ENTRY = SCRIPTS / "orangemask" / "orangemask.lua"


def test_the_script_manager_sees_one_script():
    # It lists every .lua file whose path has no "lib/" (tools/script_manager.lua, scan_scripts).
    seen = [path for path in FILES if "lib/" not in str(path.relative_to(SCRIPTS))]
    assert seen == [ENTRY]


def test_the_metadata_can_be_read_as_text():
    # The script manager reads the block without running the script.
    block = re.search(r"script_data\.metadata = \{(.*?)\n\}", ENTRY.read_text(), re.DOTALL)
    assert re.findall(r"^  (\w+) = ", block[1], re.MULTILINE) == [
        "name",
        "purpose",
        "author",
        "help",
    ]


def test_nothing_is_global(tmp_path):
    scripts = Scripts(tmp_path, "none")
    names = scripts.lua.eval(
        "function() local t = {} for k in pairs(_G) do t[k] = true end return t end"
    )
    before = set(names())
    scripts.require("orangemask")
    assert set(names()) == before


def test_the_script_can_be_hidden_and_shown_again(tmp_path):
    scripts = Scripts(tmp_path, "none")
    data = scripts.require("orangemask")
    assert data.destroy_method == "hide"
    events = set(scripts.dt.events)
    data.destroy()
    assert not set(scripts.dt.events) and scripts.dt.storage is None
    assert scripts.dt.gui.libs.orangemask.visible is False
    data.restart()
    assert set(scripts.dt.events) == events and scripts.dt.storage.name == "orangemask"
    assert scripts.dt.gui.libs.orangemask.visible is True


def test_an_older_darktable_is_refused(tmp_path):
    scripts = Scripts(tmp_path, "none")
    scripts.dt.configuration.api_version_string = "8.0.0"
    with pytest.raises(Exception, match=r"needs darktable 4\.2 or later, this is 5\.0\.1"):
        scripts.require("orangemask")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_are_short_in_narrow_lines(path):
    lines = path.read_text().splitlines()
    if not lines[0].startswith("-- Generated"):
        assert len(lines) <= 400
        assert max(map(len, lines)) <= 100
        assert not [line for line in lines if line != line.rstrip() or "\t" in line]
