"""Which of darktable's modules show our values: the steps of a history, for styles and XMP.

An inversion is an input profile, negadoctor and the table behind it; of a RAW file also a white
balance of 1, because the colour of the light source is in our values already. What would change
light before negadoctor, or lay another tone curve on the print, is off. A photograph's look is a
table alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from orangemask.curves import Curve
from orangemask.encode.destination import destination
from orangemask.errors import OutputError, reason
from orangemask.filters import Filter, SourceLight, find_filter
from orangemask.luts import (
    bake,
    describe,
    find_ending,
    find_purpose,
    look_for,
    table_to_cube,
)
from orangemask.render import full_transform
from orangemask.spaces import Space, conversion, space
from orangemask.transforms import Cube, Matrix, Transform
from orangemask.values import Values
from orangemask_bridge.conversion import values_to_negadoctor
from orangemask_bridge.negadoctor import Negadoctor
from orangemask_bridge.reading import WORK, Profile, Reading
from orangemask_bridge.rest import (
    TABLE_TO_WORK,
    WORK_TO_TABLE,
    Residual,
    fine_enough,
)
from orangemask_bridge.structs import (
    COLORIN,
    LUT3D,
    NEGADOCTOR,
    NO_BLEND,
    TEMPERATURE,
    Field,
    Layout,
    decode,
    encode,
)

PRESET_LABEL = re.compile(r"(_builtin_)?\w+-referred default")  # darktable 5.4 (5.0)
OFF = ("exposure", "channelmixerrgb", "filmicrgb", "basecurve", "sigmoid", "agx")
"""Modules that would falsify the inversion, in the pipe's order."""
SINCE = {"agx": (5, 4)}  # where not in all versions
OLDEST = (5, 0)

FOLDER = "orangemask"  # of our tables, below lut3d's root folder
LOOK_SIZE = 33  # points along an edge of a photograph's look
SRGB, ADOBE_RGB = 0, 1  # of lut3d's application colour spaces
TETRAHEDRAL = 0
USER_SET = 2  # temperature's preset
RELATIVE = 1  # intent


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a history.

    Attributes
    ----------
    operation : str
    version : int
        Of the parameters.
    params : str
        As darktable writes them; empty for the module's defaults.
    enabled : bool
    blend, blend_version : str, int
        Its mask and blending.
    priority : int
        Which instance of the module.
    name : str
        The instance's, as the user gave it.
    """

    operation: str
    version: int
    params: str
    enabled: bool = True
    blend: str = NO_BLEND
    blend_version: int = 14
    priority: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What shows some values in darktable.

    Attributes
    ----------
    steps : tuple of Step
        In the order in which they are to be done.
    table : bytes
        Content of the .cube that they refer to.
    place : str
        Of that file below lut3d's root folder, with ``/``.
    module : Negadoctor or None
    residual : Residual or None
        Between darktable's picture and ours.
    """

    steps: tuple[Step, ...]
    table: bytes
    place: str
    module: Negadoctor | None = None
    residual: Residual | None = None


def inversion(values: Values, reading: Reading) -> History:
    """Return the steps that show nine values of a negative.

    Raises
    ------
    ParameterError
        negadoctor cannot show these values.
    """
    module = values_to_negadoctor(values, reading)
    table, left = fine_enough(module, values, reading)
    label = find_filter(values.filter).label
    told = "print of negadoctor in Adobe RGB", "picture in Adobe RGB"
    content, place = _cube(table, f"{label}, the rest", *told)
    steps = []
    if reading.raw:
        neutral: dict[str, Field] = dict.fromkeys(("red", "green", "blue", "various"), 1.0)
        steps.append(_step(TEMPERATURE, neutral | {"preset": USER_SET}))
    profiles: dict[str, Field] = {
        "type": int(reading.input),
        "type_work": int(Profile.LINEAR_REC2020),
    }
    unused: dict[str, Field] = {"filename": "", "filename_work": ""}
    plain: dict[str, Field] = {"intent": RELATIVE, "normalize": 0, "blue_mapping": 0}
    steps += [
        _step(COLORIN, profiles | unused | plain),
        Step(NEGADOCTOR.operation, NEGADOCTOR.version, encode(module.pack())),
        _table_step(place, ADOBE_RGB),
    ]
    return History(tuple(steps), content, place, module, left)


