--- Work that takes time: with progress and cancel in darktable's corner, one at a time.

local dt = require "darktable"
local _ = require "orangemask/lib/text"

local tasks = {}

local WAIT = 100 -- ms between looks

local busy = false

--- Tell whether something is being worked on.
function tasks.busy()
  return busy
end

--- Wait until nothing is being worked on.
function tasks.wait()
  while busy and not dt.control.ending do
    dt.control.sleep(WAIT)
  end
end

--- Do `work(watch)` beside darktable's own work; show the line that it returns, or its error.
--
-- `watch.progress(part)` takes 0…1, `watch.cancelled()` tells whether the user wants it stopped.
function tasks.run(title, work)
  if busy then
    dt.print(_("Orangemask is still at work; wait or cancel it"))
    return
  end
  busy = true
  dt.control.dispatch(function()
    local cancelled = false
    local job = dt.gui.create_job(title, true, function()
      cancelled = true
    end)
    local fine, message = xpcall(work, debug.traceback, {
      progress = function(part)
        if not dt.control.ending then
          job.percent = math.min(math.max(part, 0), 1)
        end
      end,
      cancelled = function()
        return cancelled or dt.control.ending
      end,
    })
    busy = false
    if dt.control.ending then
      return -- darktable's main thread answers no more
    end
    job.valid = false
    if not fine then
      dt.print_error("Orangemask: " .. tostring(message))
      message = _("Orangemask failed; start darktable with -d lua and report what it prints")
    end
    if message then
      dt.print(message)
    end
  end)
end

--- Return a watch for the part of the work from `first` to `last`, 0…1.
function tasks.part(watch, first, last)
  return {
    progress = function(part)
      watch.progress(first + (last - first) * part)
    end,
    cancelled = watch.cancelled,
  }
end

--- Return one line for what went wrong with some of `count` pictures, or nil if nothing did.
function tasks.summary(failures, count)
  if #failures == 0 then
    return nil
  elseif count == 1 then
    return failures[1]
  end
  local first = string.format(_("%d of %d pictures left as they were: "), #failures, count)
  return first .. failures[1] .. (#failures > 1 and " …" or "")
end

return tasks
