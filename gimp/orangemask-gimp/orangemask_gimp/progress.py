"""GIMP's progress bar."""

from __future__ import annotations

import time

from gi.repository import Gimp

OFTEN = 0.1  # s between two words to GIMP; each is a round trip


class Progress:
    """A progress bar with a text; call it with the part done, None where it is unknown.

    Parameters
    ----------
    text : str
    first, last : float
        Part of the bar that this work fills.
    """

    def __init__(self, text: str, first: float = 0.0, last: float = 1.0) -> None:
        self._text, self._first, self._last = text, first, last
        self._when = 0.0

    def __enter__(self) -> Progress:
        Gimp.progress_init(self._text)
        return self

    def __exit__(self, *_: object) -> None:
        Gimp.progress_end()  # else bar and button stay in the image window

    def __call__(self, part: float | None) -> bool:
        """Show the part done; always true, for GIMP stops us by force."""
        now = time.monotonic()
        if now - self._when >= OFTEN:
            self._when = now
            if part is None:
                Gimp.progress_pulse()
            else:
                Gimp.progress_update(self._first + (self._last - self._first) * part)
        return True
