"""A transform as a look-up table: .cube, Hald CLUT, CLF and ASC CDL.

All but `write_lut` are pure: a transform or nine values in, bytes or an array out.
"""

from __future__ import annotations

from orangemask.luts.bake import (
    DEFAULT_SIZE,
    LogShaper,
    PreCurves,
    bake,
    curves_and_cube,
    moving_shaper,
    reads_linear,
)
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
from orangemask.luts.encodings import AcesCct, Pq
from orangemask.luts.hald import size_to_level, transform_to_hald, transform_to_hald_pixels
from orangemask.luts.purposes import (
    ENDINGS,
    PURPOSES,
    Ending,
    Purpose,
    find_ending,
    find_purpose,
    look_for,
)
from orangemask.luts.write import FORMATS, describe, write_lut

__all__ = [
    "DEFAULT_SIZE",
    "DENSITY_REFERENCE",
    "ENDINGS",
    "FORMATS",
    "PURPOSES",
    "AcesCct",
    "Cdl",
    "Ending",
    "LogShaper",
    "Pq",
    "PreCurves",
    "Purpose",
    "bake",
    "cdl_from_parameters",
    "cdl_to_parameters",
    "cdl_to_xml",
    "curves_and_cube",
    "describe",
    "find_ending",
    "find_purpose",
    "gamma_to_midtones",
    "look_for",
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
