"""The procedure database without GIMP: what our plug-ins call, and registered procedures."""

from __future__ import absolute_import, division, print_function

import array

from gimpfu import plain
from gimpfu.constants import CHANNEL_OP_REPLACE, RGB
from gimpfu.registry import PROCEDURES, canonical, error
from gimpfu.tiff import read_tiff, write_tiff

MYPY = False
if MYPY:
    from typing import Any, Callable, Dict, Optional, Tuple

    from gimpfu.plain import Channel, Drawable, Image, Layer


class Database(object):
    """`pdb`: ``pdb.gimp_image_delete(image)`` or ``pdb["gimp-image-delete"](image)``."""

    def __getattr__(self, name):
        # type: (str) -> Callable[..., Any]
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name):
        # type: (str) -> Callable[..., Any]
        wanted = canonical(name)
        if wanted in PROCEDURES:
            return _registered(wanted)
        if wanted not in _BUILT_IN:
            raise error("procedure not found: %s" % wanted)
        return _BUILT_IN[wanted]


def _registered(name):
    # type: (str) -> Callable[..., Any]
    """Return a plug-in's procedure as others call it: what goes wrong in it is a RuntimeError."""
    procedure = PROCEDURES[name]

    def call(*arguments, **_run_mode):
        # type: (*Any, **int) -> Any
        if len(arguments) != len(procedure.params):
            raise TypeError(
                "%s takes %d arguments, not %d" % (name, len(procedure.params), len(arguments))
            )
        try:
            return procedure.function(*arguments)
        except Exception as failure:  # noqa: BLE001 - as in GIMP, whatever it was
            raise RuntimeError("procedure %s failed: %s" % (name, failure))

    return call


def _is_linear(precision):
    # type: (int) -> bool
    return precision % 100 < 50


def _profile(image):
    # type: (Image) -> Optional[bytes]
    parasite = image.parasite_find(plain.PROFILE)
    return None if parasite is None else parasite.data


def _rescaled(samples, image, full):
    # type: (array.array[Any], Image, float) -> array.array[Any]
    """Return samples, of which `full` was full light, in an image's precision."""
    target = image.blank(0)
    if target.typecode in "fd":
        target.extend(sample / full for sample in samples)
    else:
        most = int(image.full)
        target.extend(
            min(max(int(sample / full * most + 0.5), 0), most)
            if isinstance(full, float)
            else (int(sample) * most + full // 2) // full
            for sample in samples
        )
    return target


def _image_get_precision(image):
    # type: (Image) -> int
    return image.precision


def _image_new_with_precision(width, height, kind, precision):
    # type: (int, int, int, int) -> Image
    return plain.Image(width, height, kind, precision)


def _image_convert_precision(image, precision):
    # type: (Image, int) -> None
    if precision == image.precision:
        raise RuntimeError("the image is of precision %d already" % precision)
    if precision // 100 not in plain.TYPECODES:
        raise RuntimeError("the plain back end has no images of precision %d" % precision)
    if _is_linear(precision) != _is_linear(image.precision):
        raise RuntimeError("the plain back end has no transfer functions")
    full = image.full
    image.precision = precision
    for layer in image.layers:
        layer.samples = _rescaled(layer.samples, image, full)
    image.note("convert precision")


def _layer_new_from_drawable(drawable, image):
    # type: (Layer, Image) -> Layer
    source = drawable.image
    if _profile(source) != _profile(image):
        raise RuntimeError("the plain back end has no colour management: the profiles differ")
    if _is_linear(source.precision) != _is_linear(image.precision):
        raise RuntimeError("the plain back end has no transfer functions")
    layer = plain.Layer(
        image, drawable.name, drawable.width, drawable.height, drawable.type, drawable.opacity,
        drawable.mode,
    )  # fmt: skip
    layer.samples = _rescaled(drawable.samples, image, source.full)
    layer.offsets = drawable.offsets
    layer.mask = drawable.mask
    return layer


def _image_insert_layer(image, layer, parent, position):
    # type: (Image, Layer, Optional[Layer], int) -> None
    if parent is not None:
        raise RuntimeError("the plain back end has no layer groups")
    image.insert_layer(layer, position=position)


def _image_select_rectangle(image, operation, x, y, width, height):
    # type: (Image, int, float, float, float, float) -> None
    if operation != CHANNEL_OP_REPLACE:
        raise RuntimeError("the plain back end can only replace the selection")
    image.selection = (int(x), int(y), int(x + width), int(y + height))
    image.note("select")


def _selection_bounds(image):
    # type: (Image) -> Tuple[int, int, int, int, int]
    if image.selection is None:
        return 0, 0, 0, image.width, image.height
    left, top, right, bottom = image.selection
    return 1, left, top, right, bottom


def _selection_none(image):
    # type: (Image) -> None
    image.selection = None
    image.note("select none")


def _image_get_item_position(image, item):
    # type: (Image, Drawable) -> int
    return next(place for place, layer in enumerate(image.layers) if layer is item)


def _item_is_group(item):
    # type: (Drawable) -> int
    return int(isinstance(item, plain.GroupLayer))


def _file_tiff_save(image, drawable, filename, _raw_filename, compression, **_run_mode):
    # type: (Image, Layer, str, str, int, **int) -> None
    if compression != 0:
        raise RuntimeError("the plain back end writes TIFF uncompressed")
    if image.blank(0).typecode not in "BH":
        raise RuntimeError("the plain back end writes TIFF of 8 and 16 bits")
    channels = 4 if drawable.has_alpha else 3
    size = (drawable.width, drawable.height)
    write_tiff(filename, size[0], size[1], channels, drawable.samples, _profile(image))


def _file_tiff_load(filename, _raw_filename, **_run_mode):
    # type: (str, str, **int) -> Image
    width, height, channels, samples, profile = read_tiff(filename)
    image = plain.Image(width, height, RGB, 100 * samples.itemsize + 50)
    image.filename = filename
    layer = plain.Layer(image, "Background", width, height, int(channels == 4))
    layer.samples = samples
    image.insert_layer(layer)
    if profile is not None:
        image.parasite_attach(plain.Parasite(plain.PROFILE, plain.PROFILE_FLAGS, profile))
    return image


def _progress_pulse():
    # type: () -> None
    plain.PROGRESS.append("pulse")


_BUILT_IN = {
    "file-tiff-load": _file_tiff_load,
    "file-tiff-save": _file_tiff_save,
    "gimp-image-convert-precision": _image_convert_precision,
    "gimp-image-delete": plain.delete,
    "gimp-image-get-item-position": _image_get_item_position,
    "gimp-image-get-precision": _image_get_precision,
    "gimp-image-insert-layer": _image_insert_layer,
    "gimp-image-new-with-precision": _image_new_with_precision,
    "gimp-image-remove-layer": plain.Image.remove_layer,
    "gimp-image-select-rectangle": _image_select_rectangle,
    "gimp-item-is-group": _item_is_group,
    "gimp-layer-new-from-drawable": _layer_new_from_drawable,
    "gimp-message": plain.message,
    "gimp-progress-pulse": _progress_pulse,
    "gimp-selection-bounds": _selection_bounds,
    "gimp-selection-none": _selection_none,
}  # type: Dict[str, Callable[..., Any]]

pdb = Database()


def main():
    # type: () -> None
    """Do nothing more: registered procedures wait in `pdb`."""
