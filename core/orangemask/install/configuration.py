"""The user's config.json: the members that say where the programs are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orangemask.errors import ParameterError
from orangemask.install.changes import Changes, read_own
from orangemask.install.places import User
from orangemask.install.record import Configured, Record

ENGINE, BRIDGE = "engine", "bridge"


def config_file(user: User) -> Path:
    """Return the configuration that the plug-ins read."""
    return user.ours / "config.json"


def read_config(user: User) -> dict[str, Any]:
    """Return the configuration's members; none where there is no file.

    Raises
    ------
    ParameterError
        It is no JSON object.
    InputError
        It cannot be read.
    """
    path = config_file(user)
    content = read_own(path)
    if content is None:
        return {}
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"{path} is not JSON: {error}; mend or remove it") from error
    if not isinstance(found, dict):
        raise ParameterError(f"{path} must hold a JSON object; mend or remove it")
    return found


def set_programs(
    user: User, commands: Mapping[str, list[str]], record: Record, changes: Changes
) -> None:
    """Write the places of the programs; all else in the file stays.

    Raises
    ------
    ParameterError, InputError, OutputError
        The file cannot be read or written.
    """
    path, found = config_file(user), read_config(user)
    if record.config is None:
        made = [str(folder) for folder in changes.make_folder(path.parent)]
        before = {name: found.get(name) for name in commands}
        record.config = Configured(made, not path.exists(), before)
    for name in commands:
        record.config.before = {name: found.get(name), **record.config.before}
    if any(found.get(name) != words for name, words in commands.items()):
        changes.rewrite(path, _json({**found, **commands}), f"set {', '.join(commands)} in")


def forget_programs(user: User, record: Record, changes: Changes) -> None:
    """Give the members back what they were before; remove a file that holds nothing more.

    Raises
    ------
    ParameterError, InputError, OutputError
        The file cannot be read or written.
    """
    if record.config is None:
        return
    path, found = config_file(user), read_config(user)
    left = {name: value for name, value in found.items() if name not in record.config.before}
    left |= {name: value for name, value in record.config.before.items() if value is not None}
    if not left and record.config.new:
        changes.remove(path)
    elif left != found:
        changes.rewrite(path, _json(left), f"restored {', '.join(record.config.before)} in")


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
