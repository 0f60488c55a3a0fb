--- The pictures that the user means.

local dt = require "darktable"
local system = require "orangemask/lib/system"

local pictures = {}

--- Tell whether the darkroom is shown.
function pictures.in_darkroom()
  return dt.gui.current_view() == dt.gui.views.darkroom
end

--- Return the pictures to work on: the one in the darkroom, else those selected.
-- What was changed in the darkroom is saved by this.
function pictures.chosen()
  if not pictures.in_darkroom() then
    return dt.gui.selection()
  end
  local shown = dt.gui.views.darkroom.display_image()
  return shown and { shown } or {}
end

--- Tell whether a picture is the one in the darkroom.
function pictures.is_shown(image)
  local shown = pictures.in_darkroom() and dt.gui.views.darkroom.display_image()
  return shown and shown.id == image.id or false
end

--- Return the path of a picture's file.
function pictures.path(image)
  return system.join(image.path, image.filename)
end

return pictures
