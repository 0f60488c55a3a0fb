"""What a filter is, and which are installed.

A filter is a declaration: a name, nine `Param`s, its models, and two pure functions. `predict`
reads an analysed picture and returns numbers; `transform` turns numbers into data to render with.
Dialogs, command line help, sliders, documents and tests are derived from the declaration. Filters
are found through the entry points ``orangemask.filters``.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any, TypeAlias

from orangemask.analysis import Analysis
from orangemask.errors import ModelError, OrangemaskError, ParameterError
from orangemask.film_base import FilmBase
from orangemask.image import Triple
from orangemask.nine import CHANNELS
from orangemask.transforms import Transform

ENTRY_POINTS = "orangemask.filters"
Rows: TypeAlias = tuple[Triple, Triple, Triple]
NO_CROSSTALK: Rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Param:
    """One slider.

    Attributes
    ----------
    name : str
        For ever: it is in users' files.
    label, unit, doc : str
        For people.
    group : str
        What it is shown with: ``red``, ``green``, ``blue``.
    default : float
        Where nothing is predicted.
    minimum, maximum : float
        What may be set.
    slider_minimum, slider_maximum, step : float
        What a slider shows.
    """

    name: str
    label: str
    unit: str
    group: str
    default: float
    minimum: float
    maximum: float
    slider_minimum: float
    slider_maximum: float
    step: float
    doc: str

    def checked(self, value: object) -> float:
        """Return `value` as a float, or raise `ParameterError` saying what is allowed."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ParameterError(f"{self.name} is {reprlib.repr(value)}, not a number")
        if not self.minimum <= value <= self.maximum:  # nor is not-a-number
            shown = f"{value:g}" if isinstance(value, float) else reprlib.repr(value)
            raise ParameterError(
                f"{self.name} is {shown}; it must lie between {self.minimum:g} "
                f"and {self.maximum:g} {self.unit}".rstrip()
            )
        return float(value)


@dataclass(frozen=True, slots=True)
class Rig:
    """Light and sensor that scanned the film, as far as the rendering needs them.

    Attributes
    ----------
    name : str
        ``none``, a class of rig (``white``), a calibrated rig's own, or ``auto``.
    crosstalk : 3 rows of 3
        A of DESIGN §3: mixes densities above base, rows sum to 1.
    """

    name: str = "none"
    crosstalk: Rows = NO_CROSSTALK


AUTO = "auto"
AUTO_RIG = Rig(AUTO)
"""Whoever predicts shall choose; never what is rendered with."""


@dataclass(frozen=True, slots=True)
class UsedRoll:
    """The roll whose frame a picture was rendered as.

    Attributes
    ----------
    file : str
        Name of the roll file; ``auto`` where the files of the same command were the roll.
    sha256 : str
        Of its bytes.
    freedom : float
        0…1, how much of the frame's own was kept.
    """

    file: str
    sha256: str
    freedom: float


@dataclass(frozen=True, slots=True)
class Context:
    """What a transform needs besides the nine values; saved with them.

    Attributes
    ----------
    base : FilmBase
        Film base in density, with origin and confidence.
    rig : Rig
        See there.
    encoding : str
        How the source's codes were read (``linear``, ``srgb``, ``gamma:2.2``, ``icc``).
    roll : UsedRoll or None
        For the record; the values are what came of it.
    film : str
        Kind of film, of the filter's `films`; ``auto`` where it is to be found or was never asked.
    """

    base: FilmBase
    rig: Rig = field(default_factory=Rig)
    encoding: str = "auto"
    roll: UsedRoll | None = None
    film: str = AUTO


