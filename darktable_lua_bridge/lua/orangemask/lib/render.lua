--- Renders edits to TIFF with the engine, exactly, and brings the results into darktable.

local dt = require "darktable"
local _ = require "orangemask/lib/text"
local bridge = require "orangemask/lib/bridge"
local filters = require "orangemask/lib/filters"
local pictures = require "orangemask/lib/pictures"
local system = require "orangemask/lib/system"

local render = {}

local EXTENSION = ".tif"

--- Return what is put behind the name of a picture that a filter made.
function render.suffix(filter_name, settings)
  return settings and settings.stock and "_" .. settings.stock or "_" .. filter_name
end

local function param_names(filter_name)
  local names = {}
  for _index, filter in ipairs(filters.filters) do
    if filter.name == filter_name then
      for index, param in ipairs(filter.params) do
        names[index] = param.name
      end
    end
  end
  return names
end

--- Return an edit as a line of text: filter, settings, the nine values.
local function as_text(edit)
  local parts = { edit.filter }
  if edit.settings and edit.settings.stock then
    parts[2] = "stock=" .. edit.settings.stock
  end
  for _index, name in ipairs(param_names(edit.filter)) do
    local number = string.format("%.4f", edit.values[name]):gsub(",", ".")
    parts[#parts + 1] = name .. "=" .. number
  end
  return table.concat(parts, " ")
end

--- Import a file that was made of `source`: in its group, with its tags, and what made it.
function render.bring_in(file, source, edit)
  local made = dt.database.import(file)
  if not made then
    return nil, string.format(_("%s is written, but darktable did not import it"), file)
  end
  made:group_with(source)
  made:make_group_leader()
  for _index, tag in ipairs(dt.tags.get_tags(source)) do
    if not tag.name:match("^darktable|") then -- darktable's own notes on the source
      dt.tags.attach(tag, made)
    end
  end
  dt.tags.attach(dt.tags.create("orangemask|" .. edit.filter), made)
  made.notes = as_text(edit)
  return made
end

--- Render edits beside their pictures.
--
-- items: a list of `{image, edit}`. Returns a list of lines, one for each picture of which nothing
-- was made, or nil and a line if the bridge did nothing.
function render.run(items, watch)
  local jobs, taken = {}, {}
  for index, item in ipairs(items) do
    local stem = pictures.path(item.image):gsub("%.[^./\\]*$", "")
    stem = stem .. render.suffix(item.edit.filter, item.edit.settings)
    jobs[index] = {
      job = "render",
      file = pictures.path(item.image),
      output = system.free_path(stem, EXTENSION, taken),
      state = item.edit.state,
      values = item.edit.values,
      settings = item.edit.settings,
    }
  end
  local reply, message = bridge.request(jobs, watch)
  if not reply then
    return nil, message
  end
  local failures = {}
  for index, item in ipairs(items) do
    local result = reply.results[index]
    local made, reason
    if result.ok then
      made, reason = render.bring_in(result.result.output, item.image, item.edit)
    end
    if not made then
      failures[#failures + 1] = reason or result.error.message
    end
  end
  return failures
end

return render
