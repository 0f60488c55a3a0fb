"""The standalone program, installed by its script into a fresh home, serves real editors."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from lua_window import SIZE, Darktable, write_roll
from negatives import negative as negative_of_patches
from negatives import write_tiff

from hosts import ROOT, SHARED, screen, stop
from hosts.darktable import darktable, render, shared_folder
from hosts.gimp import RealGimp
from orangemask.curves import SRGB
from orangemask.spaces import space
from orangemask_bridge.difference import delta_e_2000, light_to_lab
from scans import negative, run_orangemask

PATH = "/usr/bin:/bin"  # without the wrappers of this checkout's programs in /usr/local/bin
MOST = 1  # of 65535
LUA_TESTS = ROOT / "tests/darktable_lua_bridge"

GIMP_SCRIPT = """
image = load({scan!r})
done = call("invert-c41", image, image.get_layers(), params={params!r})
done["shape"] = codes(image.get_layers()[0], {codes!r}, "R'G'B' u16")
say(done)
"""
PREDICTING = """
image = load({scan!r})
done = call("invert-c41", image, image.get_layers())
done["shape"] = codes(image.get_layers()[0], {codes!r}, "R'G'B' u16")
say(done)
"""


def names_in(home):
    return sorted(str(path.relative_to(home)) for path in home.rglob("*"))


def installed(host, folder, home):
    """Run the script of the archive in a home within the host."""
    done = host.run(folder / "install.sh", env={"HOME": str(home), "PATH": PATH}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return home / ".local/share/orangemask"


def write_reference(work):
    """Write a scan, and what the command line makes of it; return both and the values file."""
    scan, out = work / "scan.tif", work / "reference.tif"
    tifffile.imwrite(scan, negative(200, 300), photometric="rgb", metadata=None)
    done = run_orangemask("invert", scan, "-o", out)
    assert done.returncode == 0, done.stderr
    return scan, tifffile.imread(out), f"{out}.orangemask.json"


@pytest.mark.gimp
def test_gimp(folder):
    gimp = RealGimp("3.2", "installed")
    home = gimp.work / "home"
    home.mkdir()
    try:
        before = names_in(home)
        program = installed(gimp.host, folder, home)
        assert (home / ".config/GIMP/3.2/plug-ins/orangemask-gimp").is_dir()
        scan, reference, params = write_reference(gimp.work)
        gimp.env = {"HOME": str(home), "TMPDIR": str(gimp.scratch), "PATH": PATH}
        for script in (GIMP_SCRIPT, PREDICTING):
            codes = gimp.work / "codes.raw"
            told = {"scan": str(scan), "params": params, "codes": str(codes)}
            done = gimp.console(script.format(**told))
            assert done["good"], done["error"]
            found = np.fromfile(codes, np.uint16).reshape(*done["shape"], 3).astype(int)
            assert abs(found - reference).max() <= MOST
        log = (home / ".cache/orangemask/gimp-engine.log").read_text()
        assert "Traceback" not in log
        assert gimp.left() == []
        done = gimp.host.run(
            program / "install.sh", "--uninstall", env={"HOME": str(home), "PATH": PATH}
        )
        after = set(names_in(home)) - set(before)
        ours = {name for name in after if "orangemask" in name}
        assert ours == set(), ours
    finally:
        shutil.rmtree(gimp.work, ignore_errors=True)


@pytest.mark.gimp
def test_a_listing_of_the_home_is_as_before(folder):
    gimp = RealGimp("3.2", "listing")
    home = gimp.work / "home"
    home.mkdir()
    try:
        program = installed(gimp.host, folder, home)
        env = {"HOME": str(home), "PATH": PATH}
        gimp.host.run(program / "install.sh", "--uninstall", env=env)
        assert names_in(home) == []
    finally:
        shutil.rmtree(gimp.work, ignore_errors=True)


@pytest.mark.darktable
def test_darktable_renders_the_history_that_the_program_writes(folder):
    """The first bar of the darktable issue, by the frozen bridge."""
    host = darktable("5.4")
    with shared_folder() as work:
        scan = write_tiff(work / "scan.tif", negative_of_patches())
        out = work / "reference.tif"
        assert run_orangemask("invert", scan, "-o", out, "--encoding", "linear").returncode == 0
        sidecar = work / "scan.tif.xmp"
        host.run(
            folder / "orangemask-bridge", "export", f"{out}.orangemask.json", "-o", sidecar,
            "--scan", scan, env={"HOME": str(work), "PATH": PATH},
        )  # fmt: skip
        settings = {"plugins/darkroom/lut3d/def_path": str(work)}
        (found,) = render(host, work, [(scan, sidecar)], settings=settings)
        wanted = tifffile.imread(out) / 65535
        shown = space("srgb")
        labs = (light_to_lab(SRGB(codes), shown) for codes in (found, wanted))
        assert delta_e_2000(*labs).mean() <= 1.0


class Installed(Darktable):
    """A darktable in a fresh home, into which the archive's script has installed all."""

    archive: Path  # unpacked

    def _prepare(self) -> None:
        config = self.folder / ".config/darktable"
        config.mkdir(parents=True)
        (self.folder / "config").symlink_to(config)
        self.temporary.mkdir()
        self.luts.mkdir()
        remote = self.folder / "remote.lua"
        shutil.copyfile(LUA_TESTS / "remote.lua", remote)
        (config / "luarc").write_text(
            f'assert(loadfile("{remote}"))("{self.folder}", "orangemask/orangemask")\n'
        )
        installed(self.host, self.archive, self.folder)


@pytest.mark.darktable
def test_darktable(folder, tmp_path):
    host = darktable("5.4")
    home = Path(tempfile.mkdtemp(prefix="home-", dir=SHARED))
    try:
        roll = write_roll(home / "scans", 2)
        luarc = home / ".config/darktable/luarc"
        Installed.archive = folder
        with screen(host, tmp_path, SIZE) as shown:
            running = Installed(host, shown, home, [home / "scans"], {})
            try:
                running.do("return 1")
                assert '"orangemask/orangemask"' in luarc.read_text().splitlines()[-1]
                time.sleep(2)
                names = [path.name for path in roll]
                running.open_panel()
                running.select(*names)
                for button in ("apply as darktable history", "render to TIFF"):
                    running.press(button)
                    running.rest()
                assert running.errors() == []
                stack = f'#image("{names[0]}"):get_group_members()'
                assert running.number(stack) == 2  # with its TIFF
                assert running.quit() == 0
            finally:
                stop(running.process)
        for path in roll:
            made = [each for each in path.parent.glob(f"{path.stem}*.tif") if each != path]
            reference = tmp_path / path.name
            params = made[0].with_name(made[0].name + ".orangemask.json")
            done = run_orangemask("invert", path, "-o", reference, "--params", params)
            assert done.returncode == 0, done.stderr
            found, wanted = (tifffile.imread(each).astype(int) for each in (made[0], reference))
            assert abs(found - wanted).max() <= MOST
        env = {"HOME": str(home), "PATH": PATH}
        program = home / ".local/share/orangemask"
        host.run(program / "install.sh", "--uninstall", env=env)
        assert luarc.read_text().startswith("assert") and len(luarc.read_text().splitlines()) == 1
        assert not (home / ".config/darktable/lua").exists()
        assert not (home / ".config/orangemask").exists() and not program.exists()
    finally:
        shutil.rmtree(home, ignore_errors=True)
