"""What a filter is, and which are installed.

A filter is a declaration: a name, nine `Param`s, its settings and models, and two pure functions.
`predict` reads an analysed picture and returns numbers; `transform` turns numbers into data to
render with. Dialogs, command line help, sliders, documents and tests are derived from the
declaration. Filters are found through the entry points ``orangemask.filters``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any, Literal, TypeAlias

from orangemask.analysis import Analysis
from orangemask.context import AUTO as AUTO
from orangemask.context import AUTO_RIG as AUTO_RIG
from orangemask.context import MIXED as MIXED
from orangemask.context import NO_CROSSTALK as NO_CROSSTALK
from orangemask.context import Context as Context
from orangemask.context import Rig as Rig
from orangemask.context import Rows as Rows
from orangemask.context import SourceLight as SourceLight
from orangemask.context import UsedRoll as UsedRoll
from orangemask.context import mixed_rig as mixed_rig
from orangemask.errors import ModelError, OrangemaskError, ParameterError
from orangemask.image import Triple
from orangemask.nine import CHANNELS
from orangemask.params import Choice as Choice
from orangemask.params import Option as Option
from orangemask.params import Param as Param
from orangemask.params import Setting as Setting
from orangemask.params import unknown as unknown
from orangemask.transforms import Transform

ENTRY_POINTS = "orangemask.filters"


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
    tells : tuple of float
        What the model would have the other frames of the roll know; their mean is their
        `Context.heard`.
    assumed : Rig or None
        As whose scan it was looked at: `context.rig`, but of film that is rendered as another.
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
    tells: tuple[float, ...] = ()
    assumed: Rig | None = None


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
        (values, context) → Transform from linear light of the source to linear light in
        `primaries`. Looks at no picture.
    source : {"scan", "photograph"}
        What it works on: transmittance of film, which has a base and was scanned by a rig, or a
        digital photograph.
    settings : tuple of Param or Choice
        What a user sets beside the nine, and nobody predicts.
    together : mapping of str to tuple of str
        Words of the command line that set several settings at once: ``strength``.
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
    source: Literal["scan", "photograph"] = "scan"
    settings: tuple[Setting, ...] = ()
    together: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def of_film(self) -> bool:
        """Whether it works on scans of film."""
        return self.source == "scan"

    @property
    def rig_names(self) -> tuple[str, ...]:
        """What a user may say the rig is; none where nothing was scanned."""
        return (AUTO, *(rig.name for rig in self.rigs), Rig().name) if self.of_film else ()

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

    def checked_settings(self, settings: Mapping[str, object]) -> dict[str, float | str]:
        """Return `settings` checked and in order, with the default of each that is left out.

        Raises
        ------
        ParameterError
            A name is unknown, a number out of range, or a choice not on its list.
        """
        by_name = {setting.name: setting for setting in self.settings}
        for name in settings:
            if name not in by_name:
                raise ParameterError(
                    unknown("setting", name, by_name)
                    if by_name
                    else f"{self.name} has no settings, so no '{name[:100]}'"
                )
        return {
            name: setting.checked(settings.get(name, setting.default))
            for name, setting in by_name.items()
        }

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
        "source": one.source,
        "params": [param.description() for param in one.params],
        "settings": [
            {"kind": "choice" if isinstance(setting, Choice) else "number", **setting.description()}
            for setting in one.settings
        ],
        "models": [{"name": model.name, "doc": model.doc} for model in one.models],
        "rigs": list(one.rig_names),
        "films": [AUTO, *one.films] if one.films else [],
    }
