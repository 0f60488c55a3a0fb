--- What is known of each picture: predicted values, and what the user made of them.
--
-- An edit is a table: `filter`, `values` and `predicted` (nine numbers by name), `settings` (by
-- name), `state` (the bridge's text: film base, rig, how the file is read), `confidence` 0…1,
-- `base` (density, origin, confidence), `refusal` and `warnings` (lines for the user), `applied`.
-- It lives as long as darktable runs; the values themselves lie in darktable's history.

local edits = {}

local known = {}

--- Return a copy of a flat table.
function edits.copy(values)
  local copied = {}
  for name, value in pairs(values or {}) do
    copied[name] = value
  end
  return copied
end

--- Return the edit of a picture by a filter, or nil.
function edits.get(image, filter)
  local edit = known[image.id]
  return edit and edit.filter == filter and edit or nil
end

--- Tell whether there is any edit.
function edits.any()
  return next(known) ~= nil
end

--- Keep what the bridge predicted for a picture.
function edits.put(image, filter, frame, settings)
  local edit = {
    filter = filter,
    values = edits.copy(frame.values),
    predicted = edits.copy(frame.values),
    settings = edits.copy(settings),
    state = frame.state,
    confidence = frame.confidence,
    base = frame.base,
    refusal = frame.refusal,
    warnings = frame.warnings or {},
    applied = false,
  }
  known[image.id] = edit
  return edit
end

--- Forget a picture, or all of them.
function edits.forget(image)
  if image then
    known[image.id] = nil
  else
    known = {}
  end
end

return edits
