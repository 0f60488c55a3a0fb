"""Where the outputs of a batch go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from orangemask.encode.formats import FORMATS
from orangemask.errors import OutputError, reason

SUFFIXES = tuple(suffix for one in FORMATS for suffix in one.suffixes)


@dataclass(frozen=True, slots=True)
class Step:
    """One input and where it goes; `output` is None where `problem` forbids it."""

    source: Path
    output: Path | None
    problem: str = ""


def plan_outputs(inputs: list[Path], output: str, extension: str) -> tuple[list[Step], Path | None]:
    """Return the output of each input, and the folder they lie in where there is one.

    Parameters
    ----------
    inputs : list of Path
    output : str
        A file for one input, or a folder for any number; a folder if it is one, ends in a slash,
        or has no ending.
    extension : str
        File type inside a folder.

    Raises
    ------
    OutputError
        `output` is ``-``, or one file for many inputs.
    """
    if output == "-":
        raise OutputError("pictures are not written to a pipe; give -o a file or a folder")
    suffix = "." + extension.lstrip(".").lower()
    if suffix not in SUFFIXES:
        raise OutputError(f"unknown format '{extension}'; allowed: {' '.join(SUFFIXES)}")
    path = Path(output)
    is_folder = os.path.isdir(path) or output.endswith(("/", os.sep))  # noqa: PTH112 - no errors
    if not is_folder and path.suffix.lower() in SUFFIXES and len(inputs) > 1:
        raise OutputError(f"{path} is one file for {len(inputs)} inputs; give -o a folder")
    if not is_folder and path.suffix and len(inputs) == 1:
        return [Step(inputs[0], path)], None
    sources = {os.path.realpath(source): source for source in inputs}
    plan: list[Step] = []
    taken: dict[Path, Path] = {}
    for source in inputs:
        target = path / (source.stem + suffix)
        overwritten = sources.get(os.path.realpath(target))
        if target in taken:
            problem = f"{source} and {taken[target]} would both become {target}; rename one"
            plan.append(Step(source, None, problem))
        elif overwritten is not None and overwritten != source:
            problem = f"{source} would become {target}, another input; give -o another folder"
            plan.append(Step(source, None, problem))
        else:
            taken[target] = source
            plan.append(Step(source, target))
    return plan, path


@contextmanager
def folder_for_results(folder: Path | None) -> Iterator[None]:
    """Make a folder, and remove it again if nothing was put into it.

    Raises
    ------
    OutputError
        It cannot be made.
    """
    if folder is None:
        yield
        return
    made = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {reason(error)}") from error
    try:
        yield
    finally:
        for each in made:
            with suppress(OSError):  # it is not empty: as it should be
                each.rmdir()
