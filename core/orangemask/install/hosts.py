"""What goes into each host, where, and whether it is there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from orangemask.errors import OutputError
from orangemask.filters import description, filters
from orangemask.install.changes import Changes, read_own
from orangemask.install.places import GIMP, Place
from orangemask.install.programs import answer_of, bridge_words
from orangemask.install.record import Installed
from orangemask.install.shipped import DARKTABLE, GIMP_2, files_of
from orangemask.install.shipped import GIMP as GIMP_3

REQUIRE = f'require "{DARKTABLE}/{DARKTABLE}"'
_REQUIRED = re.compile(rb"^[ \t]*require[ \t(]*[\"']orangemask[./]orangemask[\"']", re.MULTILINE)
_OF_PLACE = "-- Written by `orangemask install darktable`.\n"


@dataclass(frozen=True, slots=True)
class Content:
    """A file to be."""

    bytes: bytes
    program: bool = False


def shipped_name(place: Place) -> str:
    """Return the name of the shipped folder a place gets."""
    if place.host == GIMP:
        return GIMP_2 if place.old else GIMP_3
    return DARKTABLE


def target(place: Place) -> Path:
    """Return our folder within a place."""
    return place.folder / ("plug-ins" if place.host == GIMP else "lua") / shipped_name(place)


def luarc(place: Place) -> Path:
    """Return darktable's start script."""
    return place.folder / "luarc"


def shipped_contents(place: Place) -> dict[str, Content]:
    """Return the files a place gets as they are, by their path within `target`.

    A file that begins with ``#!`` is a program: GIMP ignores a plug-in without the run bit.

    Raises
    ------
    OrangemaskError
        This installation is not whole.
    """
    found = {}
    for within, file in files_of(shipped_name(place)):
        content = file.read_bytes()
        found[str(within)] = Content(content, content.startswith(b"#!"))
    return found


def generated_contents(place: Place) -> dict[str, Content]:
    """Return the files made for this installation: its filters, with the user's own stocks.

    Raises
    ------
    OrangemaskError
        The filters cannot be read.
    """
    if place.host != GIMP:
        bridge = bridge_words()
        place_lua = f"{_OF_PLACE}return {{ bridge = {_lua_text(bridge[0])} }}\n"
        return {
            "filters.lua": Content(answer_of([*bridge, "lua-filters"])),
            "place.lua": Content(place_lua.encode("ascii")),
        }
    if place.old:
        return {}
    told = json.dumps([description(one) for one in filters().values()], indent=1) + "\n"
    return {"filters.json": Content(told.encode("ascii"))}


def check_target(place: Place) -> None:
    """Refuse a folder that is not ours to write.

    Raises
    ------
    OutputError
        It is a link, or holds something else.
    """
    folder = target(place)
    if folder.is_symlink():
        raise OutputError(
            f"{folder} is a link to {folder.readlink()}; remove it to install a copy there"
        )
    main = f"{shipped_name(place)}{'.py' if place.host == GIMP else '.lua'}"
    if folder.exists() and not (folder / main).is_file() and any(folder.iterdir()):
        raise OutputError(f"{folder} is not Orangemask's: it has no {main}; move it away")


def state(place: Place, known: Installed | None) -> str:
    """Return in a word or two whether a place has the plug-in or scripts of this version."""
    folder = target(place)
    if folder.is_symlink():
        return f"linked to {folder.readlink()}"
    if not folder.is_dir():
        return "not installed"
    made = {"filters.json", "filters.lua"}
    for name, content in shipped_contents(place).items():
        found = read_own(folder / name)
        if found is None or (name not in made and found != content.bytes):
            version = f" ({known.version})" if known else ""
            return f"of another version{version}; run orangemask install {place.host}"
    if place.host != GIMP and not _REQUIRED.search(read_own(luarc(place)) or b""):
        return f"not in {luarc(place)}; run orangemask install {place.host}"
    return "installed"


def add_line(place: Place, known: Installed, changes: Changes) -> None:
    """Let darktable load our script, after all that its user loads.

    Raises
    ------
    InputError, OutputError
        ``luarc`` cannot be read or written.
    """
    path = luarc(place)
    content = read_own(path) or b""
    if _REQUIRED.search(content):
        return
    ending = "\r\n" if b"\r\n" in content else "\n"
    before = ending if content and not content.endswith(b"\n") else ""
    known.luarc, known.added = str(path), f"{before}{REQUIRE}{ending}"
    changes.rewrite(path, content + known.added.encode(), f"added '{REQUIRE}' to")


def remove_line(known: Installed, changes: Changes) -> None:
    """Take our line out of ``luarc``; remove the file if it holds nothing more.

    Raises
    ------
    InputError, OutputError
        It cannot be read or written.
    """
    path = Path(known.luarc)
    content = read_own(path) if known.luarc else None
    if content is None:
        return
    left = content.replace(known.added.encode(), b"", 1)
    if left == content:  # the user has moved or changed the line
        left = re.sub(_REQUIRED.pattern + rb"[^\n]*\n?", b"", content, flags=re.MULTILINE)
    if not left.strip() and known.added == f"{REQUIRE}\n":
        changes.remove(path)
    elif left != content:
        changes.rewrite(path, left, f"removed '{REQUIRE}' from")


def _lua_text(text: str) -> str:
    """Return a Lua literal of ASCII for a text, other bytes as decimal escapes."""
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\{byte:03d}"
        for byte in text.encode("utf-8", "surrogateescape")
    )
    return f'"{escaped}"'
