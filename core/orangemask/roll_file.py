"""The roll file: what the frames of a roll share, and a report on each.

JSON, one object, written by ``orangemask roll``::

    {"orangemask_roll": 1, "filter": "invert-c41", "model": {"name": …, "sha256": …},
     "rig": {"name": …, "crosstalk": …}, "kind": "auto", "encoding": "auto",
     "film": {"base": {…}, "offset": [3], "slope": [3], "span": …, "midtones": [3],
              "confidence": …},
     "heard": […],
     "frames": [{"file": …, "sha256": …, "flaws": [], "confidence": …, "base": {…},
                 "exposure": …, "contrast": …, "balance": [3]}, …]}

Rendering reads the film and what was heard, in the model's own terms; the frames are for people. A
reader refuses a newer version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orangemask.encode.destination import destination
from orangemask.errors import ParameterError
from orangemask.film_base import FilmBase
from orangemask.filters import AUTO, Rig
from orangemask.image import Triple
from orangemask.json_checks import (
    base_from_json,
    base_to_json,
    check_version,
    checked_encoding,
    json_mapping,
    json_number,
    json_optional_text,
    json_text,
    json_triple,
    parse_object,
    read_text,
    rig_from_json,
    rig_to_json,
    writable,
)
from orangemask.roll import Film

VERSION = 1
KEY = "orangemask_roll"
MAX_BYTES = 8 << 20  # about 600 bytes a frame
LEAST_SPAN, MOST_SPAN = 0.02, 10.0  # D
MOST_FRAMES = 10_000
MOST_HEARD = 1000  # numbers; today's model has fewer than a hundred


@dataclass(frozen=True, slots=True)
class FrameReport:
    """One frame of an analysed roll.

    Attributes
    ----------
    file : str
        File name.
    sha256 : str
    flaws : tuple of str
        Why it was not averaged in; empty where it was.
    confidence : float
        0…1.
    base : FilmBase
        Found in this frame alone.
    exposure : float
        Density above base of its middle grey, D.
    contrast : float
        log of its range of density over the roll's, at the default freedom.
    balance : 3 floats
        Its difference from the roll, at the default freedom, D; they sum to 0.
    """

    file: str
    sha256: str
    flaws: tuple[str, ...]
    confidence: float
    base: FilmBase
    exposure: float
    contrast: float
    balance: Triple


@dataclass(frozen=True, slots=True)
class Roll:
    """A roll file's content.

    Attributes
    ----------
    filter : str
    model : str
    model_sha256 : str or None
    rig : Rig
    kind : str
        Kind of film, where it was said or all frames must share it (``bw``); else ``auto``.
    encoding : str
        How its files were asked to be read.
    film : Film
    heard : tuple of float
        What its frames told one another in the model's own terms; empty where it has none.
    frames : tuple of FrameReport
    """

    filter: str
    model: str
    model_sha256: str | None
    rig: Rig
    kind: str
    encoding: str
    film: Film
    heard: tuple[float, ...]
    frames: tuple[FrameReport, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The odd frames, one line each, a roll that is hardly one, and one shown in grey."""
        lines = [f"{frame.file}: left out: {'; '.join(frame.flaws)}" for frame in self.odd]
        if len(self.odd) > 1 and len(self.odd) * 4 >= len(self.frames):
            lines.append(
                f"{len(self.odd)} of {len(self.frames)} frames do not fit the others: "
                "perhaps these are two rolls; analyse each by itself"
            )
        if self.kind == "bw":
            lines.append("the roll is taken for black-and-white film and shown in grey")
        return tuple(lines)

    @property
    def odd(self) -> tuple[FrameReport, ...]:
        """The frames that were left out."""
        return tuple(frame for frame in self.frames if frame.flaws)

    def to_json(self) -> str:
        """Return the file's text."""
        film = self.film
        content = {
            KEY: VERSION,
            "filter": self.filter,
            "model": {"name": self.model, "sha256": self.model_sha256},
            "rig": rig_to_json(self.rig),
            "kind": self.kind,
            "encoding": self.encoding,
            "film": {
                "base": base_to_json(film.base),
                "offset": list(film.offset),
                "slope": list(film.slope),
                "span": film.span,
                "midtones": list(film.midtones),
                "confidence": film.confidence,
            },
            "heard": list(self.heard),
            "frames": [
                {
                    "file": frame.file,
                    "sha256": frame.sha256,
                    "flaws": list(frame.flaws),
                    "confidence": frame.confidence,
                    "base": base_to_json(frame.base),
                    "exposure": frame.exposure,
                    "contrast": frame.contrast,
                    "balance": list(frame.balance),
                }
                for frame in self.frames
            ],
        }
        return writable(content)


