"""One layer and one engine: predict, render a proxy, render whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orangemask_gimp import pixels
from orangemask_gimp.declared import Declared
from orangemask_gimp.edit import Edit
from orangemask_gimp.engine import Engine, Told
from orangemask_gimp.layers import Place, readable
from orangemask_gimp.places import engine_command, log_file, scratch
from orangemask_gimp.problems import PluginError

PROXY = 1.5e6  # pixels of the preview at most
ROOM = 32 << 20  # bytes of scratch beside the layer's own pixels: proxies


@dataclass(frozen=True)
class Said:
    """What a prediction says beside its values."""

    confidence: float | None
    base: Mapping[str, Any] | None
    film: Mapping[str, Any] | None
    rig: Mapping[str, Any] | None
    refusal: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Proxy:
    """A small copy of the layer for the preview."""

    width: int
    height: int
    codes: Path
    rendered: Path


class Work:
    """A layer's pixels in the scratch folder, and an engine that maps them.

    Parameters
    ----------
    one : Declared
    place : Place
    layout : pixels.Layout
    engine : Engine
    folder : Path
        The scratch folder.
    """

    def __init__(
        self, one: Declared, place: Place, layout: pixels.Layout, engine: Engine, folder: Path
    ) -> None:
        self.one, self.place, self.layout = one, place, layout
        self._engine, self._folder = engine, folder
        self._codes, self._rendered = folder / "codes", folder / "rendered"

    def read(self, told: Callable[[float], bool]) -> None:
        """Write the layer's pixels where the engine reads them, while that starts.

        Raises
        ------
        PluginError
            There is no room, or the engine does not go with this plug-in.
        """
        with readable(self.place.source) as layer:
            pixels.save(layer, self.layout, self._codes, told)
        pixels.reserve(self._rendered)
        self._engine.greet()
        declared = self._engine.ask("describe", {"filter": self.one.name})["filters"][0]
        names = [each["name"] for each in declared["params"]]
        if names != [each.name for each in self.one.params]:
            raise PluginError(
                "The engine and this plug-in do not name the same values. Run 'orangemask install "
                "gimp' with the newer of the two."
            )

    def read_proxy(self) -> Proxy:
        """Write a small copy likewise."""
        codes, rendered = self._folder / "proxy", self._folder / "proxy-rendered"
        with readable(self.place.source) as layer:
            width, height = pixels.save_small(layer, self.layout, codes, PROXY)
        pixels.reserve(rendered)
        return Proxy(width, height, codes, rendered)

    def predict(
        self,
        asked: Mapping[str, str],
        settings: Mapping[str, float | str],
        base_rect: list[int] | None,
        told: Told,
    ) -> tuple[Edit, Said]:
        """Ask for the nine values.

        Parameters
        ----------
        asked : mapping
            model, encoding, and film and rig or light: names of `Declared.asks`.
        settings : mapping
            The filter's own.
        base_rect : list of 4 int or None
            x, y, width, height in pixels of the layer, of bare film.
        told : callable
            As for `Engine.ask`.
        """
        params: dict[str, object] = {
            "filter": self.one.name,
            "image": self._image(asked, None, self._codes, self._size()),
            "model": asked["model"],
        }
        if self.one.of_film:
            params |= {"film": asked["film"], "rig": asked["rig"]}
            if base_rect is not None:
                params["base_rect"] = base_rect
        if settings:
            params["settings"] = dict(settings)
        found = self._engine.ask("predict", params, told)
        values = {name: float(value) for name, value in found["values"].items()}
        edit = Edit(self.one.name, values, found["context"], values, found["model"], dict(asked))
        return edit, Said(
            found.get("confidence"),
            found.get("base"),
            found.get("film"),
            found.get("rig"),
            found.get("refusal"),
            tuple(found.get("warnings", ())),
        )

    def render_proxy(self, proxy: Proxy, edit: Edit) -> None:
        """Fill the proxy's rendered file."""
        size = (proxy.width, proxy.height)
        self._render(edit, proxy.codes, size, proxy.rendered, lambda _part: True)

    def render(self, edit: Edit, told: Told) -> Path:
        """Render the whole layer and return the file."""
        self._render(edit, self._codes, self._size(), self._rendered, told)
        return self._rendered

    def _render(
        self, edit: Edit, codes: Path, size: tuple[int, int], rendered: Path, told: Told
    ) -> None:
        params = {
            "filter": edit.filter,
            "values": dict(edit.values),
            "context": dict(edit.context),
            "image": self._image(edit.asked or {}, edit.context.get("encoding"), codes, size),
            "output": {"path": str(rendered), **self.layout.output()},
        }
        self._engine.ask("render", params, told)

    def _image(
        self, asked: Mapping[str, str], made_for: str | None, codes: Path, size: tuple[int, int]
    ) -> dict[str, object]:
        encoding, light = asked.get("encoding", "auto"), asked.get("light", "auto")
        source = self.layout.source(encoding, light, made_for)
        return {"path": str(codes), "width": size[0], "height": size[1], **source}

    def _size(self) -> tuple[int, int]:
        source = self.place.source
        return source.get_width(), source.get_height()


@contextmanager
def working(one: Declared, place: Place) -> Iterator[Work]:
    """Start an engine for a layer; ends it and removes all its files.

    Raises
    ------
    PluginError
        No engine, no room, or the layer cannot be worked on.
    """
    layout = pixels.layout_of(place.image, place.source)
    size = place.source.get_width() * place.source.get_height() * layout.pixel
    command = engine_command()
    with scratch(2 * size + ROOM) as folder, Engine(command, folder, log_file()) as engine:
        yield Work(one, place, layout, engine, folder)
