"""Installing and uninstalling, for the places that were found."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from orangemask._version import version
from orangemask.errors import OrangemaskError, OutputError
from orangemask.install import hosts
from orangemask.install.changes import Changes
from orangemask.install.configuration import BRIDGE, ENGINE, forget_programs, set_programs
from orangemask.install.places import DARKTABLE, Place, User, find_places
from orangemask.install.programs import bridge_words, engine_words
from orangemask.install.record import Installed, Record, read_record, record_file


def install(user: User, wanted: Collection[str], *, dry_run: bool) -> list[str]:
    """Put plug-ins and scripts into each of the user's editors, and return what was done.

    Parameters
    ----------
    user : User
    wanted : collection of str
        Of ``gimp`` and ``darktable``.
    dry_run : bool
        Tell, and do nothing.

    Raises
    ------
    OrangemaskError
        No editor was found, or something cannot be read or written; what was done until then is
        in the record, so that it can be uninstalled.
    """
    places = [place for place in find_places(user) if place.host in wanted]
    if not places:
        raise OrangemaskError(
            f"no {' or '.join(wanted)} was found for {user.home}: start it once, then install again"
        )
    for place in places:
        hosts.check_target(place)
    changes, record = Changes(dry_run), read_record(user)
    commands = {ENGINE: engine_words()}
    if any(place.host == DARKTABLE for place in places):
        commands[BRIDGE] = bridge_words()
    try:
        set_programs(user, commands, record, changes)
        for place in places:
            _put(place, record, changes)
    finally:
        _keep(user, record, changes)
    return _told(places, changes, "up to date")


def uninstall(user: User, wanted: Collection[str], *, dry_run: bool) -> list[str]:
    """Take away what `install` put, and return what was done.

    Raises
    ------
    OrangemaskError
        Something cannot be read or removed.
    """
    changes, record = Changes(dry_run), read_record(user)
    known = {one.folder: one for one in record.hosts if one.host in wanted}
    for place in find_places(user):
        folder = str(hosts.target(place))
        if place.host in wanted and folder not in known and Path(folder).is_dir():
            known[folder] = _of_old_times(place)
    try:
        for one in known.values():
            _take(one, changes)
            record.hosts = [each for each in record.hosts if each.folder != one.folder]
        if not record.hosts:
            forget_programs(user, record, changes)
    finally:
        made = record.config.made if record.config else []
        if record.hosts:
            _keep(user, record, changes)
        else:
            changes.remove(user.log)
            changes.remove_if_empty(user.log.parent)
            changes.remove(record_file(user))
            for folder in reversed(made):
                changes.remove_if_empty(Path(folder))
    return changes.told or ["nothing of Orangemask is installed there"]


def _put(place: Place, record: Record, changes: Changes) -> None:
    """Put our folder into a place; files of an older version that are no more go."""
    folder = hosts.target(place)
    contents = {**hosts.shipped_contents(place), **hosts.generated_contents(place)}
    known = record.of(folder)
    if known is None:
        known = Installed(place.host, place.label, str(folder))
        record.hosts.append(known)
    known.made += [str(each) for each in changes.make_folder(folder)]
    old, known.files = known.files, sorted({*known.files, *contents})
    for name, content in contents.items():
        made = changes.make_folder((folder / name).parent)
        known.made += [str(each) for each in made if str(each) not in known.made]
        changes.write(folder / name, content.bytes, program=content.program)
    for name in sorted(set(old) - set(contents)):
        changes.remove(_within(folder, name))
    known.files, known.version = sorted(contents), version()
    if place.host == DARKTABLE:
        hosts.add_line(place, known, changes)


def _take(known: Installed, changes: Changes) -> None:
    """Remove our files, what Python made of them, and folders that were not there before."""
    folder = Path(known.folder)
    if folder.is_symlink():
        changes.told.append(f"left {folder}: it is a link")
        return
    if known.luarc:
        hosts.remove_line(known, changes)
    for name in known.files:
        changes.remove(_within(folder, name))
    changes.remove_compiled(folder)
    for inner in sorted({(folder / name).parent for name in known.files} - {folder}, reverse=True):
        changes.remove_if_empty(inner)
    changes.remove_if_empty(folder)
    for each in reversed(known.made):
        changes.remove_if_empty(Path(each))
    if folder.is_dir() and not changes.dry_run:
        left = ", ".join(sorted(each.name for each in folder.iterdir()))
        changes.told.append(f"left {folder}: it holds {left}, not of ours")


def _of_old_times(place: Place) -> Installed:
    """Return what is known of a folder that was copied by hand."""
    names = [*hosts.shipped_contents(place), "filters.json", "filters.lua", "place.lua"]
    luarc = str(hosts.luarc(place)) if place.host == DARKTABLE else ""
    folder = str(hosts.target(place))
    return Installed(place.host, place.label, folder, files=sorted(set(names)), luarc=luarc)


def _within(folder: Path, name: str) -> Path:
    """Return a recorded file, which must lie below our folder whatever the record says.

    Raises
    ------
    OutputError
        It does not.
    """
    parts = Path(name).parts
    if ".." in parts or Path(name).is_absolute():
        raise OutputError(f"the record names {name}, which is outside of {folder}; nothing removed")
    return folder.joinpath(*parts)


def _keep(user: User, record: Record, changes: Changes) -> None:
    """Write the record, where there is anything to record."""
    if record.hosts or record.config:
        changes.make_folder(user.ours)
        changes.write(record_file(user), record.to_json())


def _told(places: list[Place], changes: Changes, otherwise: str) -> list[str]:
    lines = list(changes.told)
    for place in places:
        folder = hosts.target(place)
        touched = any(str(place.folder) in line for line in changes.told)
        lines.append(f"{place.label}: {folder}" + ("" if touched else f": {otherwise}"))
    return lines
