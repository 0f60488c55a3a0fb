--- Talks to the program orangemask-bridge, which is started once and then waits for requests.
--
-- Requests and replies are files in a folder of this darktable alone; their form is described in
-- orangemask_bridge/README.md. What waits here must be called by `dt.control.dispatch`.

local dt = require "darktable"
local _ = require "orangemask/lib/text"
local json = require "orangemask/lib/json"
local preferences = require "orangemask/lib/preferences"
local system = require "orangemask/lib/system"

local bridge = {}

local PROTOCOL = 1
local START_SECONDS = 30 -- a virus scanner may read the whole program first
local STOP_SECONDS = 2
local SHORT, LONG = 5, 50 -- ms between looks for a reply, growing from one to the other
local LOG, READY, STOP = "log", "ready", "stop"

local session -- the bridge that runs: folder, executable, requests made, status once it has ended

local function place(one, name)
  return system.join(one.folder, name)
end

local function last_line(text)
  local last
  for line in (text or ""):gmatch("[^\r\n]+") do
    last = line
  end
  return last
end

local function wait_until(seconds, condition)
  local pause, waited = SHORT, 0
  while not condition() do
    if waited > seconds * 1000 or dt.control.ending then
      return false
    end
    dt.control.sleep(pause)
    waited, pause = waited + pause, math.min(pause + 1, LONG)
  end
  return true
end

local function start()
  local one = {
    folder = system.temporary_path(),
    executable = preferences.executable(),
    requests = 0,
  }
  local words = { one.executable, "serve", "--folder", one.folder }
  local options = { folder = one.folder, output = place(one, LOG) }
  dt.control.dispatch(function()
    one.status = system.run(words, options)
  end)
  return one
end

--- Remove the folder of a bridge that has ended; return what it last said.
local function clear(one)
  local said = last_line(system.read(place(one, LOG)))
  for _index, name in ipairs { LOG, READY, STOP } do
    os.remove(place(one, name))
  end
  for number = 1, one.requests do
    for _index, ending in ipairs { "part", "request", "reply", "progress", "cancel" } do
      os.remove(place(one, string.format("%06d.%s", number, ending)))
    end
  end
  system.remove_folder(one.folder)
  if session == one then
    session = nil
  end
  return said
end

local function end_message(one, said)
  return string.format(
    _("%s ended with status %d%s; see Orangemask in the Lua options"),
    one.executable,
    one.status,
    said and ": " .. said or ""
  )
end

--- Return the running bridge, started if need be, or nil and why not.
local function running()
  if session and session.status then
    clear(session) -- idle for long, or killed between two requests
  end
  if not session then
    session = start()
  end
  local one = session
  wait_until(START_SECONDS, function()
    return one.status or system.exists(place(one, READY))
  end)
  if one.status then
    return nil, end_message(one, clear(one))
  elseif system.exists(place(one, READY)) then
    return one
  end
  system.write(place(one, STOP), "")
  session = nil
  return nil, string.format(_("%s does not answer; is it orangemask-bridge?"), one.executable)
end

local function report(watch, path)
  local part, text = (last_line(system.read(path)) or ""):match("^([%d.]+) ?(.*)")
  if part then
    watch.progress(tonumber(part), text)
  end
end

--- Wait for the reply; return its text, or nil where the bridge has ended.
local function wait_for_reply(one, name, watch)
  local pause, cancelled, reply = SHORT, false, nil
  while true do
    reply = system.read(name .. ".reply")
    if reply or one.status or dt.control.ending then
      break
    end
    if watch.progress then
      report(watch, name .. ".progress")
    end
    if not cancelled and watch.cancelled and watch.cancelled() then
      cancelled = true
      system.write(name .. ".cancel", "")
    end
    dt.control.sleep(pause)
    pause = math.min(pause + 1, LONG)
  end
  -- the reply may have come between the last look and the end
  return reply or system.read(name .. ".reply")
end

local function understood(text)
  local chunk = load(text, "reply", "t", {})
  local fine, reply = pcall(chunk or error)
  if not fine or type(reply) ~= "table" then
    return nil, _("orangemask-bridge gave an answer that cannot be read; is it of this version?")
  elseif reply.error then
    return nil, reply.error.message
  elseif reply.protocol ~= PROTOCOL then
    return nil, string.format(
      _("orangemask-bridge %s speaks protocol %s, these scripts speak %d; install both anew"),
      tostring(reply.version), tostring(reply.protocol), PROTOCOL
    )
  end
  return reply
end

local function ask(one, jobs, watch)
  one.requests = one.requests + 1
  local name = place(one, string.format("%06d", one.requests))
  local request = {
    protocol = PROTOCOL,
    jobs = jobs,
    cancel = name .. ".cancel",
    progress = watch.progress and name .. ".progress" or nil,
  }
  local written, message = system.write(name .. ".part", json.encode(request))
  if not written then
    return nil, message
  end
  os.rename(name .. ".part", name .. ".request")
  local text = wait_for_reply(one, name, watch)
  for _index, ending in ipairs { ".reply", ".progress", ".cancel", ".request" } do
    os.remove(name .. ending)
  end
  if text then
    return understood(text)
  elseif one.status then
    return nil, end_message(one, clear(one))
  end
  return nil, _("darktable is closing")
end

--- Have jobs done; return the reply, or nil and a line for the user.
--
-- jobs: a list, each as the bridge's README says. watch: `progress(part, text)` is called now and
-- then, `cancelled()` tells whether to stop; either may be missing.
-- `reply.results` has one `{job, ok, result | error}` for each job, in order.
function bridge.request(jobs, watch)
  local one, message = running()
  if not one then
    return nil, message
  end
  return ask(one, jobs, watch or {})
end

--- Have one job done; return its result, or nil and a line for the user.
function bridge.job(job, watch)
  local reply, message = bridge.request({ job }, watch)
  if not reply then
    return nil, message
  end
  local only = reply.results[1]
  if only.ok then
    return only.result
  end
  return nil, only.error.message
end

--- Start the program of the preferences anew and tell the user its version, or what is wrong.
function bridge.test()
  dt.control.dispatch(function()
    bridge.stop()
    local result, message = bridge.job { job = "hello" }
    if result then
      local fine = _("orangemask-bridge %s answers; filters: %s")
      message = string.format(fine, result.version, table.concat(result.filters, ", "))
    end
    dt.print(message)
  end)
end

--- End the program and remove its folder. Nothing happens if it does not run.
function bridge.stop()
  local one = session
  session = nil
  if not one then
    return
  end
  system.write(place(one, STOP), "")
  local pause = 20 -- ms
  for _ = 1, STOP_SECONDS * 1000 // pause do
    if one.status then
      break
    end
    dt.control.sleep(pause)
  end
  clear(one)
end

return bridge
