"""``orangemask doctor``: what a bug report needs."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orangemask.cli.options import listed, verb_filters
from orangemask.errors import OrangemaskError


def add_verbs(verbs: Any) -> None:
    """Add ``doctor``."""
    parser = verbs.add_parser(
        "doctor", help="check the installation", allow_abbrev=False,
        description="Print versions, models with their checksums, film stocks, the editors found "
        "and whether they have the plug-in, and the result of a small inversion and emulation: "
        "what a bug report needs. Exit 1 if something is wrong.",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the report; return 1 if a check failed."""
    report: dict[str, Any] = {
        "orangemask": version("orangemask"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "frozen": bool(getattr(sys, "frozen", False)),
        "libraries": _libraries(),
        "providers": _providers(),
        "filters": _filters(),
        "models": _models(),
        **_options(),
        **_hosts(),
        "self-test": _tested(_invert_wedge),
        "self-test of cubes": _tested(_emulate_wedge),
    }
    good = all(state == "ok" for state in report["models"].values())
    good = good and bool(report["filters"]) and not report.get("broken")
    good = good and all(report[name].startswith("ok") for name in report if "self-test" in name)
    if options.json:
        print(json.dumps(report, indent=1))
    else:
        for key, value in report.items():
            if isinstance(value, dict):
                print(f"{key}:")
                print("\n".join(f"  {name:<28} {state}" for name, state in value.items()))
            else:
                print(f"{key}: {', '.join(value) if isinstance(value, list) else value}")
    return 0 if good else 1


def _libraries() -> dict[str, str]:
    found = {}
    for line in requires("orangemask") or ():
        if ";" in line:  # of an extra
            continue
        name = line.split(">")[0].strip()
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def _providers() -> list[str]:
    from orangemask.errors import ModelError
    from orangemask.networks import load_onnxruntime

    try:
        return list(load_onnxruntime().get_available_providers())
    except ModelError as error:
        return [str(error)]


def _filters() -> list[str]:
    from orangemask.filters import filters

    return list(filters())


def _models() -> dict[str, str]:
    from orangemask.networks import read_model
    from orangemask_models import MODELS

    states = {}
    for model in MODELS:
        try:
            read_model(model)
        except OrangemaskError as error:
            states[model.name] = str(error)
        else:
            states[model.name] = "ok"
    return states


def _options() -> dict[str, Any]:
    """Return how many stocks there are, and what is wrong with those that cannot be read."""
    found: dict[str, Any] = {}
    for family in verb_filters().values():
        choice = listed(family[0])
        if choice is None:
            continue
        found[choice.plural] = str(len(choice.by_name))
        if choice.broken is not None and (broken := choice.broken()):
            found["broken"] = dict(broken)
    return found


def _hosts() -> dict[str, Any]:
    """Return what is installed into which editor, and where these look for the engine."""
    from orangemask.install.configuration import ENGINE, read_config
    from orangemask.install.hosts import state, target
    from orangemask.install.places import find_places, this_user
    from orangemask.install.record import read_record

    user = this_user()
    try:
        record = read_record(user)
        places = find_places(user)
        states = {each.label: state(each, record.of(target(each))) for each in places}
        engine = read_config(user).get(ENGINE)
    except OrangemaskError as error:
        return {"editors": str(error)}
    words = engine if isinstance(engine, list) else [engine]
    told = " ".join(map(str, words)) if engine else "not configured: found on the PATH"
    if engine and not shutil.which(str(words[0])):
        told += " (there is no such program; run orangemask install all)"
    return {"editors": states or "none found", "engine of the editors": told}


def _tested(render_wedge: Callable[[], NDArray[Any]]) -> str:
    """Return whether a rendered grey wedge has its white above its black, and how long it took."""
    start = time.perf_counter()
    try:
        picture = render_wedge()
    except OrangemaskError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - the report is wanted most when something is wrong
        return f"{type(error).__name__}: {error}"
    black, white = float(picture[:, :8].mean()), float(picture[:, -8:].mean())
    if not white > black + 10000:
        return f"wrong: black {black:.0f}, white {white:.0f} of 65535"
    return f"ok, {1000 * (time.perf_counter() - start):.0f} ms"


def _invert_wedge() -> NDArray[Any]:
    """Invert a wedge of known densities."""
    exposure = np.linspace(0.0, 1.2, 96)[None, :, None] + np.zeros((64, 1, 1))
    density = np.array([0.25, 0.62, 0.85]) + np.array([0.63, 0.70, 0.73]) * exposure
    return _rendered("invert-c41", 10**-density)


def _emulate_wedge() -> NDArray[Any]:
    """Show greys on the default stock."""
    light = np.linspace(0.0, 1.0, 96)[None, :, None] + np.zeros((64, 1, 3))
    return _rendered("film-emulate", light)


def _rendered(name: str, light: NDArray[Any]) -> NDArray[Any]:
    from orangemask.execute import apply
    from orangemask.filters import find_filter
    from orangemask.image import Image
    from orangemask.render import full_transform, predict_values
    from orangemask.spaces import space

    image, one = Image(np.rint(light * 65535).astype(np.uint16)), find_filter(name)
    values, _, _ = predict_values(image, one)
    return apply(full_transform(image.transfer, one, values, space("srgb")), image.pixels)
