"""gimpfu, GIMP 2's way to write plug-ins in Python, for plain Python and for GIMP 3.

The names and behaviour of GIMP 2.10's module as far as README.md says. Two back ends: a process
that GIMP 3 started as a plug-in gets GIMP; any other gets images in memory, for tests. Runs on
Python 2.7 and 3; in GIMP 3 on 3 alone.
"""

from __future__ import absolute_import, division, print_function

import sys

from gimpfu.constants import *  # noqa: F403 - a plug-in sees them all as gimpfu's, as in GIMP 2
from gimpfu.registry import N_, CancelError, error, register

if sys.argv[1:2] == ["-gimp"]:  # how GIMP 3 starts a plug-in
    from gimpfu import gimp3 as gimp
    from gimpfu.gimp3_pdb import pdb
    from gimpfu.gimp3_run import main
else:
    from gimpfu import plain as gimp
    from gimpfu.plain_pdb import main, pdb


def fail(msg):
    # type: (str) -> Any
    """Tell the user a message and end the procedure with it.

    Raises
    ------
    error
        Always.
    """
    gimp.message(msg)
    raise error(msg)
