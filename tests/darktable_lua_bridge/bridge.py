"""Requests to the bridge, and its replies as Python data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

lupa = pytest.importorskip("lupa.lua54", reason="lupa is not installed: pip install lupa")

COMMAND = [sys.executable, "-m", "orangemask_bridge.cli"]


def read_lua(text: str | bytes) -> Any:
    """Return what a chunk returns, run as the panel runs it: without anything around it."""
    if isinstance(text, bytes):
        text = text.decode("ascii")
    lua = lupa.LuaRuntime(encoding="utf-8")
    load = lua.eval("function(text) return assert(load(text, 'reply', 't', {}))() end")
    return plain(load(text))


def plain(value: Any) -> Any:
    """Return Lua data as Python's; a table with a first element is a list."""
    if not lupa.lua_type(value):
        return value
    if value[1] is not None:
        return [plain(each) for each in value.values()]
    return {name: plain(each) for name, each in value.items()}


def write_job(folder: Path, *jobs: dict[str, Any], **members: Any) -> Path:
    """Write a request and return its path."""
    path = folder / "job.json"
    path.write_text(json.dumps({"protocol": 1, "jobs": list(jobs), **members}), "utf-8")
    return path


def start(*words: object, **how: Any) -> subprocess.Popen[bytes]:
    """Start the bridge in a process of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen([*COMMAND, *map(str, words)], **{"env": environment, **pipes, **how})
