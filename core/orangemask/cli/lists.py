"""``orangemask filters`` and ``orangemask models``: what is installed."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from orangemask.filters import description, filters


def add_verbs(verbs: Any) -> None:
    """Add both verbs."""
    for name, told, run in (
        ("filters", "list the filters and their parameters", run_filters),
        ("models", "list the models and their checksums", run_models),
    ):
        parser = verbs.add_parser(name, help=told, description=told, allow_abbrev=False)
        parser.add_argument("--json", action="store_true", help="as JSON")
        parser.set_defaults(run=run)


def run_filters(options: argparse.Namespace) -> int:
    """Print the filters."""
    if options.json:
        print(json.dumps([description(one) for one in filters().values()], indent=1))
        return 0
    for one in filters().values():
        print(f"{one.name}: {one.doc} (orangemask {one.verb})")
        for param in one.params:
            span = f"{param.minimum:g}…{param.maximum:g} {param.unit}"
            print(f"  {param.name:<18} {span:<12} default {param.default:<6g} {param.doc}")
        for setting in one.settings:
            option = "--" + setting.name.replace("_", "-")
            print(f"  {option:<18} {setting.doc}; default {setting.default}")
        for model in one.models:
            print(f"  --model {model.name:<12} {model.doc}")
    return 0


def run_models(options: argparse.Namespace) -> int:
    """Print the models."""
    from orangemask_models import MODELS

    if options.json:
        print(json.dumps([asdict(model) for model in MODELS], indent=1))
        return 0
    for model in MODELS:
        print(f"{model.name}: {model.doc}")
        print(f"  file {model.file}  opset {model.opset}  sha256 {model.sha256}")
    return 0
