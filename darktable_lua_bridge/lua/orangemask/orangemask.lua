--[[
    This file is part of Orangemask, free software: you can redistribute it and/or modify it under
    the terms of the GNU General Public License, version 3 or later.
]]
--[[
    Orangemask inverts scans of colour negatives and gives photographs the look of film.

    A small network predicts nine numbers for each picture; they stay nine sliders, in a panel in
    lighttable and darkroom. The result becomes ordinary modules in darktable's history, or a
    16-bit TIFF beside the picture. There is an export, too.

    ADDITIONAL SOFTWARE
    orangemask-bridge, a program that comes with Orangemask. Choose it in preferences > Lua options.

    USAGE
    require "orangemask/orangemask" in luarc, or start it with script_manager.
]]

local dt = require "darktable"

local API = 9 -- the oldest Lua interface with all that is used here: darktable 4.2

local major = tonumber(dt.configuration.api_version_string:match("^%d+"))
if major < API then
  error("orangemask needs darktable 4.2 or later, this is " .. dt.configuration.version)
end

local _ = require "orangemask/lib/text"
local bridge = require "orangemask/lib/bridge"
local panel = require "orangemask/lib/panel"
local preferences = require "orangemask/lib/preferences"
local storage = require "orangemask/lib/storage"

local MODULE = "orangemask"
local POSITION = 990 -- near the top, under darktable's own

local script_data = {}

script_data.metadata = {
  name = _("Orangemask"),
  purpose = _("invert scans of colour negatives; give photographs the look of film"),
  author = "Orangemask",
  help = "https://docs.darktable.org/lua/stable/"
}

local events = {
  ["selection-changed"] = function()
    panel.refresh()
  end,
  ["view-changed"] = function(_event, _before, view)
    panel.enter(view)
  end,
  ["darkroom-image-loaded"] = function(_event, _clean, image)
    panel.open(image)
  end,
  ["exit"] = function()
    bridge.stop()
  end,
}

local function register_events()
  for event, called in pairs(events) do
    dt.register_event(MODULE, event, called)
  end
end

local function destroy()
  for event in pairs(events) do
    dt.destroy_event(MODULE, event)
  end
  storage.destroy()
  bridge.stop()
  dt.gui.libs[MODULE].visible = false
end

local function restart()
  register_events()
  storage.register()
  dt.gui.libs[MODULE].visible = true
end

local function show()
  dt.gui.libs[MODULE].visible = true
end

preferences.register(bridge.test)
storage.register()
dt.register_lib(
  MODULE,
  _("Orangemask"),
  true, -- expandable
  true, -- with a reset button
  {
    [dt.gui.views.lighttable] = { "DT_UI_CONTAINER_PANEL_RIGHT_CENTER", POSITION },
    [dt.gui.views.darkroom] = { "DT_UI_CONTAINER_PANEL_LEFT_CENTER", POSITION },
  },
  panel.new()
)
register_events()

script_data.destroy = destroy
script_data.destroy_method = "hide"
script_data.restart = restart
script_data.show = show

return script_data
