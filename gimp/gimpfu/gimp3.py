"""The `gimp` module over GIMP 3: images, layers and parasites as GIMP 2.10's Python saw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402 - the version comes first

from gimpfu.registry import NO_PARENT  # noqa: E402

PROFILE = "icc-profile"  # GIMP 3 keeps it outside the parasites


class Parasite:
    """Bytes under a name, attached to an image or layer.

    Raises
    ------
    UnicodeEncodeError
        The data is text and not ASCII, which is all that GIMP 3's Python can attach.
    """

    def __init__(self, name: str, flags: int, data: str | bytes) -> None:
        self.name = name
        self.flags = flags
        self.data = data if isinstance(data, bytes) else data.encode("ascii")


class Native:
    """What GIMP 3 gave, with the names of GIMP 2.10."""

    def __init__(self, native: Any) -> None:
        self.native = native

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Native) and self.native == other.native

    def __hash__(self) -> int:
        return int(self.ID)

    @property
    def ID(self) -> int:
        """GIMP's own number."""
        return int(self.native.get_id())

    def parasite_find(self, name: str) -> Parasite | None:
        """Return the parasite of that name, None if there is none."""
        found = self.native.get_parasite(name)
        if found is None:
            return None
        return Parasite(name, int(found.get_flags()), bytes(found.get_data()))

    def parasite_attach(self, parasite: Parasite) -> None:
        """Attach a parasite in the place of one of its name."""
        made = Gimp.Parasite.new(parasite.name, parasite.flags, parasite.data)
        self.native.attach_parasite(made)

    def parasite_list(self) -> tuple[str, ...]:
        """Return the names of all parasites."""
        return tuple(self.native.get_parasite_list())


class Drawable(Native):
    """Anything with pixels."""

    @property
    def image(self) -> Image:
        """The image it belongs to."""
        return Image(self.native.get_image())

    @property
    def name(self) -> str:
        """What the list of layers shows."""
        return str(self.native.get_name())

    @name.setter
    def name(self, name: str) -> None:
        self.native.set_name(name)

    @property
    def width(self) -> int:
        """In px."""
        return int(self.native.get_width())

    @property
    def height(self) -> int:
        """In px."""
        return int(self.native.get_height())

    @property
    def offsets(self) -> tuple[int, int]:
        """Where the upper left corner lies in the image, in px."""
        _, x, y = self.native.get_offsets()
        return x, y

    @property
    def has_alpha(self) -> bool:
        """Whether there is an alpha channel."""
        return bool(self.native.has_alpha())

    @property
    def is_rgb(self) -> bool:
        """Whether the pixels are RGB."""
        return bool(self.native.is_rgb())

    @property
    def visible(self) -> bool:
        """Whether it is shown."""
        return bool(self.native.get_visible())

    @visible.setter
    def visible(self, shown: bool) -> None:
        self.native.set_visible(bool(shown))

    @property
    def tattoo(self) -> int:
        """Lasting number within the image."""
        return int(self.native.get_tattoo())

    @property
    def parent(self) -> Any:
        """The group that holds it, None if none does."""
        return wrapped(self.native.get_parent())


class Channel(Drawable):
    """A channel or a mask."""


class Layer(Drawable):
    """A layer."""

    @property
    def opacity(self) -> float:
        """0 to 100."""
        return float(self.native.get_opacity())

    @opacity.setter
    def opacity(self, opacity: float) -> None:
        self.native.set_opacity(opacity)

    @property
    def mode(self) -> int:
        """A LAYER_MODE_ constant."""
        return int(self.native.get_mode())

    @property
    def mask(self) -> Any:
        """The layer's mask, None if it has none."""
        return wrapped(self.native.get_mask())

    def set_offsets(self, x: int, y: int) -> None:
        """Put the upper left corner at a place of the image."""
        self.native.set_offsets(x, y)

    def create_mask(self, kind: int) -> Any:
        """Return a new mask of an ADD_…_MASK kind."""
        return wrapped(self.native.create_mask(Gimp.AddMaskType(kind)))

    def add_mask(self, mask: Channel) -> None:
        """Put a mask on the layer."""
        self.native.add_mask(mask.native)

    def remove_mask(self, mode: int) -> None:
        """Take the mask away, applied or not."""
        self.native.remove_mask(Gimp.MaskApplyMode(mode))


