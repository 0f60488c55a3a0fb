"""The job `predict`: the nine values of pictures, each alone or all as one roll."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from orangemask.decode import open_image
from orangemask.decode.encoding import parse_encoding
from orangemask.engine.fields import Fields
from orangemask.errors import Cancelled, EngineError, InputError, ModelError, OrangemaskError
from orangemask.film_base import NO_BASE, FilmBase, base_from_rectangle, base_given
from orangemask.filters import AUTO, Filter, Prediction, UsedRoll, find_filter, told_of
from orangemask.image import Image
from orangemask.job import sha256_of
from orangemask.json_checks import base_to_json
from orangemask.render import predict_values
from orangemask.roll import DEFAULT_FREEDOM, require_zones
from orangemask.roll_file import Roll
from orangemask.roll_frames import RollChoice, analyse_roll, analyse_source, predict_in_roll
from orangemask.values import Values
from orangemask_bridge.members import USUAL_FILTER, Result, taken_list, taken_table
from orangemask_bridge.request import told_error
from orangemask_bridge.worker import Work

MOST_FILES = 1000
MOST_KEPT = 2 << 30  # bytes of decoded pictures that a roll holds between its two looks
READ = 0.6  # part of the work on a roll that the first look is, about


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of all files.

    Attributes
    ----------
    filter : Filter
    model : str or None
    rig, film, encoding : str
    settings : mapping
    base : 3 floats or None
        Linear light of bare film.
    rectangle : 4 floats or None
        Where bare film is in the first file, as parts of its width and height.
    """

    filter: Filter
    model: str | None
    rig: str
    film: str
    encoding: str
    settings: dict[str, Any]
    base: tuple[float, ...] | None
    rectangle: tuple[float, ...] | None


def predict(params: Fields, work: Work) -> Result:
    """Return what is predicted of each file.

    Raises
    ------
    OrangemaskError
        Of a single file what is wrong with it; of several, if none can be used.
    """
    files = [_path(each) for each in taken_list(params, "files")]
    if not 1 <= len(files) <= MOST_FILES:
        raise EngineError(f"predict wants 1 to {MOST_FILES} files")
    as_roll = params.truth("roll", default=False)
    freedom = params.number("freedom", 0.0, 1.0, DEFAULT_FREEDOM)
    asked = _asked(params)
    params.end()
    if as_roll:
        require_zones(asked.filter)
        return _roll(files, asked, freedom, work)
    base: FilmBase | None = None
    frames: list[Result] = []
    errors: list[OrangemaskError] = []
    for i, file in enumerate(files):
        work.tell(i / len(files), file.name)

        def one(file: Path = file) -> Result:
            nonlocal base
            image = _opened(file, asked, work)
            base = base or _base(asked, image)
            values, prediction, _ = predict_values(
                image, asked.filter, model=asked.model, base=base,
                rig=asked.filter.rig(asked.rig), film=asked.film, settings=asked.settings,
            )  # fmt: skip
            return _told(file, image, values, prediction, ())

        frames.append(_attempt(file, one, errors))
    return _result(frames, errors)


def _roll(files: Sequence[Path], asked: Asked, freedom: float, work: Work) -> Result:
    """Return what is predicted of the frames of one roll; files that cannot be read are told."""
    opened: dict[Path, Image] = {}
    looked: dict[Path, tuple[Any, str]] = {}
    wrong: dict[Path, OrangemaskError] = {}
    base: FilmBase | None = None
    room = MOST_KEPT
    for i, file in enumerate(files):
        work.tell(READ * i / len(files), file.name)
        try:
            image = _opened(file, asked, work)
            base = base or _base(asked, image)
            looked[file] = analyse_source(image, file.name, sha256_of(file)), image.encoding
        except (Cancelled, ModelError):
            raise
        except OrangemaskError as error:
            wrong[file] = error
            continue
        held = 0 if isinstance(image.pixels.base, np.memmap) else image.pixels.nbytes
        if held <= room:
            opened[file], room = image, room - held
    if not looked:
        raise next(iter(wrong.values()))
    roll = analyse_roll(
        [source for source, _ in looked.values()],
        asked.filter,
        model=asked.model,
        rig=asked.filter.rig(asked.rig),
        film=asked.film,
        base=base,
        encoding=asked.encoding,
    )
    digest = hashlib.sha256(roll.to_json().encode("utf-8")).hexdigest()
    choice = RollChoice(roll, UsedRoll(AUTO, digest, freedom))
    frames: list[Result] = []
    errors: list[OrangemaskError] = []
    for i, file in enumerate(files):
        work.tell(READ + (1.0 - READ) * i / len(files), file.name)

        def one(file: Path = file) -> Result:
            if file in wrong:
                raise wrong[file]
            image = opened.pop(file, None) or _opened(file, asked, work)
            values, prediction, _, odd = predict_in_roll(image, asked.filter, choice)
            return _told(file, image, values, prediction, odd)

        frames.append(_attempt(file, one, errors))
    return {**_result(frames, errors), "roll": _told_roll(roll)}


