"""``orangemask roll SCAN… -o ROLL.json``, and the option ``--roll`` of the other verbs."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orangemask.cli.mistakes import told
from orangemask.cli.options import (
    add_model,
    add_reading,
    filter_of_model,
    verb_filters,
)
from orangemask.cli.progress import bar, say
from orangemask.encode.destination import check_free
from orangemask.errors import Cancelled, ModelError, ParameterError
from orangemask.filters import AUTO, Filter, UsedRoll
from orangemask.roll import DEFAULT_FREEDOM, require_zones

if TYPE_CHECKING:
    from orangemask.roll_file import Roll
    from orangemask.roll_frames import RollChoice


def add_verbs(verbs: Any) -> None:
    """Add ``roll``."""
    parser = verbs.add_parser(
        "roll", help="analyse the frames of one film together", allow_abbrev=False,
        description="Find what the frames of one film share: its base, the contrasts of its "
        "layers, its neutral balance. Then render with orangemask invert SCANS --roll ROLL.json.",
    )  # fmt: skip
    parser.add_argument(
        "inputs", nargs="+", metavar="SCAN", type=Path, help="frames of one film from one scanner"
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="ROLL", type=Path, help="JSON file to write"
    )
    family = verb_filters()["invert"]
    add_reading(parser, family[0])
    add_model(parser, family)
    parser.add_argument("--json", action="store_true", help="print the roll on stdout as well")
    parser.add_argument("--force", action="store_true", help="replace a file that exists")
    parser.set_defaults(run=run, family=family)


def add_roll(parser: argparse.ArgumentParser, one: Filter) -> None:
    """Add ``--roll`` and ``--freedom``, where pictures are frames of a film."""
    if not one.of_film:
        parser.set_defaults(roll=None, freedom=None)
        return
    parser.add_argument(
        "--roll", metavar="FILE|auto",
        help="predict the pictures as frames of this roll, made by orangemask roll; auto: the "
        "pictures given here are the roll",
    )  # fmt: skip
    parser.add_argument(
        "--freedom", metavar="0…1", type=_freedom,
        help="with --roll: how far a frame may differ; 0: by its exposure alone, 1: as if it "
        f"were alone; default {DEFAULT_FREEDOM:g}, which measured best",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Analyse the roll and write it; return 0, or 1 if a file could not be read."""
    from orangemask.roll_file import write_roll

    one = filter_of_model(options.family, options.model)
    require_zones(one)
    check_free(options.output, force=options.force)
    roll, failed = _analysed(options, one)
    write_roll(options.output, roll, force=options.force)
    for warning in roll.warnings:
        say(f"orangemask: warning: {warning}")
    print(json.dumps(json.loads(roll.to_json())) if options.json else _table(roll), flush=True)
    return 1 if failed else 0


def roll_choice(options: argparse.Namespace, one: Filter) -> RollChoice | None:
    """Return the roll that ``--roll`` names or asks to be found, None without it.

    Raises
    ------
    ParameterError
        The options exclude each other, or the file is no roll of the filter.
    """
    from orangemask.roll_file import read_roll
    from orangemask.roll_frames import RollChoice

    if options.roll is None:
        if options.freedom is not None:
            raise ParameterError("--freedom goes with --roll: give both or neither")
        return None
    freedom = DEFAULT_FREEDOM if options.freedom is None else options.freedom
    require_zones(one)
    if options.roll == AUTO:
        roll, _ = _analysed(options, one, tell=False)  # the verb itself will
        text, name = roll.to_json(), AUTO
        for warning in roll.warnings:
            say(f"orangemask: warning: {warning}")
    else:
        for option in ("model", "rig", "film", "base", "base_rect"):
            if getattr(options, option) is not None:
                raise ParameterError(
                    f"--{option.replace('_', '-')} and --roll exclude each other: the roll has it; "
                    "give it to orangemask roll"
                )
        path = Path(options.roll)
        if path.is_dir():
            raise ParameterError(
                f"{path} is a folder, not a roll file; orangemask roll SCANS -o ROLL.json makes one"
            )
        roll, text = read_roll(path)
        if roll.filter != one.name:
            raise ParameterError(f"{path} belongs to the filter {roll.filter}, not to {one.name}")
        one.model(roll.model)
        name = path.name
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return RollChoice(roll, UsedRoll(name, digest, freedom))


def _analysed(options: argparse.Namespace, one: Filter, *, tell: bool = True) -> tuple[Roll, int]:
    """Return the roll of the inputs, and how many could not be read; `tell` names them."""
    from orangemask.decode import open_image
    from orangemask.decode.encoding import parse_encoding
    from orangemask.film_base import base_from_rectangle, base_given
    from orangemask.job import sha256_of
    from orangemask.roll_frames import Source, analyse_roll, analyse_source

    encoding = options.encoding or "auto"
    parse_encoding(encoding)
    base = base_given(*options.base) if options.base is not None else None
    sources: list[Source] = []
    with bar(len(options.inputs)) as show:
        for i, path in enumerate(options.inputs):
            try:
                image = open_image(path, encoding=encoding)
                if base is None and options.base_rect is not None:  # of the first that is read
                    base = base_from_rectangle(image, options.base_rect)
                sources.append(analyse_source(image, path.name, sha256_of(path)))
            except (Cancelled, ModelError):
                raise
            except Exception as error:  # noqa: BLE001 - no file stops the others
                if tell:
                    say(f"orangemask: {told(error, path)}")
            show(i + 1)
    if not sources:
        raise ParameterError("none of the files could be read: there is no roll to analyse")
    roll = analyse_roll(
        sources,
        one,
        model=options.model,
        rig=one.rig(options.rig),
        film=options.film or AUTO,
        base=base,
        encoding=encoding,
    )
    return roll, len(options.inputs) - len(sources)


def _freedom(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r}: a number from 0 to 1")
    return number


def _table(roll: Roll) -> str:
    film = roll.film
    width = max(len(frame.file) for frame in roll.frames)
    lines = [
        f"film base    {_three(film.base.density)}   D red green blue, "
        f"confidence {film.base.confidence:.2f}",
        f"layers       {_three(film.slope)}   contrast over the mean of the three",
        f"neutral      {_three(film.offset)}   D, of grey above base, less the mean",
        f"midtones     {_three(film.midtones)}",
        f"range        {film.span:6.3f}                 D from black to white",
        "",
        f"{'frame':<{width}}  exposure  contrast  balance red green blue",
    ]
    for frame in roll.frames:
        note = "  left out" if frame.flaws else ""
        lines.append(
            f"{frame.file:<{width}}  {frame.exposure:8.3f}  {_signed(frame.contrast):>8}  "
            + " ".join(_signed(each) for each in frame.balance)
            + note
        )
    return "\n".join(lines)


def _signed(number: float) -> str:
    return f"{round(number, 3) + 0.0:+.3f}"  # + 0.0: not "-0.000"


def _three(numbers: tuple[float, float, float]) -> str:
    return " ".join(f"{number:6.3f}" for number in numbers)
