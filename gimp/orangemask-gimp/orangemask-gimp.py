#!/usr/bin/env python3
"""Orangemask in GIMP 3: Filters ▸ Film."""

from __future__ import annotations

import sys
import traceback
from typing import Any

import gi

for _name, _version in (("Gimp", "3.0"), ("GimpUi", "3.0"), ("Gegl", "0.4"), ("Babl", "0.1")):
    gi.require_version(_name, _version)
gi.require_version("Gtk", "3.0")

from gi.repository import Gegl, Gimp, GimpUi, GLib  # noqa: E402

from orangemask_gimp.arguments import add_arguments  # noqa: E402
from orangemask_gimp.declared import declared_filters, find_declared  # noqa: E402
from orangemask_gimp.places import log_file  # noqa: E402
from orangemask_gimp.problems import PluginError, StoppedError  # noqa: E402
from orangemask_gimp.run import run_filter  # noqa: E402

SHORTCUTS = {"invert-c41": "Invert _C41…", "film-emulate": "Film _Emulate…"}


def run(
    procedure: Any, mode: Any, image: Any, drawables: list[Any], config: Any, _data: Any
) -> Any:
    """Run one procedure; every failure becomes one message."""
    one = find_declared(procedure.get_name())
    if mode == Gimp.RunMode.INTERACTIVE:
        GimpUi.init(procedure.get_name())
    Gegl.init(None)
    status = Gimp.PDBStatusType
    try:
        run_filter(procedure, mode, image, list(drawables), config, one)
    except StoppedError:
        return procedure.new_return_values(status.CANCEL, None)
    except PluginError as problem:
        return _failed(procedure, str(problem))
    except Exception as error:  # noqa: BLE001  a defect of ours; GIMP would say "crashed" alone
        with log_file().open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        return _failed(
            procedure,
            f"Orangemask has a defect: {type(error).__name__}: {error}. Please report it with the "
            f"end of {log_file()}.",
        )
    return procedure.new_return_values(status.SUCCESS, None)


def _failed(procedure: Any, message: str) -> Any:
    domain = GLib.quark_from_string("orangemask")
    error = GLib.Error.new_literal(domain, message, 0)
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, error)


class Orangemask(Gimp.PlugIn):
    """The plug-in: a procedure for each filter."""

    def do_set_i18n(self, _name: str) -> bool:
        """Say that nothing is translated yet."""
        return False

    def do_query_procedures(self) -> list[str]:
        """Return the procedures' names."""
        return [one.procedure for one in declared_filters()]

    def do_create_procedure(self, name: str) -> Any:
        """Make one procedure."""
        one = find_declared(name)
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("RGB*")
        mask = Gimp.ProcedureSensitivityMask
        procedure.set_sensitivity_mask(mask.DRAWABLE | mask.DRAWABLES)
        procedure.set_menu_label(SHORTCUTS.get(one.name, f"{one.label}…"))
        procedure.add_menu_path("<Image>/Filters/Film")
        procedure.set_icon_name(GimpUi.ICON_GEGL)
        text = f"{one.doc[:1].upper()}{one.doc[1:]}"
        procedure.set_documentation(text, f"{text}, by nine predicted values", name)
        procedure.set_attribution("Orangemask", "GPL-3.0-or-later", "2026")
        add_arguments(procedure, one)
        return procedure


Gimp.main(Orangemask.__gtype__, sys.argv)
