"""The program's own filters and models, run as the command line runs them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inversion.scan import Codes, Method, Rendering, RollMethod, Scan, told_the_picture
from orangemask.curves import LINEAR
from orangemask.filters import Filter, UsedRoll, find_filter
from orangemask.image import Image
from orangemask.render import full_transform, predict_values
from orangemask.roll import DEFAULT_FREEDOM
from orangemask.roll_frames import RollChoice, analyse_roll, analyse_source, predict_in_roll
from orangemask.spaces import space
from orangemask.values import Values

NETWORK = "invert-c41, network"
TOLD = "invert-c41, network, told the picture"
ROLL = "invert-c41, network, as a roll"
# The oracle's rows: named here, where torch is not needed.
BEST_NINE, BEST_NINE_A = "best nine numbers, no A", "best nine numbers, A of the rig's class"


def product(model: str, filter_name: str = "invert-c41") -> Method:
    """Return the method that the command line's ``--model`` of that name is."""
    one = find_filter(filter_name)

    def fit(scan: Scan) -> Rendering:
        return _rendering(one, predict_values(Image(scan.negative), one, model=model)[0])

    return fit


def _rendering(one: Filter, values: Values) -> Rendering:
    transform = full_transform((LINEAR, LINEAR, LINEAR), one, values, space("srgb"))

    def render(codes: Codes) -> Codes:
        return np.clip(transform(np.array(codes)), 0.0, 1.0)

    return render


def product_methods() -> dict[str, Method]:
    """Return the shipped ways to invert, by name."""
    network = product("parametric")
    return {
        "invert-c41, physical": product("physical"),
        "invert-c41-matrix": product("matrix", "invert-c41-matrix"),
        NETWORK: network,
        TOLD: told_the_picture(network),
    }


def roll(scans: Sequence[Scan]) -> list[Rendering]:
    """Return what ``orangemask roll`` and ``--roll`` make of the frames of one roll."""
    one = find_filter("invert-c41")
    images = [Image(scan.negative) for scan in scans]
    sources = [analyse_source(image, str(i), "") for i, image in enumerate(images)]
    found = analyse_roll(sources, one, model="parametric")
    choice = RollChoice(found, UsedRoll("auto", "", DEFAULT_FREEDOM))
    return [_rendering(one, predict_in_roll(image, one, choice)[0]) for image in images]


def roll_methods() -> dict[str, RollMethod]:
    """Return the shipped ways to invert all frames of a roll together."""
    return {ROLL: roll}
