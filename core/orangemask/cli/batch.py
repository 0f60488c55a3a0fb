"""Files one after the other: what fails is told and the rest goes on."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from orangemask.cli.mistakes import told
from orangemask.cli.outputs import Step, folder_for_results
from orangemask.cli.progress import bar, say
from orangemask.errors import Cancelled, ModelError, OutputError
from orangemask.execute import Progress


class Finished(Protocol):
    """What is told of a finished file."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know."""

    def summary(self) -> Mapping[str, Any]:
        """Return what a program wants to know, JSON-ready."""


RenderOne: TypeAlias = Callable[[Path, Path, Progress], Finished]


def run_batch(
    plan: Sequence[Step], folder: Path | None, render: RenderOne, *, as_json: bool
) -> int:
    """Render every input of a plan; return 0, or 1 if any failed.

    Parameters
    ----------
    plan : sequence of Step
    folder : Path or None
        That of the results; made, and removed again if nothing was put into it.
    render : callable
        (source, output, progress) → what is told of it.
    as_json : bool
        Print a JSON line for each output.

    Raises
    ------
    Cancelled, ModelError
        What would fail for every file.
    """
    failed = 0
    with folder_for_results(folder), bar(len(plan)) as show:
        for i, step in enumerate(plan):
            try:
                if step.output is None:
                    raise OutputError(step.problem)
                result = render(step.source, step.output, partial(_show_part, show, i))
            except (Cancelled, ModelError):
                raise
            except Exception as error:  # noqa: BLE001 - no file stops the others
                failed += 1
                say(f"orangemask: {told(error, step.source)}")
            else:
                for warning in result.warnings:
                    say(f"orangemask: warning: {step.source}: {warning}")
                if as_json:
                    print(json.dumps(result.summary()), flush=True)
            show(i + 1)
    if failed and len(plan) > 1:
        print(f"orangemask: {failed} of {len(plan)} files failed", file=sys.stderr)
    return 1 if failed else 0


def _show_part(show: Progress, done: int, part: float) -> None:
    show(done + part)
