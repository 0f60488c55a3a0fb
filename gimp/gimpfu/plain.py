"""The `gimp` module without GIMP: images in memory, for tests of plug-ins on plain Python.

What a plug-in sees is as in GIMP 2.10; what a test needs besides is `Drawable.samples`,
`Image.undo_steps` and `MESSAGES`. There is no colour management: what would need it is refused.
"""

from __future__ import absolute_import, division, print_function

import array
import itertools

from gimpfu.constants import PRECISION_U8_GAMMA, RGB
from gimpfu.registry import NO_PARENT, error

MYPY = False
if MYPY:
    from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

# Array type by the hundreds of the precision. Half floats (5) have no array type.
TYPECODES = {1: "B", 2: "H", 3: "I", 6: "f", 7: "d"}
MESSAGES = []  # type: List[str]
PROGRESS = []  # type: List[Union[str, float]]
_IMAGES = []  # type: List[Image]
_numbers = itertools.count(1)


class Parasite(object):
    """Bytes under a name, attached to an image or layer."""

    def __init__(self, name, flags, data):
        # type: (str, int, Union[str, bytes]) -> None
        self.name = name
        self.flags = flags
        # Python 2's str is bytes; GIMP 3 takes ASCII only, and so do we of text.
        self.data = data if isinstance(data, bytes) else data.encode("ascii")  # type: bytes


PROFILE = "icc-profile"
PROFILE_FLAGS = 3  # persistent and undoable: GIMP 2.10 takes no others


class _WithParasites(object):
    def __init__(self):
        # type: () -> None
        self.ID = next(_numbers)
        self._parasites = {}  # type: Dict[str, Parasite]

    def parasite_find(self, name):
        # type: (str) -> Optional[Parasite]
        """Return the parasite of that name, None if there is none."""
        return self._parasites.get(name)

    def parasite_attach(self, parasite):
        # type: (Parasite) -> None
        """Attach a parasite in the place of one of its name."""
        if parasite.name == PROFILE and parasite.flags != PROFILE_FLAGS:
            raise RuntimeError("ICC profile validation failed: the flags are no %d" % PROFILE_FLAGS)
        self._parasites[parasite.name] = parasite
        self._changed("attach parasite")

    def parasite_list(self):
        # type: () -> Tuple[str, ...]
        """Return the names of all parasites."""
        return tuple(self._parasites)

    def _changed(self, _what):
        # type: (str) -> None
        """Note an undo step, where there is an image to note it."""


class Drawable(_WithParasites):
    """Samples in a rectangle.

    Attributes
    ----------
    samples : array
        Rows from the top, interleaved, of the image's precision; integers 0 to full, floats 0 to 1.
    """

    def __init__(self, image, name, width, height, channels):
        # type: (Image, str, int, int, int) -> None
        super(Drawable, self).__init__()
        if width < 1 or height < 1:
            raise error("a drawable has at least one pixel, not %d x %d" % (width, height))
        self.image = image
        self.name = name
        self.width, self.height = width, height
        self.offsets = (0, 0)
        self.tattoo = self.ID
        self.samples = image.blank(width * height * channels)
        self._visible = True

    @property
    def visible(self):
        # type: () -> bool
        """Whether it is shown."""
        return self._visible

    @visible.setter
    def visible(self, shown):
        # type: (bool) -> None
        self._visible = bool(shown)
        self._changed("visibility")

    def set_offsets(self, x, y):
        # type: (int, int) -> None
        """Put the upper left corner at a place of the image."""
        self.offsets = (x, y)
        self._changed("move")

    def _changed(self, what):
        # type: (str) -> None
        if any(held is self for held in self.image.layers):
            self.image.note(what)


class Channel(Drawable):
    """A selection or a mask: one sample a pixel."""

    def __init__(self, image, name, width, height):
        # type: (Image, str, int, int) -> None
        super(Channel, self).__init__(image, name, width, height, 1)


