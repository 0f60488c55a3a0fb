"""The dialog: nine sliders at their predicted places, and what the prediction rests on."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from gi.repository import Gdk, GimpUi, GLib, Gtk

from orangemask_gimp import arguments
from orangemask_gimp.declared import Choice, Declared, arg
from orangemask_gimp.edit import Edit
from orangemask_gimp.layers import selected_rectangle
from orangemask_gimp.live import has_operation
from orangemask_gimp.preview import Preview
from orangemask_gimp.problems import PluginError
from orangemask_gimp.progress import Progress
from orangemask_gimp.work import Said, Work

WAIT = 40  # ms without a change before the preview follows
DOUBTFUL = 0.5  # confidence below which the user is told to look


class Dialog:
    """Ask the user for an edit.

    Parameters
    ----------
    procedure, config : Gimp.Procedure, Gimp.ProcedureConfig
    one : Declared
    work : Work
    preview : Preview
    edit : Edit
        To begin with.
    said : Said or None
        What its prediction said; None where it comes of a layer.
    others : int
        Further layers that will be done after this.
    """

    def __init__(
        self,
        procedure: Any,
        config: Any,
        one: Declared,
        work: Work,
        preview: Preview,
        edit: Edit,
        said: Said | None,
        others: int,
    ) -> None:
        self._config, self._one, self._work, self._preview = config, one, work, preview
        self._edit, self._said = edit, said
        self._timer, self._setting = 0, False
        arguments.show_edit(config, one, edit)
        self._dialog = GimpUi.ProcedureDialog.new(procedure, config, one.label)
        self._build(others)
        self._config.connect("notify", self._changed)
        self._tell()

    def run(self) -> Edit | None:
        """Return the edit the user agreed to, None if it was cancelled."""
        self._refresh()
        self._stand_aside()
        agreed = self._dialog.run()
        self._dialog.destroy()
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0
        return self._current() if agreed else None

    def _stand_aside(self) -> None:
        """Open at the right edge, where the docks are, to leave the canvas free."""
        self._dialog.realize()
        display = Gdk.Display.get_default()
        monitor = display.get_monitor_at_window(self._dialog.get_window())
        area, (width, _) = monitor.get_workarea(), self._dialog.get_size()
        self._dialog.move(area.x + area.width - width - 8, area.y + 60)

    def _build(self, others: int) -> None:
        dialog, one = self._dialog, self._one
        for param in (*one.params, *one.settings):
            if isinstance(param, Choice):
                continue
            entry = dialog.get_scale_entry(arg(param.name), 1.0)
            entry.set_bounds(param.slider_minimum, param.slider_maximum, False)
            entry.set_digits(param.digits)
            entry.set_increments(param.step, param.step * 10)
        frames = []
        for group, params in one.groups.items():
            dialog.fill_box(f"{group}-box", [arg(param.name) for param in params])
            dialog.get_label(f"{group}-title", group.capitalize(), False, False)
            dialog.fill_frame(f"{group}-frame", f"{group}-title", False, f"{group}-box")
            frames.append(f"{group}-frame")
        sliders = dialog.fill_box("sliders", frames)
        sliders.set_size_request(380, -1)
        chosen = [arg(each.name) for each in (*one.settings, *one.asks)]
        options = dialog.fill_box("options", chosen)
        options.set_size_request(320, -1)
        for widget in self._own_widgets(others):
            options.pack_start(widget, False, False, 0)
        columns = dialog.fill_box("columns", ["options", "sliders"])
        columns.set_orientation(Gtk.Orientation.HORIZONTAL)
        columns.set_spacing(18)
        dialog.fill(["columns"])
        options.show_all()

    def _own_widgets(self, others: int) -> list[Any]:
        self._swatch = Gtk.DrawingArea()
        self._swatch.set_size_request(36, 36)
        self._swatch.set_valign(Gtk.Align.START)
        self._swatch.connect("draw", self._paint)
        self._words = Gtk.Label(xalign=0.0, wrap=True, max_width_chars=40, use_markup=True)
        found = Gtk.Box(spacing=8)
        if self._one.of_film:
            found.pack_start(self._swatch, False, False, 0)
        found.pack_start(self._words, True, True, 0)
        again = _button("_Predict again", "ask the network anew, with the settings above")
        again.connect("clicked", lambda _button: self._predict(None))
        widgets = [found, again]
        if self._one.of_film:
            base = _button(
                "Film _base from selection",
                "select bare film, on the preview or in the image, and predict with its colour",
            )
            base.connect("clicked", lambda _button: self._predict_by_selection())
            widgets.append(base)
        self._on = Gtk.CheckButton.new_with_mnemonic("Pre_view")
        self._split = Gtk.CheckButton.new_with_mnemonic("Sp_lit view")
        self._on.set_active(True)
        ticks = Gtk.Box(spacing=12)
        for tick in (self._on, self._split):
            tick.connect("toggled", lambda _tick: self._refresh())
            ticks.pack_start(tick, False, False, 0)
        widgets.append(ticks)
        if has_operation(self._one):
            live = GimpUi.prop_check_button_new(self._config, "live", "_Keep as a live filter")
            live.set_tooltip_text("GIMP's own filter on this layer, instead of a new layer")
            widgets.append(live)
        if others:
            text = f"{others} more selected: each gets its own prediction after this one."
            widgets.append(Gtk.Label(label=text, xalign=0.0, wrap=True, max_width_chars=40))
        return widgets

    def _current(self) -> Edit:
        values = arguments.values(self._config, self._one)
        return self._edit.with_values(values).with_settings(
            arguments.settings(self._config, self._one)
        )

    def _changed(self, _config: Any, spec: Any) -> None:
        if self._setting:
            return
        asks = {arg(each.name) for each in self._one.asks}
        chosen = {arg(each.name) for each in self._one.settings if isinstance(each, Choice)}
        follows = self._current().untouched and spec.name in chosen
        if spec.name in asks or follows:
            self._later(lambda: self._predict(arguments.base_rect(self._config, self._one)))
        else:
            self._later(self._refresh)

    def _later(self, what: Any) -> None:
        if self._timer:
            GLib.source_remove(self._timer)

        def fire() -> bool:
            self._timer = 0
            what()
            return False

        self._timer = GLib.timeout_add(WAIT, fire)

    def _refresh(self) -> None:
        try:
            edit, on = self._current(), self._on.get_active()
            self._preview.show(edit, on=on, split=self._split.get_active())
        except PluginError as problem:
            self._complain(problem)

    def _predict_by_selection(self) -> None:
        place = self._work.place
        found = self._preview.selected() or selected_rectangle(place.image, place.source)
        if found is None:
            self._complain(
                PluginError(
                    "Nothing is selected. Draw a rectangle on bare film (between frames, around "
                    "the picture, at the holes) on the preview or in the image first."
                )
            )
        else:
            self._predict(found)

    def _predict(self, base: list[int] | None) -> None:
        config, one = self._config, self._one
        try:
            with Progress("Predicting…") as progress:
                edit, said = self._work.predict(
                    arguments.asks(config, one), arguments.settings(config, one), base, progress
                )
        except PluginError as problem:
            self._complain(problem)
            return
        self._edit, self._said = edit, said
        self._setting = True
        try:
            arguments.show_edit(config, one, edit)
            arguments.show_base_rect(config, one, base)
        finally:
            self._setting = False
        self._tell()
        self._refresh()

    def _tell(self) -> None:
        self._words.set_markup(words(self._said, self._edit))
        self._swatch.queue_draw()

    def _paint(self, _area: Any, cairo: Any) -> bool:
        base = (self._said.base if self._said else self._edit.context.get("base")) or {}
        cairo.set_source_rgb(*base_colour(base.get("density", [0.0, 0.0, 0.0])))
        cairo.paint()
        return True

    def _complain(self, problem: PluginError) -> None:
        box = Gtk.MessageDialog(
            transient_for=self._dialog,
            modal=True,
            message_type=Gtk.MessageType.ERROR,
            buttons=Gtk.ButtonsType.CLOSE,
            text=str(problem),
        )
        box.run()
        box.destroy()


def base_colour(density: list[float]) -> tuple[float, float, float]:
    """Return sRGB codes 0…1 of what transmits by `density`."""
    light = [min(1.0, max(0.0, 10.0 ** -float(each))) for each in density]
    red, green, blue = (
        12.92 * each if each <= 0.0031308 else 1.055 * each ** (1 / 2.4) - 0.055 for each in light
    )
    return red, green, blue


def words(said: Said | None, edit: Edit) -> str:
    """Return, as markup, what the prediction rests on and how sure it is."""
    lines = []
    base: Mapping[str, Any] | None = said.base if said else edit.context.get("base")
    if base:
        density = " ".join(f"{each:.2f}" for each in base["density"])
        lines.append(f"Film base {density} D, {base.get('origin', 'given')}")
    if said is None:
        lines.append("As this layer was made.")
        return "\n".join(map(html.escape, lines))
    if said.confidence is not None:
        doubt = " — look closely" if said.confidence < DOUBTFUL else ""
        lines.append(f"Confidence {said.confidence:.0%}{doubt}")
    lines += said.warnings
    marked = [html.escape(line) for line in lines]
    if said.refusal:
        marked.insert(0, f"<b>{html.escape(said.refusal)}</b>")
    return "\n".join(marked)


def _button(label: str, tip: str) -> Any:
    button = Gtk.Button.new_with_mnemonic(label)
    button.set_tooltip_text(tip)
    return button
