"""The plug-ins and scripts that come with this program, wherever it lies.

In a wheel and in the standalone folder they lie in orangemask/hosts; an editable installation
finds them in the checkout, so that no copy can be stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path, PurePosixPath

from orangemask.errors import OrangemaskError

HOSTS = "hosts"
GIMP, GIMP_2, DARKTABLE = "orangemask-gimp", "orangemask-2.10", "orangemask"
# Name of the shipped folder, and where it lies in the checkout.
SHIPPED = {
    GIMP: f"gimp/{GIMP}",
    GIMP_2: f"gimp/{GIMP_2}",
    DARKTABLE: f"darktable_lua_bridge/lua/{DARKTABLE}",
}
ENDINGS = (".py", ".lua", ".json", ".svg", ".png", ".mo")


def shipped_folder(name: str) -> Path:
    """Return where a shipped folder lies.

    Raises
    ------
    OrangemaskError
        It is missing: this installation is not whole.
    """
    package = Path(str(files("orangemask")))
    for place in (package / HOSTS / name, package.parents[1] / SHIPPED[name]):
        if place.is_dir():
            return place
    raise OrangemaskError(f"{name} is missing in {package / HOSTS}; reinstall orangemask")


def files_of(name: str) -> Iterator[tuple[PurePosixPath, Path]]:
    """Give each file of a shipped folder: its path within, and where it lies; sorted."""
    folder = shipped_folder(name)
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix in ENDINGS:
            yield PurePosixPath(file.relative_to(folder).as_posix()), file


def shipped_files() -> Iterator[tuple[PurePosixPath, Path]]:
    """Give each file of all shipped folders, with the name of its folder before it."""
    for name in SHIPPED:
        for place, file in files_of(name):
            yield name / place, file
