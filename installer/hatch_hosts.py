"""Hatch's hook: the plug-ins and scripts go into the wheel as orangemask/hosts.

`force-include` in pyproject.toml would put copies into editable installations too, which then
grow stale; these find the folders in the checkout (orangemask/install/shipped.py).
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HOSTS = {
    "gimp/orangemask-gimp": "orangemask/hosts/orangemask-gimp",
    "gimp/orangemask-2.10": "orangemask/hosts/orangemask-2.10",
    "darktable_lua_bridge/lua/orangemask": "orangemask/hosts/orangemask",
}


class HostsHook(BuildHookInterface):  # type: ignore[type-arg, misc]
    """Adds the folders to a wheel that is no editable one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folders."""
        if version == "standard":
            build_data["force_include"].update(HOSTS)
