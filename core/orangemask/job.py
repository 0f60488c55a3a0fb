"""One file in, one finished file out: the work behind the rendering verbs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orangemask._version import version
from orangemask.encode import SaveOptions, create_image, format_of, pixel_dtype
from orangemask.encode.destination import check_free, destination
from orangemask.errors import InputError, OutputError, reason
from orangemask.execute import Cancel, Output, Progress, apply
from orangemask.film_base import NO_BASE, FilmBase, base_from_rectangle, base_given
from orangemask.filters import AUTO, AUTO_RIG, Filter, Prediction, Rig
from orangemask.image import Image, Triple
from orangemask.json_checks import base_to_json
from orangemask.metadata import read_metadata
from orangemask.render import (
    full_transform,
    predict_values,
    read_as,
    with_changes,
    with_settings,
)
from orangemask.roll_frames import RollChoice, predict_in_roll
from orangemask.spaces import Space
from orangemask.values import Values, values_path


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done with every file of a batch.

    Attributes
    ----------
    filter : Filter
    space : Space
        Output space.
    save : SaveOptions
    given : Values or None
        Rendered with these instead of predicting.
    changes : mapping of parameter name to float
        Set after prediction.
    model : str or None
        What predicts.
    rig : Rig
    film : str
        Kind of film, or ``auto``.
    encoding : str or None
        Of the source; None is what `given` says, else ``auto``.
    base : 3 floats or None
        Film base as linear light.
    base_rect : 4 ints or None
        Where in the picture the film base is.
    scene : bool or None
        Whether the light of a photograph is the scene's, where the user says so.
    settings : mapping of setting name to float or str
        Set by the user; for the others stands what `given` says, or the default.
    roll : RollChoice or None
        Predict each file as a frame of this roll, with its model, rig and base.
    force : bool
        Replace existing outputs.
    """

    filter: Filter
    space: Space
    save: SaveOptions
    given: Values | None = None
    changes: Mapping[str, float] = field(default_factory=dict)
    model: str | None = None
    rig: Rig = AUTO_RIG
    film: str = AUTO
    encoding: str | None = None
    base: Triple | None = None
    base_rect: tuple[int, int, int, int] | None = None
    scene: bool | None = None
    settings: Mapping[str, float | str] = field(default_factory=dict)
    roll: RollChoice | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """One finished file.

    Attributes
    ----------
    output : Path
    values : Values
    confidence : float or None
        Of the prediction.
    warnings : tuple of str
    """

    output: Path
    values: Values
    confidence: float | None
    warnings: tuple[str, ...]

    def summary(self) -> Mapping[str, Any]:
        """Return what a program wants to know, JSON-ready."""
        context = self.values.context
        summary: dict[str, Any] = {
            "output": str(self.output),
            "source": self.values.source,
            "filter": self.values.filter,
            "values": dict(self.values.values),
        }
        if context.base != NO_BASE:
            summary["base"] = base_to_json(context.base)
        if context.settings:
            summary["settings"] = dict(context.settings)
        return {**summary, "confidence": self.confidence, "warnings": self.warnings}


