--- The sliders and lists of one filter, made from its declaration in filters.lua.

local dt = require "darktable"
local _ = require "orangemask/lib/text"

local controls = {}
controls.__index = controls

local DIGITS = 3

--- Return a slider for a declared number. The limits come first, since darktable clips to them.
local function new_slider(param)
  local slider = dt.new_widget("slider") {}
  slider.label = _(param.label):lower() -- as darktable writes its own
  slider.tooltip = _(param.doc) .. (param.unit ~= "" and " [" .. param.unit .. "]" or "")
  slider.hard_min, slider.hard_max = param.minimum, param.maximum
  slider.soft_min, slider.soft_max = param.slider_minimum, param.slider_maximum
  slider.step = param.step
  slider.digits = param.whole and 0 or DIGITS
  slider.value = param.default
  return slider
end

local function new_list(label, tooltip, options, default)
  local labels, selected = {}, 1
  for index, option in ipairs(options) do
    labels[index] = _(option.label)
    if option.name == default then
      selected = index
    end
  end
  local list = dt.new_widget("combobox") { label = label, tooltip = tooltip, table.unpack(labels) }
  list.selected = selected
  return list
end

local function named(names)
  local options = {}
  for index, name in ipairs(names) do
    options[index] = { name = name, label = name }
  end
  return options
end

function controls:add(widget)
  self.widgets[#self.widgets + 1] = widget
  return widget
end

function controls:add_number(kind, param)
  local number = { param = param, slider = self:add(new_slider(param)) }
  number.shown, number.exact = number.slider.value, param.default
  number.slider.reset_callback = function()
    self.reset_one(kind, param.name)
  end
  self[kind][param.name] = number
end

function controls:add_choice(kind, name, options, list)
  self[kind][name] = { options = options, list = self:add(list) }
end

function controls:add_settings(filter)
  for _index, setting in ipairs(filter.settings) do
    if setting.kind == "choice" then
      local label, tooltip = _(setting.label):lower(), _(setting.doc)
      local list = new_list(label, tooltip, setting.options, setting.default)
      self:add_choice("settings", setting.name, setting.options, list)
    else
      self:add_number("settings", setting)
    end
  end
end

--- What the prediction may be told of a scan.
function controls:add_scan(filter)
  local films, rigs = named(filter.films), named(filter.rigs)
  local film_tip = _("kind of film; auto: as the model finds")
  local rig_tip = _("light and sensor whose cross-talk is undone; auto: as the model finds")
  self:add_choice("scan", "film", films, new_list(_("film"), film_tip, films))
  self:add_choice("scan", "rig", rigs, new_list(_("scanned with"), rig_tip, rigs))
end

local function begin(filter, reset_one)
  local self = setmetatable({
    filter = filter, reset_one = reset_one, widgets = {}, values = {}, settings = {}, scan = {},
  }, controls)
  self:add_settings(filter)
  if filter.source == "scan" then
    self:add_scan(filter)
  end
  return self
end

local function finish(self)
  self.box = dt.new_widget("box") { orientation = "vertical", table.unpack(self.widgets) }
  return self
end

--- Return the controls of a filter; `box` is the widget that holds them.
-- `reset_one(kind, name)` is called when the user resets a number: "values" or "settings".
function controls.new(filter, reset_one)
  local self = begin(filter, reset_one)
  local group
  for _index, param in ipairs(filter.params) do
    if param.group ~= group then
      group = param.group
      self:add(dt.new_widget("section_label") { label = _(group) })
    end
    self:add_number("values", param)
  end
  return finish(self)
end

--- Return the controls of what a prediction is told; the nine values are not among them.
function controls.for_prediction(filter)
  local self
  self = begin(filter, function(kind, name)
    self:set(kind, { [name] = self[kind][name].param.default })
  end)
  return finish(self)
end

--- Return the number that a control shows. A slider holds 32-bit floats; one that was not moved
-- since it was set tells the number it was set to.
local function number_of(number)
  local shown = number.slider.value
  if shown ~= number.shown then
    number.shown = shown
    number.exact = math.floor(shown * 1e5 + 0.5) / 1e5
  end
  return number.exact
end

local function set_number(number, value)
  number.slider.value = value
  number.shown, number.exact = number.slider.value, value
end

--- Return what the controls of a kind show by name: "values", "settings" or "scan".
function controls:get(kind)
  local shown = {}
  for name, control in pairs(self[kind]) do
    if control.slider then
      shown[name] = number_of(control)
    else
      shown[name] = control.options[control.list.selected].name
    end
  end
  return shown
end

--- Show what is given by name; other controls stay.
function controls:set(kind, given)
  for name, value in pairs(given) do
    local control = self[kind][name]
    if control and control.slider then
      set_number(control, value)
    elseif control then
      for index, option in ipairs(control.options) do
        if option.name == value then
          control.list.selected = index
        end
      end
    end
  end
end

return controls
