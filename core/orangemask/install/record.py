"""What was put where: `installed.json` in our folder of configuration.

    {"orangemask_installed": 1, "hosts": [{"host": "gimp", "label": …, "folder": …, "version": …,
     "files": […], "made": […], "luarc": …, "added": …}],
     "config": {"made": […], "new": true, "before": {"engine": null, "bridge": null}}}

Without it an uninstallation could not know what was there before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orangemask.errors import ParameterError
from orangemask.install.places import User
from orangemask.json_checks import (
    check_version,
    json_mapping,
    json_optional_text,
    json_text,
    parse_object,
    read_text,
)

VERSION = 1
FILE = "installed.json"
MAX_BYTES = 1 << 20


@dataclass(slots=True)
class Installed:
    """What lies in one host.

    Attributes
    ----------
    host, label : str
        Of the place.
    folder : str
        Our own folder within the host's.
    version : str
        Of Orangemask.
    files : list of str
        Within `folder`, with slashes.
    made : list of str
        Folders that were not there before, the outermost first.
    luarc : str
        The file that has a line of ours; empty for none.
    added : str
        What was added to it, exactly.
    """

    host: str
    label: str
    folder: str
    version: str = ""
    files: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    luarc: str = ""
    added: str = ""


@dataclass(slots=True)
class Configured:
    """What was done to the configuration.

    Attributes
    ----------
    made : list of str
        Folders that were not there before, the outermost first.
    new : bool
        Whether the file was not there.
    before : mapping
        What the members we set were; None for absent.
    """

    made: list[str] = field(default_factory=list)
    new: bool = True
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """All that was installed for a user."""

    hosts: list[Installed] = field(default_factory=list)
    config: Configured | None = None

    def of(self, folder: Path) -> Installed | None:
        """Return what is known of our folder in a host."""
        return next((one for one in self.hosts if one.folder == str(folder)), None)

    def to_json(self) -> bytes:
        """Return the file's content."""
        config = asdict(self.config) if self.config else None
        content = {
            "orangemask_installed": VERSION,
            "hosts": [asdict(one) for one in self.hosts],
            "config": config,
        }
        return (json.dumps(content, indent=1) + "\n").encode("ascii")


def record_file(user: User) -> Path:
    """Return where the record lies."""
    return user.ours / FILE


def read_record(user: User) -> Record:
    """Return the record; an empty one where there is none.

    Raises
    ------
    ParameterError
        It is damaged, or of a newer version.
    """
    path = record_file(user)
    if not path.exists():
        return Record()
    content = parse_object(read_text(path, "record", MAX_BYTES), str(path), "record")
    check_version(content.get("orangemask_installed"), VERSION, str(path))
    try:
        hosts = [_installed(json_mapping(each, "host")) for each in _list(content, "hosts")]
        config = content.get("config")
        return Record(
            hosts, None if config is None else _configured(json_mapping(config, "config"))
        )
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}; remove it and install again") from error


def _installed(content: Mapping[str, Any]) -> Installed:
    texts = {
        name: json_optional_text(content.get(name, ""), name) or ""
        for name in ("version", "luarc", "added")
    }
    return Installed(
        json_text(content.get("host"), "host"),
        json_text(content.get("label"), "label"),
        json_text(content.get("folder"), "folder"),
        files=_texts(content, "files"),
        made=_texts(content, "made"),
        **texts,
    )


def _configured(content: Mapping[str, Any]) -> Configured:
    before = json_mapping(content.get("before") or {}, "before")
    return Configured(_texts(content, "made"), content.get("new") is True, before)


def _texts(content: Mapping[str, Any], name: str) -> list[str]:
    return [json_text(each, name) for each in _list(content, name)]


def _list(content: Mapping[str, Any], name: str) -> list[Any]:
    value = content.get(name, [])
    if not isinstance(value, list):
        raise ParameterError(f"{name} must be a list")
    return value
