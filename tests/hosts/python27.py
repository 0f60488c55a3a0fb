"""Debian 11 (bullseye), the last Debian with Python 2.7."""

from __future__ import annotations

from collections.abc import Sequence

from hosts import Host, _mirror, _must

PACKAGES = ("python2.7-minimal", "libpython2.7-stdlib")


class Python27(Host):
    """A small Debian with Python 2.7 and nothing else: half a minute, 200 MB."""

    def __init__(self) -> None:
        super().__init__("bullseye", "bullseye")

    def _install(self, packages: Sequence[str]) -> None:
        if not (self.root / "usr/bin/python2.7").exists():
            self.root.parent.mkdir(parents=True, exist_ok=True)
            told = ["debootstrap", "--variant=minbase", f"--include={','.join(packages)}"]
            _must([*told, self.suite, str(self.root), _mirror()], "debootstrap of bullseye")
