--- darktable's own history: writes an edit into it as ordinary modules, and reads one back.
--
-- The bridge writes a style; darktable applies it as one step that undo takes back. The style
-- replaces the modules it names and leaves all others, so crop and rotation stay. To import, apply
-- and delete it takes 0.06 s in darktable 5.0.1 and 5.4.1, and two toasts over the picture. So in
-- the darkroom a moved slider sets negadoctor's own sliders (`dt.gui.action`: 2 ms to read one,
-- 7 to 30 ms to set it, undone in one step with those that follow at once), and only what these
-- cannot show takes a style when the user is done. `apply_sidecar` hangs darktable if the darkroom
-- shows the picture, and replaces the whole history.

local dt = require "darktable"
local _ = require "orangemask/lib/text"
local bridge = require "orangemask/lib/bridge"
local pictures = require "orangemask/lib/pictures"
local system = require "orangemask/lib/system"

local history = {}

local TOLERANCE = 1e-4 -- of a slider: darktable's hold 32-bit floats
local NOT_A_NUMBER = 0 / 0 -- as a value it makes `dt.gui.action` tell the present one

local TABLE_MODULE = "lut3d" -- holds what negadoctor cannot

local created = 0

--- Return a new name for a style. All are of one length, so that none contains another:
-- `dt.styles.create` never returns where an existing name contains the new one.
local function style_name()
  created = created + 1
  return string.format("Orangemask %08x-%06d", os.time(), created)
end

local function find_style(name)
  for index = #dt.styles, 1, -1 do
    local style = dt.styles[index]
    if style.name == name then
      return style
    end
  end
end

--- Apply the style in a file to a picture and forget the style; return whether it was there.
-- The picture in the darkroom gets it as by a shortcut, in darktable's main thread; by
-- `dt.styles.apply` the modules on the screen are changed from ours (darktable 5.4.1 crashed once).
local function apply_style(image, file, name)
  dt.styles.import(file)
  local style = find_style(name)
  if style then
    if pictures.is_shown(image) then
      dt.gui.action("global/styles/" .. name, "", "", 1.0)
    else
      dt.styles.apply(style, image)
    end
    style:delete()
  end
  return style ~= nil
end

--- Write all of a picture's history to a file and return its path; nil where there is none.
local function export(image)
  local name = style_name()
  local style = dt.styles.create(image, name, "")
  if not style then
    return nil
  end
  style:export(dt.configuration.tmp_dir, true)
  style:delete()
  return system.join(dt.configuration.tmp_dir, name .. ".dtstyle")
end

local function style_job(item, file, name)
  return {
    job = "style",
    state = item.edit.state,
    values = item.edit.values,
    settings = item.edit.settings,
    file = pictures.path(item.image),
    style = file,
    name = name,
    lut_root = dt.preferences.read("darktable", "plugins/darkroom/lut3d/def_path", "string"),
    darktable = dt.configuration.version,
  }
end

local function apply_one(item, job, result)
  if not result.ok then
    return result.error.message
  elseif not apply_style(item.image, job.style, job.name) then
    return string.format(_("darktable did not take the style for %s"), item.image.filename)
  end
  item.edit.applied = true
  item.edit.table = result.result.lut
  return nil
end

--- Write edits into the histories of their pictures.
--
-- items: a list of `{image, edit}`. Returns a list of lines, one for each picture that was left as
-- it was, or nil and a line if nothing was done.
function history.apply(items, watch)
  local jobs = {}
  for index, item in ipairs(items) do
    jobs[index] = style_job(item, system.temporary_path(".dtstyle"), style_name())
    jobs[index].existing = export(item.image) -- so that only what is on is switched off
  end
  local reply, message = bridge.request(jobs, watch)
  local failures = {}
  for index, job in ipairs(jobs) do
    if reply then
      failures[#failures + 1] = apply_one(items[index], job, reply.results[index])
    end
    os.remove(job.style)
    os.remove(job.existing or job.style)
  end
  if not reply then
    return nil, message
  end
  return failures
end

local function shown_value(path)
  return dt.gui.action(path, "value", "set", NOT_A_NUMBER)
end

--- Set negadoctor's sliders in the darkroom to an edit; return whether any had to move, or nil and
-- a line if that cannot be done. The table behind negadoctor stays, see `settle`.
function history.move(item)
  local edit = item.edit
  local result, message = bridge.job {
    job = "negadoctor", state = edit.state, values = edit.values, file = pictures.path(item.image),
  }
  if not result then
    return nil, message
  end
  local moved = false
  for _index, action in ipairs(result.actions) do
    if math.abs(shown_value(action.path) - action.value) > TOLERANCE then
      dt.gui.action(action.path, "value", "set", action.value)
      moved = true
    end
  end
  return moved
end

--- Leave only one module in the style of a file: darktable's history grows by each it applies.
local function keep_only(operation, file)
  local text = system.read(file)
  text = text:gsub("<plugin>.-</plugin>", function(plugin)
    return plugin:match("<operation>(.-)</operation>") ~= operation and "" or nil
  end)
  system.write(file, text)
end

--- Bring into the history what `move` cannot, if there is any; return a line if that fails.
function history.settle(item)
  local job = style_job(item, system.temporary_path(".dtstyle"), style_name())
  local result, message = bridge.job(job)
  if result and result.lut ~= item.edit.table then
    keep_only(TABLE_MODULE, job.style)
    message = apply_one(item, job, { ok = true, result = result })
  end
  os.remove(job.style)
  return message
end

--- Have the bridge do `job` with the history of a picture as its `style`.
-- Returns the bridge's answer, or nil and a line.
function history.ask(image, job, watch)
  local file = export(image)
  if not file then
    return nil, string.format(_("%s has no history to read"), image.filename)
  end
  job.style, job.file = file, pictures.path(image)
  local result, message = bridge.job(job, watch)
  os.remove(file)
  return result, message
end

return history
