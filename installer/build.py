"""Make the standalone folder, and of it the archive of a release.

    python installer/build.py               folder, archive, checksums, SBOM, in out/installer
    python installer/build.py --folder      the folder alone

Run it with a Python that has Orangemask and its extra `installer` in it. For the same commit, the
same Python and the same libraries the archive is the same to the byte.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import version
from pathlib import Path

from archive import write_archive, write_checksums
from bundled import components, licences_text, read_sources, sbom

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
ENDING = ".exe" if sys.platform == "win32" else ""
HASH_SEED = "0"  # sets are written into the bytecode in the order of their hashes


def main() -> int:
    """Build what was asked for and say where it lies."""
    parser = argparse.ArgumentParser(description="Make the standalone program.")
    parser.add_argument("--folder", action="store_true", help="no archive")
    parser.add_argument(
        "-o", "--output", type=Path, default=ROOT / "out/installer", metavar="FOLDER"
    )
    told = parser.parse_args()
    output, epoch = told.output.resolve(), _epoch()
    output.mkdir(parents=True, exist_ok=True)
    folder, found = build_folder(output, epoch)
    size = sum(each.lstat().st_size for each in _once(folder))
    print(f"{folder}: {size / 1e6:.1f} MB in {len(_once(folder))} files")
    if told.folder:
        return 0
    one = version("orangemask")
    name = f"orangemask-{one}-{SYSTEMS[sys.platform]}-{platform.machine().lower()}"
    packed, listed = output / f"{name}.tar.gz", output / f"{name}.cdx.json"
    listed.write_text(sbom(found, folder, one, epoch), "utf-8")
    write_archive(folder, packed, name, epoch)
    write_checksums([packed, listed], output / "SHA256SUMS")
    print(f"{packed}: {packed.stat().st_size / 1e6:.1f} MB")
    return 0


def build_folder(output: Path, epoch: int) -> tuple[Path, list]:
    """Make the folder, with the licences of all that is in it; return it and its components.

    Raises
    ------
    subprocess.CalledProcessError
        PyInstaller fails.
    UntracedError
        Something is bundled whose licence is not known.
    """
    environment = {**os.environ, "PYTHONHASHSEED": HASH_SEED, "SOURCE_DATE_EPOCH": str(epoch)}
    with tempfile.TemporaryDirectory(prefix="orangemask-build-") as work:
        subprocess.run(
            [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN",
             "--distpath", output, "--workpath", work, HERE / "orangemask.spec"],
            check=True,
            env=environment,
            cwd=work,
        )  # fmt: skip
        sources = read_sources(Path(work) / "orangemask" / "sources.json")
    folder = output / "orangemask"
    program = folder / f"orangemask{ENDING}"
    os.link(program, folder / f"orangemask-bridge{ENDING}")
    found = components(sources, folder)
    (folder / "LICENSES.txt").write_text(licences_text(found, ROOT / "LICENSE"), "utf-8")
    if sys.platform != "win32":
        shutil.copy(HERE / "install.sh", folder)
        (folder / "install.sh").chmod(0o755)
    return folder, found


def _once(folder: Path) -> list[Path]:
    """Return every file, one of several names of the same."""
    by_number = {each.lstat().st_ino: each for each in folder.rglob("*") if not each.is_dir()}
    return list(by_number.values())


def _epoch() -> int:
    """Return the time that is told of the build: the commit's, or SOURCE_DATE_EPOCH."""
    if told := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(told)
    asked = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return int(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    if not sysconfig.get_config_var("Py_ENABLE_SHARED") and sys.platform == "linux":
        sys.exit("this Python has no shared library, which PyInstaller needs: use another one")
    sys.exit(main())
