"""The lighttable of a real darktable: a roll becomes positive, renders, exports."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
from lua_window import Darktable, darktable, write_roll

from hosts import Host

pytestmark = pytest.mark.darktable

COUNT = 6
EXPORT = {
    "plugins/lighttable/export/storage_name": "orangemask",
    "plugins/lighttable/export/format_name": "tiff",
}


def thumbnails(shown: Darktable, names: list[str]) -> list[np.ndarray]:
    """Return the mean colour 0…255 of small JPEGs that darktable makes of pictures."""
    from PIL import Image

    found = []
    for name in names:
        file = shown.folder / f"{name}.jpg"
        shown.do(
            f"""
            local format = dt.new_format("jpeg")
            format.max_width, format.max_height = 200, 200
            format:write_image(image("{name}"), "{file}")
            """
        )
        with Image.open(file) as small:
            found.append(np.asarray(small.convert("RGB"), float).mean((0, 1)))
    return found


def test_six_selected_negatives_become_positives(host: Host, folder) -> None:
    names = [path.name for path in write_roll(folder / "it's 50 % Größe", COUNT)]
    with darktable(host, [folder / "it's 50 % Größe"], f"lighttable-{host.root.name}") as shown:
        shown.open_panel()
        shown.select(*names)
        before = thumbnails(shown, names)
        shown.screen.shot("negatives")
        started = time.monotonic()
        shown.press("apply as darktable history")
        shown.rest()
        print(f"{COUNT} pictures applied in {time.monotonic() - started:.2f} s")
        time.sleep(4)
        shown.screen.shot("positives")
        after = thumbnails(shown, names)
        for negative, positive in zip(before, after, strict=True):
            assert negative[0] > 1.5 * negative[2]  # orange
            assert positive[2] > 1.5 * negative[2]  # no longer
        assert shown.do("return #dt.styles") == shown.do(
            "local n = 0 for _, s in ipairs(dt.styles) do "
            'if not s.name:match("^Orangemask") then n = n + 1 end end return n'
        )
        assert shown.errors() == []
        assert shown.quit() == 0
        assert shown.left_over() == []


def test_render_is_imported_and_equals_the_command_line(host: Host, folder) -> None:
    (scan,) = write_roll(folder, 1)
    with darktable(host, [scan], f"render-{host.root.name}") as shown:
        shown.open_panel()
        shown.select(scan.name)
        shown.do(f'dt.tags.attach(dt.tags.create("holiday"), image("{scan.name}"))')
        shown.press("render to TIFF")
        shown.rest()
        time.sleep(2)
        shown.screen.shot("rendered")
        made = folder / "scan-01_invert-c41.tif"
        group = f'image("{made.name}").group_leader'
        assert shown.do(f'return {group} == image("{scan.name}").group_leader') == "true"
        tags = shown.do(
            f'local t = {{}} for _, tag in ipairs(image("{made.name}"):get_tags()) do '
            't[#t + 1] = tag.name end return table.concat(t, ",")'
        )
        assert {"holiday", "orangemask|invert-c41"} <= set(tags.split(","))
        assert "red_shadows=" in shown.do(f'return image("{made.name}").notes')
        command = [sys.executable, "-m", "orangemask.cli", "invert", str(scan),
                   "--params", f"{made}.orangemask.json", "-o", folder / "cli.tif"]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        difference = tifffile.imread(made).astype(int) - tifffile.imread(folder / "cli.tif")
        assert np.abs(difference).max() <= 1  # of 65535; issue 6, bar B2
        assert shown.errors() == []
        assert shown.quit() == 0


def test_the_export_renders_what_darktable_developed(host: Host, folder) -> None:
    paths = write_roll(folder / "roll", 2)
    with darktable(host, [folder / "roll"], f"export-{host.root.name}", EXPORT) as shown:
        shown.do(
            """
            for _, one in ipairs(widgets) do
              if one.kind == "combobox" and one.widget.label == "filter" then
                one.widget.selected = 2  -- the first is the export's; filters.lua lists it second
                break
              end
            end
            dt.gui.selection({dt.database[1], dt.database[2]})
            """
        )
        time.sleep(1)
        shown.do("dt.gui.libs.export.expanded = true")
        shown.screen.shot("export")
        button = "export" if host.suite == "trixie" else "start export"  # darktable 5.0, 5.4
        shown.do(f'dt.gui.action("lib/export/{button}", "", "", 1.0)')
        for _ in range(400):
            made = [path.with_name(f"{path.stem}_invert-c41.tif") for path in paths]
            if all(path.is_file() for path in made):
                break
            time.sleep(0.1)
        shown.rest()
        time.sleep(2)
        shown.screen.shot("exported")
        for path, source in zip(made, paths, strict=True):
            assert tifffile.imread(path).shape == tifffile.imread(source).shape
        assert shown.number("#dt.database") == 4
        assert shown.errors() == []
        assert shown.quit() == 0
        assert shown.left_over() == []
        assert not list(shown.temporary.glob("*.tif"))
