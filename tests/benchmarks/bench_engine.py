"""Time of the engine: a greeting, a prediction, and a picture there and back."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from timing import Row, arguments, check, measured, negative, report

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from test_engine_client import Client

FILTER = "invert-c41"


def rows_of(size: str, repeats: int, client: Client, folder: Path) -> list[Row]:
    """Return the times for one size."""
    rows = []
    for dtype in ("uint16", "uint8"):
        pixels = negative(size)
        if dtype == "uint8":
            pixels = (pixels >> 8).astype(np.uint8)
        h, w, _ = pixels.shape
        there, back = folder / "there", folder / "back"
        given = {"path": str(there), "width": w, "height": h, "dtype": dtype, "encoding": "linear"}
        asked = {"filter": FILTER, "image": given, "model": "physical"}
        pixels.tofile(there)
        predicted = ask(client, "predict", asked)
        request = {
            "filter": FILTER,
            "values": predicted["values"],
            "context": predicted["context"],
            "image": given,
            "output": {"path": str(back), "dtype": dtype, "space": "srgb"},
        }

        def round_trip(pixels: np.ndarray[Any, Any] = pixels, request: Any = request) -> None:
            pixels.tofile(there)  # noqa: B023 - called before the next turn
            back.touch()  # noqa: B023
            ask(client, "render", request)
            np.fromfile(back, pixels.dtype)  # noqa: B023

        copy = measured(f"copy {dtype}", size, pixels.copy, repeats)
        rows += [
            copy,
            measured(
                f"predict {dtype}", size, lambda asked=asked: ask(client, "predict", asked), repeats
            ),
            measured(f"there and back {dtype}", size, round_trip, repeats, copy.best),
        ]
        check(np.fromfile(back, dtype).size == pixels.size, f"{dtype} comes back in another size")
    return rows


def ask(client: Client, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a request."""
    reply = client.ask(method, params)
    check("result" in reply, str(reply))
    return dict(reply["result"])


if __name__ == "__main__":
    chosen = arguments(str(__doc__))
    with tempfile.TemporaryDirectory() as place, Client() as engine:
        found = [
            measured(
                "hello", "", lambda: ask(engine, "hello", {"protocol": 1}), 100 * chosen.repeats
            )
        ]
        for each in chosen.size:
            found += rows_of(each, chosen.repeats, engine, Path(place))
        report(found, chosen)
