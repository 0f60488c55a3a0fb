"""What negadoctor alone leaves, as a table behind it.

A table in darktable's lut3d, from negadoctor's print to ours: its nodes undo negadoctor, undo the
reading of the file, and are rendered by the engine. So cross-talk, the layers' different midtones
and, of a file with a colour profile, its mixed primaries are all carried, and every slider of
negadoctor still works. Exposure and balance may be moved there without a new table: it depends on
the rig, the midtones and the layers' contrast over one another alone.

The table is in Adobe RGB, the largest of lut3d's spaces with a gamma: in linear light its first
cells would be far too coarse (mean ΔE2000 3.7, against 0.1). Colours outside of it are clipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orangemask.filters import find_filter
from orangemask.nine import values_to_nine
from orangemask.spaces import conversion, space
from orangemask.transforms import Cube, Curves, Matrix, Transform
from orangemask.values import Values
from orangemask_bridge.conversion import unmixed, values_to_negadoctor
from orangemask_bridge.difference import delta_e_2000, light_to_lab
from orangemask_bridge.negadoctor import Light, Negadoctor
from orangemask_bridge.reading import WORK, Reading
from orangemask_filters.invert_c41.print_curve import PRINT
from orangemask_filters.midtone import Midtone

SIZE = 25  # points along an edge; 420 kB
FINE_SIZE = 49  # 3.2 MB; for the few pictures where
COARSE = 0.3  # ΔE2000 or more are left on the mean,
WORTH = 0.8  # and it leaves less than this part of that
TABLE_SPACE = space("adobe-rgb")
SHOWN = space("srgb")
_LIGHT, _CODES = (TABLE_SPACE.transfer,) * 3, (TABLE_SPACE.encode,) * 3
TABLE_TO_WORK = Transform.of([Curves(_LIGHT), Matrix.of(conversion(TABLE_SPACE, WORK))])
WORK_TO_TABLE = Transform.of([Matrix.of(conversion(WORK, TABLE_SPACE)), Curves(_CODES)])
LEVELS = np.linspace(0.04, 0.96, 6)  # sRGB codes
SATURATION = 0.6  # of the set of colours, over that of the full cube


@dataclass(frozen=True, slots=True)
class Residual:
    """ΔE2000 over a set of 216 colours, shown in sRGB."""

    mean: float
    largest: float


def rest_table(module: Negadoctor, values: Values, reading: Reading, size: int = SIZE) -> Cube:
    """Return the table from negadoctor's print to ours, both in codes of Adobe RGB.

    Parameters
    ----------
    module : Negadoctor
        As it will be set.
    values : Values
    reading : Reading
    size : int
        Points along an edge.
    """
    steps = np.linspace(0.0, 1.0, size)
    codes = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)  # (n, n, n, 3)
    negative = module.inverse(TABLE_TO_WORK(codes.reshape(-1, 3)))
    wanted = _to_codes(rendering(values)(reading.to_source(negative)), values)
    return Cube(np.clip(wanted, 0.0, 1.0).reshape(codes.shape).astype(np.float32))


def fine_enough(module: Negadoctor, values: Values, reading: Reading) -> tuple[Cube, Residual]:
    """Return the table and what it leaves; a finer one where the usual leaves too much.

    What lies outside of the table's space no finer table brings back.
    """
    table = rest_table(module, values, reading)
    left = residual(module, values, reading, table)
    if left.mean >= COARSE:
        fine = rest_table(module, values, reading, FINE_SIZE)
        finer = residual(module, values, reading, fine)
        if finer.mean < WORTH * left.mean:
            return fine, finer
    return table, left


def rendering(values: Values) -> Transform:
    """Return our inversion, from the source's light to the filter's primaries."""
    return find_filter(values.filter).transform(values.values, values.context)


def residual(
    module: Negadoctor, values: Values, reading: Reading, table: Cube | None = None
) -> Residual:
    """Return how far darktable's picture is from ours: with a table behind, or without."""
    light = colours(values)
    wanted = rendering(values)(light)
    got = module(reading.to_work(light))
    if table is not None:
        got = TABLE_TO_WORK(table(np.clip(WORK_TO_TABLE(got), 0.0, 1.0)))
    primaries = find_filter(values.filter).primaries
    return _difference(_shown(got, WORK.name), _shown(wanted, primaries))


def residual_of_edit(
    edit: Negadoctor, behind: Values | None, found: Values, reading: Reading
) -> Residual:
    """Return how far our values are from an edit that they were read from.

    Parameters
    ----------
    edit : Negadoctor
    behind : Values or None
        Whose table is behind it.
    found : Values
    reading : Reading
    """
    table = None
    if behind is not None:
        table = rest_table(values_to_negadoctor(behind, reading), behind, reading)
    return residual(edit, found, reading, table)


def colours(values: Values) -> Light:
    """Return the source's light (216, 3) of colours of usual saturation, by undoing ours."""
    grid = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS, indexing="ij"), axis=-1).reshape(-1, 3)
    grey = grid.mean(axis=1, keepdims=True)
    shown = SHOWN.transfer(grey + SATURATION * (grid - grey))
    primaries = space(find_filter(values.filter).primaries)
    printed = np.maximum(shown @ conversion(SHOWN, primaries).T, 0.0)
    paper = Negadoctor(
        black=0.0, gamma=PRINT.gamma, soft_clip=PRINT.soft_clip, exposure=PRINT.exposure
    )
    v = -np.log10(paper.unprinted(printed)) / PRINT.span
    rows = np.array(values_to_nine(values.values))
    z = np.stack([Midtone(-rows[1, c])(v[:, c]) for c in range(3)], axis=1)  # its own inverse
    corrected = rows[0] + z * (rows[2] - rows[0])
    base, mix = np.array(values.context.base.density), np.array(values.context.rig.crosstalk)
    return np.asarray(10.0 ** -(base + unmixed(mix, corrected - base)))


def _to_codes(light: Light, values: Values) -> Light:
    primaries = space(find_filter(values.filter).primaries)
    return np.asarray(TABLE_SPACE.encode(light @ conversion(primaries, TABLE_SPACE).T))


def _shown(light: Light, primaries: str) -> Light:
    """Return CIELAB of light as an sRGB display shows it."""
    return light_to_lab(np.clip(light @ conversion(space(primaries), SHOWN).T, 0.0, 1.0), SHOWN)


def _difference(one: Light, other: Light) -> Residual:
    delta = delta_e_2000(one, other)
    return Residual(float(delta.mean()), float(delta.max()))
