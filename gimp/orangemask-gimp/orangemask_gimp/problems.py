"""What can go wrong and is said to the user in one message."""

from __future__ import annotations


class PluginError(Exception):
    """Something the user can understand and act on.

    Parameters
    ----------
    message : str
        What was wrong and what to do, for people.
    """


class StoppedError(Exception):
    """The user cancelled."""
