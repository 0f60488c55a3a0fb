"""Our values as a history, rendered by real darktables, beside our own picture."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from negatives import negative, values, write_tiff
from numpy.typing import NDArray

from dng import mosaic_of, write_dng
from hosts import Host
from hosts.darktable import render, run_lua
from orangemask.curves import SRGB
from orangemask.decode import open_image
from orangemask.encode.icc import profile
from orangemask.film_base import NO_BASE
from orangemask.filters import Context, find_filter
from orangemask.render import full_transform, read_as
from orangemask.spaces import space
from orangemask.values import Values
from orangemask_bridge.difference import delta_e_2000, light_to_lab
from orangemask_bridge.history import (
    History,
    Step,
    emulation,
    inversion,
    off_copies,
    off_steps,
    write_table,
)
from orangemask_bridge.negadoctor import Negadoctor
from orangemask_bridge.reading import reading_of
from orangemask_bridge.sidecar import parse_sidecar, sidecar_text
from orangemask_bridge.structs import NEGADOCTOR, encode
from orangemask_bridge.style import parse_style, style_text

pytestmark = pytest.mark.darktable

SHOWN = space("srgb")
EXACT = 2e-4  # of the output: its 16 bits, and darktable's floats
MEAN, LARGE = 0.5, 3.0  # ΔE2000: mean, and 99th percentile, over patches more colourful than usual


def ours(path: Path, given: Values) -> NDArray[np.float64]:
    """Return our picture of a scan, sRGB codes."""
    image = open_image(path, encoding="auto")
    one = find_filter(given.filter)
    transform = full_transform(image.transfer, one, read_as(image, one, given), SHOWN)
    return np.clip(transform(image.pixels.astype(np.float64) / 65535.0), 0.0, 1.0)


def difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    return delta_e_2000(*(light_to_lab(SRGB(codes), SHOWN) for codes in (one, other)))


def shown(host: Host, folder: Path, path: Path, history: History, **how) -> NDArray[np.float64]:
    write_table(history, folder / "luts")
    sidecar = path.with_name(path.name + ".xmp")
    sidecar.write_text(sidecar_text(history.steps), "utf-8")
    (picture,) = render(host, folder, [(path, sidecar)], **how)
    return picture


@dataclass(frozen=True)
class Kind:
    """A way a scan's codes stand for light."""

    encode: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    profile: bytes | None
    encoding: str


KINDS = {
    "linear": Kind(lambda light: light, None, "linear"),
    "sRGB": Kind(SRGB.inverse, profile(space("srgb")), "srgb"),
    "Display P3": Kind(SRGB.inverse, profile(space("display-p3")), "srgb"),
    "Adobe RGB": Kind(space("adobe-rgb").encode, profile(space("adobe-rgb")), "gamma:2.19921875"),
    "ProPhoto": Kind(space("prophoto").encode, profile(space("prophoto")), "icc"),
}


@pytest.mark.parametrize("name", list(KINDS))
def test_a_tiff_is_shown_as_ours(host: Host, folder: Path, name: str) -> None:
    kind = KINDS[name]
    scan = write_tiff(folder / "scan ü 100%.tif", kind.encode(negative()), kind.profile)
    assert open_image(scan).encoding == kind.encoding
    given = values(kind.encoding)
    history = inversion(given, reading_of(kind.encoding, scan))
    apart = difference(shown(host, folder, scan, history), ours(scan, given))
    assert apart.mean() < MEAN
    assert np.percentile(apart, 99) < LARGE


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_raw_file_is_shown_as_ours(host: Host, folder: Path, orientation: int) -> None:
    codes = np.rint(512 + negative(edge=12) * (16383 - 512)).astype(np.uint16)
    scan = write_dng(
        folder / "scan.dng", mosaic_of(codes), black=512, white=16383, orientation=orientation,
        color_matrix=(0.9, -0.3, -0.1, -0.4, 1.2, 0.2, -0.05, 0.15, 0.6),
        as_shot_neutral=(0.5, 1.0, 0.7),
    )  # fmt: skip
    given = values()
    reading = reading_of("linear", scan)
    assert reading.raw
    got, want = shown(host, folder, scan, inversion(given, reading)), ours(scan, given)
    assert got.shape == want.shape
    # Where patches meet two ways to interpolate a mosaic differ; their middles do not.
    apart = difference(got, want)[6::12, 6::12]
    assert apart.mean() < MEAN
    assert np.percentile(apart, 99) < LARGE


