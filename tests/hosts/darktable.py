"""Real darktables, and pictures rendered by them without a window.

    cd tests; python -m hosts.darktable      makes both and says where they are

Debian 13 (trixie) has darktable 5.0, Debian's testing 5.4; both have a plain Lua 5.4, which can
load darktable as a module.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from hosts import SHARED, Host

SUITES = {"5.0": "trixie", "5.4": "forky"}
PACKAGES = ("darktable", "lua5.4", "xauth", "exiv2", "librsvg2-common")
SETTINGS = {
    "plugins/imageio/format/tiff/bpp": "16",
    "plugins/imageio/format/tiff/compress": "0",
    "write_sidecar_files": "never",
}


def darktable(version: str) -> Host:
    """Return a darktable, made first if it is not there; skip the test where it cannot be."""
    host = Host(SUITES[version], f"dt{version.replace('.', '')}")
    host.build(PACKAGES)
    return host


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Give a new folder that has the same path inside and outside; it is removed."""
    folder = Path(tempfile.mkdtemp(dir=SHARED))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def options(folder: Path, settings: Mapping[str, str] | None = None) -> list[str]:
    """Return darktable's own options: nothing of the user's, lut3d's root ``folder/luts``."""
    given = {
        **SETTINGS,
        "plugins/darkroom/lut3d/def_path": str(folder / "luts"),
        **(settings or {}),
    }
    told = ["--configdir", str(folder / "config"), "--library", ":memory:", "--disable-opencl"]
    for name, value in given.items():
        told += ["--conf", f"{name}={value}"]
    return told


def render(
    host: Host,
    folder: Path,
    pairs: Sequence[tuple[Path, Path | None]],
    profile: str = "SRGB",
    settings: Mapping[str, str] | None = None,
) -> list[NDArray[np.float64]]:
    """Return pictures (h, w, 3), codes 0…1, that ``darktable-cli`` renders.

    Parameters
    ----------
    host : Host
    folder : Path
        Of `shared_folder`; the files lie there.
    pairs : sequence of (picture, sidecar or None)
    profile : str
        The output's, as darktable-cli names it.
    settings : mapping, optional
        Of darktable's configuration.

    Raises
    ------
    AssertionError
        It fails.
    """
    found = []
    for picture, sidecar in pairs:
        output = folder / f"{picture.stem}-rendered.tif"
        output.unlink(missing_ok=True)  # darktable-cli would choose another name
        host.run(
            "darktable-cli", picture, *([sidecar] if sidecar else []), output,
            "--icc-type", profile, "--apply-custom-presets", "false",
            "--core", *options(folder, settings),
        )  # fmt: skip
        codes = tifffile.imread(output)
        found.append(codes.astype(np.float64) / np.iinfo(codes.dtype).max)
    return found


def run_lua(
    host: Host, folder: Path, script: str, settings: Mapping[str, str] | None = None
) -> str:
    """Run Lua with darktable loaded as the module ``dt``, and return what it prints."""
    quoted = ", ".join(f"[[{word}]]" for word in options(folder, settings))
    program = folder / "program.lua"
    program.write_text(
        'package.cpath = package.cpath .. ";/usr/lib/x86_64-linux-gnu/darktable/lib?.so"\n'
        f'local dt = require("darktable")({quoted})\n{script}\nos.exit(true)\n'
    )
    return host.run(
        "xvfb-run", "-a", "dbus-run-session", "--", "lua5.4", program, timeout=60
    ).stdout


if __name__ == "__main__":
    for wanted in SUITES:
        print(darktable(wanted).root)