class GroupLayer(Layer):
    """A group of layers."""


class Image(Native):
    """An image."""

    @property
    def width(self) -> int:
        """In px."""
        return int(self.native.get_width())

    @property
    def height(self) -> int:
        """In px."""
        return int(self.native.get_height())

    @property
    def name(self) -> str:
        """What the title shows."""
        return str(self.native.get_name())

    @property
    def filename(self) -> str | None:
        """The file it was opened from or saved to."""
        # GIMP 3.0 knows an imported file by the second name alone.
        file = self.native.get_file() or self.native.get_imported_file()
        return None if file is None else file.get_path()

    @property
    def base_type(self) -> int:
        """Return RGB, GRAY or INDEXED."""
        return int(self.native.get_base_type())

    @property
    def precision(self) -> int:
        """A PRECISION_ constant."""
        return int(self.native.get_precision())

    @property
    def layers(self) -> list[Any]:
        """The layers, the topmost first."""
        return [wrapped(layer) for layer in self.native.get_layers()]

    def parasite_find(self, name: str) -> Parasite | None:
        """Return the parasite of that name, the colour profile among them."""
        if name != PROFILE:
            return super().parasite_find(name)
        profile = self.native.get_color_profile()
        return None if profile is None else Parasite(name, 3, bytes(profile.get_icc_profile()))

    def parasite_attach(self, parasite: Parasite) -> None:
        """Attach a parasite; as the colour profile, which changes no pixel."""
        if parasite.name != PROFILE:
            super().parasite_attach(parasite)
            return
        self.native.set_color_profile(Gimp.ColorProfile.new_from_icc_profile(parasite.data))

    def insert_layer(self, layer: Layer, parent: Layer = NO_PARENT, position: int = 0) -> None:
        """Add a layer of this image, 0 is the top; no `parent` is left out, never None."""
        if parent is None:
            raise TypeError("insert_layer() argument 2 must be gimp.Layer, not None")
        group = None if parent is NO_PARENT else parent.native
        self.native.insert_layer(layer.native, group, position)

    def remove_layer(self, layer: Layer) -> None:
        """Take a layer out."""
        self.native.remove_layer(layer.native)

    def get_layer_by_tattoo(self, tattoo: int) -> Any:
        """Return the layer of that lasting number, None if there is none."""
        return wrapped(self.native.get_layer_by_tattoo(tattoo))

    def undo_group_start(self) -> None:
        """Begin what Undo takes back at once."""
        self.native.undo_group_start()

    def undo_group_end(self) -> None:
        """End it."""
        self.native.undo_group_end()


CLASSES = (  # the narrower first
    (Gimp.Image, Image),
    (Gimp.GroupLayer, GroupLayer),
    (Gimp.Layer, Layer),
    (Gimp.Drawable, Channel),
)


def wrapped(value: Any) -> Any:
    """Return GIMP's objects as ours, with lists of them; anything else as it is."""
    if isinstance(value, (list, tuple)):
        return [wrapped(one) for one in value]
    return next((ours(value) for theirs, ours in CLASSES if isinstance(value, theirs)), value)


def unwrapped(value: Any) -> Any:
    """Return our objects as GIMP's; anything else as it is."""
    if isinstance(value, (list, tuple)):
        return [unwrapped(one) for one in value]
    return value.native if isinstance(value, Native) else value


def image_list() -> Sequence[Image]:
    """Return the images that are open."""
    return [Image(image) for image in Gimp.get_images()]


def delete(image: Image) -> None:
    """Remove an image that no window shows."""
    image.native.delete()


def message(text: str) -> None:
    """Tell the user something."""
    Gimp.message(text)


def progress_init(label: str = "") -> None:
    """Begin to show progress."""
    Gimp.progress_init(label)


def progress_update(part: float) -> None:
    """Show progress, 0 to 1."""
    Gimp.progress_update(part)


def displays_flush() -> None:
    """Show what changed."""
    Gimp.displays_flush()
