--- Follows the sliders while the darkroom is open.
--
-- darktable's Lua sliders tell nobody when they are moved, so they are looked at now and then. Each
-- look asks darktable's main thread, and whoever asks between the end of its main loop and the
-- moment when `dt.control.ending` is set (about 25 ms) makes darktable 5.0 and 5.4 hang as it
-- closes: their `dt_lua_gtk_wrap` then runs its callback in the asking thread, which holds the
-- callback's mutex already. So looks are rare unless something has just been moved and rarer still
-- when nothing was for a while, none is made in the lighttable or of a picture without an edit, and
-- the user can switch them off.

local dt = require "darktable"
local history = require "orangemask/lib/history"

local live = {}

local SOON, LATER, IDLE = 80, 250, 1000 -- ms between looks: while something is moved, after, else
local ACTIVE = 25 -- looks that follow soon after a move
local PATIENT = 80 -- looks from then on until the user is taken to do something else
local QUIET = 3 -- looks without a move after which the user is done

local running, wanted = false, false
local soon, later = 0, 0 -- looks left that follow soon, and later
local waiting -- looks left until the user is done, nil if nothing was moved

local function pause()
  if soon > 0 then
    soon, later = soon - 1, PATIENT
    return SOON
  end
  later = math.max(later - 1, 0)
  return later > 0 and LATER or IDLE
end

--- Call `look()` again and again until `live.stop`.
function live.start(look)
  wanted, later = true, PATIENT
  if running then
    return
  end
  running = true
  dt.control.dispatch(function()
    while wanted and not dt.control.ending do
      local fine, message = xpcall(look, debug.traceback)
      if not fine then
        dt.print_error("Orangemask: " .. tostring(message))
      end
      dt.control.sleep(pause())
    end
    running, waiting = false, nil
  end)
end

--- Look at the sliders no more.
function live.stop()
  wanted = false
end

local function apply(item)
  local failures, message = history.apply({ item }, {})
  return message or failures[1]
end

--- Bring an edit into the history of the picture shown, as far as it is due at this look.
--
-- item: `{image, edit}`. moved: whether the user has moved a slider since the last look.
-- by_negadoctor: whether negadoctor's sliders can follow. Returns a line for the user, or nil.
function live.follow(item, moved, by_negadoctor)
  if moved then
    waiting, soon = QUIET, ACTIVE
    if not item.edit.applied then
      return apply(item)
    elseif by_negadoctor then
      local followed, message = history.move(item)
      if followed ~= false then
        return message
      end
      return history.settle(item) -- what was moved is in the table alone
    end
  elseif waiting then
    waiting = waiting - 1
    if waiting == 0 then
      waiting = nil
      return history.settle(item)
    end
  end
end

return live
