"""The bridge in this process, and real darktables where they can be had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hosts import Host
from hosts.darktable import SUITES, darktable, shared_folder
from orangemask_bridge.cli import main
from scans import write_scan

ODD = "a b 'ü\" %q"  # blanks, quotes, an umlaut and a percent sign


@pytest.fixture(scope="session", params=list(SUITES))
def host(request: pytest.FixtureRequest) -> Host:
    """Return a darktable of each version; mark the test `darktable`."""
    return darktable(request.param)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that a host sees under the same path."""
    with shared_folder() as path:
        (path / "luts").mkdir()
        yield path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Give a folder with an odd name and a scan in it."""
    folder = tmp_path / ODD
    write_scan(folder / "scan ü%.tif", 120, 180)
    (folder / "luts").mkdir()
    return folder


@pytest.fixture
def do(tmp_path: Path, capsys):
    """Run jobs in this process; return the exit status and the reply."""
    from bridge import read_lua, write_job  # skips without lupa

    def doing(*jobs, **members):
        status = main(["run", str(write_job(tmp_path, *jobs, **members))])
        out, _ = capsys.readouterr()
        return status, read_lua(Path(members["reply"]).read_bytes() if "reply" in members else out)

    return doing


@pytest.fixture
def one(do, work: Path):
    """Return the prediction of the scan."""
    scan = next(work.glob("*.tif"))
    status, reply = do({"job": "predict", "files": [str(scan)], "model": "physical"})
    assert status == 0
    return reply["results"][0]["result"]["frames"][0]
