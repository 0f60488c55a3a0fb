"""The native operation is generated from the filter's declaration."""

import runpy

from hosts import ROOT

GENERATOR = ROOT / "gimp" / "gegl" / "generate.py"


def test_the_operation_is_the_declared_filter():
    made = runpy.run_path(str(GENERATOR))
    assert made["FILE"].read_text() == made["source"](), "run: python gimp/gegl/generate.py"