def parse_roll(text: str, where: str = "roll") -> Roll:
    """Return the content of a roll file.

    Parameters
    ----------
    text : str
        JSON.
    where : str
        Named in errors.

    Raises
    ------
    ParameterError
        Not JSON, not a roll file, of a newer version, or a number missing or out of range.
    """
    content = parse_object(text, where, "roll file")
    if KEY not in content:
        hint = ": a values file goes with --params" if "orangemask" in content else ""
        raise ParameterError(
            f"{where} is not a roll file{hint}; orangemask roll SCANS -o ROLL.json makes one"
        )
    check_version(content[KEY], VERSION, where)
    try:
        model = json_mapping(content.get("model"), "model")
        frames = content.get("frames")
        if not isinstance(frames, list) or len(frames) > MOST_FRAMES:
            raise ParameterError("frames must be a list")
        return Roll(
            json_text(content.get("filter"), "filter"),
            json_text(model.get("name"), "model name"),
            json_optional_text(model.get("sha256"), "model sha256"),
            rig_from_json(json_mapping(content.get("rig"), "rig")),
            json_text(content.get("kind", AUTO), "kind"),
            checked_encoding(content.get("encoding", "auto")),
            _film(json_mapping(content.get("film"), "film")),
            _heard(content.get("heard", [])),
            tuple(_frame(json_mapping(frame, "frame")) for frame in frames),
        )
    except ParameterError as error:
        raise ParameterError(f"{where}: {error}") from error


def read_roll(path: Path) -> tuple[Roll, str]:
    """Return a roll file's content and its text.

    Raises
    ------
    ParameterError
        It cannot be read, or as `parse_roll`.
    """
    text = read_text(path, "roll file", MAX_BYTES)
    return parse_roll(text, str(path)), text


def write_roll(path: Path, roll: Roll, *, force: bool = False) -> None:
    """Write a roll file, whole or not at all.

    Raises
    ------
    OutputError
        It exists, or cannot be written.
    """
    with destination(path, force=force) as part:
        part.write_text(roll.to_json(), "utf-8")


def _film(content: Mapping[str, Any]) -> Film:
    slope = json_triple(content.get("slope"), "slope")
    if min(slope) <= 0:
        raise ParameterError(f"slope is {list(slope)}; all three must be above 0")
    return Film(
        base_from_json(json_mapping(content.get("base"), "base")),
        json_triple(content.get("offset"), "offset"),
        slope,
        json_number(content.get("span"), "span", LEAST_SPAN, MOST_SPAN),
        json_triple(content.get("midtones"), "midtones"),
        json_number(content.get("confidence"), "confidence", 0.0, 1.0),
    )


def _heard(content: object) -> tuple[float, ...]:
    if not isinstance(content, list) or len(content) > MOST_HEARD:
        raise ParameterError(f"heard must be a list of at most {MOST_HEARD} numbers")
    return tuple(json_number(each, "heard") for each in content)


def _frame(content: Mapping[str, Any]) -> FrameReport:
    flaws = content.get("flaws", [])
    if not isinstance(flaws, list):
        raise ParameterError("flaws must be a list of texts")
    return FrameReport(
        json_text(content.get("file"), "file"),
        json_text(content.get("sha256"), "sha256"),
        tuple(json_text(each, "flaw") for each in flaws),
        json_number(content.get("confidence"), "confidence", 0.0, 1.0),
        base_from_json(json_mapping(content.get("base"), "base")),
        json_number(content.get("exposure"), "exposure"),
        json_number(content.get("contrast"), "contrast"),
        json_triple(content.get("balance"), "balance"),
    )
