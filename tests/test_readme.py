"""Everything the README shows runs, and says what the README says."""

from __future__ import annotations

import argparse
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import requires

import pytest

import readme
from orangemask.cli import build_parser

TEXT = readme.README.read_text("utf-8")
NUMBER = re.compile(r"-?\d+\.\d+")
NUMBER_TOLERANCE = 0.02  # printed numbers of a network on another processor
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="the README speaks of bash")


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from parsers(each)


def test_two_commands_are_enough_for_a_newcomer() -> None:
    shown = [body for language, body in BLOCKS if language == "sh"]
    marked = re.findall(
        r"^<!-- (setup|test) -->\n```sh\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE
    )
    assert [name for name, _ in marked] == ["setup", "test"]
    assert [body for _, body in marked] == shown
    for body in shown:  # one command each, lines joined by &&
        assert all(line.endswith("&&") for line in body.splitlines()[:-1])


def test_tables_are_those_of_the_code() -> None:
    assert readme.with_tables(TEXT) == TEXT, "run: python tests/readme.py"


def test_every_option_exists() -> None:
    known = {word for each in parsers(build_parser()) for word in each._option_string_actions}
    for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", TEXT):
        assert option in known, option


def test_every_command_is_understood() -> None:
    parser = build_parser()
    found = re.findall(r"(?:^|\$ |/bin/|\| |`)orangemask ([a-z][^\n`|]*)", TEXT, re.MULTILINE)
    assert len(found) > 10
    verbs = {each.prog.removeprefix("orangemask ") for each in parsers(parser)}
    for words in found:
        if words.strip() not in verbs:  # named in a sentence, without its arguments
            parser.parse_args(shlex.split(words))


@needs_bash
def test_commands_print_what_is_shown(tmp_path: readme.Path) -> None:
    now = readme.with_output(TEXT, tmp_path)
    assert NUMBER.sub("#", now) == NUMBER.sub("#", TEXT), "run: python tests/readme.py"
    for shown, printed in zip(NUMBER.findall(TEXT), NUMBER.findall(now), strict=True):
        assert math.isclose(float(shown), float(printed), abs_tol=NUMBER_TOLERANCE)


def test_the_python_example_runs_as_it_is_written(tmp_path: readme.Path) -> None:
    (example,) = [body for language, body in BLOCKS if language == "python"]
    assert len(example.splitlines()) <= 10
    readme.lay_out(tmp_path)
    script = tmp_path / "example.py"
    script.write_text(example, "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "blue_highlights" in done.stdout
    assert (tmp_path / "from-python.png").stat().st_size > 100_000


def test_every_library_has_its_reason() -> None:
    needed = [line for line in requires("orangemask") or () if "extra ==" not in line]
    assert len(needed) > 5
    for line in needed:
        name = re.split(r"[<>=\[; ]", line)[0]
        assert f"| {name.lower()} | " in TEXT.lower(), name


def test_every_picture_has_an_origin() -> None:
    told = (readme.ROOT / "tests/README.md").read_text("utf-8")
    pictures = [
        path.relative_to(readme.ROOT / "tests")
        for path in (readme.ROOT / "tests/data").rglob("*")
        if path.suffix in {".jpg", ".png", ".tif"}
    ]
    assert len(pictures) > 2
    for picture in pictures:
        names = (picture, picture.with_name(f"*{picture.suffix}"))
        assert any(f"`{name.as_posix()}`" in told for name in names), picture


def test_links_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "tests/README.md"):
        page = readme.ROOT / name
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), target
