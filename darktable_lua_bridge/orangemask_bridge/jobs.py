"""The jobs: each takes its members and returns its result, or raises.

Those about darktable's own modules are in `native`, predictions in `predictions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from orangemask._version import version
from orangemask.encode import SaveOptions
from orangemask.encode.formats import PIXEL_DTYPES
from orangemask.engine.fields import Fields
from orangemask.filters import filters, find_filter
from orangemask.job import Job, render_file
from orangemask.spaces import space
from orangemask.values import values_path
from orangemask_bridge.declarations import declarations
from orangemask_bridge.members import Result, check_output, taken_values
from orangemask_bridge.native import crop, lut, negadoctor, read, style, xmp
from orangemask_bridge.predictions import predict
from orangemask_bridge.request import PROTOCOL, needed_path
from orangemask_bridge.worker import Work

Do: TypeAlias = Callable[[Fields, Work], Result]


def hello(params: Fields, work: Work) -> Result:
    """Return who answers."""
    params.end()
    return {"version": version(), "protocol": PROTOCOL, "filters": list(filters())}


def describe(params: Fields, work: Work) -> Result:
    """Return the declarations that a panel is made of."""
    names = [params.text("filter")] if params.has("filter") else None
    params.end()
    return declarations(names)


def render(params: Fields, work: Work) -> Result:
    """Write a finished picture and its values file, as ``orangemask invert --params`` does."""
    source, output = needed_path(params, "file"), needed_path(params, "output")
    force = params.truth("force", default=False)
    target = space(params.text("space", "srgb"))
    depth = params.choice("depth", tuple(PIXEL_DTYPES), "16")
    values = taken_values(params)
    params.end()
    for place in (output, values_path(output)):
        check_output(place, force=force)
    job = Job(
        find_filter(values.filter),
        target,
        SaveOptions(depth=depth),  # type: ignore[arg-type]  # one of the literals
        given=values,
        force=force,
    )
    done = render_file(
        job,
        source,
        output,
        progress=lambda part: work.tell(part, source.name),
        cancel=work.cancelled,
    )
    return {
        "output": str(done.output),
        "sidecar": str(values_path(Path(done.output))),
        "warnings": list(done.warnings),
    }


JOBS: Mapping[str, Do] = MappingProxyType(
    {
        "hello": hello,
        "describe": describe,
        "predict": predict,
        "render": render,
        "negadoctor": negadoctor,
        "style": style,
        "xmp": xmp,
        "read": read,
        "crop": crop,
        "lut": lut,
    }
)
