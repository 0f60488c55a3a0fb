--- Has the bridge predict the values of pictures.

local dt = require "darktable"
local _ = require "orangemask/lib/text"
local bridge = require "orangemask/lib/bridge"
local edits = require "orangemask/lib/edits"
local pictures = require "orangemask/lib/pictures"

local predict = {}

--- Return the paths of pictures, each once: duplicates of a picture share a file.
local function distinct_paths(images)
  local paths, place = {}, {}
  for _index, image in ipairs(images) do
    local path = pictures.path(image)
    if not place[path] then
      paths[#paths + 1] = path
      place[path] = #paths
    end
  end
  return paths, place
end

--- Predict pictures with one filter and keep an edit of each.
--
-- images: of darktable. filter: its declaration. choices: `settings`, `rig`, `film`, and `base`
-- (linear light of bare film), each may be nil. Several scans are one roll: analysed together,
-- with one film base. Returns a list of lines, one for each picture that could not be predicted;
-- or nil and a line if none could.
function predict.run(images, filter, choices, watch)
  local paths, place = distinct_paths(images)
  local scans = filter.source == "scan"
  local result, message = bridge.job({
    job = "predict",
    filter = filter.name,
    files = paths,
    settings = choices.settings,
    rig = scans and choices.rig or nil,
    film = scans and choices.film or nil,
    base = scans and choices.base or nil,
    roll = scans and #paths > 1 or nil,
  }, watch)
  if not result then
    return nil, message
  end
  local failures = {}
  for _index, image in ipairs(images) do
    local frame = result.frames[place[pictures.path(image)]]
    if frame.ok then
      edits.put(image, filter.name, frame, choices.settings)
    else
      failures[#failures + 1] = frame.error.message
    end
  end
  return failures
end

--- Return the film base seen at a rectangle of a picture, or nil and why not.
-- rectangle: x, y, width, height as parts 0…1 of the upright picture. The base is the linear light
-- of red, green and blue.
function predict.film_base(image, filter, choices, rectangle, watch)
  local result, message = bridge.job({
    job = "predict",
    filter = filter.name,
    files = { pictures.path(image) },
    rig = choices.rig,
    film = choices.film,
    base_rect = rectangle,
  }, watch)
  local frame = result and result.frames[1]
  if not frame or not frame.ok then
    return nil, message or frame.error.message
  end
  local light = {}
  for channel, density in ipairs(frame.base.density) do
    light[channel] = 10 ^ -density
  end
  return light
end

--- Return two texts on an edit: short lines for the panel, which wide ones would widen, and all.
function predict.described(edit)
  local lines = { string.format(_("confidence %.0f %%"), 100 * (edit.confidence or 0)) }
  if edit.base then
    local red, green, blue = table.unpack(edit.base.density)
    lines[2] = string.format(_("film base %.2f %.2f %.2f D"), red, green, blue)
  end
  local all = { table.unpack(lines) }
  if edit.base then
    all[2] = all[2] .. " (" .. edit.base.origin .. ")"
  end
  all[#all + 1] = edit.refusal
  table.move(edit.warnings, 1, #edit.warnings, #all + 1, all)
  if #all > #lines then
    lines[#lines + 1] = string.format(_("remarks: %d (point here)"), #all - #lines)
  end
  return table.concat(lines, "\n"), table.concat(all, "\n")
end

return predict