def _attempt(file: Path, one: Callable[[], Result], errors: list[OrangemaskError]) -> Result:
    """Return a frame's result, or what is wrong with it; what would stop all is raised."""
    try:
        return one()
    except (Cancelled, ModelError):
        raise
    except OrangemaskError as error:
        errors.append(error)
    except MemoryError:
        errors.append(InputError(f"{file}: there is not enough memory for it"))
    return {"file": str(file), "ok": False, "error": told_error(errors[-1])}


def _result(frames: list[Result], errors: Sequence[OrangemaskError]) -> Result:
    if len(errors) == len(frames):
        raise errors[0]
    return {"frames": frames}


def _told(
    file: Path, image: Image, values: Values, prediction: Prediction, odd: tuple[str, ...]
) -> Result:
    context = values.context
    base = None if context.base == NO_BASE else base_to_json(context.base)
    # Where it lies is for the caller to know; the state goes with it wherever it is rendered.
    state = json.dumps(json.loads(replace(values, source=file.name).to_json()))  # on one line
    return {
        "file": str(file),
        "ok": True,
        "values": dict(values.values),
        "state": state,
        **told_of(prediction),
        "base": base,
        "film_used": context.film if base else None,
        "rig_used": context.rig.name if base else None,
        "encoding": context.encoding,
        "model": values.model,
        "warnings": [*image.warnings, *prediction.warnings, *odd],
    }


def _told_roll(roll: Roll) -> Result:
    return {"warnings": list(roll.warnings), "base": base_to_json(roll.film.base)}


def _asked(params: Fields) -> Asked:
    one = find_filter(params.text("filter", USUAL_FILTER))
    model = params.text("model") if params.has("model") else None
    one.model(model)
    encoding = params.text("encoding", AUTO)
    parse_encoding(encoding)
    settings = one.checked_settings(taken_table(params, "settings"))
    rig = film = AUTO
    base = rectangle = None
    if one.of_film:
        rig = params.choice("rig", one.rig_names, AUTO)
        film = params.choice("film", (AUTO, *one.films), AUTO)
        if params.has("base") and params.has("base_rect"):
            raise EngineError("predict has both base and base_rect; give one")
        if params.has("base"):
            base = tuple(params.numbers("base", 3))
            if not all(0.0 < light <= 1.0 for light in base):
                raise EngineError("predict base is linear light above 0, 1 at most")
        if params.has("base_rect"):
            rectangle = tuple(params.numbers("base_rect", 4))
    return Asked(one, model, rig, film, encoding, settings, base, rectangle)


def _opened(file: Path, asked: Asked, work: Work) -> Image:
    work.stop_if_cancelled()
    return open_image(
        file,
        encoding=asked.encoding,
        photograph=not asked.filter.of_film,
        cancel=work.cancelled,
    )


def _base(asked: Asked, image: Image) -> FilmBase | None:
    """Return the film base that was given, or is where it was pointed at."""
    if asked.base is not None:
        red, green, blue = asked.base
        return base_given(red, green, blue)
    if asked.rectangle is None:
        return None
    x, y, width, height = asked.rectangle
    left, right = (round(part * image.width) for part in (x, x + width))
    top, bottom = (round(part * image.height) for part in (y, y + height))
    return base_from_rectangle(image, (left, top, right - left, bottom - top))


def _path(value: object) -> Path:
    if not isinstance(value, str) or "\0" in value or not Path(value).is_absolute():
        raise EngineError(f"{str(value)[:200]!r} among the files is no absolute path")
    return Path(value)
