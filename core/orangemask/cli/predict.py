"""``orangemask predict FILTER INPUT…``: print the nine values, the film base and the confidence."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from orangemask.cli.mistakes import told
from orangemask.cli.options import (
    add_filters,
    add_model,
    add_reading,
    add_settings,
    chosen_settings,
    filter_of_model,
    told_scene,
)
from orangemask.cli.roll import add_roll, roll_choice
from orangemask.errors import ModelError
from orangemask.film_base import NO_BASE
from orangemask.filters import AUTO, Prediction, told_of
from orangemask.values import Values


def add_verbs(verbs: Any) -> None:
    """Add ``predict`` with one sub-parser a filter."""
    parser = verbs.add_parser(
        "predict", help="print what would be predicted", allow_abbrev=False,
        description="Print the nine values, the film base and the confidence for each picture.",
    )  # fmt: skip
    for one, family in add_filters(parser):
        one.add_argument("inputs", nargs="+", metavar="INPUT", type=Path, help="pictures")
        add_settings(one, family[0])
        add_reading(one, family[0])
        add_model(one, family)
        add_roll(one, family[0])
        one.add_argument("--json", action="store_true", help="one JSON line for each picture")
        one.set_defaults(run=run, family=family)


def run(options: argparse.Namespace) -> int:
    """Print a prediction for every input; return 0, or 1 if any failed."""
    from orangemask.decode import open_image
    from orangemask.decode.encoding import parse_encoding
    from orangemask.job import known_base
    from orangemask.render import predict_values
    from orangemask.roll_frames import predict_in_roll

    one = filter_of_model(options.family, options.model)
    parse_encoding(options.encoding or "auto")
    settings = chosen_settings(one, options)
    choice = roll_choice(options, one)
    encoding = options.encoding or (choice.roll.encoding if choice else "auto")
    failed = 0
    for path in options.inputs:
        try:
            image = open_image(
                path, encoding=encoding, photograph=not one.of_film, scene=told_scene(options)
            )
            odd: tuple[str, ...] = ()
            if choice is not None:
                values, prediction, _, odd = predict_in_roll(image, one, choice)
            else:
                base = known_base(options.base, options.base_rect, image)
                values, prediction, _ = predict_values(
                    image, one, model=options.model, base=base, rig=one.rig(options.rig),
                    film=options.film or AUTO, settings=settings,
                )  # fmt: skip
        except ModelError:
            raise  # it would be the same for every picture
        except Exception as error:  # noqa: BLE001 - no file stops the others
            failed += 1
            print(f"orangemask: {told(error, path)}", file=sys.stderr)
            continue
        doubts = (prediction.refusal,) if prediction.refusal else ()
        for warning in (*image.warnings, *prediction.warnings, *doubts, *odd):
            print(f"orangemask: warning: {path}: {warning}", file=sys.stderr)
        if options.json:
            content = json.loads(values.to_json())
            content["source"]["file"] = str(path)
            content |= told_of(prediction)
            print(json.dumps(content), flush=True)
        else:
            print(_table(path, values, prediction), flush=True)
    return 1 if failed else 0


def _table(path: Path, values: Values, prediction: Prediction) -> str:
    base, settings = values.context.base, values.context.settings
    channels = prediction.channels
    each = f" ({' '.join(f'{part:.2f}' for part in channels)})" if channels else ""
    lines = [str(path)]
    if base != NO_BASE:
        density = " ".join(f"{density:6.3f}" for density in base.density)
        lines.append(
            f"  film base   {density}   D red green blue, from {base.origin}, "
            f"confidence {base.confidence:.2f}"
        )
    lines += [f"  {name:<11} {value}" for name, value in settings.items()]
    lines += [f"  {name:<18} {value:8.4f}" for name, value in values.values.items()]
    for word, found in (("film", prediction.film), ("rig", prediction.rig)):
        if found is not None:
            used = values.context.film if word == "film" else values.context.rig.name
            lines.append(f"  {word:<11} {used} (looks like {found.name}, {found.confidence:.2f})")
    lines.append(f"  confidence  {prediction.confidence:.2f}{each}, model {values.model}")
    return "\n".join(lines)
