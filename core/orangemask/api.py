"""The public face: five functions and the four things they pass to one another.

What of this is public is listed in `orangemask.__all__`, which imports it when it is asked for.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from orangemask._version import version
from orangemask.encode import SaveOptions, write_image
from orangemask.encode.formats import Depth
from orangemask.errors import InputError, ParameterError
from orangemask.errors import OrangemaskError as OrangemaskError
from orangemask.execute import Output
from orangemask.execute import apply as apply
from orangemask.filters import AUTO, find_filter, unknown
from orangemask.image import Image as Image
from orangemask.metadata import read_metadata
from orangemask.render import (
    full_transform,
    predict_values,
    read_as,
    with_changes,
    with_settings,
)
from orangemask.spaces import space as find_space
from orangemask.transforms import Transform as Transform
from orangemask.values import Values as Values

_DEPTHS: Mapping[str, Depth] = {"uint8": "8", "uint16": "16", "float32": "float"}


def open(  # noqa: A001 - as in Pillow
    path: str | os.PathLike[str],
    *,
    encoding: str = "auto",
    photograph: bool = False,
    scene: bool | None = None,
) -> Image:
    """Return the picture in a file: RAW, TIFF, PNG, JPEG or OpenEXR.

    Parameters
    ----------
    path : path
    encoding : str
        ``auto``, ``linear``, ``srgb`` or ``gamma:G``: how the file's numbers stand for light.
    photograph : bool
        A digital photograph, not a scan of film: RAW gets its white balance and camera matrix, a
        TIFF without profile is sRGB.
    scene : bool, optional
        Whether a photograph's light is the scene's; where it is not told, linear light is.

    Raises
    ------
    InputError
        It cannot be read.
    """
    from orangemask.decode import open_image

    return open_image(path, encoding=encoding, photograph=photograph, scene=scene)


def predict(
    filter: str,  # noqa: A002
    image: Image,
    *,
    model: str | None = None,
    rig: str = AUTO,
    film: str = AUTO,
    settings: Mapping[str, float | str] | None = None,
) -> Values:
    """Return the nine values a filter predicts for a picture.

    Parameters
    ----------
    filter : str
        ``invert-c41``, ``invert-c41-matrix`` or ``film-emulate``.
    image : Image
    model : str, optional
        One of the filter's models; default its first.
    rig, film : str
        Light and sensor, and kind of film, as the command line's ``--rig`` and ``--film``.
    settings : mapping, optional
        The filter's settings: ``{"stock": "kodak-gold-200"}``; the default of those left out.

    Raises
    ------
    InputError
        It is taken for a positive and `film` says nothing else.
    ParameterError, ModelError
        No such filter, rig, film, setting or model, or the model's file is damaged.

    Warns
    -----
    UserWarning
        Of what the user should know: a doubtful film base or kind of film.
    """
    one = find_filter(filter)
    if film not in (AUTO, *one.films):
        raise ParameterError(unknown("film", film, (AUTO, *one.films)))
    values, prediction, _ = predict_values(
        image, one, model=model, rig=one.rig(rig), film=film, settings=settings
    )
    if prediction.refusal:
        raise InputError(prediction.refusal)
    for text in prediction.warnings:
        warnings.warn(text, stacklevel=2)
    return values


def transform(
    image: Image,
    values: Values,
    *,
    changes: Mapping[str, float] | None = None,
    settings: Mapping[str, float | str] | None = None,
    space: str = "srgb",
) -> Transform:
    """Return the transform from the image's codes to codes of an output space.

    Parameters
    ----------
    image : Image
    values : Values
    changes : mapping, optional
        Parameters to set by hand.
    settings : mapping, optional
        Settings to change.
    space : str
        Output space, as `orangemask.spaces.SPACES` names it.

    Raises
    ------
    ParameterError
        An unknown parameter, setting or space, or a value out of range.
    """
    one = find_filter(values.filter)
    changed = with_settings(one, with_changes(one, values, changes or {}), settings or {})
    read = read_as(image, one, changed)
    return full_transform(image.transfer, one, read, find_space(space))


def save(
    path: str | os.PathLike[str],
    picture: Output,
    *,
    space: str = "srgb",
    values: Values | None = None,
    metadata_of: str | os.PathLike[str] | None = None,
    options: SaveOptions | None = None,
    force: bool = False,
) -> None:
    """Write a picture; the ending chooses the format.

    Parameters
    ----------
    path : path
    picture : (h, w, 3) uint8, uint16 or float32
        Codes of `space`; for OpenEXR linear light in its primaries.
    space : str
        What the picture is in; its profile is embedded.
    values : Values, optional
        Kept in the file's metadata.
    metadata_of : path, optional
        A file whose Exif, XMP and IPTC are carried over.
    options : SaveOptions, optional
        Depth, compression, quality. The depth follows from the array where it is not given.
    force : bool
        Replace an existing file.

    Raises
    ------
    OutputError, ParameterError
        It exists, cannot be written, or the format does not hold such pixels.
    """
    chosen = options or SaveOptions()
    if chosen.depth is None:
        chosen = replace(chosen, depth=_DEPTHS.get(str(picture.dtype)))
    write_image(
        Path(path),
        picture,
        space=find_space(space),
        options=chosen,
        metadata=read_metadata(Path(metadata_of)) if metadata_of is not None else None,
        values_json=values.to_json() if values is not None else None,
        software=f"Orangemask {version()}",
        force=force,
    )