def emulation(values: Values) -> History:
    """Return the step that shows the look of a film on a photograph, without grain or halation."""
    one = find_filter(values.filter)
    table = Cube(bake(look(one, values), LOOK_SIZE).astype("float32"))
    content, place = _cube(table, one.label, "sRGB picture", "sRGB picture")
    return History((_table_step(place, SRGB),), content, place)


def look(one: Filter, values: Values) -> Transform:
    """Return a photograph's look from sRGB codes to the same, without effects."""
    purpose = find_purpose("srgb")

    def render(curve: Curve, light: SourceLight, target: Space) -> Transform:
        read = replace(values, context=replace(values.context, light=light))
        return full_transform((curve, curve, curve), one, read, target, linear=True)

    return look_for(purpose, find_ending(purpose.ending), render).without_effects()


def whole_table(values: Values, reading: Reading) -> Transform:
    """Return the whole rendering for one lut3d, without effects: in Adobe RGB, a look in sRGB."""
    one = find_filter(values.filter)
    if not one.of_film:
        return look(one, values)
    return Transform.of(
        [
            *TABLE_TO_WORK.operations,
            *reading.source_operations(),
            *one.transform(values.values, values.context).operations,
            Matrix.of(conversion(space(one.primaries), WORK)),
            *WORK_TO_TABLE.operations,
        ]
    )


def present(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the last step of each instance of a module: what a history amounts to."""
    return tuple({(step.operation, step.priority): step for step in steps}.values())


def without_labels(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps of a whole history that was written as a style, each instance once.

    A style tells the instances of a module by their names. So a module that lost the label of its
    preset when the user changed it is there twice, and the first time as another instance.
    """
    changed = {step.operation for step in steps if not step.name}
    return tuple(
        step
        for step in steps
        if step.operation not in changed or not PRESET_LABEL.fullmatch(step.name)
    )


def own_table(steps: Sequence[Step]) -> bool:
    """Return whether a table of ours is on in a history."""
    tables = [step for step in present(steps) if step.operation == LUT3D.operation]
    return any(
        step.enabled
        and step.version == LUT3D.version
        and str(LUT3D.unpack(decode(step.params))["filepath"]).startswith(f"{FOLDER}/")
        for step in tables
    )


def off_steps(darktable: tuple[int, ...]) -> tuple[Step, ...]:
    """Return the steps that switch off what would falsify an inversion."""
    return tuple(
        Step(operation, 1, "", enabled=False)
        for operation in OFF
        if darktable >= SINCE.get(operation, OLDEST)
    )


def off_copies(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the same of the modules that are on in a history, with the user's own settings."""
    return tuple(
        replace(step, enabled=False)
        for step in present(steps)
        if step.operation in OFF and step.enabled
    )


def write_table(history: History, root: Path) -> tuple[Path, bool]:
    """Write the table that a history refers to below lut3d's root folder.

    Its name is made of its content: what is there already is the same.

    Returns
    -------
    Path, bool
        Where it is, and whether it is new.

    Raises
    ------
    OutputError
        The folder is missing or cannot be written.
    """
    path = root / history.place
    if not root.is_dir():
        raise OutputError(
            f"there is no folder {root}; set darktable's preference for 3D LUTs to one that exists"
        )
    try:
        path.parent.mkdir(exist_ok=True)
        if path.is_file() and path.stat().st_size == len(history.table):
            return path, False
    except OSError as error:
        raise OutputError(f"cannot write {path}: {reason(error)}") from error
    with destination(path, force=True) as part:
        part.write_bytes(history.table)
    return path, True


def remove_table(path: Path) -> None:
    """Remove a table that nothing refers to, and the folder if it was the only one."""
    with suppress(OSError):
        path.unlink()
        path.parent.rmdir()


def _cube(table: Cube, title: str, source: str, target: str) -> tuple[bytes, str]:
    nodes = table.nodes.astype("float64")
    comments = describe(source, target)
    content = table_to_cube(nodes, title=f"Orangemask {title}", comments=comments)
    return content, f"{FOLDER}/{hashlib.sha256(content).hexdigest()[:16]}.cube"


def _table_step(place: str, colour_space: int) -> Step:
    empty: dict[str, Field] = {"nb_keypoints": 0, "c_clut": "", "lutname": ""}
    how: dict[str, Field] = {"colorspace": colour_space, "interpolation": TETRAHEDRAL}
    return _step(LUT3D, {"filepath": place, **how, **empty})


def _step(layout: Layout, values: dict[str, Field]) -> Step:
    return Step(layout.operation, layout.version, encode(layout.pack(values)))