def render_file(
    job: Job,
    source: Path,
    output: Path,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Done:
    """Render one file and write it, its metadata and its values file.

    Raises
    ------
    InputError, OutputError, ParameterError, ModelError, Cancelled
        One line each; nothing is left behind.
    """
    pixel_dtype(output, job.save)  # refuses what cannot be written
    refuse_same(source, output)
    check_free(output, force=job.force)
    done: Done | None = None
    try:
        # Both files are begun before either is finished: a full disk or a folder that is read-only
        # leaves neither.
        with destination(values_path(output), force=job.force) as sidecar:
            done = _render(job, source, output, sidecar, progress, cancel)
    except OutputError as error:
        if done is None:
            raise
        raise OutputError(f"{error}; the picture {output} itself is written") from error
    return done


def _render(
    job: Job,
    source: Path,
    output: Path,
    sidecar: Path,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Done:
    from orangemask.decode import open_image

    encoding = job.encoding or _known_encoding(job, source)
    image = open_image(
        source,
        encoding="auto" if encoding == "icc" else encoding,
        photograph=not job.filter.of_film,
        scene=job.scene,
    )
    with ThreadPoolExecutor(1) as beside:  # not earlier: opening a pipe would wait for ever
        checksum = beside.submit(sha256_of, source)
        values, confidence, warnings = _values(job, image)
        values = read_as(image, job.filter, values)
        transform = full_transform(
            image.transfer, job.filter, values, job.space, linear=format_of(output).linear
        )
        values = replace(values, source=source.name, source_sha256=checksum.result())
    text = values.to_json()
    sidecar.write_text(text, "utf-8")

    def fill(pixels: Output) -> None:
        apply(transform, image.pixels, pixels, progress=progress, cancel=cancel)

    told = write_rendered(
        source, output, image, fill, job.save, space=job.space, force=job.force, values_json=text
    )
    return Done(output, values, confidence, (*image.warnings, *warnings, *told))


def write_rendered(
    source: Path,
    output: Path,
    image: Image,
    fill: Callable[[Output], object],
    save: SaveOptions,
    *,
    space: Space,
    force: bool,
    values_json: str | None = None,
) -> tuple[str, ...]:
    """Write a picture made of another, with its metadata and alpha, and return the warnings.

    Parameters
    ----------
    source, output : Path
    image : Image
        What `source` holds.
    fill : callable
        Fills the output's pixels, of its own type and of the image's size.
    save : SaveOptions
    space : Space
        Of the output.
    force : bool
        Replace an existing file.
    values_json : str, optional
        Kept in the metadata.

    Raises
    ------
    OutputError
        Nothing is left behind.
    """
    metadata = read_metadata(source)
    with create_image(
        output,
        image.height,
        image.width,
        pixel_dtype(output, save),
        space=space,
        options=save,
        alpha=image.alpha,
        metadata=metadata,
        values_json=values_json,
        software=f"Orangemask {version()}",
        force=force,
    ) as sink:
        fill(sink.pixels)
    return (*metadata.warnings, *sink.warnings)


def _known_encoding(job: Job, source: Path) -> str:
    """Return how a file is to be read: a scan as its values say, another photograph as it says."""
    given = job.given
    if given is not None and (job.filter.of_film or given.source == source.name):
        return given.context.encoding
    return job.roll.roll.encoding if job.roll is not None else "auto"


def _values(job: Job, image: Image) -> tuple[Values, float | None, tuple[str, ...]]:
    confidence: float | None = None
    warnings: tuple[str, ...] = ()
    if job.given is not None:
        values = job.given
    elif job.roll is not None:
        values, prediction, _, odd = predict_in_roll(image, job.filter, job.roll)
        confidence, warnings = _accepted(prediction), (*prediction.warnings, *odd)
    else:
        values, prediction, _ = predict_values(
            image,
            job.filter,
            model=job.model,
            base=known_base(job.base, job.base_rect, image),
            rig=job.rig,
            film=job.film,
            settings=job.settings,
        )
        confidence, warnings = _accepted(prediction), prediction.warnings
    values = with_settings(job.filter, values, job.settings)
    return with_changes(job.filter, values, job.changes), confidence, warnings


def _accepted(prediction: Prediction) -> float:
    """Return the confidence of a prediction that may be rendered.

    Raises
    ------
    InputError
        It may not: inverting it would only make nonsense.
    """
    if prediction.refusal:
        raise InputError(prediction.refusal)
    return prediction.confidence


def known_base(
    light: Triple | None, rectangle: tuple[int, int, int, int] | None, image: Image
) -> FilmBase | None:
    """Return the film base the user gave, None where it is to be found.

    Parameters
    ----------
    light : 3 floats or None
        Film base as linear light, 0…1.
    rectangle : 4 ints or None
        x, y, width, height in px where bare film is seen.

    Raises
    ------
    ParameterError
        The rectangle does not lie in the picture.
    """
    if light is not None:
        return base_given(*light)
    if rectangle is not None:
        return base_from_rectangle(image, rectangle)
    return None


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal.

    Raises
    ------
    InputError
        It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    return digest.hexdigest()


def refuse_same(source: Path, output: Path) -> None:
    """Raise `OutputError` if both are one file, by whatever names."""
    try:
        same = output.exists() and source.samefile(output)
    except OSError:
        same = False
    if same:
        raise OutputError(f"{output} is the source itself; give another output")
