"""One call of a procedure, in each of GIMP's three run modes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gi.repository import Gimp

from orangemask_gimp import arguments
from orangemask_gimp.declared import Declared
from orangemask_gimp.edit import Edit, edit_of_file
from orangemask_gimp.layers import filled, place_of, put
from orangemask_gimp.live import has_operation, live_filter, put_live
from orangemask_gimp.problems import PluginError, StoppedError
from orangemask_gimp.progress import Progress
from orangemask_gimp.work import Said, Work, working


def run_filter(
    procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any, one: Declared
) -> None:
    """Do what the procedure is for.

    Raises
    ------
    PluginError
        With one message for people; the image is as before, but for layers done already.
    StoppedError
        The user cancelled.
    """
    if not drawables:
        raise PluginError("No layer is selected.")
    places = [place_of(image, each, one) for each in drawables]
    for place in places:
        if live_filter(place.source) is not None:
            raise PluginError(
                f"{place.source.get_name()} has a live filter of Orangemask already. Change that "
                "(the fx beside the layer), or remove it first."
            )
    interactive = mode == Gimp.RunMode.INTERACTIVE
    if config.get_property("live") and not (interactive or has_operation(one)):
        raise PluginError(
            "There is no native operation for a live filter; gimp/README.md says how to build it."
        )
    for number, place in enumerate(places):
        # Each of several layers gets its own prediction.
        with working(one, place) as work:
            if interactive and number == 0:
                edit = _asked(procedure, config, work, len(places) - 1)
            else:
                edit = _given(config, work, by_itself=number > 0)
            if config.get_property("live") and has_operation(one):
                put_live(work.place, work.layout, one, edit)
            else:
                _render(work, edit)
    Gimp.displays_flush()


def _asked(procedure: Any, config: Any, work: Work, others: int) -> Edit:
    from orangemask_gimp.dialog import Dialog
    from orangemask_gimp.preview import Preview

    one, place = work.one, work.place
    said: Said | None = None
    arguments.show_base_rect(config, one, None)  # that of another picture
    with Progress("Reading the layer…", 0.0, 0.5) as progress:
        work.read(progress)
        proxy = work.read_proxy()
    if place.edit is not None:
        edit = place.edit
    else:
        with Progress("Predicting…", 0.5, 1.0) as progress:
            edit, said = _predicted(config, work, progress)
    preview = Preview(work, proxy)
    try:
        chosen = Dialog(procedure, config, one, work, preview, edit, said, others).run()
    finally:
        preview.close()
    if chosen is None:
        raise StoppedError
    arguments.keep_rest(config, chosen)
    return chosen


def _given(config: Any, work: Work, *, by_itself: bool) -> Edit:
    """Return the edit of a call without dialog: values given, or predicted."""
    one = work.one
    with Progress("Reading the layer…", 0.0, 0.4) as progress:
        work.read(progress)
    path = config.get_property("params")
    if path and not by_itself:
        return edit_of_file(Path(path), one.name)
    predict = config.get_property("predict") or by_itself
    try:
        context = arguments.context(config)
    except ValueError as error:
        raise PluginError(f"The argument 'context' is no JSON: {error}.") from error
    values, settings = arguments.values(config, one), arguments.settings(config, one)
    if not predict and context is not None:
        return Edit(one.name, values, context, asked=arguments.asks(config, one)).with_settings(
            settings
        )
    with Progress("Predicting…", 0.4, 0.6) as progress:
        edit, said = _predicted(config, work, progress)
    if not predict:
        return edit.with_values(values)
    if said.refusal and arguments.asks(config, one).get("film", "auto") == "auto":
        raise PluginError(f"{said.refusal} Say which film it is to invert it nevertheless.")
    return edit


def _predicted(config: Any, work: Work, progress: Progress) -> tuple[Edit, Said]:
    one = work.one
    base = arguments.base_rect(config, one)
    return work.predict(
        arguments.asks(config, one), arguments.settings(config, one), base, progress
    )


def _render(work: Work, edit: Edit) -> None:
    with Progress(f"{work.one.label}…") as progress:
        path = work.render(edit, progress)
        layer = filled(work.place, work.layout, path)
        put(work.place, layer, work.one, edit)
