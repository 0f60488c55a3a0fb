"""What is in the folder, by whom and under which licence: LICENSES.txt and an SBOM.

Every library and module is traced to the Python distribution or the system's package that it came
with; what cannot be traced stops the build.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from hashlib import sha256
from importlib.metadata import Distribution, distribution, distributions, requires
from pathlib import Path

NOTICE = re.compile(r"(?i)(^|/)(licen[cs]es?|copying|notice|thirdpartynotices)[^/]*(/|$)")
NOT_TEXT = (".py", ".pyc", ".pyi", ".so", ".dll")
SHORT_NAME = re.compile(r"^License: ([\w.+-]+(?: (?:and|or|with) [\w.+-]+)*)$", re.MULTILINE)
SEE = "see its text"
RULE = "=" * 100
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "orangemask")


class UntracedError(Exception):
    """A file is bundled and nobody knows whence."""


@dataclass
class Component:
    """A distribution or package of which files are bundled."""

    name: str
    version: str
    licence: str
    purl: str
    texts: dict[str, str]
    libraries: list[Path] = field(default_factory=list)


def needed() -> list[str]:
    """Return the names of the distributions that Orangemask itself asks for."""
    found = [line for line in requires("orangemask") or () if "extra ==" not in line]
    return [re.split(r"[<>=!~; \[]", line)[0] for line in found]


def components(sources: list[tuple[str, str]], folder: Path) -> list[Component]:
    """Return what the files come from, sorted by name.

    Parameters
    ----------
    sources : list of (name in the folder, path it came from)
    folder : Path
        The finished folder.

    Raises
    ------
    UntracedError
        A file is neither of a distribution nor of a package nor of Python itself.
    """
    owners = _owners()
    found: dict[str, Component] = {}
    untraced = []
    for name, source in sources:
        path = Path(source)
        if path.suffix in (".py", ".pyc") and _of_python(path):
            continue  # the standard library: told with Python below
        key = owners.get(path.resolve()) or owners.get(path)
        if key is None and (package := _package_of(path)):
            key = package if package == "python" else f"deb:{package}"
        if key is None:
            untraced.append(source)
            continue
        if key not in found:
            found[key] = _component(key)
        if (folder / "_internal" / name).is_file() and path.suffix not in (".py", ".pyc"):
            found[key].libraries.append(Path("_internal") / name)
    if untraced:
        raise UntracedError("whence are these?\n" + "\n".join(sorted(set(untraced))))
    for key in ("python", "pyinstaller"):  # PyInstaller's loader is our executable
        found.setdefault(key, _component(key))
    return sorted(found.values(), key=lambda one: one.name.lower())


def licences_text(found: list[Component], own: Path) -> str:
    """Return the text of LICENSES.txt: ours, then each component's.

    Raises
    ------
    UntracedError
        A component has no licence.
    """
    parts = ["Orangemask, and what is bundled with it:\n"]
    parts += [f"  {one.name} {one.version}: {one.licence}" for one in found]
    parts += ["", RULE, "Orangemask", RULE, own.read_text("utf-8")]
    for one in found:
        if not one.texts:
            raise UntracedError(f"{one.name} has no licence text")
        for name, text in sorted(one.texts.items()):
            parts += [RULE, f"{one.name} {one.version}: {name}", RULE, text.strip(), ""]
    return "\n".join(parts) + "\n"


def sbom(found: list[Component], folder: Path, version: str, epoch: int) -> str:
    """Return a software bill of materials: CycloneDX 1.5, JSON (ECMA-424)."""
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{version} {epoch}')}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": "orangemask",
                "name": "orangemask",
                "version": version,
                "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
                "purl": f"pkg:pypi/orangemask@{version}",
            },
        },
        "components": [
            {
                "type": "library",
                "bom-ref": one.purl,
                "name": one.name,
                "version": one.version,
                "licenses": [{"license": {"name": one.licence}}],
                "purl": one.purl,
                "components": [
                    {
                        "type": "file",
                        "bom-ref": f"{one.purl}#{file.as_posix()}",
                        "name": file.as_posix(),
                        "hashes": [
                            {
                                "alg": "SHA-256",
                                "content": sha256((folder / file).read_bytes()).hexdigest(),
                            }
                        ],
                    }
                    for file in sorted(set(one.libraries))
                ],
            }
            for one in found
        ],
        "dependencies": [{"ref": "orangemask", "dependsOn": [one.purl for one in found]}],
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def _owners() -> dict[Path, str]:
    """Return which distribution each installed file is of."""
    found = {}
    for one in distributions():
        name = one.metadata["Name"].lower().replace("_", "-")
        for file in one.files or ():
            found[Path(str(one.locate_file(file))).resolve()] = name
    root = Path(__file__).resolve().parents[1]
    for file in root.rglob("*.py"):  # ours, of an editable installation
        found[file] = "orangemask"
    return found


def _of_python(path: Path) -> bool:
    """Return whether a module is of the standard library."""
    import sysconfig

    place = path.resolve()
    own = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")]
    return "site-packages" not in place.parts and any(each in place.parents for each in own)


def _package_of(path: Path) -> str | None:
    """Return the Debian package of a file of the system; None where there is no dpkg."""
    place = str(path.resolve())
    for each in (place, place.removeprefix("/usr")):
        try:
            done = subprocess.run(["dpkg-query", "-S", each], capture_output=True, text=True)
        except FileNotFoundError:
            break
        if done.returncode == 0:
            name = done.stdout.split(": ")[0].split(",")[0]
            return "python" if name.startswith("libpython") else name
    # A Python that was not installed by the system brings its own library and modules.
    if Path(sys.base_prefix).resolve() in path.resolve().parents:
        return "python"
    return None


def _component(key: str) -> Component:
    if key == "python":
        return _python()
    return _of_debian(key[4:]) if key.startswith("deb:") else _of_wheel(key)


def _of_debian(package: str) -> Component:
    asked = ["dpkg-query", "-W", "-f", "${Version}", package]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    name = package.split(":")[0]
    file = Path("/usr/share/doc") / name / "copyright"
    text = file.read_text("utf-8", errors="replace")
    told = ", ".join(sorted(set(SHORT_NAME.findall(text)))) or SEE
    return Component(name, version, told, f"pkg:deb/debian/{name}@{version}", {"copyright": text})


def _of_wheel(name: str) -> Component:
    one = distribution(name)
    meta = one.metadata
    kinds = [each.split(" :: ")[-1] for each in meta.get_all("Classifier") or ()
             if each.startswith("License ::")]  # fmt: skip
    field = (meta["License"] or "").strip().split("\n")[0]
    said = meta["License-Expression"] or ", ".join(kinds) or field or SEE
    return Component(
        meta["Name"], one.version, said, f"pkg:pypi/{name}@{one.version}",
        dict(_texts(one)),
    )  # fmt: skip


def _texts(one: Distribution) -> list[tuple[str, str]]:
    """Return the licences of a distribution, each text once."""
    found: dict[str, str] = {}
    for file in sorted(one.files or (), key=str):
        path = Path(str(one.locate_file(file)))
        if NOTICE.search(str(file)) and file.suffix not in NOT_TEXT and path.is_file():
            found.setdefault(path.read_text("utf-8", errors="replace"), str(file))
    if one.metadata["Name"] == "orangemask" and not found:  # editable: the text is put first anyway
        found["see the top of this file"] = "LICENSE"
    return [(name, text) for text, name in found.items()]


def _python() -> Component:
    """Return Python itself: Debian's, or one with a LICENSE beside its library."""
    version = sys.version.split()[0]
    minor = version.rpartition(".")[0]
    base = Path(sys.base_prefix)
    for place in (
        Path(f"/usr/share/doc/libpython{minor}-minimal/copyright"),
        base / "LICENSE.txt",
        base / f"lib/python{minor}/LICENSE.txt",
    ):
        if place.is_file():
            texts = {"licence": place.read_text("utf-8", errors="replace")}
            return Component("Python", version, "PSF-2.0", f"pkg:generic/python@{version}", texts)
    raise UntracedError("Python's own licence is not on this machine")


def read_sources(file: Path) -> list[tuple[str, str]]:
    """Return what the specification wrote down: name in the folder, and where it came from."""
    return sorted(dict(json.loads(file.read_text("utf-8"))).items())
