"""What README.md must say: its tables from the code, its output from the commands.

python tests/readme.py    # writes the present tables and output into README.md
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PIL import Image as Pillow

from orangemask.encode.formats import FORMATS
from orangemask.filters import Param, find_filter
from orangemask.luts import FORMATS as LUT_FORMATS
from orangemask.spaces import SPACES

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
SAMPLE = ROOT / "tests/data/sample-negative.tif"

CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    lines = [list(head), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def formats() -> str:
    """Return the table of output formats, defaults first."""
    rows = [
        (
            f"{one.name} ({' '.join(one.suffixes)})",
            ", ".join(one.depths),
            "–" if one.compressions == ("none",) else ", ".join(one.compressions),
            "–" if one.quality is None else f"1…100, default {one.quality}",
        )
        for one in FORMATS
    ]
    looks = f"| a look ({' '.join(LUT_FORMATS)}) | `orangemask export` | | |"
    return table(("out", "`--depth`", "`--compression`", "`--quality`"), rows) + "\n" + looks


def spaces() -> str:
    """Return the table of output spaces."""
    return table(("`--space`", "space"), [(f"`{one.name}`", one.label) for one in SPACES.values()])


def parameters(name: str) -> str:
    """Return the table of a filter's nine parameters."""
    rows = [
        (
            f"`{one.name}`",
            f"{one.slider_minimum:g} … {one.slider_maximum:g} {one.unit}".strip(),
            f"{one.minimum:g} … {one.maximum:g} {one.unit}".strip(),
            one.doc,
        )
        for one in find_filter(name).params
    ]
    return table(("name", "slider", "allowed", "what it is"), rows)


def settings() -> str:
    """Return the table of Film Emulate's settings."""
    rows = []
    for one in find_filter("film-emulate").settings:
        if isinstance(one, Param):
            allowed, default = f"{one.minimum:.10g} … {one.maximum:.10g}", f"{one.default:g}"
        else:
            allowed = f"`orangemask {one.plural}`" if one.plural else ", ".join(one.by_name)
            default = one.default
        rows.append((f"`--{one.name.replace('_', '-')}`", allowed, default, one.doc))
    return table(("option", "allowed", "default", "what it is"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "formats": formats,
    "spaces": spaces,
    "invert parameters": partial(parameters, "invert-c41"),
    "emulate parameters": partial(parameters, "film-emulate"),
    "emulate settings": settings,
}


def with_tables(text: str) -> str:
    """Return the README with every generated table as the code has it."""
    for name, make in TABLES.items():
        found = re.search(rf"^<!-- {name} -->\n(\|.*\n)*", text, re.MULTILINE)
        if found is None:
            raise ValueError(f"README.md has no <!-- {name} -->")
        text = text[: found.start()] + f"<!-- {name} -->\n{make()}\n" + text[found.end() :]
    return text


def lay_out(folder: Path) -> None:
    """Put the files the README speaks of into `folder`."""
    (folder / "roll").mkdir()
    both = Pillow.open(ROOT / "tests/data/before-after.jpg")
    both.crop((both.width // 2, 0, both.width, both.height)).save(folder / "photo.jpg", quality=95)
    for name in ("scan.tif", "roll/01.tif", "roll/02.tif"):
        shutil.copy(SAMPLE, folder / name)


def shell(command: str, folder: Path) -> str:
    """Return all that a command prints, as a user in `folder` would see it.

    Raises
    ------
    AssertionError
        It fails.
    """
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def with_output(text: str, folder: Path) -> str:
    """Return the README with the output of its commands, run one after the other in `folder`."""

    def rerun(block: re.Match[str]) -> str:
        commands = [line[2:] for line in block[1].splitlines() if line.startswith("$ ")]
        said = "".join(f"$ {command}\n{shell(command, folder)}" for command in commands)
        return f"```console\n{said}```"

    lay_out(folder)
    return CONSOLE.sub(rerun, text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        README.write_text(
            with_tables(with_output(README.read_text("utf-8"), Path(temporary))), "utf-8"
        )
