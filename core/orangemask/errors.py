"""Errors, one tree.

* OrangemaskError      anything that is told to the user in one line
  + InputError         a file cannot be read: missing, empty, damaged, unsupported
  + OutputError        a file cannot be written: exists, read-only, full disk, unknown format
  + ParameterError     a value is out of range, misspelt, or of another filter or version
  + ModelError         a model is missing, damaged, or not what its list says
  + EngineError        a request to the engine is malformed
  + Cancelled          the user stopped the work

A message says what was given, what is allowed, and what to do; lower case, no full stop.
"""

from __future__ import annotations


def reason(error: OSError) -> str:
    """Return why the system refused, as our messages say it: lower case."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


class OrangemaskError(Exception):
    """Base of all errors that are shown to a user."""

    code = "failed"


class InputError(OrangemaskError):
    """A source file cannot be read."""

    code = "bad-input"


class OutputError(OrangemaskError):
    """A destination cannot be written."""

    code = "bad-output"


class ParameterError(OrangemaskError, ValueError):
    """A parameter, sidecar or option has a value that is not allowed."""

    code = "bad-parameter"


class ModelError(OrangemaskError):
    """A model file is missing or does not match its checksum."""

    code = "bad-model"


class EngineError(OrangemaskError):
    """A request to the engine is malformed or cannot be served."""

    code = "bad-request"


class Cancelled(OrangemaskError):  # noqa: N818 - it is no error of anybody's
    """The work was stopped by the user."""

    code = "cancelled"
