"""Orangemask: scans of colour negatives into finished positives, by nine numbers.

image = orangemask.open("scan.tif")
values = orangemask.predict("invert-c41", image)
picture = orangemask.apply(orangemask.transform(image, values), image.pixels)
orangemask.save("positive.tif", picture, values=values)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orangemask.api import (
        Image,
        OrangemaskError,
        Transform,
        Values,
        apply,
        open,
        predict,
        save,
        transform,
    )

__all__ = [
    "Image",
    "OrangemaskError",
    "Transform",
    "Values",
    "apply",
    "open",
    "predict",
    "save",
    "transform",
]


def __getattr__(name: str) -> object:
    """Import the public face when it is first asked for: `--version` answers without it."""
    if name in __all__:
        from orangemask import api

        return getattr(api, name)
    if name == "__version__":
        from orangemask._version import version

        return version()
    raise AttributeError(f"module 'orangemask' has no attribute '{name}'")
