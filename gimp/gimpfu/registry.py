"""What a plug-in registers, checked as GIMP 2.10's gimpfu checks it."""

from __future__ import absolute_import, division, print_function

import re

from gimpfu.constants import (
    PF_ADJUSTMENT,
    PF_BOOL,
    PF_BRUSH,
    PF_CHANNEL,
    PF_COLOR,
    PF_DIRNAME,
    PF_DISPLAY,
    PF_DRAWABLE,
    PF_FILE,
    PF_FILENAME,
    PF_FLOAT,
    PF_FONT,
    PF_GRADIENT,
    PF_IMAGE,
    PF_INT8,
    PF_INT16,
    PF_INT32,
    PF_ITEM,
    PF_LAYER,
    PF_OPTION,
    PF_PALETTE,
    PF_PATTERN,
    PF_RADIO,
    PF_SLIDER,
    PF_STRING,
    PF_TEXT,
    PF_VECTORS,
)

MYPY = False
if MYPY:
    from typing import Any, Callable, Dict, List, NoReturn, Optional, Sequence, Tuple

INTEGERS = (PF_INT8, PF_INT16, PF_INT32)
RANGED = (PF_SLIDER, PF_ADJUSTMENT)
CHOICES = (PF_OPTION, PF_RADIO)
TEXTS = (
    PF_STRING, PF_TEXT, PF_FILE, PF_FILENAME, PF_DIRNAME, PF_FONT, PF_BRUSH, PF_PATTERN,
    PF_GRADIENT, PF_PALETTE,
)  # fmt: skip
OBJECTS = (PF_IMAGE, PF_DRAWABLE, PF_LAYER, PF_CHANNEL, PF_ITEM, PF_VECTORS, PF_DISPLAY)
KINDS = INTEGERS + (PF_FLOAT, PF_BOOL, PF_COLOR) + RANGED + CHOICES + TEXTS + OBJECTS
NO_PARENT = object()  # type: Any  # gimp.Image.insert_layer refuses None, as in GIMP 2.10
PREFIXES = ("python-", "extension-", "plug-in-", "file-")


class error(RuntimeError):  # noqa: N801 - gimpfu's own name
    """A plug-in's declaration or its run failed."""


class CancelError(RuntimeError):
    """The user pressed Cancel in the dialog."""


class Parameter(object):
    """One parameter or result of a procedure.

    Attributes
    ----------
    kind : int
        A PF_ constant.
    name : str
        With hyphens, as the database has it.
    label : str
        What the dialog says; an underscore marks the access key.
    default : object
    extra : object
        (lowest, highest, step) of a slider or spinner, the labels of an option, the (label, value)
        pairs of a radio group; else None.
    """

    def __init__(self, entry):
        # type: (Sequence[Any]) -> None
        self.kind = entry[0]  # type: int
        self.name = canonical(entry[1])
        self.label = str(entry[2])
        self.default = entry[3] if len(entry) > 3 else None  # type: Any
        self.extra = entry[4] if len(entry) > 4 else None  # type: Any


class Procedure(object):
    """A registered procedure; see `register` for the attributes."""

    def __init__(
        self,
        name,  # type: str
        about,  # type: Tuple[str, str, str, str, str]
        label,  # type: str
        imagetypes,  # type: str
        params,  # type: List[Parameter]
        results,  # type: List[Parameter]
        function,  # type: Callable[..., Any]
        menu,  # type: Optional[str]
    ):
        # type: (...) -> None
        self.name = name
        self.blurb, self.help, self.author, self.copyright, self.date = about
        self.label = label
        self.imagetypes = imagetypes
        self.params = params
        self.results = results
        self.function = function
        self.menu = menu


PROCEDURES = {}  # type: Dict[str, Procedure]


def canonical(name):
    # type: (str) -> str
    """Return a name as the procedure database has it: with hyphens."""
    return str(name).replace("_", "-")


def register(
    proc_name,  # type: str
    blurb,  # type: str
    help,  # type: str
    author,  # type: str
    copyright,  # type: str
    date,  # type: str
    label,  # type: str
    imagetypes,  # type: str
    params,  # type: Sequence[Tuple[Any, ...]]
    results,  # type: Sequence[Tuple[Any, ...]]
    function,  # type: Callable[..., Any]
    menu=None,  # type: Optional[str]
    domain=None,  # type: Any
    on_query=None,  # type: Optional[Callable[[], Any]]
    on_run=None,  # type: Optional[Callable[[], Any]]
    run_mode_param=True,  # type: bool
):
    # type: (...) -> None
    """Register a procedure; `main` then hands it to the host.

    Parameters
    ----------
    proc_name : str
        Letters, digits, ``-`` and ``_``; ``python-fu-`` is put before it unless it begins with one
        of `PREFIXES`.
    blurb, help, author, copyright, date : str
    label : str
        Of the menu. Where `menu` is None, the whole path, its last part the label; then image
        and drawable are put before the parameters of an ``<Image>`` procedure.
    imagetypes : str
        ``RGB*``, ``*`` and so on; empty for a procedure that needs no image.
    params, results : list of tuple
        (PF_ constant, name, label, default[, extra]), see `Parameter`; of results the first three.
    function : callable
        Gets the parameters' values in their order.
    menu : str or None
        ``<Image>/Filters/Film``.
    domain, on_query, on_run, run_mode_param
        Taken and not used: translation and hooks of GIMP 2's own query.

    Raises
    ------
    error
        An illegal name, too short a tuple, a type that is no PF_ constant.
    """
    _check_name("procedure", proc_name)
    for what, entries, least in (("parameter", params, 4), ("result", results, 3)):
        for entry in entries:
            _check_entry(what, entry, least)
    name = canonical(proc_name)
    if not name.startswith(PREFIXES):
        name = "python-fu-" + name
    entries = list(params)
    if menu is None and "/" in label:
        menu, label = label.rsplit("/", 1)
        if menu.startswith("<Image>"):
            entries[:0] = [
                (PF_IMAGE, "image", "Input image", None),
                (PF_DRAWABLE, "drawable", "Input drawable", None),
            ]
    about = (blurb, help, author, copyright, date)
    parameters = [Parameter(entry) for entry in entries]
    PROCEDURES[name] = Procedure(
        name, about, label, imagetypes, parameters, [Parameter(one) for one in results], function,
        menu,
    )  # fmt: skip


def _check_name(what, name):
    # type: (str, str) -> None
    if not re.match(r"[A-Za-z0-9_-]+\Z", name):
        raise error("%s name %r has other characters than A-Z, a-z, 0-9, - and _" % (what, name))


def _check_entry(what, entry, least):
    # type: (str, Sequence[Any], int) -> None
    if len(entry) < least:
        raise error("a %s has at least %d elements: %r" % (what, least, entry))
    if entry[0] not in KINDS:
        raise error("%r begins with no PF_ constant" % (entry,))
    _check_name(what, entry[1])
    if what == "parameter" and entry[0] in RANGED + CHOICES and len(entry) < 5:
        raise error("%s lacks its fifth element: limits and step, or the choices" % entry[1])


def N_(message):
    # type: (str) -> str
    """Return a message, marked for translation."""
    return message
