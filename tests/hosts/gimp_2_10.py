"""A real GIMP 2.10 with the real gimpfu on Python 2.7, which no Debian has together any more.

Debian 11 has GIMP 2.10.22 and Python 2.7. GIMP's own Python modules (pygimp) are in the source
package of GIMP 2.10.34, which Debian 12 has; they are compiled here, with PyGObject 3.36, the last
for Python 2.7. pygimp asks for PyGTK, which is gone: its own header that does is replaced by one
that takes PyGObject. So all but the dialogs is there: scripts run in batches.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from hosts import Host, _mirror, _must

PACKAGES = ("gimp", "libgimp2.0-dev", "python2.7-dev", "gcc", "libc6-dev", "pkg-config",
            "libgirepository1.0-dev", "bzip2")  # fmt: skip
PYGOBJECT = "PyGObject==3.36.1"
BUILD = r"""
set -e
P=/usr/lib/gimp/2.0/python G=$(echo /src/PyGObject-*[0-9])
mkdir -p $P; cp -r $G/gi $P/; touch /src/config.h
gcc -shared -O1 -w -fPIC -fno-strict-aliasing -DPY_SSIZE_T_CLEAN -DPYGOBJECT_MAJOR_VERSION=3 \
  -DPYGOBJECT_MINOR_VERSION=36 -DPYGOBJECT_MICRO_VERSION=1 -I/src -I/usr/include/python2.7 \
  -I$G/gi $(ls $G/gi/*.c | grep -v foreign-cairo) -o $P/gi/_gi.so \
  $(pkg-config --cflags --libs gobject-introspection-1.0 libffi)
cd /src/gimp-*/plug-ins/pygimp
cat > pygimp-util.h <<'H'
#include <Python.h>
#include <glib-object.h>
#include <pygobject.h>
#define pygimp_init_pygobject() \
  G_STMT_START { if (!pygobject_init(-1, -1, -1)) return; } G_STMT_END
H
F="-shared -O1 -w -fPIC -I. -I$G/gi -I/usr/include/python2.7 -DGETTEXT_PACKAGE=\"gimp20-python\""
L=$(pkg-config --cflags --libs gimp-2.0 gimpui-2.0)
gcc $F gimpmodule.c pygimp-display.c pygimp-drawable.c pygimp-image.c pygimp-item.c \
  pygimp-parasite.c pygimp-pdb.c pygimp-tile.c pygimp-vectors.c -o $P/gimp.so $L
gcc $F gimpcolormodule.c pygimp-colors.c -o $P/gimpcolor.so $L
gcc $F gimpenumsmodule.c -o $P/_gimpenums.so $L
cp gimpfu.py gimpenums.py gimpplugin.py gimpshelf.py $P/
install -m 755 plug-ins/python-eval.py /usr/lib/gimp/2.0/plug-ins/
cd /usr/lib/gimp/2.0
for name in python python2 /usr/bin/python; do echo "$name=/usr/bin/python2.7"; done \
  > interpreters/pygimp.interp
echo PYTHONPATH=$P > environ/pygimp.env
"""


class Gimp210(Host):
    """Debian 11 with GIMP 2.10 and gimpfu: three minutes, 1.5 GB."""

    def __init__(self) -> None:
        super().__init__("bullseye", "gimp210")

    def _install(self, packages: Sequence[str]) -> None:
        super()._install(packages)
        source = self.root / "src"
        source.mkdir(exist_ok=True)
        (self.root / "etc/apt/sources.list.d/source.list").write_text(
            f"deb-src {_mirror()} bookworm main\n"
        )

        for told in (
            "apt-get update -q",
            "cd /src && apt-get source -q --download-only gimp/bookworm",
        ):
            _must(self._within(["sh", "-c", told], None), told)
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary=:all:",
               "--no-build-isolation"]  # fmt: skip
        _must([*pip, "-d", str(source), PYGOBJECT], f"download of {PYGOBJECT}")
        for packed in (*source.glob("gimp_*.orig.tar.*"), *source.glob("PyGObject-*.tar.gz")):
            _unpack(packed, source)
            packed.unlink()
        (source / "build.sh").write_text(BUILD)
        _must(self._within(["bash", "/src/build.sh"], None), "the build of pygimp")

    def batch(self, profile: Path, script: Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a Python 2.7 script within GIMP 2.10, with a profile of its own."""
        return self.run(
            "gimp", "-i", "-d", "-f", "--batch-interpreter", "python-fu-eval",
            "-b", f"execfile({str(script)!r})", "-b", "pdb.gimp_quit(1)",
            env={"GIMP2_DIRECTORY": str(profile), **env}, timeout=180, check=False,
        )  # fmt: skip


def _unpack(packed: Path, folder: Path) -> None:
    """Unpack what is needed of a source archive."""
    with tarfile.open(packed) as archive:
        for member in archive:
            if "/plug-ins/pygimp/" in member.name or "/gi/" in member.name:
                archive.extract(member, folder, filter="data")