@dataclass(frozen=True, slots=True)
class Model:
    """A way to predict a filter's values.

    Attributes
    ----------
    name : str
        As typed after ``--model``.
    file : str or None
        Key of the ONNX file in `orangemask_models.MODELS`; None for a method without network.
    doc : str
        One line.
    """

    name: str
    file: str | None
    doc: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a model took something for, and its probability, 0…1."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """Nine numbers and how far to trust them.

    Attributes
    ----------
    values : mapping of parameter name to float
    context : Context
    confidence : float
        0…1.
    model : str
        Name of the model that was asked.
    sha256 : str or None
        Of its file.
    channels : 3 floats or None
        Confidence in red, green and blue alone, 0…1.
    film : Found or None
        Kind of film the model took it for; None where it cannot tell.
    rig : Found or None
        Class of rig likewise.
    warnings : tuple of str
        What the user should know.
    refusal : str
        Why it should not be rendered unless the user insists; empty where it may.
    """

    values: Mapping[str, float]
    context: Context
    confidence: float
    model: str
    sha256: str | None = None
    channels: Triple | None = None
    film: Found | None = None
    rig: Found | None = None
    warnings: tuple[str, ...] = ()
    refusal: str = ""


Predict: TypeAlias = Callable[[Analysis, Context, str], Prediction]
Render: TypeAlias = Callable[[Mapping[str, float], Context], Transform]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter's whole declaration.

    Attributes
    ----------
    name, label, doc : str
    verb : str
        What the command line calls doing it.
    params : tuple of 9 Param
    models : tuple of Model
        The first is the default.
    rigs : tuple of Rig
        Classes of rig; the first is meant where nobody predicts.
    films : tuple of str
        Kinds of film a user may say it is.
    primaries : str
        Name of the space (`orangemask.spaces`) whose linear light `transform` ends in.
    predict : callable
        (analysis, context, model name) → Prediction. Reads statistics; renders nothing.
    transform : callable
        (values, context) → Transform from linear transmittance to linear light in `primaries`.
        Looks at no picture.
    """

    name: str
    label: str
    doc: str
    verb: str
    params: tuple[Param, ...]
    models: tuple[Model, ...]
    rigs: tuple[Rig, ...]
    films: tuple[str, ...]
    primaries: str
    predict: Predict
    transform: Render

    @property
    def rig_names(self) -> tuple[str, ...]:
        """What a user may say the rig is."""
        return (AUTO, *(rig.name for rig in self.rigs), Rig().name)

    def rig(self, name: str | None) -> Rig:
        """Return the rig of one of `rig_names`; None is ``auto``.

        Raises
        ------
        ParameterError
            There is none of that name.
        """
        known = {rig.name: rig for rig in (AUTO_RIG, *self.rigs, Rig())}
        if (name or AUTO) not in known:
            raise ParameterError(unknown("rig", str(name), known))
        return known[name or AUTO]

    def defaults(self) -> dict[str, float]:
        """Return every parameter's default."""
        return {param.name: param.default for param in self.params}

    def checked(self, values: Mapping[str, object]) -> dict[str, float]:
        """Return `values` as floats in the order of `params`.

        Raises
        ------
        ParameterError
            A name is unknown or missing, or a value is no number or out of range.
        """
        by_name = {param.name: param for param in self.params}
        for name in values:
            if name not in by_name:
                raise ParameterError(unknown("parameter", name, by_name))
        missing = [name for name in by_name if name not in values]
        if missing:
            raise ParameterError(f"no value for {', '.join(missing)}")
        return {name: param.checked(values[name]) for name, param in by_name.items()}

    def model(self, name: str | None) -> Model:
        """Return the model called `name`, the default for None.

        Raises
        ------
        ModelError
            There is none of that name.
        """
        if name is None:
            return self.models[0]
        by_name = {model.name: model for model in self.models}
        if name not in by_name:
            raise ModelError(unknown(f"model of {self.name}", name, by_name))
        return by_name[name]


def unknown(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Return "unknown KIND 'NAME'; did you mean …? allowed: …"."""
    names = list(allowed)
    close = difflib.get_close_matches(name[:100], names, 1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"unknown {kind} {reprlib.repr(name)}; {hint}allowed: {', '.join(names)}"


@lru_cache(maxsize=1)
def filters() -> Mapping[str, Filter]:
    """Return the installed filters by name, sorted.

    Raises
    ------
    OrangemaskError
        A plug-in cannot be imported, or does not declare the filter it is listed as.
    """
    found: dict[str, Filter] = {}
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        try:
            loaded = point.load()
        except Exception as error:  # a stranger's code
            raise OrangemaskError(
                f"the filter plug-in {point.value} cannot be loaded: {error}; update or remove it"
            ) from error
        if not isinstance(loaded, Filter) or loaded.name != point.name:
            raise OrangemaskError(
                f"the filter plug-in {point.value} does not declare '{point.name}'"
            )
        found[point.name] = loaded
    return found


def find_filter(name: str) -> Filter:
    """Return the filter called `name`.

    Raises
    ------
    ParameterError
        It is not installed; the message lists those that are.
    """
    try:
        return filters()[name]
    except KeyError:
        raise ParameterError(unknown("filter", name, filters())) from None


def told_of(prediction: Prediction) -> dict[str, Any]:
    """Return what is known of a prediction beside its values, JSON-ready."""
    channels = prediction.channels
    return {
        "confidence": prediction.confidence,
        "channels": dict(zip(CHANNELS, channels, strict=True)) if channels else None,
        "film": asdict(prediction.film) if prediction.film else None,
        "rig": asdict(prediction.rig) if prediction.rig else None,
        "refusal": prediction.refusal or None,
    }


def description(one: Filter) -> dict[str, Any]:
    """Return a filter's declaration as JSON-ready data, the source of every generated list."""
    return {
        "name": one.name,
        "label": one.label,
        "doc": one.doc,
        "params": [asdict(param) for param in one.params],
        "models": [{"name": model.name, "doc": model.doc} for model in one.models],
        "rigs": list(one.rig_names),
        "films": [AUTO, *one.films],
    }
