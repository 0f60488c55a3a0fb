"""The paths and units of negadoctor's sliders, in a real darktable's darkroom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lua_window import darktable
from negatives import negative, values, write_tiff

from hosts import Host
from orangemask_bridge.conversion import values_to_negadoctor
from orangemask_bridge.reading import Reading

pytestmark = pytest.mark.darktable

ROUNDED = 0.0051  # a slider set by an action keeps the two digits that it shows


def test_each_slider_takes_and_tells_its_number(host: Host, folder: Path) -> None:
    scan = write_tiff(folder / "scan.tif", negative())
    module = values_to_negadoctor(values(), Reading())
    module = replace(module, black=0.05, soft_clip=0.6, exposure=0.8).within_range()
    with darktable(host, [scan], f"actions-{host.root.name}") as running:
        running.darkroom(scan.name)
        running.do('dt.gui.action("iop/negadoctor", "enable", "on", 1.0)')
        for action in module.actions():
            running.do(f'dt.gui.action("{action["path"]}", "value", "set", {action["value"]!r})')
        for action in module.actions():
            told = running.number(f'dt.gui.action("{action["path"]}", "value", "set", 0/0)')
            assert told == pytest.approx(action["value"], abs=ROUNDED), action["path"]
