"""What each method does. A method takes its parameters and returns its result, or raises."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, TypeAlias

from orangemask.engine.fields import Fields
from orangemask.engine.protocol import PROTOCOL, ProtocolError
from orangemask.errors import Cancelled, EngineError
from orangemask.execute import Cancel, Progress
from orangemask.film_base import FilmBase, base_from_rectangle
from orangemask.filters import AUTO, AUTO_RIG, description, filters, find_filter, told_of
from orangemask.image import Image
from orangemask.spaces import SPACES
from orangemask.values import VERSION, Values, parse_values

SHORTEST_INTERVAL = 0.1  # s between two words of progress
LONGEST_INTERVAL = 60.0
MOST_DENSITY = 10.0  # D


@dataclass(frozen=True, slots=True)
class Work:
    """How a method speaks while it works.

    Attributes
    ----------
    progress : callable
        Told the part done, 0…1.
    cancelled : callable
        Whether to stop.
    """

    progress: Progress
    cancelled: Cancel


Result: TypeAlias = dict[str, Any]
Method: TypeAlias = Callable[[Fields, Work], Result]


def hello(params: Fields, work: Work) -> Result:
    """Return the protocol, version and filters; refuse another protocol."""
    wanted = params.integer("protocol", 0, 1 << 31)
    if wanted != PROTOCOL:
        raise ProtocolError(
            f"protocol is {wanted}; orangemask {_version()} speaks {PROTOCOL}: "
            f"upgrade {'orangemask' if wanted > PROTOCOL else 'the client'}"
        )
    params.taken("client")  # who asks; for people who read a log
    params.end()
    return {"protocol": PROTOCOL, "version": _version(), "filters": list(filters())}


def describe(params: Fields, work: Work) -> Result:
    """Return the declarations that front ends make their dialogs of."""
    asked = [find_filter(params.text("filter"))] if params.has("filter") else filters().values()
    params.end()
    return {
        "filters": [description(one) for one in asked],
        "spaces": [{"name": known.name, "label": known.label} for known in SPACES.values()],
    }


def predict(params: Fields, work: Work) -> Result:
    """Return the values for a picture, with what they rest on."""
    from orangemask.engine.pictures import open_picture
    from orangemask.render import predict_values

    one = find_filter(params.text("filter"))
    model = params.text("model") if params.has("model") else None
    settings = params.mapping("settings")
    rig, film = AUTO_RIG, AUTO
    if one.of_film:
        rig = one.rig(params.choice("rig", one.rig_names, AUTO))
        film = params.choice("film", (AUTO, *one.films), AUTO)
    image = open_picture(params.inner("image"), photograph=not one.of_film).image
    base = _base(params, image) if one.of_film else None
    params.end()
    values, prediction, _ = predict_values(
        image, one, model=model, base=base, rig=rig, film=film, settings=settings
    )
    saved = json.loads(values.to_json())
    return {
        "values": saved["values"],
        "base": saved["context"].get("base"),
        **told_of(prediction),
        "model": saved["model"],
        "context": saved["context"],
        "warnings": [*image.warnings, *prediction.warnings],
    }


def render(params: Fields, work: Work) -> Result:
    """Fill the output file; return the warnings."""
    from orangemask.engine.pictures import copy_alpha, open_output, open_picture, target_of
    from orangemask.execute import apply
    from orangemask.render import full_transform, read_as

    values = _values(params)
    one = find_filter(values.filter)
    interval = params.number("interval", SHORTEST_INTERVAL, LONGEST_INTERVAL, SHORTEST_INTERVAL)
    picture = open_picture(params.inner("image"), photograph=not one.of_film)
    output = params.inner("output")
    target, linear = target_of(output)
    params.end()
    image = picture.image
    transform = full_transform(
        image.transfer, one, read_as(image, one, values), target, linear=linear
    )
    if work.cancelled():
        raise Cancelled("stopped before it began")
    pixels = open_output(output, picture)
    progress = _seldom(work.progress, interval)
    apply(transform, image.pixels, pixels[..., :3], progress=progress, cancel=work.cancelled)
    if pixels.shape[2] == 4:
        copy_alpha(image.alpha, pixels[..., 3], work.cancelled)
    doubts = _other_encoding(values, image) if one.of_film else []
    return {"warnings": [*image.warnings, *doubts]}


METHODS: Mapping[str, Method] = MappingProxyType(
    {"hello": hello, "describe": describe, "predict": predict, "render": render}
)
"""All methods but `cancel`, which the reading thread answers."""


@cache
def _version() -> str:
    return version("orangemask")


def _base(params: Fields, image: Image) -> FilmBase | None:
    if params.has("base") and params.has("base_rect"):
        raise EngineError("predict has both base and base_rect; give one")
    if params.has("base_rect"):
        rectangle = params.numbers("base_rect", 4)
        if any(side != int(side) for side in rectangle):
            raise EngineError("predict base_rect must be 4 integers: x, y, width, height in px")
        x, y, width, height = (int(side) for side in rectangle)
        return base_from_rectangle(image, (x, y, width, height))
    if not params.has("base"):
        return None
    given = params.inner("base")
    red, green, blue = given.numbers("density", 3)
    if max(abs(red), abs(green), abs(blue)) > MOST_DENSITY:
        raise EngineError(f"base density must lie within ±{MOST_DENSITY:g} D")
    base = FilmBase(
        (red, green, blue), given.number("confidence", 0, 1, 1), given.text("origin", "given")
    )
    given.end()
    return base


def _values(params: Fields) -> Values:
    """Return the values, checked by the reader of values files: they are the same thing."""
    content = {name: params.taken(name) for name in ("filter", "values", "context")}
    return parse_values(json.dumps({"orangemask": VERSION, **content}), "render")


def _other_encoding(values: Values, image: Image) -> list[str]:
    made_for = values.context.encoding
    if made_for in ("auto", image.encoding):
        return []
    return [
        f"the values were made for encoding {made_for}, the picture is read as {image.encoding}"
    ]


def _seldom(progress: Progress, interval: float) -> Progress:
    """Return `progress` that passes on one word per `interval` seconds at most."""
    last = -math.inf

    def told(part: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= interval:
            last = now
            progress(part)

    return told
