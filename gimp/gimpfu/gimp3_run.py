"""Registered procedures as a plug-in of GIMP 3: arguments, dialog, undo group, errors."""

from __future__ import annotations

import re
import sys
import traceback
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib, GObject  # noqa: E402 - the version comes first

from gimpfu.constants import (  # noqa: E402
    PF_BOOL,
    PF_CHANNEL,
    PF_DIRNAME,
    PF_DRAWABLE,
    PF_FILE,
    PF_FILENAME,
    PF_FLOAT,
    PF_IMAGE,
    PF_LAYER,
    PF_OPTION,
    PF_SLIDER,
)
from gimpfu.gimp3 import wrapped  # noqa: E402
from gimpfu.registry import (  # noqa: E402
    CHOICES,
    INTEGERS,
    PROCEDURES,
    RANGED,
    TEXTS,
    CancelError,
    Parameter,
    Procedure,
    error,
)

FILES = (PF_FILE, PF_FILENAME, PF_DIRNAME)
ADDERS = {PF_LAYER: "layer", PF_DRAWABLE: "drawable", PF_CHANNEL: "channel", PF_IMAGE: "image"}
HEADS = ([PF_IMAGE], [PF_IMAGE, PF_DRAWABLE], [PF_IMAGE, PF_LAYER])
LARGEST = 2**31 - 1
ANY = 1e9  # limit of a float without limits
READWRITE = GObject.ParamFlags.READWRITE


def split(procedure: Procedure) -> tuple[list[Parameter], list[Parameter]]:
    """Return the parameters that GIMP 3 gives by itself (image and drawable), and the others.

    Raises
    ------
    error
        The procedure has no image, or results: this back end has neither.
    """
    count = next((n for n, one in enumerate(procedure.params) if one.kind not in HEADS[-1]
                  and one.kind != PF_DRAWABLE), len(procedure.params))  # fmt: skip
    count = min(count, 2)
    head = procedure.params[:count]
    if [one.kind for one in head] not in HEADS or procedure.results:
        raise error(
            f"{procedure.name}: on GIMP 3 a procedure begins with PF_IMAGE and PF_DRAWABLE, and "
            "has no results"
        )
    return head, procedure.params[count:]


def label_of(parameter: Parameter) -> str:
    """Return a label with an access key, which GIMP 3 wants of every one."""
    return parameter.label if "_" in parameter.label else "_" + parameter.label


def choices_of(parameter: Parameter) -> list[tuple[str, str, Any]]:
    """Return nick, label and value of each choice; nicks are what scripts write."""
    pairs = parameter.extra
    if parameter.kind == PF_OPTION:
        pairs = [(label, place) for place, label in enumerate(parameter.extra)]
    found: dict[str, tuple[str, str, Any]] = {}
    for label, value in pairs:
        nick = re.sub(r"[^a-z0-9]+", "-", label.replace("_", "").lower()).strip("-") or "choice"
        while nick in found:
            nick += "-2"
        found[nick] = (nick, label.replace("_", ""), value)
    return list(found.values())


def add_argument(procedure: Any, one: Parameter) -> None:
    """Declare a parameter to GIMP 3.

    Raises
    ------
    error
        GIMP 3 has nothing for it here: a colour, a path, a display.
    """
    about = (one.name, label_of(one), one.label.replace("_", ""))
    if one.kind in RANGED:
        low, high = one.extra[:2]
        whole = all(isinstance(number, int) for number in (one.default, *one.extra))
        add = procedure.add_int_argument if whole else procedure.add_double_argument
        add(*about, low, high, one.default, READWRITE)
    elif one.kind in INTEGERS:
        procedure.add_int_argument(*about, -LARGEST - 1, LARGEST, int(one.default), READWRITE)
    elif one.kind == PF_FLOAT:
        procedure.add_double_argument(*about, -ANY, ANY, float(one.default), READWRITE)
    elif one.kind == PF_BOOL:
        procedure.add_boolean_argument(*about, bool(one.default), READWRITE)
    elif one.kind in CHOICES:
        choice = Gimp.Choice.new()
        chosen = choices_of(one)
        for place, (nick, label, _) in enumerate(chosen):
            choice.add(nick, place, label, "")
        default = next(nick for nick, _, value in chosen if value == one.default)
        procedure.add_choice_argument(*about, choice, default, READWRITE)
    elif one.kind in FILES:
        action = Gimp.FileChooserAction
        way = action.SELECT_FOLDER if one.kind == PF_DIRNAME else action.OPEN
        procedure.add_file_argument(*about, way, False, None, READWRITE)
    elif one.kind in TEXTS:
        procedure.add_string_argument(*about, one.default or "", READWRITE)
    elif one.kind in ADDERS:
        getattr(procedure, f"add_{ADDERS[one.kind]}_argument")(*about, True, READWRITE)
    else:
        raise error(f"{one.name}: GIMP 3 has no argument for a parameter of kind {one.kind} here")


