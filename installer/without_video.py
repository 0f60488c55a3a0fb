"""OpenCV without its video: 45 MB that no picture needs, and an OpenSSL that is no longer mended.

OpenCV's wheels for Linux are linked with FFmpeg and libavif. We read no video and read pictures
by other libraries, but the system would not load OpenCV if these were missing. In their place come
libraries of the same names that define the same symbols, each an instruction that ends the
program; none of them is ever called.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path

FOLDER = "opencv_python_headless.libs"
REPLACED = ("libavcodec-*", "libavformat-*", "libavutil-*", "libswscale-*", "libavif-*")
# What those needed and OpenCV itself does not.
DROPPED = ("libaom-*", "libvpx-*", "libcrypto-*", "libssl-*", "libswresample-*", "libdrm-*")
TRAP = "ud2"  # of x86-64: raises SIGILL
SYMBOL = re.compile(r"^[0-9a-f]+ .{7} (\S+)\s+[0-9a-f]+(?: +\(?([\w.]+)\)?)? +(\w+)$")


def possible() -> bool:
    """Return whether this is a system that the replacements can be made for."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def is_dropped(name: str) -> bool:
    """Return whether a library of OpenCV's, in any folder, is to be left out."""
    return any(fnmatch(Path(name).name, pattern) for pattern in DROPPED)


def is_replaced(name: str) -> bool:
    """Return whether a library of OpenCV's is to be replaced."""
    parts = Path(name).parts
    return parts[:-1] == (FOLDER,) and any(fnmatch(parts[-1], each) for each in REPLACED)


def replacement(library: Path, opencv: Path, folder: Path) -> Path:
    """Make and return a library with the symbols of `library` that `opencv` asks for.

    Raises
    ------
    subprocess.CalledProcessError
        binutils fail.
    """
    asked = {name for section, _, name in _symbols(opencv) if section == "*UND*"}
    by_version: dict[str, list[str]] = defaultdict(list)
    for section, version, name in _symbols(library):
        if section != "*UND*" and name in asked:
            by_version["" if version == "Base" else version].append(name)
    folder.mkdir(parents=True, exist_ok=True)
    source, script = folder / "replacement.s", folder / "replacement.map"
    lines = [".text"]
    told = []
    for version, names in sorted(by_version.items()):
        for name in sorted(names):
            lines += [f".globl {name}", f".type {name}, @function", f"{name}: {TRAP}"]
        told.append(f"{version} {{ global: {'; '.join(sorted(names))}; local: *; }};")
    lines.append('.section .note.GNU-stack, "", @progbits')
    source.write_text("\n".join(lines) + "\n")
    script.write_text("\n".join(told) + "\n")
    made, compiled = folder / library.name, folder / "replacement.o"
    subprocess.run(["as", "-o", compiled, source], check=True)
    subprocess.run(
        ["ld", "-shared", "--build-id=none", "-s", "-soname", library.name,
         "--version-script", script, "-o", made, compiled],
        check=True,
    )  # fmt: skip
    return made


def _symbols(library: Path) -> list[tuple[str, str, str]]:
    """Return section, version and name of each dynamic symbol."""
    done = subprocess.run(
        ["objdump", "-T", str(library)], check=True, capture_output=True, text=True
    )
    found = (SYMBOL.match(line) for line in done.stdout.splitlines())
    return [(each[1], each[2] or "", each[3]) for each in found if each]
