--- The preferences of Orangemask: which program is the bridge.

local dt = require "darktable"
local _ = require "orangemask/lib/text"

local preferences = {}

local SCRIPT = "orangemask"
local EXECUTABLE = "executable"
local ON_PATH = "orangemask-bridge" -- where nothing is chosen or installed

--- Return the path of the bridge: chosen, as `orangemask install` wrote it, or its bare name for
--- the system to find.
function preferences.executable()
  local chosen = dt.preferences.read(SCRIPT, EXECUTABLE, "string")
  if chosen ~= "" then return chosen end
  local found, place = pcall(require, "orangemask/place")
  return found and place.bridge or ON_PATH
end

local function choose(chooser)
  if chooser.value then
    dt.preferences.write(SCRIPT, EXECUTABLE, "string", chooser.value)
  end
end

--- Add the preference, with a button that calls `test`, to darktable's Lua options.
function preferences.register(test)
  local chooser = dt.new_widget("file_chooser_button") {
    title = _("the program orangemask-bridge"),
    is_directory = false,
  }
  local button = dt.new_widget("button") {
    label = _("test"),
    tooltip = _("start the program and show its version"),
    clicked_callback = function()
      choose(chooser)
      test()
    end,
  }
  local box = dt.new_widget("box") {
    orientation = "horizontal",
    reset_callback = function() -- called when the dialogue opens
      chooser.value = dt.preferences.read(SCRIPT, EXECUTABLE, "string")
    end,
    chooser,
    button,
  }
  dt.preferences.register(
    SCRIPT,
    EXECUTABLE,
    "lua",
    _("Orangemask: program orangemask-bridge"),
    _("none chosen: found on the system's path, which exists on Linux only"),
    "",
    box,
    function() -- called when the dialogue closes
      choose(chooser)
    end
  )
end

return preferences
