"""A progress bar on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from orangemask.execute import Progress


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()  # None without a console


def say(text: str) -> None:
    """Print a line for the person on stderr, above a running bar."""
    if _on_terminal():
        from tqdm import tqdm

        tqdm.write(text, file=sys.stderr)
    else:
        print(text, file=sys.stderr, flush=True)


@contextmanager
def bar(files: int) -> Iterator[Progress]:
    """Yield a function that shows how many of `files` are done, fractions included."""
    if not _on_terminal():
        yield lambda _done: None
        return
    from tqdm import tqdm

    layout = "{percentage:3.0f}% |{bar}| {n:.1f}/{total} [{elapsed}<{remaining}]"
    with tqdm(total=files, file=sys.stderr, bar_format=layout, leave=False) as shown:

        def show(done: float) -> None:
            shown.n = min(done, files)
            shown.refresh()

        yield show
