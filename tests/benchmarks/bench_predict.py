"""Time of predicting on one core once the model is loaded: analysis, features, network."""

from __future__ import annotations

import os

if hasattr(os, "sched_setaffinity"):  # before any library counts the cores
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import cv2
from timing import Row, arguments, check, measured, negative, report

from orangemask.analysis import analyse
from orangemask.filters import AUTO_RIG, Context, Filter, filters
from orangemask.image import Image
from orangemask_models import MODELS


def rows_of(size: str, repeats: int) -> list[Row]:
    """Return the times for one size."""
    image = Image(negative(size))
    rows = [measured("analyse", size, lambda: analyse(image), repeats)]
    analysis = analyse(image)
    listed = {model.name for model in MODELS}
    for one in filters().values():
        for model in one.models:
            if model.file is not None and model.file not in listed:
                continue
            settings = one.checked_settings({})
            context = Context(analysis.base, AUTO_RIG, image.encoding, settings=settings)

            def act(one: Filter = one, name: str = model.name, context: Context = context) -> None:
                one.predict(analysis, context, name)

            rows.append(measured(f"{one.name}, {model.name}", size, act, repeats, bar="≤ 15 ms"))
            values = one.predict(analysis, context, model.name).values
            check(one.checked(values).keys() == one.defaults().keys(), f"{model.name}: {values}")
    return rows


if __name__ == "__main__":
    chosen = arguments(str(__doc__))
    cv2.setNumThreads(1)
    report([row for size in chosen.size for row in rows_of(size, chosen.repeats)], chosen)
