"""``orangemask emulate PHOTO… -o OUT --model FILE.onnx``: pictures through a model of one's own."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from orangemask.cli.batch import run_batch
from orangemask.cli.options import chosen_settings, told_scene
from orangemask.cli.outputs import plan_outputs
from orangemask.encode.destination import check_free
from orangemask.encode.formats import SaveOptions
from orangemask.errors import OutputError, ParameterError
from orangemask.execute import Progress
from orangemask.picture_model import PictureModel, open_picture_model, render_with_model_file
from orangemask.spaces import space

SPACE = "srgb"  # all that a model file knows


@dataclass(frozen=True, slots=True)
class Done:
    """One finished file."""

    source: Path
    output: Path
    model: PictureModel
    warnings: tuple[str, ...]

    def summary(self) -> Mapping[str, Any]:
        """Return what a program wants to know, JSON-ready."""
        return {
            "output": str(self.output),
            "source": self.source.name,
            "model": {"name": self.model.path.name, "sha256": self.model.sha256},
            "warnings": self.warnings,
        }


def run_model_file(options: argparse.Namespace) -> int:
    """Render every input through the model file; return 0, or 1 if any failed.

    Raises
    ------
    ParameterError
        Something is asked for that a model file does not heed.
    ModelError
        The file is not fit.
    """
    from orangemask.encode import pixel_dtype

    _refuse_unheeded(options)
    save = SaveOptions(options.depth, options.compression, options.quality)
    plan, folder = plan_outputs(options.inputs, options.output, options.format)
    for step in plan:
        if step.output is not None:
            pixel_dtype(step.output, save)
    model = open_picture_model(Path(options.model))
    render = partial(_render, model, save, options)
    return run_batch(plan, folder, render, as_json=options.json)


def _render(
    model: PictureModel,
    save: SaveOptions,
    options: argparse.Namespace,
    source: Path,
    output: Path,
    progress: Progress,
) -> Done:
    from orangemask.decode import open_image
    from orangemask.encode import format_of
    from orangemask.job import refuse_same, write_rendered

    if format_of(output).linear:
        raise OutputError(f"{output}: a model file gives {SPACE} codes; write TIFF, PNG or JPEG")
    refuse_same(source, output)
    check_free(output, force=options.force)
    encoding = options.encoding or "auto"
    image = open_image(source, encoding=encoding, photograph=True, scene=told_scene(options))
    fill = partial(render_with_model_file, model, image, progress=progress)
    told = write_rendered(
        source, output, image, fill, save, space=space(SPACE), force=options.force
    )
    return Done(source, output, model, (*image.warnings, *told))


def _refuse_unheeded(options: argparse.Namespace) -> None:
    """Refuse what only a filter knows: a model file is the whole rendering."""
    given = {
        "--params": options.params is not None,
        "--set": bool(options.changes),
        "--contact-sheet": getattr(options, "contact_sheet", False),
        "--space": options.space != SPACE,
        **{f"--{name}": True for name in chosen_settings(options.family[0], options)},
    }
    for option, is_given in given.items():
        if is_given:
            raise ParameterError(
                f"{option} does nothing with a model file, which is the whole rendering: leave out "
                f"{option} or --model"
            )
