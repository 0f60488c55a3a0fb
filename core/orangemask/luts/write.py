"""A look as a file: the format by extension, written beside and renamed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from orangemask.encode.destination import check_free, destination
from orangemask.errors import OutputError
from orangemask.luts.bake import DEFAULT_SIZE
from orangemask.luts.cdl import Cdl, cdl_to_xml
from orangemask.luts.clf import transform_to_clf
from orangemask.luts.cube import transform_to_cube
from orangemask.luts.hald import DEFAULT_LEVEL, size_to_level, transform_to_hald
from orangemask.transforms import Transform

FORMATS = (".cube", ".png", ".clf", ".cdl")


def describe(source: str, target: str, notes: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the comments every file should have: what goes in, what comes out, what wrote it."""
    written = f"Written by Orangemask {version('orangemask')}"
    return (f"Input: {source}", f"Output: {target}", *notes, written)


def write_lut(
    path: Path,
    transform: Transform,
    *,
    size: int | None = None,
    title: str = "",
    comments: Sequence[str] = (),
    force: bool = False,
    cdl: Cdl | None = None,
    linear: bool | None = None,
) -> None:
    """Write a transform as .cube, .png (Hald CLUT), .clf or .cdl.

    Parameters
    ----------
    path : Path
        The extension chooses the format.
    transform : Transform
        On codes in 0…1. Its effects are left out, which the file's comments then say.
    size : int, optional
        Points along an edge of the cube: for .cube 2 to 129, default 65; for .png the nearest
        square is taken, default 64; for .clf of a cube, default the cube's own.
    title : str
        Default: the file's name.
    comments : sequence of str
        See `describe`.
    force : bool
        Replace an existing file.
    cdl : Cdl, optional
        What a .cdl file holds; a transform has no exact CDL, its nine values have.
    linear : bool, optional
        Whether the input is linear light; found from the transform where absent. A .cube then gets
        a shaper; a Hald CLUT is refused unless False is said here.

    Raises
    ------
    OutputError
        The extension is unknown, the file exists, or it cannot be written.
    ParameterError
        The size is not allowed, or the format cannot hold the look.
    """
    _refuse_unknown(path)
    check_free(path, force=force)
    if transform.effects:
        names = " and ".join(effect.name for effect in transform.effects)
        comments = (*comments, f"Left out: {names}; a table looks at each pixel alone")
        transform = transform.without_effects()
    content = _encode(path, transform, size, title or path.stem, comments, cdl, linear)
    with destination(path, force=force) as part:
        part.write_bytes(content)


def _encode(
    path: Path,
    transform: Transform,
    size: int | None,
    title: str,
    comments: Sequence[str],
    cdl: Cdl | None,
    linear: bool | None,
) -> bytes:
    suffix = path.suffix.lower()
    if suffix == ".cube":
        edge = DEFAULT_SIZE if size is None else size
        return transform_to_cube(transform, edge, title=title, comments=comments, linear=linear)
    if suffix == ".png":
        level = DEFAULT_LEVEL if size is None else size_to_level(size)
        return transform_to_hald(
            transform, level, title=title, comments=comments, allow_linear=linear is False
        )
    if suffix == ".clf":
        return transform_to_clf(transform, size=size, title=title, comments=comments)
    if cdl is None:
        raise OutputError(
            f"cannot write {path}: this look has no shadows, midtones and highlights in density "
            "for a CDL; give .cube, .png or .clf"
        )
    return cdl_to_xml(cdl, title=title, comments=comments)


def _refuse_unknown(path: Path) -> None:
    if path.suffix.lower() not in FORMATS:
        raise OutputError(
            f"cannot write {path}: unknown format {path.suffix or 'without extension'}; "
            f"give {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        )
