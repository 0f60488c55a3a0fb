"""Live preview: a small copy of the layer on a canvas of its own, beside the user's image.

The user's image is not touched before OK: no layer to be left behind, no step of undo, no mark of
change, whatever happens to plug-in or engine.
"""

from __future__ import annotations

from typing import Any

from gi.repository import Gegl, Gimp, Gio

from orangemask_gimp.edit import Edit
from orangemask_gimp.pixels import load
from orangemask_gimp.work import Proxy, Work


class Preview:
    """The canvas with the small copy.

    Parameters
    ----------
    work : Work
    proxy : Proxy
    """

    def __init__(self, work: Work, proxy: Proxy) -> None:
        self._work, self._proxy = work, proxy
        image = work.place.image
        kind = Gimp.ImageType.RGBA_IMAGE if work.layout.channels == 4 else Gimp.ImageType.RGB_IMAGE
        self.image = Gimp.Image.new_with_precision(
            proxy.width, proxy.height, Gimp.ImageBaseType.RGB, image.get_precision()
        )
        self.image.undo_disable()
        profile = image.get_color_profile()
        if profile is not None:
            self.image.set_color_profile(profile)
        name = f"{work.one.label} preview of {_name(image)}"
        self.image.set_file(Gio.File.new_for_path(name + ".xcf"))
        self._layer = Gimp.Layer.new(
            self.image, name, proxy.width, proxy.height, kind, 100.0, Gimp.LayerMode.NORMAL
        )
        self.image.insert_layer(self._layer, None, 0)
        self._display = Gimp.Display.new(self.image)
        self._edit: Edit | None = None

    def close(self) -> None:
        """Remove the canvas."""
        self._display.delete()

    def show(self, edit: Edit, *, on: bool, split: bool) -> None:
        """Show the picture with `edit`, without it, or half and half."""
        width, height = self._proxy.width, self._proxy.height
        if on and edit != self._edit:
            self._work.render_proxy(self._proxy, edit)
            self._edit = edit
        layout = self._work.layout
        if on and split:
            codes, rendered = self._proxy.codes.read_bytes(), self._proxy.rendered.read_bytes()
            row, half = width * layout.pixel, width // 2 * layout.pixel
            mixed = b"".join(
                part
                for top in range(0, len(codes), row)
                for part in (codes[top : top + half], rendered[top + half : top + row])
            )
            where = Gegl.Rectangle.new(0, 0, width, height)
            buffer = self._layer.get_buffer()
            buffer.set(where, layout.format, mixed)
            buffer.flush()
        else:
            load(self._layer, layout, self._proxy.rendered if on else self._proxy.codes)
        self._layer.update(0, 0, width, height)
        self.image.clean_all()  # closing it asks nothing
        Gimp.displays_flush()

    def selected(self) -> list[int] | None:
        """Return the rectangle selected on this canvas in pixels of the whole layer, or None."""
        _, some, left, top, right, bottom = Gimp.Selection.bounds(self.image)
        if not some:
            return None
        source = self._work.place.source
        x, y = source.get_width() / self._proxy.width, source.get_height() / self._proxy.height
        left, right, top, bottom = (
            round(left * x),
            round(right * x),
            round(top * y),
            round(bottom * y),
        )
        return [left, top, max(1, right - left), max(1, bottom - top)]


def _name(image: Any) -> str:
    file = image.get_file()
    return (file.get_basename() if file else None) or "untitled"