def test_negadoctor_prints_as_the_formula_says(host: Host, folder: Path) -> None:
    module = Negadoctor(
        (0.7, 0.35, 0.2), (1.2, 1.0, 0.8), (0.9, 1.0, 1.2), 2.4, -0.1, 0.06, 5.0, 0.7, 0.95
    ).within_range()
    scan = write_tiff(folder / "scan.tif", negative())
    history = inversion(values(), reading_of("linear", scan))
    steps = list(history.steps[:1])  # the profiles
    changed = history.steps[1]
    steps.append(type(changed)(changed.operation, NEGADOCTOR.version, encode(module.pack())))
    sidecar = folder / "scan.xmp"
    sidecar.write_text(sidecar_text(steps), "utf-8")
    (got,) = render(host, folder, [(scan, sidecar)], profile="LIN_REC2020")
    codes = open_image(scan).pixels.astype(np.float64) / 65535.0
    np.testing.assert_allclose(got, module(codes), atol=EXACT)


def test_a_style_does_what_the_sidecar_does_and_switches_off_the_rest(
    host: Host, folder: Path
) -> None:
    codes = np.rint(512 + negative() * (16383 - 512)).astype(np.uint16)
    scan = write_dng(folder / "scan.dng", mosaic_of(codes), black=512, white=16383)
    history = inversion(values(), reading_of("linear", scan))
    by_sidecar = shown(host, folder, scan, history)
    version = (5, 4) if "54" in host.root.name else (5, 0)
    style = folder / "one.dtstyle"
    steps = (*off_steps(version), *history.steps)
    style.write_text(style_text("orangemask: a test", "", steps), "utf-8")
    (folder / "scan.dng.xmp").unlink()
    output = folder / "by-style.tif"
    told = run_lua(
        host,
        folder,
        f"""
        local image = dt.database.import("{scan}")
        dt.styles.import("{style}")
        local style
        for _, one in ipairs(dt.styles) do
          if one.name == "orangemask: a test" then style = one end
        end
        style:apply(image)  -- dt.styles.apply waits for a window
        local tiff = dt.new_format("tiff")
        tiff.bpp = 16
        tiff:write_image(image, "{output}")
        dt.styles.create(image, "afterwards, all of it", "")
        for _, one in ipairs(dt.styles) do
          if one.name == "afterwards, all of it" then one:export("{folder}", true) end
        end
        """,
        {"plugins/lighttable/export/icctype": "1"},
    )
    assert "version mismatch" not in told
    by_style = open_image(output).pixels / 65535.0
    np.testing.assert_allclose(by_style, by_sidecar, atol=EXACT)
    (kept,) = folder.glob("afterwards*.dtstyle")
    enabled = {step.operation: step.enabled for step in parse_style(kept.read_text(), "it")}
    assert enabled["negadoctor"] and enabled["lut3d"] and enabled["temperature"]
    assert not any(enabled.get(step.operation, False) for step in off_steps(version))


def test_a_sidecar_keeps_the_crop_and_what_it_switches_off(host: Host, folder: Path) -> None:
    scan = write_tiff(folder / "scan.tif", negative())
    crop = Step("crop", 1, encode(struct.pack("<4f2i", 0.25, 0.0, 1.0, 0.5, 0, 0)))
    exposure = Step("exposure", 7, "")
    before = parse_sidecar(sidecar_text([crop, exposure]), "before")
    history = inversion(values(), reading_of("linear", scan))
    steps = (*off_copies(before.steps), *history.steps)
    whole = shown(host, folder, scan, history)
    sidecar = folder / "cropped.xmp"
    sidecar.write_text(sidecar_text(steps, before), "utf-8")
    (cropped,) = render(host, folder, [(scan, sidecar)])
    h, w = whole.shape[:2]
    assert abs(cropped.shape[0] - h // 2) <= 1
    assert abs(cropped.shape[1] - w * 3 // 4) <= 1
    np.testing.assert_allclose(cropped[4:-4, 4:-4][:100, :100],
                               whole[4:-4, w // 4 + 4 : -4][:100, :100], atol=EXACT)  # fmt: skip


def test_a_look_of_film_is_shown_as_ours(host: Host, folder: Path) -> None:
    one = find_filter("film-emulate")
    settings = one.checked_settings({})
    given = Values(one.name, one.defaults(), Context(NO_BASE, settings=settings))
    steps = np.linspace(0.02, 0.98, 12)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(48, 36, 3)
    photo = write_tiff(folder / "photo.tif", np.repeat(np.repeat(grid, 6, 0), 6, 1),
                       profile(SHOWN))  # fmt: skip
    history = emulation(given)
    got = shown(host, folder, photo, history)
    image = open_image(photo, photograph=True)
    transform = full_transform(image.transfer, one, read_as(image, one, given), SHOWN)
    want = np.clip(transform(image.pixels.astype(np.float64) / 65535.0), 0.0, 1.0)
    assert difference(got, want).mean() < MEAN
