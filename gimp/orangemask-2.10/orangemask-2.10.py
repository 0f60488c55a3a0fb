#!/usr/bin/env python2
# -*- coding: utf-8 -*-
"""Orangemask for GIMP 2.10: Filters > Film > Invert C41 and Film Emulate.

A gimpfu script in the Python that 2.7 and 3 share. It hands the layer to the command `orangemask`
as a 16-bit TIFF in a private folder, with the layer's own codes and the image's own profile, and
puts the result above it as a new layer. README-2.10.md says how to install it.
"""

from __future__ import absolute_import, division, print_function

import json
import os
import shutil
import signal

from orangemask_engine import PluginError, find_engine, new_folder, run_engine
from orangemask_files import ICC, PIXEL_TAGS, is_linear_space, space_of, tiff_profile
from orangemask_lists import FILTERS

import gimpfu
from gimpfu import gimp, pdb

MYPY = False
if MYPY:
    from typing import Any, Callable, Dict, List, Optional, Tuple

EDIT = "orangemask-edit"  # parasite of a result, the same as the GIMP 3 plug-in's
ENCODINGS = ("auto", "linear", "srgb")
LASTING = gimpfu.PARASITE_PERSISTENT | gimpfu.PARASITE_UNDOABLE
WIDEST = "prophoto"  # for images in a space that the command does not know


def is_linear(image):
    # type: (Any) -> bool
    """Return whether codes are linear light: of precision 100, 200... they are, of 150... not."""
    return int(pdb.gimp_image_get_precision(image)) % 100 < 50


def hand_over(image, layer, path):
    # type: (Any, Any, str) -> None
    """Write a layer's own codes, in 16 bits, and the image's profile as a TIFF."""
    precision = pdb.gimp_image_get_precision(image)
    sheet = pdb.gimp_image_new_with_precision(layer.width, layer.height, gimpfu.RGB, precision)
    try:
        profile = image.parasite_find("icc-profile")
        if profile is not None:
            sheet.parasite_attach(profile)
        copy = pdb.gimp_layer_new_from_drawable(layer, sheet)
        pdb.gimp_image_insert_layer(sheet, copy, None, 0)
        copy.set_offsets(0, 0)
        copy.opacity = 100.0
        copy.visible = True
        if copy.mask is not None:
            copy.remove_mask(gimpfu.MASK_DISCARD)
        sixteen = gimpfu.PRECISION_U16_LINEAR if is_linear(image) else gimpfu.PRECISION_U16_GAMMA
        if precision != sixteen:
            pdb.gimp_image_convert_precision(sheet, sixteen)
        pdb.file_tiff_save(sheet, copy, path, path, 0)
    finally:
        gimp.delete(sheet)


def read_back(path, image):
    # type: (str, Any) -> Any
    """Return the command's result as a layer that the image does not hold yet."""
    own = image.parasite_find("icc-profile")
    # GIMP's conversion between the two precisions of a linear space is wrong (3.0.4): it shall
    # open the file as linear, which the profile in the file makes it do.
    linear = own is not None and is_linear(image) and is_linear_space(space_of(own.data))
    profile = tiff_profile(path, PIXEL_TAGS + (ICC,) if linear else PIXEL_TAGS)
    loaded = pdb.file_tiff_load(path, path)
    try:
        if linear and not is_linear(loaded):
            raise PluginError(
                "GIMP converted the result on opening it: set Preferences > Color Management > "
                "File Open behaviour to keep the embedded profile"
            )
        if own is not None and profile is not None and space_of(own.data) is None:
            # Written in `WIDEST`, which GIMP shall convert.
            own = gimp.Parasite("icc-profile", LASTING, profile)
        if own is not None:
            loaded.parasite_attach(own)
        return pdb.gimp_layer_new_from_drawable(loaded.layers[0], image)
    finally:
        gimp.delete(loaded)


def earlier_edit(image, layer, one):
    # type: (Any, Any, Dict[str, Any]) -> Tuple[Any, Optional[Dict[str, Any]]]
    """Return the layer to work from, and what an earlier run of the same filter made of it."""
    parasite = layer.parasite_find(EDIT)
    if parasite is not None:
        try:
            edit = json.loads(parasite.data.decode("ascii"))
            source = image.get_layer_by_tattoo(int(edit["source"]["tattoo"]))
            if edit["filter"] == one["name"] and edit["context"] and source is not None:
                return source, edit
        except (KeyError, TypeError, ValueError):
            pass  # of a newer version: the layer is a picture like another
    return layer, None


