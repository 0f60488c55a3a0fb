"""The result as a live filter of GIMP's own, by the native operation where it is installed."""

from __future__ import annotations

from typing import Any

from gi.repository import Gegl, Gimp

from orangemask_gimp.declared import Declared, arg
from orangemask_gimp.edit import Edit
from orangemask_gimp.layers import Place
from orangemask_gimp.pixels import Layout
from orangemask_gimp.problems import PluginError

PREFIX = "orangemask:"


def has_operation(one: Declared) -> bool:
    """Return whether GEGL knows the filter natively."""
    return bool(Gegl.has_operation(PREFIX + one.name))


def live_filter(layer: Any) -> Any | None:
    """Return a live filter of ours on a layer, if there is one."""
    for each in layer.get_filters():
        if each.get_operation_name().startswith(PREFIX):
            return each
    return None


def put_live(place: Place, layout: Layout, one: Declared, edit: Edit) -> None:
    """Append the filter to the source layer: one step of undo, no pixel is changed.

    Raises
    ------
    PluginError
        The picture is read by a curve that the operation does not know.
    """
    filter_ = Gimp.DrawableFilter.new(place.source, PREFIX + one.name, one.label)
    config = filter_.get_config()
    for name, value in edit.values.items():
        config.set_property(arg(name), value)
    rows = edit.context["rig"]["crosstalk"]
    numbers = [*(each for row in rows for each in row), *edit.context["base"]["density"]]
    config.set_property("film", " ".join(repr(float(each)) for each in numbers))
    config.set_property("codes-are-light", codes_are_light(layout, edit))
    image = place.image
    image.undo_group_start()
    try:
        place.source.append_filter(filter_)
    finally:
        image.undo_group_end()


def codes_are_light(layout: Layout, edit: Edit) -> bool:
    """Return whether the image's codes stand for light as they are, against what it says itself.

    Raises
    ------
    PluginError
        They stand for it by yet another curve.
    """
    asked = (edit.asked or {}).get("encoding", "auto")
    if layout.curve != "NON_LINEAR" or (asked == "auto" and layout.profile is not None):
        return False
    used = edit.context.get("encoding")
    if used == "linear":
        return True
    if used == "srgb" and layout.profile is None:
        return False
    raise PluginError(
        f"A live filter reads the image as it says itself or as linear light, not as {used}. "
        "Choose another encoding, or a layer instead of a live filter."
    )
