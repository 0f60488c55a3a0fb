"""An edit: values and all they rest on, kept in a layer's parasite."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gi.repository import Gimp

from orangemask_gimp.problems import PluginError

PARASITE = "orangemask-edit"
VERSION = 1
MAX_FILE = 1 << 20  # bytes


@dataclass(frozen=True)
class Edit:
    """What a layer was, or will be, made with.

    Attributes
    ----------
    filter : str
    values : mapping of str to float
        All nine.
    context : mapping
        As the engine returned it: base, rig, encoding, settings …
    predicted : mapping of str to float or None
        What was predicted; None where a person gave the values.
    model : mapping or None
        Name and checksum of what predicted.
    asked : mapping of str to str
        What the prediction was told: model, film, rig, encoding, light.
    """

    filter: str
    values: Mapping[str, float]
    context: Mapping[str, Any]
    predicted: Mapping[str, float] | None = None
    model: Mapping[str, Any] | None = None
    asked: Mapping[str, str] | None = None

    @property
    def untouched(self) -> bool:
        """Whether the values are as predicted."""
        return self.predicted is not None and dict(self.values) == dict(self.predicted)

    def with_values(self, values: Mapping[str, float]) -> Edit:
        """Return the edit with other values."""
        return replace(self, values=dict(values))

    def with_settings(self, settings: Mapping[str, float | str]) -> Edit:
        """Return the edit with other settings."""
        if not settings:
            return self
        return replace(self, context={**self.context, "settings": dict(settings)})


def keep_edit(layer: Any, edit: Edit, source: Any) -> None:
    """Attach the edit and the link to its source layer to `layer`."""
    kept = {
        "orangemask": VERSION,
        "filter": edit.filter,
        "model": edit.model,
        "values": dict(edit.values),
        "context": dict(edit.context),
        "predicted": dict(edit.predicted) if edit.predicted is not None else None,
        "asked": dict(edit.asked or {}),
        "source": {"tattoo": source.get_tattoo(), "layer": source.get_name()},
    }
    flags = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE
    data = json.dumps(kept).encode("ascii")  # GIMP refuses bytes above 127
    layer.attach_parasite(Gimp.Parasite.new(PARASITE, flags, data))


def kept_edit(layer: Any) -> tuple[Edit, int] | None:
    """Return the edit a layer carries and its source's tattoo, None where it carries none.

    Raises
    ------
    PluginError
        It is damaged or of a newer version.
    """
    parasite = layer.get_parasite(PARASITE)
    if parasite is None:
        return None
    try:
        kept = json.loads(bytes(parasite.get_data()).decode("ascii"))
        if kept["orangemask"] != VERSION:
            raise PluginError(f"{layer.get_name()} was made by a newer Orangemask; install that.")
        edit = Edit(
            kept["filter"],
            {str(name): float(value) for name, value in kept["values"].items()},
            dict(kept["context"]),
            kept["predicted"],
            kept["model"],
            kept["asked"],
        )
        return edit, int(kept["source"]["tattoo"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PluginError(
            f"What {layer.get_name()} carries of its values is damaged ({error}). Run the filter "
            "on its source layer instead."
        ) from error


def edit_of_file(path: Path, filter_name: str) -> Edit:
    """Return the edit of a values file, as the command line writes it.

    Raises
    ------
    PluginError
        It cannot be read, or is another filter's. The engine checks the rest.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise PluginError(f"{path} is too large for a values file.")
        kept = json.loads(path.read_text("utf-8"))
        if kept["filter"] != filter_name:
            raise PluginError(f"{path} holds values of {kept['filter']}, not of {filter_name}.")
        return Edit(kept["filter"], dict(kept["values"]), dict(kept["context"]))
    except OSError as error:
        raise PluginError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PluginError(f"{path} is no values file of Orangemask ({error}).") from error
