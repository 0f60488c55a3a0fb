-- Runs in a real darktable: does what files in a folder say, and writes what came of it.
-- NAME.lua is a chunk; its first result, as text, goes to NAME.done with "ok" or "error" before it.

local folder, module = ...
local dt = require "darktable"
local function join(name) return folder .. "/" .. name end

-- Our scripts make their widgets through this, so that tests can press them.
local widgets = {}
local said = {} -- the toasts of our scripts
package.loaded.darktable = setmetatable({
  print = function(text)
    said[#said + 1] = text
    dt.print(text)
  end,
  new_widget = function(kind)
    return function(fields)
      local widget = dt.new_widget(kind)(fields)
      widgets[#widgets + 1] = { kind = kind, widget = widget }
      return widget
    end
  end,
}, { __index = dt })
require(module)

local environment = setmetatable({ dt = dt, widgets = widgets, said = said }, { __index = _G })

function environment.widget(kind, label, number)
  for _, one in ipairs(widgets) do
    if one.kind == kind and one.widget.label == label then
      number = (number or 1) - 1
      if number == 0 then return one.widget end
    end
  end
  error("no " .. kind .. " " .. label)
end

function environment.image(name)
  for index = 1, #dt.database do
    if dt.database[index].filename == name then return dt.database[index] end
  end
  error("no image " .. name)
end

function environment.shown_image()
  return dt.gui.views.darkroom.display_image()
end

local function work(name)
  local file = io.open(join(name .. ".lua"), "rb")
  if not file then return end
  local text = file:read("a")
  file:close()
  os.remove(join(name .. ".lua"))
  local chunk, message = load(text, name, "t", environment)
  local fine, result = false, message
  if chunk then fine, result = xpcall(chunk, debug.traceback) end
  file = io.open(join(name .. ".part"), "wb")
  file:write(fine and "ok " or "error ", tostring(result))
  file:close()
  os.rename(join(name .. ".part"), join(name .. ".done"))
end

dt.control.dispatch(function()
  local number = 1
  while not dt.control.ending do
    local name = tostring(number)
    work(name)
    local done = io.open(join(name .. ".done"))
    if done then
      done:close()
      number = number + 1
    end
    dt.control.sleep(5)
  end
end)
