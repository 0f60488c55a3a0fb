"""Film stocks: one JSON file of published facts each, ours and the user's.

Ours lie in orangemask_models/stocks. The user's are read from the folder that the variable
ORANGEMASK_STOCKS names, else from orangemask/stocks in the user's configuration folder. A file
that cannot be read is left out of `stocks` and told in `broken_stocks`: the others stay.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType

from orangemask.errors import ParameterError
from orangemask.filters import unknown
from orangemask_filters.film_emulate.material import Stock
from orangemask_filters.film_emulate.stock_file import read_paper, read_stock

VARIABLE = "ORANGEMASK_STOCKS"
MAX_FILES = 1000  # of a user's folder


def stocks() -> Mapping[str, Stock]:
    """Return every stock that can be read, by name, sorted."""
    return _read(_fingerprint())[0]


def broken_stocks() -> Mapping[str, str]:
    """Return what is wrong with each of the user's files that cannot be read, by its stem."""
    return _read(_fingerprint())[1]


def find_stock(name: str) -> Stock:
    """Return the stock called `name`.

    Raises
    ------
    ParameterError
        There is none; the message names the nearest. Or its file is broken.
    """
    known = stocks()
    if name in known:
        return known[name]
    if name in (broken := broken_stocks()):
        raise ParameterError(broken[name])
    raise ParameterError(unknown("stock", name, known))


def user_folder() -> Path:
    """Return where the user's stock files lie; the folder need not exist."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    if sys.platform == "win32":
        root = Path(os.environ.get("APPDATA") or Path.home() / "AppData/Roaming")
    elif sys.platform == "darwin":
        root = Path.home() / "Library/Application Support"
    else:
        root = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return root / "orangemask/stocks"


@lru_cache(maxsize=1)
def _own_stocks() -> dict[str, Stock]:
    """Return the stocks that are shipped; an error in one is ours, and is raised."""
    with as_file(files("orangemask_models")) as root:
        papers = {path.stem: read_paper(path) for path in (root / "papers").glob("*.json")}
        read = [read_stock(path, papers) for path in (root / "stocks").glob("*.json")]
    return {stock.name: stock for stock in read}


def _fingerprint() -> tuple[tuple[Path, int, int], ...]:
    """Return the user's files with time and size, so that a changed one is read again."""
    found = []
    try:
        paths = sorted(user_folder().glob("*.json"))[:MAX_FILES]
    except OSError:  # a folder that may not be read holds no stocks for us
        return ()
    for path in paths:
        try:
            state = path.stat()
        except OSError:  # reading it will tell
            found.append((path, 0, 0))
        else:
            found.append((path, state.st_mtime_ns, state.st_size))
    return tuple(found)


@lru_cache(maxsize=4)
def _read(
    user_files: tuple[tuple[Path, int, int], ...],
) -> tuple[Mapping[str, Stock], Mapping[str, str]]:
    """Return the stocks and what is wrong with others."""
    found, broken = dict(_own_stocks()), {}
    papers = {
        stock.film.paper.name: stock.film.paper
        for stock in found.values()
        if stock.film is not None and stock.film.paper is not None
    }
    for path, _, _ in user_files:
        try:
            if path.exists() and not path.is_file():  # a pipe would be waited for
                raise ParameterError(f"cannot read {path}: it is not a file")
            stock = read_stock(path, papers)
            if stock.name in found:
                raise ParameterError(
                    f"{path}: name '{stock.name}' is another stock's; give it a name of its own"
                )
            found[stock.name] = stock
        except ParameterError as error:
            broken[path.stem] = str(error)
    return MappingProxyType(dict(sorted(found.items()))), MappingProxyType(broken)
