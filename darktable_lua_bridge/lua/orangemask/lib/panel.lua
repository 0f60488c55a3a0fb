--- The panel in lighttable and darkroom, and what its buttons do.

local dt = require "darktable"
local _ = require "orangemask/lib/text"
local controls = require "orangemask/lib/controls"
local edits = require "orangemask/lib/edits"
local filters = require "orangemask/lib/filters"
local history = require "orangemask/lib/history"
local live = require "orangemask/lib/live"
local pictures = require "orangemask/lib/pictures"
local predict = require "orangemask/lib/predict"
local render = require "orangemask/lib/render"
local tasks = require "orangemask/lib/tasks"

local panel = {}

local NOTHING = _("no prediction yet")
local PREDICTED = 0.7 -- part of the work that prediction is, where more follows

local parts = {} -- one controls.new for each filter, in the order of the list
local widgets = {}
local selected = 1 -- of `parts`; as the list of filters shows
local insisting = false -- whether pictures that look like positives are worked on, too
local following = true -- whether sliders act at once in the darkroom
local shown -- picture whose edit the sliders show
local film_base -- linear light of bare film that the user has pointed at, or nil

local function current()
  return parts[selected]
end

local function shown_edit()
  return shown and edits.get(shown, current().filter.name)
end

local function differ(one, other)
  for name, value in pairs(one) do
    if other[name] ~= value then
      return true
    end
  end
  return false
end

--- Put what the sliders show into the edit that they belong to; tell whether anything changed.
local function keep()
  local edit = shown_edit()
  if not edit then
    return false
  end
  local values, settings = current():get("values"), current():get("settings")
  if not differ(values, edit.values) and not differ(settings, edit.settings) then
    return false
  end
  edit.values, edit.settings = values, settings
  return true
end

--- Tell what is known of the edit shown; the tooltip has the lines that are too long.
local function show_status()
  local edit = shown_edit()
  local short, all = NOTHING, NOTHING
  if edit then
    short, all = predict.described(edit)
  end
  widgets.status.label, widgets.status.tooltip = short, all
end

--- In the darkroom: bring what the user has moved into the history. Called every few moments.
local function follow()
  local edit = following and shown_edit()
  if not edit or tasks.busy() or (edit.refusal and not insisting) then
    return
  end
  local item = { image = shown, edit = edit }
  local message = live.follow(item, keep(), current().filter.source == "scan")
  if message then
    dt.print(message)
  end
end

--- Show the edit of a picture, or of the picture to work on.
function panel.show(image)
  shown = image
  local edit = shown_edit()
  if edit then
    current():set("values", edit.values)
    current():set("settings", edit.settings)
  end
  show_status()
  if edit and pictures.in_darkroom() then
    live.start(follow) -- darktable may have opened in the darkroom, of which no event tells
  end
end

--- Keep what is shown, then show the picture to work on now.
--
-- Nothing is asked of darktable before anything was predicted: its events come even before its
-- main loop runs, when whoever asks for a widget makes it hang (see live.lua).
function panel.refresh(image)
  if edits.any() and not dt.control.ending then
    keep()
    panel.show(image or pictures.chosen()[1])
  end
end

local function choices()
  local scan = current():get("scan")
  return {
    settings = current():get("settings"), rig = scan.rig, film = scan.film, base = film_base,
  }
end

--- Predict pictures and show the first; return a list of lines on those that failed, or nil, line.
local function predict_pictures(images, watch)
  local failures, message = predict.run(images, current().filter, choices(), watch)
  panel.show(images[1])
  return failures, message
end

--- Add to each edit what the user moved since the values of the first were shown.
local function move_all(images)
  local first = shown_edit()
  local before = first and edits.copy(first.values)
  if not first or not keep() then
    return
  end
  for _index, image in ipairs(images) do
    local edit = edits.get(image, first.filter)
    if edit and edit ~= first then
      for name, value in pairs(first.values) do
        edit.values[name] = edit.values[name] + value - before[name]
      end
      edit.settings = edits.copy(first.settings)
    end
  end
end

