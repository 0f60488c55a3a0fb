"""Where things lie: the engine, its log, and the folder of pixels both sides map."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from orangemask_gimp.problems import PluginError

NAME = "orangemask"
PREFIX = "orangemask-gimp-"  # the engine removes a dead client's folder only by such a name
MAX_LOG = 1 << 20  # bytes

# What the editor sets for itself and a foreign program must not inherit: its Python, its
# libraries, its type library. Kept are locale, display, home and the rest.
FOREIGN = (
    "PYTHON", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_", "GI_TYPELIB_PATH", "GIO_", "GTK_PATH",
    "GDK_PIXBUF_", "GEGL_", "BABL_", "GIMP", "FONTCONFIG_", "XDG_DATA_DIRS_GIMP",
)  # fmt: skip

HOW_TO_INSTALL = (
    "Orangemask's engine was not found. Install it (pip install orangemask, or unpack the "
    "program's archive) and run 'orangemask install gimp', or write its place into {config}, as in "
    '{{"engine": ["/opt/orangemask/orangemask"]}}'
)


def config_file(env: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """Return the user's configuration, the same that all of Orangemask reads."""
    return _user_folder(env, system, "config") / "config.json"


def log_file(env: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """Return where the engine's own words go."""
    return _user_folder(env, system, "cache") / "gimp-engine.log"


def engine_command(env: Mapping[str, str] = os.environ, system: str = sys.platform) -> list[str]:
    """Return how to start the engine's program: environment, configuration, PATH, usual places.

    Raises
    ------
    PluginError
        There is none, or the configuration is unusable.
    """
    config = config_file(env, system)
    if env.get("ORANGEMASK_ENGINE"):
        return _checked([env["ORANGEMASK_ENGINE"]], "ORANGEMASK_ENGINE")
    if config.exists():
        named = _configured(config)
        if named is not None:
            return _checked(named, str(config))
    found = shutil.which(NAME, path=env.get("PATH"))
    places = [Path(found)] if found else _usual_places(env, system)
    for place in places:
        if place.is_file():
            return [str(place)]
    raise PluginError(HOW_TO_INSTALL.format(config=config))


def clean_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` without what the editor's own Python and libraries need."""
    return {name: value for name, value in env.items() if not name.startswith(FOREIGN)}


def open_log(path: Path) -> int:
    """Return a descriptor to append to, of a file that is emptied when it has grown."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        if path.exists() and path.stat().st_size > MAX_LOG:
            flags |= os.O_TRUNC
        return os.open(path, flags, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


@contextmanager
def scratch(need: int, env: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """Make a private folder with room for `need` bytes, and remove it.

    TMPDIR where it is set; else memory, where it has room; else the system's temporary folder.
    Within Flatpak the cache folder, which has the same path inside and outside.

    Raises
    ------
    PluginError
        No folder can be made, or none has room.
    """
    remove_stale(scratch_roots(env))
    folder = None
    for root in scratch_roots(env):
        if shutil.disk_usage(root).free > need:
            with suppress(OSError):
                folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=root))
                break
    if folder is None:
        where = ", ".join(map(str, scratch_roots(env)))
        raise PluginError(
            f"There is no room for {need / 1e6:.0f} MB of pixels in {where}. Free some, or set "
            "TMPDIR to a folder with room and start GIMP again."
        )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def scratch_roots(env: Mapping[str, str]) -> list[Path]:
    """Return the folders to try, the best first."""
    if env.get("TMPDIR"):
        roots = [env["TMPDIR"]]
    elif Path("/.flatpak-info").exists():
        roots = [env.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")]
    else:
        roots = ["/dev/shm", tempfile.gettempdir()]
    return [Path(root) for root in roots if Path(root).is_dir() and os.access(root, os.W_OK)]


def remove_stale(roots: list[Path]) -> None:
    """Remove folders of ours whose plug-in was killed with its engine."""
    for root in roots:
        for left in root.glob(f"{PREFIX}*"):
            owner = left.name[len(PREFIX) :].split("-")[0]
            if owner.isdigit() and not _alive(int(owner)) and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)


def _alive(process: int) -> bool:
    if os.name != "posix":
        return True  # os.kill would end it; the engine removes the folder there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _user_folder(env: Mapping[str, str], system: str, kind: str) -> Path:
    home = Path(env.get("HOME") or Path.home())
    if system == "win32":
        name = "APPDATA" if kind == "config" else "LOCALAPPDATA"
        return Path(env.get(name) or home) / NAME
    if system == "darwin":
        return home / "Library" / ("Application Support" if kind == "config" else "Logs") / NAME
    return Path(env.get(f"XDG_{kind.upper()}_HOME") or home / f".{kind}") / NAME


def _usual_places(env: Mapping[str, str], system: str) -> list[Path]:
    home = Path(env.get("HOME") or Path.home())
    if system == "win32":
        local = Path(env.get("LOCALAPPDATA") or home)
        return [local / "Programs" / NAME / f"{NAME}.exe"]
    places = [home / ".local" / "bin" / NAME, home / ".local/share" / NAME / NAME]
    places += [Path("/opt") / NAME / NAME, Path("/usr/local/bin") / NAME]
    if system == "darwin":
        places += [Path("/Applications") / NAME / NAME, Path("/opt/homebrew/bin") / NAME]
    return places


def _configured(config: Path) -> list[str] | None:
    try:
        named = json.loads(config.read_text("utf-8")).get("engine")
    except (OSError, ValueError, AttributeError) as error:
        raise PluginError(f"{config} cannot be read: {error}. Mend or remove it.") from error
    if named is None:
        return None
    if isinstance(named, str):
        named = [named]
    if not isinstance(named, list) or not named or not all(isinstance(w, str) for w in named):
        raise PluginError(f'"engine" in {config} must be a list of words, the program first.')
    return named


def _checked(command: list[str], where: str) -> list[str]:
    if not (shutil.which(command[0]) or Path(command[0]).is_file()):
        raise PluginError(
            f"Orangemask's engine is not where {where} says: {command[0]}. Correct that, or run "
            "'orangemask install gimp' again."
        )
    return command
