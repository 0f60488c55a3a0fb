"""A model file of the user's own that maps a picture directly: sRGB codes in, sRGB codes out.

One ONNX file, without operators of its own: one input and one output (n, 3, h, w) of float32, codes
0…1. It must work pixel by pixel, which is tried when it is opened, so that a picture may be worked
in parts of any size and comes out as it would whole.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from orangemask.errors import Cancelled, ModelError, reason
from orangemask.execute import Cancel, Output, Progress, apply
from orangemask.image import Image
from orangemask.networks import load_onnxruntime
from orangemask.spaces import space
from orangemask.transforms import Curves, Matrix, Operation, Transform

LARGEST = 64 * 1024 * 1024  # bytes of a file; ours has 6 thousand
BLOCK_PIXELS = 256 * 1024  # that the network has at a time; 32 channels of it are 32 MB
TRIED = 12  # px, side of the picture that is tried whole and in parts
SAME = 1e-4  # codes; rounding in another order moves the seventh digit


@dataclass(frozen=True, slots=True, eq=False)
class PictureModel:
    """A file that was found fit.

    Attributes
    ----------
    path : Path
    sha256 : str
    """

    path: Path
    sha256: str
    session: Any  # onnxruntime.InferenceSession, untyped

    def __call__(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the codes (h, w, 3) that the model gives for codes (h, w, 3), 0…1.

        Raises
        ------
        ModelError
            It fails, or gives another shape.
        """
        given = {self.session.get_inputs()[0].name: codes.transpose(2, 0, 1)[None]}
        try:
            (found,) = self.session.run(None, given)
        except Exception as error:  # onnxruntime's own have no common base
            raise ModelError(f"{self.path} fails on a picture: {_first_line(error)}") from error
        if found.shape != (1, 3, *codes.shape[:2]):
            raise ModelError(
                f"{self.path} makes {found.shape} of a picture of {(1, 3, *codes.shape[:2])}; it "
                "must give the same"
            )
        return np.asarray(found[0].transpose(1, 2, 0), np.float32)


def open_picture_model(path: Path) -> PictureModel:
    """Return a model file, checked.

    Raises
    ------
    ModelError
        It cannot be read, is larger than 64 MB, is no ONNX that onnxruntime runs, or does not map
        pictures pixel by pixel.
    """
    onnxruntime = load_onnxruntime()
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise ModelError(
                f"{path} has {size / 1e6:.0f} MB; at most {LARGEST / 1e6:.0f} are read"
            )
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {reason(error)}") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors come as exceptions
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own have no common base
        raise ModelError(
            f"{path} is no model that can be run: {_first_line(error)}; give an ONNX file with "
            "standard operators"
        ) from error
    _check_ends(path, session)
    model = PictureModel(path, hashlib.sha256(content).hexdigest(), session)
    _check_pointwise(model)
    return model


def render_with_model_file(
    model: PictureModel,
    image: Image,
    out: Output | None = None,
    *,
    dtype: DTypeLike = np.uint16,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Output:
    """Return a picture through a model, in sRGB codes.

    Parameters
    ----------
    model : PictureModel
    image : Image
        Its light is taken to sRGB and cut off at 0 and 1, as the model knows nothing else.
    out : (h, w, 3) uint8, uint16 or float32, optional
        Filled and returned; made with `dtype` where absent.
    progress, cancel : callable, optional
        As of `execute.apply`.

    Raises
    ------
    ModelError
        The model fails.
    Cancelled
        `cancel` said so; `out` is partly filled.
    """
    if out is None:
        out = np.empty(image.pixels.shape, np.dtype(dtype))
    to_codes = _to_srgb(image)
    top = 1 if out.dtype.kind == "f" else (1 << 8 * out.dtype.itemsize) - 1  # of uint8, uint16
    height, width = image.pixels.shape[:2]
    for y in range(0, height, max(1, BLOCK_PIXELS // max(1, width))):
        if cancel is not None and cancel():
            raise Cancelled
        rows = slice(y, y + max(1, BLOCK_PIXELS // max(1, width)))
        codes = apply(to_codes, image.pixels[rows], dtype=np.float32)
        found = np.clip(model(np.clip(np.nan_to_num(codes), 0.0, 1.0)), 0.0, 1.0)
        out[rows] = found if top == 1 else np.rint(found * top)
        if progress is not None:
            progress(min(rows.stop, height) / height)
    return out


def _to_srgb(image: Image) -> Transform:
    """Return the transform from an image's codes to sRGB's."""
    srgb = space("srgb")
    operations: list[Operation] = [Curves(image.transfer)]
    if image.rgb_to_xyz is not None:
        operations.append(Matrix.of(np.linalg.solve(srgb.rgb_to_pcs, image.rgb_to_xyz)))
    operations.append(Curves(srgb.encoders))
    return Transform.of(operations)


def _check_ends(path: Path, session: Any) -> None:
    """Refuse a model whose input and output are not one picture each."""
    for kind, ends in (("input", session.get_inputs()), ("output", session.get_outputs())):
        told = ", ".join(f"{end.name} {end.type} {end.shape}" for end in ends)
        shape = ends[0].shape if len(ends) == 1 and ends[0].type == "tensor(float)" else []
        is_any_size = len(shape) == 4 and all(not isinstance(n, int) for n in shape[2:])
        if not is_any_size or shape[1] != 3 or (isinstance(shape[0], int) and shape[0] != 1):
            raise ModelError(
                f"{path}: its {kind} is {told[:200] or 'missing'}; it must be one float picture "
                "[n, 3, height, width] of any size"
            )


def _check_pointwise(model: PictureModel) -> None:
    """Refuse a model whose pixels depend on their neighbours: parts would not be the whole."""
    codes = np.random.default_rng(0).random((TRIED, TRIED, 3)).astype(np.float32)
    whole = model(codes)
    if not np.isfinite(whole).all():
        raise ModelError(f"{model.path} makes numbers of a picture that are not finite")
    for part in (np.s_[:5, :], np.s_[3:, 2:9], np.s_[7:8, 7:8]):
        if not np.allclose(model(np.ascontiguousarray(codes[part])), whole[part], atol=SAME):
            raise ModelError(
                f"{model.path} looks at more than a pixel at a time; only models that map each "
                "pixel by itself are rendered"
            )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
