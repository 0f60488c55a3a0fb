"""Where GIMP and darktable keep what is a user's own, and where our configuration lies.

Sources: GIMP's and darktable's manuals; gimp/README.md says which of these were tried.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GIMP, DARKTABLE = "gimp", "darktable"
HOSTS = (GIMP, DARKTABLE)
OUR_NAME = "orangemask"

_VERSION = re.compile(r"2\.10|3\.\d{1,2}")
_PROGRAM = re.compile(r"gimp-(2\.10|3\.\d{1,2})(\.exe)?")
_FLATPAK = {GIMP: "org.gimp.GIMP", DARKTABLE: "org.darktable.Darktable"}
_OVERRIDES = (("GIMP3_DIRECTORY", "3"), ("GIMP2_DIRECTORY", "2.10"))


@dataclass(frozen=True, slots=True)
class User:
    """Whose folders are meant, on what system.

    Attributes
    ----------
    home : Path
        The home folder.
    env : mapping
        Environment; empty where another's home was named.
    system : str
        As `sys.platform`.
    root : Path
        Of the folders all users share; tests have one of their own.
    """

    home: Path
    env: Mapping[str, str] = field(default_factory=dict)
    system: str = sys.platform
    root: Path = Path("/")

    @property
    def config(self) -> Path:
        """Folder of configurations."""
        if self.system == "win32":
            return self._folder("APPDATA", "AppData/Roaming")
        if self.system == "darwin":
            return self.home / "Library/Application Support"
        return self._folder("XDG_CONFIG_HOME", ".config")

    @property
    def local(self) -> Path:
        """Windows' folder of what stays on this machine."""
        return self._folder("LOCALAPPDATA", "AppData/Local")

    @property
    def ours(self) -> Path:
        """Orangemask's own folder of configuration."""
        return self.config / OUR_NAME

    @property
    def log(self) -> Path:
        """Where the GIMP plug-in keeps the engine's words (its `places.log_file`)."""
        if self.system == "win32":
            folder = self.local
        elif self.system == "darwin":
            folder = self.home / "Library/Logs"
        else:
            folder = self._folder("XDG_CACHE_HOME", ".cache")
        return folder / OUR_NAME / "gimp-engine.log"

    def _folder(self, variable: str, otherwise: str) -> Path:
        told = self.env.get(variable)
        return Path(told) if told else self.home / otherwise


@dataclass(frozen=True, slots=True)
class Place:
    """One editor's folder of a user's own.

    Attributes
    ----------
    host : str
        ``gimp`` or ``darktable``.
    label : str
        For people: ``GIMP 3.2 (Flatpak)``.
    folder : Path
        ``~/.config/GIMP/3.2``, ``~/.config/darktable``; it need not exist yet.
    old : bool
        Whether it is a GIMP 2.10.
    """

    host: str
    label: str
    folder: Path
    old: bool = False


def this_user(prefix: Path | None = None) -> User:
    """Return the user who runs this, or the one whose home folder `prefix` is."""
    if prefix is not None:
        return User(Path.cwd() / prefix)
    return User(Path.home(), dict(os.environ))


def find_places(user: User) -> list[Place]:
    """Return every editor of the user's that is installed or was ever started."""
    found: dict[Path, Place] = {}
    for place in (*_gimps(user), *_darktables(user)):
        found.setdefault(place.folder, place)
    return list(found.values())


def _gimps(user: User) -> Iterator[Place]:
    for variable, version in _OVERRIDES:
        if user.env.get(variable):
            yield _gimp(user.config / "GIMP" / user.env[variable], version, variable)
    versions = set(_programs(user))
    for root, how in _roots(user, GIMP):
        there = {each.name for each in _listed(root / "GIMP") if _VERSION.fullmatch(each.name)}
        wanted = there | (versions if not how else set())
        if how == "Flatpak" and not there:
            wanted = set(_flatpak_programs(user))
        for version in sorted(wanted):
            yield _gimp(root / "GIMP" / version, version, how)


def _gimp(folder: Path, version: str, how: str) -> Place:
    return Place(GIMP, f"GIMP {version}" + f" ({how})" * bool(how), folder, version == "2.10")


def _darktables(user: User) -> Iterator[Place]:
    for root, how in _roots(user, DARKTABLE):
        folder = root / "darktable"
        if (
            folder.is_dir()
            or (not how and _has_darktable(user))
            or (how == "Flatpak" and any(_flatpaks(user, DARKTABLE)))
        ):
            yield Place(DARKTABLE, "darktable" + f" ({how})" * bool(how), folder)


def _roots(user: User, host: str) -> Iterator[tuple[Path, str]]:
    """Give each folder that holds the host's folder, and how the host was packed."""
    if user.system == "win32":
        yield (user.config if host == GIMP else user.local), ""
    elif user.system == "darwin":  # darktable keeps to the Unix way there
        yield (user.config if host == GIMP else user.home / ".config"), ""
    else:
        yield user.config, ""
        yield user.home / ".var/app" / _FLATPAK[host] / "config", "Flatpak"
        yield user.home / "snap" / host / "current/.config", "Snap"


def _programs(user: User) -> Iterator[str]:
    """Give the versions of GIMP that are installed, even if never started."""
    if user.system == "win32":
        folders = [user.root / "Program Files", user.local / "Programs"]
        yield from _versions(file for each in folders for file in each.glob("GIMP*/bin/gimp-*.exe"))
    elif user.system == "darwin":
        for bundle in _listed(user.root / "Applications"):
            if bundle.name.startswith("GIMP"):
                yield from _bundle_version(bundle)
    else:
        yield from _versions(file for each in _search(user) for file in each.glob("gimp-[23].*"))


def _versions(files: Iterator[Path]) -> Iterator[str]:
    for file in files:
        if match := _PROGRAM.fullmatch(file.name):
            yield match[1]


def _bundle_version(bundle: Path) -> Iterator[str]:
    import plistlib  # and with it an XML parser

    try:
        told = plistlib.loads((bundle / "Contents/Info.plist").read_bytes())
    except (OSError, ValueError, plistlib.InvalidFileException):
        return
    version = ".".join(str(told.get("CFBundleShortVersionString", "")).split(".")[:2])
    if _VERSION.fullmatch(version):
        yield version


def _search(user: User) -> list[Path]:
    """Return the folders of programs, as a login has them."""
    told = user.env.get("PATH") or os.defpath + os.pathsep + "/usr/local/bin"
    if user.root != Path("/"):
        return [user.root / "usr/bin"]
    return [Path(each) for each in dict.fromkeys(told.split(os.pathsep)) if each]


def _has_darktable(user: User) -> bool:
    if user.system == "win32":
        folders = [user.root / "Program Files", user.local / "Programs"]
        return any((each / "darktable").is_dir() for each in folders)
    if user.system == "darwin":
        return (user.root / "Applications/darktable.app").is_dir()
    path = os.pathsep.join(map(str, _search(user)))
    return shutil.which("darktable", path=path) is not None


def _flatpaks(user: User, host: str) -> Iterator[Path]:
    """Give the folder of each installation of the host by Flatpak."""
    for root in (user.root / "var/lib/flatpak", user.home / ".local/share/flatpak"):
        folder = root / "app" / _FLATPAK[host] / "current/active/files"
        if folder.is_dir():
            yield folder


def _flatpak_programs(user: User) -> Iterator[str]:
    for folder in _flatpaks(user, GIMP):
        yield from _versions(folder.glob("bin/gimp-[23].*"))


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
