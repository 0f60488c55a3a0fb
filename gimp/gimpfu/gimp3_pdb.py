"""GIMP 3's procedure database under the names, and with the calls, of GIMP 2.10's Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, Gio  # noqa: E402 - the version comes first

from gimpfu.gimp3 import Image, Layer, unwrapped, wrapped  # noqa: E402
from gimpfu.registry import canonical, error  # noqa: E402

COMPRESSIONS = ("none", "lzw", "packbits", "adobe_deflate", "jpeg")  # by GIMP 2.10's numbers


class Database:
    """`pdb`: ``pdb.gimp_image_delete(image)`` or ``pdb["gimp-image-delete"](image)``."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Callable[..., Any]:
        wanted = canonical(name)
        if wanted in RENAMED:
            return RENAMED[wanted]
        procedure = Gimp.get_pdb().lookup_procedure(wanted)
        if procedure is None:
            raise error(f"procedure not found: {wanted}")

        def call(*arguments: Any, **_run_mode: int) -> Any:
            return run(procedure, arguments)

        return call


def run(procedure: Any, arguments: tuple[Any, ...]) -> Any:
    """Run a procedure; `arguments` may lack the run mode, then it is non-interactive.

    Returns
    -------
    object
        None, the one result, or the tuple of them.

    Raises
    ------
    TypeError
        The number of arguments is wrong.
    RuntimeError
        The procedure failed; the message is GIMP's.
    """
    specs = list(procedure.get_arguments())
    config = procedure.create_config()
    if specs and specs[0].name == "run-mode" and len(arguments) == len(specs) - 1:
        config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
        specs.pop(0)
    if len(arguments) != len(specs):
        raise TypeError(
            f"{procedure.get_name()} takes {len(specs)} arguments, not {len(arguments)}"
        )
    for spec, argument in zip(specs, arguments):
        _set(config, spec, unwrapped(argument))
    result = procedure.run(config)
    if result.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise RuntimeError(Gimp.get_pdb().get_last_error())
    values = tuple(wrapped(result.index(n)) for n in range(1, result.length()))
    return values if len(values) > 1 else values[0] if values else None


def _set(config: Any, spec: Any, value: Any) -> None:
    kind = spec.value_type.name
    if kind == "GimpCoreObjectArray":
        config.set_core_object_array(spec.name, value if isinstance(value, list) else [value])
    elif kind == "GFile" and isinstance(value, str):
        config.set_property(spec.name, Gio.File.new_for_path(value))
    elif kind == "gchararray" and isinstance(value, int):  # a choice by its place, as in GIMP 2
        choice = Gimp.param_spec_choice_get_choice(spec)
        config.set_property(
            spec.name, next(one for one in choice.list_nicks() if choice.get_id(one) == value)
        )
    elif kind == "gboolean":
        config.set_property(spec.name, bool(value))
    elif value is not None:
        config.set_property(spec.name, value)


def _file_tiff_save(
    image: Image, drawable: Layer, filename: str, _raw: str, compression: int, **_run_mode: int
) -> None:
    if image.layers != [drawable]:
        raise RuntimeError("GIMP 3 exports whole images: give the layer an image of its own")
    procedure = Gimp.get_pdb().lookup_procedure("file-tiff-export")
    config = procedure.create_config()
    for name, value in (
        ("run-mode", Gimp.RunMode.NONINTERACTIVE),
        ("image", image.native),
        ("file", Gio.File.new_for_path(filename)),
        ("compression", COMPRESSIONS[compression]),
        ("save-transparent-pixels", True),
        ("include-color-profile", True),
        ("include-thumbnail", False),
    ):
        config.set_property(name, value)
    if procedure.run(config).index(0) != Gimp.PDBStatusType.SUCCESS:
        raise RuntimeError(Gimp.get_pdb().get_last_error())


def _file_tiff_load(filename: str, _raw: str, **_run_mode: int) -> Any:
    return run(Gimp.get_pdb().lookup_procedure("file-tiff-load"), (filename,))


RENAMED: dict[str, Callable[..., Any]] = {
    "file-tiff-load": _file_tiff_load,
    "file-tiff-save": _file_tiff_save,
}

pdb = Database()
