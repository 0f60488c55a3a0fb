"""The command `orangemask`: where it is, and how it is run."""

from __future__ import absolute_import, division, print_function

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

MYPY = False
if MYPY:
    from typing import Callable, List

FOLDER = "orangemask-%d-"  # of temporary files, with the process id
PULSE = 0.1  # seconds between two signs of life
# What GIMP sets for its own Python and libraries, and a foreign program must not inherit.
HOST_ONLY = (
    "PYTHON", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_", "GI_TYPELIB_PATH", "GIO_", "GTK_PATH",
    "GDK_PIXBUF_", "GEGL_", "BABL_", "GIMP", "FONTCONFIG_",
)  # fmt: skip
INSTALL = (
    "install Orangemask so that `orangemask doctor` works in a terminal, or write "
    '{"engine": ["/folder/of/orangemask"]} into %s'
)


class PluginError(Exception):
    """What went wrong, in one line for the user."""


def native(text):
    # type: (bytes) -> str
    """Return UTF-8 as the str of this Python."""
    return text if isinstance(text, str) else text.decode("utf-8", "replace")


def config_path():
    # type: () -> str
    """Return where the user's configuration would lie."""
    home = os.path.expanduser("~")
    if os.name == "nt":
        folder = os.environ.get("APPDATA") or home
    elif sys.platform == "darwin":
        folder = os.path.join(home, "Library", "Application Support")
    else:
        folder = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return os.path.join(folder, "orangemask", "config.json")


def find_engine():
    # type: () -> List[str]
    """Return the command: ORANGEMASK_ENGINE, else the configuration's, on the PATH, where usual."""
    if os.environ.get("ORANGEMASK_ENGINE"):
        return [os.environ["ORANGEMASK_ENGINE"]]
    path = config_path()
    if os.path.exists(path):
        try:
            with open(path, "rb") as file:
                engine = json.loads(file.read().decode("utf-8")).get("engine")
            if engine is not None:
                return [native((word + "").encode("utf-8")) for word in engine or [None]]
        except (IOError, OSError, ValueError, AttributeError, TypeError) as error:
            raise PluginError(
                'cannot use %s (%s): "engine" in it has to be a list of texts; mend or remove it'
                % (path, error)
            )
    folders = os.environ.get("PATH", "").split(os.pathsep)
    if os.name == "nt":
        local = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~")
        folders.append(os.path.join(local, "Programs", "orangemask"))
    else:
        folders += [os.path.expanduser("~/.local/bin"), "/usr/local/bin", "/opt/orangemask"]
    for folder in folders:
        found = os.path.join(folder, "orangemask.exe" if os.name == "nt" else "orangemask")
        if folder and os.path.isfile(found) and os.access(found, os.X_OK):
            return [found]
    raise PluginError("the command orangemask is not found: " + INSTALL % path)


def new_folder():
    # type: () -> str
    """Return a new private folder; the caller removes it."""
    remove_old_folders()
    return tempfile.mkdtemp(prefix=FOLDER % os.getpid())


def remove_old_folders():
    # type: () -> None
    """Remove what a plug-in that was killed, as GIMP's Cancel button may do, could not."""
    start = os.path.join(tempfile.gettempdir(), FOLDER.split("%")[0])
    for path in glob.glob(start + "*") if os.name != "nt" else ():  # there os.kill(..., 0) kills
        try:
            if os.lstat(path).st_uid == os.getuid():
                os.kill(int(path[len(start) :].split("-")[0]), 0)
        except ValueError:
            continue  # another program's
        except OSError:  # no such process
            shutil.rmtree(path, ignore_errors=True)


def run_engine(words, folder, pulse):
    # type: (List[str], str, Callable[[], None]) -> List[str]
    """Run the command in a folder to its end and return its warnings.

    `pulse` is called every `PULSE` seconds. `PluginError` with what the command says if it fails.
    """
    told = os.path.join(folder, "stderr.txt")
    environment = {name: os.environ[name] for name in os.environ if not name.startswith(HOST_ONLY)}
    environment.update(TMPDIR=folder, TEMP=folder, TMP=folder)  # what it leaves goes with it
    hidden = {"creationflags": 0x08000000} if os.name == "nt" else {}  # no console window
    with open(told, "wb") as errors, open(os.devnull, "r+b") as nothing:
        try:
            engine = subprocess.Popen(  # type: ignore[call-overload]
                words, stdin=nothing, stdout=nothing, stderr=errors, cwd=folder,
                env=environment, close_fds=os.name != "nt", **hidden
            )  # fmt: skip
        except OSError as error:
            raise PluginError(
                "cannot start %s (%s): %s" % (words[0], error, INSTALL % config_path())
            )
        try:
            while engine.poll() is None:
                pulse()
                time.sleep(PULSE)
        finally:
            if engine.poll() is None:
                engine.kill()
                engine.wait()
    with open(told, "rb") as file:
        lines = native(file.read()).strip().splitlines()
    if engine.returncode != 0:
        last = lines[-1] if lines else "it says nothing"
        raise PluginError("%s failed (status %d): %s" % (words[0], engine.returncode, last))
    begin = "orangemask: warning: "
    return [line[len(begin) :] for line in lines if line.startswith(begin)]
