"""A transform as a look-up table: .cube, Hald CLUT, CLF and ASC CDL.

All but `write_lut` are pure: a transform or nine values in, bytes or an array out.
"""

from __future__ import annotations

from orangemask.luts.bake import LogShaper, bake, moving_shaper, reads_linear
from orangemask.luts.cdl import (
    DENSITY_REFERENCE,
    Cdl,
    cdl_from_parameters,
    cdl_to_parameters,
    cdl_to_xml,
    gamma_to_midtones,
    midtones_error,
    midtones_to_gamma,
)
from orangemask.luts.clf import transform_to_clf
from orangemask.luts.cube import table_to_cube, transform_to_cube
from orangemask.luts.hald import size_to_level, transform_to_hald, transform_to_hald_pixels
from orangemask.luts.write import FORMATS, describe, write_lut

__all__ = [
    "DENSITY_REFERENCE",
    "FORMATS",
    "Cdl",
    "LogShaper",
    "bake",
    "cdl_from_parameters",
    "cdl_to_parameters",
    "cdl_to_xml",
    "describe",
    "gamma_to_midtones",
    "midtones_error",
    "midtones_to_gamma",
    "moving_shaper",
    "reads_linear",
    "size_to_level",
    "table_to_cube",
    "transform_to_clf",
    "transform_to_cube",
    "transform_to_hald",
    "transform_to_hald_pixels",
    "write_lut",
]
