"""The darkroom of a real darktable: predict, drag, history, undo. Screenshots: out/darktable."""

from __future__ import annotations

import time

import pytest
import tifffile
from lua_window import SAMPLE, Darktable, brightness, darktable, write_roll

from dng import mosaic_of, write_dng
from hosts import Host

pytestmark = pytest.mark.darktable

SLIDERS = (
    "D max", "scan exposure bias", "paper grade (gamma)", "paper black (density correction)",
    "print exposure adjustment", "D min red component", "illuminant red gain",
    "shadows red offset",
)  # fmt: skip
OFF = ("exposure", "channelmixerrgb", "sigmoid", "filmicrgb", "basecurve")
PICTURE = (
    400,
    250,
    700,
    300,
)  # a part of the picture on the screen, above toasts: x, y, width, height


def is_on(shown: Darktable, operation: str) -> bool:
    return shown.number(f'dt.gui.action("iop/{operation}", "enable", "", 0/0)') == 1


def setting(shown: Darktable, path: str) -> float:
    return shown.number(f'dt.gui.action("iop/{path}", "value", "set", 0/0)')


def negadoctor(shown: Darktable) -> str:
    """Return the positions of negadoctor's sliders, and the table behind it."""
    paths = ", ".join(f'"{label}"' for label in SLIDERS)
    return shown.do(
        f"""
        local told = {{}}
        for index, label in ipairs {{ {paths} }} do
          told[index] = dt.gui.action("iop/negadoctor/" .. label, "value", "set", 0/0)
        end
        local edit = require("orangemask/lib/edits").get(shown_image(), "invert-c41")
        return table.concat(told, " ") .. " " .. edit.table
        """
    )


def modules(shown: Darktable) -> list[str]:
    """Return the operations in the history of the picture shown, the newest first."""
    told = shown.do(
        """
        local image = dt.gui.views.darkroom.display_image()
        local style = dt.styles.create(image, "count " .. os.time() .. math.random(), "")
        local names = {}
        for index = 1, #style do names[index] = style[index].name end
        style:delete()
        return table.concat(names, ",")
        """
    )
    return [name.split(" ")[0] for name in told.split(",")]


def undo(shown: Darktable) -> None:
    """Undo as a user does; `dt.gui.action` holds Lua's lock in the main thread, which may hang."""
    shown.screen.key("ctrl+z")
    time.sleep(2)


def slider_place(shown: Darktable, label: str) -> tuple[int, int]:
    """Return where the mouse takes a slider, found by dragging over the panel."""
    before = shown.number(f'widget("slider", "{label}").value')
    for y in range(572, 760, 6):  # below the lists, whose menus a click would open
        shown.screen.click(110, y)
        time.sleep(0.15)
        if shown.number(f'widget("slider", "{label}").value') != before:
            return 110, y
    raise AssertionError(f"{label} is not in the panel: {shown.screen.shot('no-slider')}")


def test_predict_drag_history_undo(host: Host, folder, request) -> None:
    (scan,) = write_roll(folder, 1)
    name = f"darkroom-{host.root.name}"
    with darktable(host, [scan], name) as shown:
        shown.darkroom(scan.name)
        negative = brightness(shown.screen.shot("negative"), PICTURE)
        started = time.monotonic()
        shown.press("predict")
        shown.rest()
        print(f"predict, bridge started first: {time.monotonic() - started:.2f} s")
        values = shown.do('return widget("slider", "red shadows").value')
        assert float(values) != pytest.approx(-0.11)  # the default
        shown.screen.shot("predicted")

        x, y = slider_place(shown, "red midtones")
        shown.wait("require('orangemask/lib/edits').get("
                   f"image('{scan.name}'), 'invert-c41').applied", 5)  # fmt: skip
        shown.press("reset")  # what was moved to find the slider; the picture follows
        time.sleep(4)
        positive = brightness(shown.screen.shot("positive"), PICTURE)
        assert positive[1:].min() > negative[1:].max() + 20  # green and blue, dark behind the mask
        assert is_on(shown, "negadoctor") and is_on(shown, "lut3d")
        count = len(modules(shown))

        before = negadoctor(shown), brightness(shown.screen.shot("drag"), PICTURE)
        start = shown.number('widget("slider", "red midtones").value')
        shown.screen.drag((x, y), (x + 16, y))
        moved = time.monotonic()
        while negadoctor(shown) == before[0]:
            assert time.monotonic() - moved < 5, "negadoctor did not follow"
        took = time.monotonic() - moved
        print(f"the history follows a drag within {took:.2f} s of its end")
        assert shown.number('widget("slider", "red midtones").value') != start
        time.sleep(3)
        after = brightness(shown.screen.shot("dragged"), PICTURE)
        assert abs(after[0] - before[1][0]) > 1  # red follows, and more than the others
        assert abs(after[0] - before[1][0]) > abs(after[1] - before[1][1])
        assert set(modules(shown)[: len(modules(shown)) - count]) <= {"negadoctor", "lut3d"}

        shown.do("dt.gui.libs.history.expanded = true")
        time.sleep(0.5)
        shown.screen.shot("history")

        for _ in range(8):
            if not is_on(shown, "negadoctor"):
                break
            undo(shown)
        assert not is_on(shown, "negadoctor") and not is_on(shown, "lut3d")
        again = brightness(shown.screen.shot("undone"), PICTURE)
        assert again == pytest.approx(negative, abs=2)
        assert shown.errors() == []
        assert shown.quit() == 0
        assert shown.left_over() == []


def test_a_raw_picture_keeps_what_the_user_did(host: Host, folder) -> None:
    pixels = tifffile.imread(SAMPLE)
    even = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]
    scan = write_dng(folder / "scan.dng", mosaic_of(even))
    with darktable(host, [scan], f"raw-{host.root.name}") as shown:
        shown.darkroom(scan.name)
        assert is_on(shown, "exposure")  # darktable's own default of a raw picture
        shown.do('dt.gui.action("iop/crop", "enable", "on", 1.0)')
        shown.do('dt.gui.action("iop/crop/left", "value", "set", 0.1)')
        shown.do('dt.gui.action("iop/exposure/exposure", "value", "set", 1.25)')
        time.sleep(1.5)
        shown.press("film base from crop")
        shown.rest()
        assert shown.do("return said[#said]").startswith("film base measured")
        shown.press("forget base")
        before = {operation for operation in OFF if is_on(shown, operation)}
        shown.press("apply as darktable history")
        shown.rest()
        time.sleep(2)
        shown.screen.shot("applied")
        assert is_on(shown, "negadoctor")
        assert not [operation for operation in OFF if is_on(shown, operation)]
        assert setting(shown, "exposure/exposure") == pytest.approx(1.25, abs=1e-4)
        assert is_on(shown, "crop") and setting(shown, "crop/left") == pytest.approx(0.1, abs=1e-4)
        undo(shown)  # one step brings everything back
        assert not is_on(shown, "negadoctor")
        assert {operation for operation in OFF if is_on(shown, operation)} == before
        assert is_on(shown, "crop")
        assert shown.errors() == []
        assert shown.quit() == 0
        assert shown.left_over() == []