def base_rectangle(image, layer):
    # type: (Any, Any) -> List[str]
    """Return the option that takes film base from the selection, nothing if there is none."""
    some, left, top, right, bottom = pdb.gimp_selection_bounds(image)
    if not some:
        return []
    x, y = layer.offsets
    left, right = max(left - x, 0), min(right - x, layer.width)
    top, bottom = max(top - y, 0), min(bottom - y, layer.height)
    if right <= left or bottom <= top:
        raise PluginError("the selection is beside the layer: select film base on it, or nothing")
    return ["--base-rect", "%d,%d,%d,%d" % (left, top, right - left, bottom - top)]


def untagged(image, scan):
    # type: (Any, bool) -> str
    """Return how codes without a profile are read: as the command reads the same file."""
    depth = int(pdb.gimp_image_get_precision(image)) // 100  # 1: 8 bits; 5 and more: floats
    tiff = (image.filename or "").lower().endswith((".tif", ".tiff"))
    return "linear" if tiff and (depth >= 5 or (depth > 1 and scan)) else "srgb"


def options(one, image, source, folder, chosen, saved):
    # type: (Dict[str, Any], Any, Any, str, Dict[str, Any], Optional[Dict[str, Any]]) -> List[str]
    """Write what the command reads into the folder, and return its options."""
    entered = os.path.join(folder, "in.tif")
    hand_over(image, source, entered)
    profile = image.parasite_find("icc-profile")
    encoding = ENCODINGS[int(chosen["encoding"])]
    if is_linear(image):
        encoding = "auto"
    elif encoding == "auto" and profile is None:
        encoding = untagged(image, one["scan"])
    if encoding == "auto" and tiff_profile(entered) is None:
        raise PluginError(
            "GIMP wrote no colour profile: switch on Preferences > Image Import & Export > "
            "Export the image's color profile by default"
        )
    space = space_of(None if profile is None else profile.data) or WIDEST
    words = [one["verb"], entered, "-o", os.path.join(folder, "out.tif"), "--depth", "16"]
    words += ["--compression", "none", "--space", space, "--encoding", encoding]
    words += [] if one["scan"] else ["--light", "display"]
    if saved is not None and not chosen["predict"]:
        params = os.path.join(folder, "params.json")
        content = {"orangemask": 1, "filter": one["name"]}  # type: Dict[str, Any]
        content.update(values=saved["values"], context=saved["context"])
        with open(params, "w") as file:
            json.dump(content, file)
        words += ["--params", params]
    else:
        words += base_rectangle(image, source) if chosen.get("base") else []
        for name, choices in one["found"]:
            words += ["--" + name, choices[int(chosen[name])]]
    if not chosen["predict"]:
        for param in one["params"]:
            words += ["--set", "%s=%r" % (param[0], float(chosen[param[0]]))]
    for setting in one["settings"]:
        value = chosen[setting[0]]
        value = setting[2][int(value)][0] if len(setting) == 3 else value
        words += ["--" + setting[0].replace("_", "-"), str(value)]
    return words


def apply_filter(one, image, layer, chosen):
    # type: (Dict[str, Any], Any, Any, Dict[str, Any]) -> None
    """Render a layer and put the result above it, or in the place of an earlier result."""
    if image.base_type != gimpfu.RGB:
        raise PluginError(
            "the image is grey or indexed: choose Image > Mode > RGB, then run it again"
        )
    if not isinstance(layer, gimp.Layer) or pdb.gimp_item_is_group(layer):
        raise PluginError("this is a channel, mask or group: choose a layer, then run it again")
    source, saved = earlier_edit(image, layer, one)
    engine = find_engine()
    gimp.progress_init("%s..." % one["label"])
    folder = new_folder()
    try:
        words = engine + options(one, image, source, folder, chosen, saved)
        warnings = run_engine(words, folder, pdb.gimp_progress_pulse)
        written = os.path.join(folder, "out.tif")
        with open(written + ".orangemask.json", "rb") as file:
            edit = json.loads(file.read().decode("utf-8"))
        result = read_back(written, image)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    kept = {name: edit[name] for name in ("orangemask", "filter", "model", "values", "context")}
    kept["predicted"] = edit["values"] if chosen["predict"] else None
    kept.update(asked={}, source={"tattoo": source.tattoo, "layer": source.name})
    result.name = one["label"]
    result.set_offsets(*source.offsets)
    result.parasite_attach(gimp.Parasite(EDIT, LASTING, json.dumps(kept)))
    image.undo_group_start()
    try:
        place, parent = pdb.gimp_image_get_item_position(image, layer), layer.parent
        if saved is not None:
            image.remove_layer(layer)  # first: two layers have no common name
        else:
            source.visible = False
        pdb.gimp_image_insert_layer(image, result, parent, place)
        if not chosen.get("base") and pdb.gimp_selection_bounds(image)[0]:
            result.add_mask(result.create_mask(gimpfu.ADD_SELECTION_MASK))
    finally:
        image.undo_group_end()
    if chosen["predict"]:
        remember(one, edit["values"])
    for warning in warnings:
        gimp.message("%s: %s" % (one["label"], warning.split(": ", 1)[-1]))


