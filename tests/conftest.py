"""What tests of the whole program share."""

from __future__ import annotations

import pytest

from orangemask.cli import main
from scans import PHYSICAL, one_lines, write_scan


@pytest.fixture
def scan(tmp_path):
    return write_scan(tmp_path / "scan.tif")


@pytest.fixture
def run(capsys):
    """Run the command in this process; return its status, stdout and stderr."""

    def running(*words):
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:  # argparse
            status = end.code
        return status, *capsys.readouterr()

    return running


@pytest.fixture
def invert(capsys):
    """Invert in this process; return the exit status and the lines of stderr."""

    def inverting(*words, how=PHYSICAL):
        status = main(["invert", *map(str, words), *how])
        out, err = capsys.readouterr()
        assert out == ""
        return status, one_lines(err)

    return inverting
