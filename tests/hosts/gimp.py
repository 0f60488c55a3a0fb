"""A real GIMP of each version in a Debian folder of its own, without and with a window."""

import json
import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

from hosts import ROOT, SHARED, Host, screen, stop

VERSIONS = {"3.0": "trixie", "3.2": "forky"}
PACKAGES = ("gimp", "gir1.2-gimp-3.0", "gir1.2-gegl-0.4", "gir1.2-gtk-3.0", "python3", "python3-gi",
            "python3-gi-cairo")  # fmt: skip
SHOTS = ROOT / "out" / "gimp"
RC = """(show-welcome-dialog no)
(check-updates no)
(color-profile-policy keep)
(undo-levels 10)
"""
HEAD = """
import json, os, sys, time
import gi
gi.require_version("Gegl", "0.4"); gi.require_version("Babl", "0.1")
from gi.repository import Babl, Gegl, Gimp, Gio
NON = Gimp.RunMode.NONINTERACTIVE
def load(path): return Gimp.file_load(NON, Gio.File.new_for_path(path))
def save(image, path): Gimp.file_save(NON, image, Gio.File.new_for_path(path), None)
def call(name, image, layers, **args):
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-orangemask-" + name)
    config = procedure.create_config()
    config.set_property("run-mode", NON); config.set_property("image", image)
    config.set_core_object_array("drawables", layers)
    for key, value in args.items(): config.set_property(key.replace("_", "-"), value)
    begun = time.time()
    status = procedure.run(config).index(0)
    good = status == Gimp.PDBStatusType.SUCCESS
    error = None if good else Gimp.get_pdb().get_last_error()
    return {"good": good, "error": error, "seconds": time.time() - begun}
def layers(image):
    return [[l.get_name(), l.get_visible(), l.get_parasite_list()] for l in image.get_layers()]
def codes(layer, path, name):
    space = Babl.format_get_space(layer.get_format())
    where = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    format = Babl.get_name(Babl.format_with_space(name, space))
    data = layer.get_buffer().get(where, 1.0, format, Gegl.AbyssPolicy.NONE)
    open(path, "wb").write(data)
    return [layer.get_height(), layer.get_width()]
def say(what): open(REPLY, "w").write(json.dumps(what))
"""


class RealGimp:
    """A GIMP of one version, with a profile of its own that holds the plug-in.

    `like` is another whose profile has been through its first start, which is slow and welcomes.
    """

    def __init__(self, version, name, like=None):
        self.version = version
        self.host = Host(VERSIONS[version], VERSIONS[version])
        self.host.build(PACKAGES)
        self.work = SHARED / f"gimp-{version}-{os.getpid()}-{name}"
        self.work.mkdir(parents=True)
        self.profile = self.work / "profile"
        if like is not None:
            shutil.copytree(like.profile, self.profile, symlinks=True)
        else:
            plugins = self.profile / "plug-ins"
            plugins.mkdir(parents=True)
            inside = Path("/host" + str(ROOT)) / "gimp/orangemask-gimp"
            (plugins / "orangemask-gimp").symlink_to(inside)
            (self.profile / "gimprc").write_text(RC)
        self.scratch = self.work / "tmp"
        self.scratch.mkdir()
        self.env = {
            "GIMP3_DIRECTORY": str(self.profile),
            "TMPDIR": str(self.scratch),
            "XDG_CACHE_HOME": str(self.work / "cache"),
            "XDG_CONFIG_HOME": str(self.work / "config"),
        }

    def console(self, script, timeout=180, **env):
        """Run a script in gimp-console and return what it `say`s."""
        reply, file = self.work / "reply.json", self.work / "script.py"
        reply.unlink(missing_ok=True)
        file.write_text(f"REPLY = {str(reply)!r}\n{HEAD}\n{script}\n")
        done = self.host.run(
            "gimp-console", "-i", "--batch-interpreter=python-fu-eval",
            "-b", f"exec(open({str(file)!r}).read(), globals())", "--quit",
            env={**self.env, **env}, timeout=timeout, check=False,
        )  # fmt: skip
        assert reply.exists(), done.stdout + done.stderr
        return json.loads(reply.read_text())

    @contextmanager
    def window(self, *files, size="1600x1000", script=None, messages=False, **env):
        """Start GIMP on a screen and give the screen; `messages` in dialogs, as users see them."""
        folder = SHOTS / self.version
        told = ["dbus-run-session", "--", "gimp", "--no-splash"]
        told += [] if messages else ["--console-messages"]
        if script is not None:
            file = self.work / "startup.py"
            file.write_text(f"REPLY = {str(self.work / 'reply.json')!r}\n{HEAD}\n{script}\n")
            told += ["--batch-interpreter=python-fu-eval",
                     "-b", f"exec(open({str(file)!r}).read(), globals())"]  # fmt: skip
        with screen(self.host, folder, size) as shown:
            running = self.host.start(
                *told, *files, env={**self.env, **shown.env, **env}, log=self.work / "gimp.log"
            )
            try:
                main = shown.window("GIMP$" if files or script else "GNU Image", 60)
                width, height = map(int, size.split("x"))
                time.sleep(2)
                shown.resize(main, 0, 0, width, height - 20)
                shown.activate(main)
                shown.main = main
                yield shown
            finally:
                stop(running)

    def left(self):
        """Return what lies in the scratch folder."""
        return [each.name for each in self.scratch.iterdir() if "orangemask" in each.name]
