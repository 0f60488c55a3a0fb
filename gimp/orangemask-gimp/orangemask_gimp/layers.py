"""Where pixels come from and where the result goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gi.repository import Gimp

from orangemask_gimp.declared import Declared
from orangemask_gimp.edit import Edit, keep_edit, kept_edit
from orangemask_gimp.pixels import Layout, load
from orangemask_gimp.problems import PluginError


@dataclass(frozen=True)
class Place:
    """A layer to work on.

    Attributes
    ----------
    image, source : Gimp.Image, Gimp.Layer
    result : Gimp.Layer or None
        What was made of the source before and is to be replaced.
    edit : Edit or None
        What it was made with.
    """

    image: Any
    source: Any
    result: Any | None = None
    edit: Edit | None = None


def place_of(image: Any, layer: Any, one: Declared) -> Place:
    """Return what to work on when the user chose `layer`.

    Raises
    ------
    PluginError
        It is no plain layer, or the source of an earlier result is gone.
    """
    if not isinstance(layer, Gimp.Layer) or layer.is_group():
        raise PluginError(
            f"{layer.get_name()} is no plain layer: choose one with pixels of its own, not a "
            "group, a mask or a channel."
        )
    if layer.is_text_layer():
        raise PluginError(f"{layer.get_name()} is text; discard the text information first.")
    kept = kept_edit(layer)
    if kept is None or kept[0].filter != one.name:
        return Place(image, layer)
    edit, tattoo = kept
    source = image.get_layer_by_tattoo(tattoo)
    if source is None:
        raise PluginError(
            f"The layer that {layer.get_name()} was made of is no longer in the image. Undo its "
            "removal, or run the filter on another layer."
        )
    if source.get_id() == layer.get_id():
        return Place(image, layer)
    return Place(image, source, layer, edit)


@contextmanager
def readable(source: Any) -> Iterator[Any]:
    """Give a layer whose own pixels are what the source shows.

    A layer's buffer lacks its non-destructive filters; so where it has some, a copy with them
    merged is read instead, which never enters the image.
    """
    if not source.get_filters():
        yield source
        return
    copy = source.copy()
    copy.merge_filters()
    try:
        yield copy
    finally:
        copy.delete()


def filled(place: Place, layout: Layout, path: Path) -> Any:
    """Return a new layer, not yet in the image, with the pixels of a file.

    A copy of what it replaces, or of the source: so it has its mask, offsets, opacity and mode.
    """
    layer = (place.result or place.source).copy()
    if place.result is None:
        for each in layer.get_filters():
            each.delete()  # they were for the source
    load(layer, layout, path)
    return layer


def put(place: Place, layer: Any, one: Declared, edit: Edit) -> None:
    """Show `layer` in place of its source, or of the earlier result; one step of undo."""
    image, source, old = place.image, place.source, place.result
    keep_edit(layer, edit, source)
    image.undo_group_start()
    try:
        neighbour = old or source
        parent, position = neighbour.get_parent(), image.get_item_position(neighbour)
        image.insert_layer(layer, parent, position)
        if old is not None:
            name = old.get_name()
            image.remove_layer(old)
            layer.set_name(name)
        else:
            layer.set_name(one.label)
            if not Gimp.Selection.is_empty(image):
                _show_selected(layer)
        layer.set_visible(True)
        source.set_visible(False)
        image.set_selected_layers([layer])
    finally:
        image.undo_group_end()


def _show_selected(layer: Any) -> None:
    if layer.get_mask() is not None:
        layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))


def selected_rectangle(image: Any, layer: Any) -> list[int] | None:
    """Return x, y, width, height of what is selected of the layer, in its pixels, or None."""
    _, some, left, top, right, bottom = Gimp.Selection.bounds(image)
    if not some:
        return None
    _, x, y = layer.get_offsets()
    left, right = (min(max(edge - x, 0), layer.get_width()) for edge in (left, right))
    top, bottom = (min(max(edge - y, 0), layer.get_height()) for edge in (top, bottom))
    if right <= left or bottom <= top:
        return None
    return [left, top, right - left, bottom - top]
