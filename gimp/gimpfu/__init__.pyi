from typing import NoReturn

from gimpfu import plain as gimp
from gimpfu.constants import *  # noqa: F403 - a plug-in sees them all as gimpfu's
from gimpfu.plain_pdb import Database
from gimpfu.registry import N_ as N_
from gimpfu.registry import CancelError as CancelError
from gimpfu.registry import error as error
from gimpfu.registry import register as register

# Typed as the plain back end; GIMP 3's has the same names where the host has the thing.
pdb: Database

def main() -> None: ...
def fail(msg: str) -> NoReturn: ...