class Layer(Drawable):
    """A layer; `type` is an _IMAGE constant."""

    def __init__(self, image, name, width, height, type=0, opacity=100.0, mode=28):
        # type: (Image, str, int, int, int, float, int) -> None
        if type not in (0, 1):
            raise error("the plain back end knows RGB_IMAGE and RGBA_IMAGE, not type %d" % type)
        super(Layer, self).__init__(image, name, width, height, 4 if type else 3)
        self.type = type
        self.opacity = opacity
        self.mode = mode
        self.mask = None  # type: Optional[Channel]
        self.parent = None  # type: Optional[Layer]

    @property
    def has_alpha(self):
        # type: () -> bool
        """Whether there is a fourth sample, unassociated alpha."""
        return self.type == 1

    def create_mask(self, kind):
        # type: (int) -> Channel
        """Return a new mask; of all kinds the selection's (4) follows the image."""
        mask = Channel(self.image, self.name + " mask", self.width, self.height)
        left, top, right, bottom = self.image.selection or (0, 0, 0, 0)
        full = self.image.full
        for y in range(self.height) if kind in (0, 4) else ():
            for x in range(self.width):
                at_x, at_y = x + self.offsets[0], y + self.offsets[1]
                inside = left <= at_x < right and top <= at_y < bottom
                if kind == 0 or inside:
                    mask.samples[y * self.width + x] = full
        return mask

    def add_mask(self, mask):
        # type: (Channel) -> None
        """Put a mask on the layer."""
        self.mask = mask
        self._changed("add mask")

    def remove_mask(self, _mode):
        # type: (int) -> None
        """Take the mask away; it is never applied here."""
        self.mask = None
        self._changed("remove mask")


class GroupLayer(Layer):
    """A group; it has no pixels of its own here."""


class Image(_WithParasites):
    """An image.

    Attributes
    ----------
    selection : (left, top, right, bottom) or None
        A rectangle in px of the image; None selects everything, as no selection does.
    undo_steps : list of str
        What Undo would take back, the latest last.
    """

    def __init__(self, width, height, type=RGB, precision=PRECISION_U8_GAMMA):
        # type: (int, int, int, int) -> None
        super(Image, self).__init__()
        if precision // 100 not in TYPECODES:
            raise error("the plain back end has no images of precision %d" % precision)
        self.width, self.height = width, height
        self.base_type = type
        self.filename = None  # type: Optional[str]
        self.precision = precision
        self.layers = []  # type: List[Layer]
        self.selection = None  # type: Optional[Tuple[int, int, int, int]]
        self.undo_steps = []  # type: List[str]
        self._groups = 0
        _IMAGES.append(self)

    @property
    def full(self):
        # type: () -> float
        """Sample of full light: 255, 65535, 2**32 - 1 or 1.0."""
        typecode = TYPECODES[self.precision // 100]
        return 1.0 if typecode in "fd" else 256 ** array.array(typecode).itemsize - 1

    def blank(self, count):
        # type: (int) -> array.array[Any]
        """Return so many samples of 0."""
        typecode = TYPECODES[self.precision // 100]
        return array.array(typecode, [0.0 if typecode in "fd" else 0]) * count

    def note(self, what):
        # type: (str) -> None
        """Note an undo step; within a group the group is the step."""
        if not self._groups:
            self.undo_steps.append(what)

    def undo_group_start(self):
        # type: () -> None
        """Begin what Undo takes back at once."""
        if not self._groups:
            self.undo_steps.append("group")
        self._groups += 1

    def undo_group_end(self):
        # type: () -> None
        """End it."""
        if not self._groups:
            raise error("no undo group was started")
        self._groups -= 1

    def insert_layer(self, layer, parent=NO_PARENT, position=0):
        # type: (Layer, Layer, int) -> None
        """Add a layer of this image, 0 is the top; no `parent` is left out, never None."""
        if parent is None:
            raise TypeError("insert_layer() argument 2 must be gimp.Layer, not None")
        if layer.image is not self or any(held is layer for held in self.layers):
            raise RuntimeError("layer %r is another image's, or inserted already" % layer.name)
        if parent is not NO_PARENT:
            raise RuntimeError("the plain back end has no layer groups")
        self.layers.insert(max(position, 0), layer)
        self.note("insert layer")

    def remove_layer(self, layer):
        # type: (Layer) -> None
        """Take a layer out."""
        self.layers.remove(layer)
        self.note("remove layer")

    def get_layer_by_tattoo(self, tattoo):
        # type: (int) -> Optional[Layer]
        """Return the layer of that lasting number, None if there is none."""
        return next((layer for layer in self.layers if layer.tattoo == tattoo), None)

    def _changed(self, what):
        # type: (str) -> None
        self.note(what)


def image_list():
    # type: () -> List[Image]
    """Return the images that exist."""
    return list(_IMAGES)


def delete(image):
    # type: (Image) -> None
    """Remove an image; it may not be used again."""
    _IMAGES.remove(image)


def message(text):
    # type: (str) -> None
    """Tell the user something; see `MESSAGES`."""
    MESSAGES.append(text)


def progress_init(label=""):
    # type: (str) -> None
    """Begin to show progress; see `PROGRESS`."""
    PROGRESS.append(label)


def progress_update(part):
    # type: (float) -> None
    """Show progress, 0 to 1."""
    if not 0 <= part <= 1:
        raise error("progress is 0 to 1, not %r" % part)
    PROGRESS.append(part)


def displays_flush():
    # type: () -> None
    """Show what changed: there is nothing to show it on."""