def value_of(config: Any, one: Parameter) -> Any:
    """Return a parameter's value as GIMP 2.10 would hand it over."""
    if one.kind in CHOICES:
        return choices_of(one)[config.get_choice_id(one.name)][2]
    value = config.get_property(one.name)
    if one.kind in FILES:
        return None if value is None else value.get_path()
    return wrapped(value)


def asked(native: Any, config: Any, others: list[Parameter]) -> bool:
    """Show the dialog and return whether the user pressed OK."""
    gi.require_version("GimpUi", "3.0")
    from gi.repository import GimpUi  # needs a display

    GimpUi.init(native.get_name())
    dialog = GimpUi.ProcedureDialog.new(native, config, None)
    for one in others:
        if one.kind == PF_SLIDER:
            dialog.get_scale_entry(one.name, 1.0)
    dialog.fill(None)
    done = bool(dialog.run())
    dialog.destroy()
    return done


def run(native: Any, mode: Any, image: Any, drawables: Any, config: Any, _data: Any) -> Any:
    """Run a procedure for GIMP; what goes wrong becomes GIMP's own failure status."""
    procedure = PROCEDURES[native.get_name()]
    head, others = split(procedure)
    status = Gimp.PDBStatusType
    if len(head) > 1 and len(drawables) != 1:
        return failed(native, status.CALLING_ERROR, f"choose one layer, not {len(drawables)}")
    if mode == Gimp.RunMode.INTERACTIVE and others and not asked(native, config, others):
        return native.new_return_values(status.CANCEL, None)
    values = [wrapped(image), *map(wrapped, drawables)][: len(head)]
    image.undo_group_start()
    try:
        procedure.function(*values, *(value_of(config, one) for one in others))
    except CancelError:
        return native.new_return_values(status.CANCEL, None)
    except Exception as failure:  # noqa: BLE001 - it is another's code
        traceback.print_exc()
        return failed(native, status.EXECUTION_ERROR, str(failure) or type(failure).__name__)
    finally:
        image.undo_group_end()
        Gimp.displays_flush()
    return native.new_return_values(status.SUCCESS, None)


def failed(native: Any, status: Any, words: str) -> Any:
    """Return GIMP's answer for a failure."""
    domain = GLib.quark_from_string("gimpfu")
    return native.new_return_values(status, GLib.Error.new_literal(domain, words, 0))


class GimpFu(Gimp.PlugIn):  # type: ignore[misc] # gi has no types
    """The plug-in that GIMP 3 asks for the procedures."""

    def do_set_i18n(self, _name: str) -> bool:
        """Say that there are no translations."""
        return False

    def do_query_procedures(self) -> list[str]:
        """Return the names."""
        return list(PROCEDURES)

    def do_create_procedure(self, name: str) -> Any:
        """Return a procedure, declared."""
        declared = PROCEDURES[name]
        _, others = split(declared)
        made = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        made.set_image_types(declared.imagetypes)
        made.set_documentation(declared.blurb, declared.help, name)
        made.set_attribution(declared.author, declared.copyright, declared.date)
        made.set_menu_label(declared.label)
        if declared.menu:
            made.add_menu_path(declared.menu)
        for one in others:
            add_argument(made, one)
        return made


def main() -> None:
    """Hand the registered procedures to GIMP, which calls them."""
    Gimp.main(GimpFu.__gtype__, sys.argv)