--- Return the edits of pictures, predicted where there is none: a list of {image, edit}, and
-- a list of lines on the others; or nil and a line.
local function edits_of(images, watch)
  local filter, missing = current().filter, {}
  for _index, image in ipairs(images) do
    if not edits.get(image, filter.name) then
      missing[#missing + 1] = image
    end
  end
  local failures = {}
  if #missing > 0 then
    local message
    failures, message = predict.run(missing, filter, choices(), watch)
    if not failures then
      return nil, message
    end
  end
  local items = {}
  for _index, image in ipairs(images) do
    local edit = edits.get(image, filter.name)
    if edit and edit.refusal and not insisting then
      failures[#failures + 1] = edit.refusal
    elseif edit then
      items[#items + 1] = { image = image, edit = edit }
    end
  end
  return items, failures
end

--- Do `work(items, watch)` with the edits of the pictures chosen.
-- Returns a line for the user, or nil.
local function with_edits(work, watch)
  local images = pictures.chosen()
  if #images == 0 then
    return _("select one or more pictures first")
  end
  move_all(images)
  local before = shown_edit()
  local items, failures = edits_of(images, tasks.part(watch, 0, PREDICTED))
  if not items then
    return failures
  end
  if not before then
    panel.show(images[1])
  end
  if #items > 0 then
    local more, message = work(items, tasks.part(watch, PREDICTED, 1))
    if not more then
      return message
    end
    table.move(more, 1, #more, #failures + 1, failures)
  end
  return tasks.summary(failures, #images)
end

local function press_predict()
  tasks.run(_("predicting"), function(watch)
    local images = pictures.chosen()
    if #images == 0 then
      return _("select one or more pictures first")
    end
    local failures, message = predict_pictures(images, watch)
    return message or tasks.summary(failures, #images)
  end)
end

local function press_apply()
  tasks.run(_("applying to the history"), function(watch)
    return with_edits(history.apply, watch)
  end)
end

local function press_render()
  tasks.run(_("rendering"), function(watch)
    return with_edits(render.run, watch)
  end)
end

local function reset_one(kind, name)
  local edit = shown_edit()
  local control = current()[kind][name]
  local value = edit and kind == "values" and edit.predicted[name] or control.param.default
  current():set(kind, { [name] = value })
end

local function press_reset()
  for name in pairs(current().values) do
    reset_one("values", name)
  end
end

local function press_read()
  tasks.run(_("reading the history"), function(watch)
    local image = pictures.chosen()[1]
    if not image then
      return _("select a picture first")
    end
    local name = current().filter.name
    local edit = edits.get(image, name)
    local job = { job = "read", filter = not edit and name or nil, state = edit and edit.state }
    local result, message = history.ask(image, job, watch)
    if not result then
      return message
    end
    edit = edit or edits.put(image, name, result, current():get("settings"))
    edit.values = edits.copy(result.values)
    edit.applied = true
    panel.show(image)
  end)
end

local function press_base()
  tasks.run(_("measuring the film base"), function(watch)
    local image = pictures.chosen()[1]
    if not image then
      return _("select a picture first")
    end
    local read, message = history.ask(image, { job = "crop" }, watch)
    if not read then
      return message
    elseif not read.crop then
      return string.format(_("crop %s to bare film first, then undo the crop"), image.filename)
    end
    local choice = current():get("scan")
    film_base, message = predict.film_base(image, current().filter, choice, read.crop, watch)
    widgets.forget_base.sensitive = film_base ~= nil
    return message or _("film base measured; predict uses it until you forget it")
  end)
end

local function press_forget_base()
  film_base = nil
  widgets.forget_base.sensitive = false
end

local function filter_changed()
  if widgets.stack then -- darktable calls this while the list is made, too
    selected = widgets.filter.selected
    widgets.stack.active = selected
    local scans = current().filter.source == "scan"
    widgets.base.sensitive, widgets.read.sensitive = scans, scans
    panel.show(shown)
  end
end

--- Follow darktable into a view.
function panel.enter(view)
  if view == dt.gui.views.darkroom then
    live.start(follow)
  else
    live.stop()
    panel.refresh()
  end
end

--- Follow darktable to another picture in the darkroom.
function panel.open(image)
  live.start(follow)
  panel.refresh(image)
end

local function button(label, tooltip, pressed)
  return dt.new_widget("button") { label = label, tooltip = tooltip, clicked_callback = pressed }
end

local function row(...)
  return dt.new_widget("box") { orientation = "horizontal", ... }
end

local function make_filter_list()
  local boxes, labels = {}, {}
  for _index, source in ipairs { "scan", "photograph" } do
    for _index, filter in ipairs(filters.filters) do
      if filter.source == source then
        parts[#parts + 1] = controls.new(filter, reset_one)
        boxes[#parts], labels[#parts] = parts[#parts].box, filter.label
      end
    end
  end
  widgets.filter = dt.new_widget("combobox") {
    label = _("filter"),
    tooltip = _("what to do with the pictures"),
    changed_callback = filter_changed,
    table.unpack(labels),
  }
  widgets.stack = dt.new_widget("stack") {
    h_size_fixed = false, v_size_fixed = false, table.unpack(boxes),
  }
end

--- Return the widget of the panel; to be called once.
function panel.new()
  make_filter_list()
  widgets.status = dt.new_widget("label") { label = NOTHING, halign = "start", ellipsize = "end" }
  widgets.insist = dt.new_widget("check_button") {
    label = _("even if it looks like a positive"),
    tooltip = _("apply and render pictures that the model takes for positives, too"),
    value = false,
    clicked_callback = function(box)
      insisting = box.value
    end,
  }
  widgets.live = dt.new_widget("check_button") {
    label = _("sliders act at once"),
    tooltip = _("in the darkroom, without pressing apply"),
    value = true,
    clicked_callback = function(box)
      following = box.value
    end,
  }
  widgets.base = button(
    _("film base from crop"),
    _("crop the picture to bare film, press this, undo the crop; predict then uses that base"),
    press_base
  )
  widgets.forget_base = button(_("forget base"), _("find the film base anew"), press_forget_base)
  widgets.forget_base.sensitive = false
  widgets.read = button(
    _("read history"),
    _("show what you have changed in negadoctor as the nine values"),
    press_read
  )
  return dt.new_widget("box") {
    orientation = "vertical",
    reset_callback = press_reset,
    widgets.filter,
    row(
      button(_("predict"), _("find the values; several scans are one roll"), press_predict),
      button(_("reset"), _("back to the predicted values"), press_reset)
    ),
    button(
      _("apply as darktable history"),
      _("as ordinary, editable modules; predicts first where needed"),
      press_apply
    ),
    button(
      _("render to TIFF"),
      _("16 bits, exactly, beside the picture and in its group; predicts first where needed"),
      press_render
    ),
    widgets.status,
    widgets.stack,
    row(widgets.base, widgets.forget_base),
    widgets.read,
    widgets.live,
    widgets.insist,
  }
end

return panel
