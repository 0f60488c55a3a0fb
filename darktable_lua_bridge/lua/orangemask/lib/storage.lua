--- Export "Orangemask": what darktable exports is inverted, or given the look of a film.
--
-- darktable develops each picture by its own history (crop, lens, retouching) into a temporary
-- 16-bit TIFF; when all are there, they are predicted (scans as one roll) and rendered.

local dt = require "darktable"
local _ = require "orangemask/lib/text"
local bridge = require "orangemask/lib/bridge"
local controls = require "orangemask/lib/controls"
local filters = require "orangemask/lib/filters"
local render = require "orangemask/lib/render"
local system = require "orangemask/lib/system"
local tasks = require "orangemask/lib/tasks"

local storage = {}

local NAME = "orangemask"
local EXTENSION = ".tif"

local widgets = {}

local function chosen_filter()
  return filters.filters[widgets.filter.selected]
end

local function changed()
  if widgets.stack then
    widgets.stack.active = widgets.filter.selected
  end
end

local function new_widget()
  local labels, boxes = {}, {}
  widgets.controls = {}
  for index, filter in ipairs(filters.filters) do
    labels[index] = filter.label
    widgets.controls[index] = controls.for_prediction(filter)
    boxes[index] = widgets.controls[index].box
  end
  widgets.filter = dt.new_widget("combobox") {
    label = _("filter"), changed_callback = changed, table.unpack(labels),
  }
  widgets.stack = dt.new_widget("stack") {
    h_size_fixed = false, v_size_fixed = false, table.unpack(boxes),
  }
  widgets.folder = dt.new_widget("file_chooser_button") {
    title = _("folder for the results"), is_directory = true,
  }
  widgets.import = dt.new_widget("check_button") {
    label = _("import and group with the source"), value = true,
  }
  return dt.new_widget("box") {
    orientation = "vertical",
    widgets.filter,
    widgets.stack,
    dt.new_widget("label") { label = _("folder (else beside the picture)"), halign = "start" },
    widgets.folder,
    widgets.import,
  }
end

local function supported(_storage, format)
  return format.extension == "tif"
end

local function initialize(_storage, format, images)
  format.bpp = 16
  return images
end

--- Take one exported file under a name of our own: darktable's is that of the picture alone, so
-- that two pictures of one name would be one file.
local function store(_storage, image, _format, exported, _number, _total, _quality, taken)
  local path = system.temporary_path(EXTENSION)
  os.rename(exported, path)
  taken[#taken + 1] = { image = image, path = path }
end

local function predict(taken, filter, one, watch)
  local files = {}
  for index, item in ipairs(taken) do
    files[index] = item.path
  end
  local scan = one:get("scan")
  return bridge.job({
    job = "predict", filter = filter.name, files = files, settings = one:get("settings"),
    rig = scan.rig, film = scan.film, roll = filter.source == "scan" and #files > 1 or nil,
  }, watch)
end

local function output_stem(image, filter, settings)
  local name = image.filename:gsub("%.[^.]*$", "") .. render.suffix(filter.name, settings)
  return system.join(widgets.folder.value or image.path, name)
end

local function render_job(item, frame, filter, settings, used)
  return {
    job = "render",
    file = item.path,
    output = system.free_path(output_stem(item.image, filter, settings), EXTENSION, used),
    state = frame.state,
  }
end

--- Split predicted frames into those to render and lines on those not to.
local function sorted(taken, frames)
  local good, failures = {}, {}
  for index, frame in ipairs(frames) do
    if frame.ok and not frame.refusal then
      good[#good + 1] = { item = taken[index], frame = frame }
    else
      failures[#failures + 1] = frame.refusal or frame.error.message
    end
  end
  return good, failures
end

local function finish(one, made, failures)
  if not made.ok then
    failures[#failures + 1] = made.error.message
  elseif widgets.import.value then
    local brought, message = render.bring_in(made.result.output, one.item.image, one.edit)
    failures[#failures + 1] = not brought and message or nil
  end
end

local function work(taken, watch)
  local filter, one = chosen_filter(), widgets.controls[widgets.filter.selected]
  local result, message = predict(taken, filter, one, tasks.part(watch, 0, 0.5))
  if not result then
    return message
  end
  local good, failures = sorted(taken, result.frames)
  local jobs, used, settings = {}, {}, one:get("settings")
  for index, each in ipairs(good) do
    each.edit = { filter = filter.name, values = each.frame.values, settings = settings }
    jobs[index] = render_job(each.item, each.frame, filter, settings, used)
  end
  if #jobs > 0 then
    local reply, reason = bridge.request(jobs, tasks.part(watch, 0.5, 1))
    if not reply then
      return reason
    end
    for index, each in ipairs(good) do
      finish(each, reply.results[index], failures)
    end
  end
  return tasks.summary(failures, #taken)
end

local function finalize(_storage, _files, taken)
  if #taken == 0 then
    return
  end
  tasks.wait()
  tasks.run(_("Orangemask export"), function(watch)
    local fine, message = pcall(work, taken, watch)
    for _index, item in ipairs(taken) do
      os.remove(item.path)
    end
    if not fine then
      error(message, 0)
    end
    return message
  end)
end

--- Add the export to darktable's list.
function storage.register()
  dt.register_storage(
    NAME, _("Orangemask: invert C41 / film emulate"),
    store, finalize, supported, initialize, new_widget()
  )
end

--- Take the export from darktable's list.
function storage.destroy()
  dt.destroy_storage(NAME)
end

return storage