def parameters(one):
    # type: (Dict[str, Any]) -> List[Tuple[Any, ...]]
    """Return what gimpfu asks the user, the picture's own first."""
    asked = [
        (gimpfu.PF_IMAGE, "image", "Image", None),
        (gimpfu.PF_DRAWABLE, "drawable", "Layer", None),
        (gimpfu.PF_TOGGLE, "predict", "Predict the nine values below", True),
    ]  # type: List[Tuple[Any, ...]]
    if one["scan"]:
        asked.append((gimpfu.PF_TOGGLE, "base", "Film base from the selection", True))
    asked.append((gimpfu.PF_OPTION, "encoding", "Encoding", 0, ENCODINGS))
    for name, choices in one["found"]:
        asked.append((gimpfu.PF_OPTION, name, label_of(name), 0, choices))
    for numbers in one["params"]:
        name, unit, default = numbers[:3]
        label = label_of(name) + (" (%s)" % unit if unit else "")
        asked.append((gimpfu.PF_SLIDER, name, label, default, numbers[3:]))
    for setting in one["settings"]:
        name, default = setting[:2]
        if len(setting) == 3:
            labels = tuple(label for _, label in setting[2])
            asked.append((gimpfu.PF_OPTION, name, label_of(name), default, labels))
        else:
            kind = gimpfu.PF_SPINNER if isinstance(default, int) else gimpfu.PF_SLIDER
            asked.append((kind, name, label_of(name), default, setting[2:]))
    return asked


def label_of(name):
    # type: (str) -> str
    """Return a parameter's label."""
    return name.replace("_", " ").capitalize()


def remember(one, values):
    # type: (Dict[str, Any], Dict[str, float]) -> None
    """Let GIMP 2.10's next dialog open with the predicted values, ready to be changed.

    It opens with what gimpfu's shelf keeps of the last: image, layer and the other arguments.
    """
    try:
        from gimpshelf import shelf  # type: ignore[import-not-found]
    except ImportError:  # GIMP 3 keeps last values itself
        return
    key = "python-fu-save--python-fu-orangemask-" + one["name"]
    if shelf.has_key(key):
        last = zip([asked[1] for asked in parameters(one)], shelf[key])
        shelf[key] = tuple(values.get(name, value) for name, value in last)


def end(_number, _frame):
    # type: (int, Any) -> None
    """Leave on a signal in a way that runs every `finally`."""
    raise SystemExit(1)


def runner(one):
    # type: (Dict[str, Any]) -> Callable[..., None]
    """Return what gimpfu calls with the image, the layer and the parameters' values."""
    names = [asked[1] for asked in parameters(one)[2:]]

    def run(image, layer, *values):
        # type: (Any, Any, *Any) -> None
        before = signal.signal(signal.SIGTERM, end)
        try:
            apply_filter(one, image, layer, dict(zip(names, values)))
        except (
            PluginError,
            RuntimeError,
            EnvironmentError,
        ) as error:  # GIMP's own are RuntimeError
            gimpfu.fail("%s: %s" % (one["label"], error))
        finally:
            signal.signal(signal.SIGTERM, before)

    return run


for declared in FILTERS:
    gimpfu.register(
        "orangemask-" + declared["name"],
        declared["doc"],
        "The nine values are predicted, or set by hand. The result is a new layer; run the filter "
        "again on it to render it anew from its source.",
        "Orangemask", "Orangemask, GPL-3.0-or-later", "2026",
        declared["label"] + "...", "RGB*", parameters(declared), [], runner(declared),
        menu="<Image>/Filters/Film",
    )  # fmt: skip
gimpfu.main()
