-- A stand-in for the `darktable` module: what our scripts use of it, without a darktable.
-- host: functions of Python's: spawn(command) -> id, status(id) -> raw wait status or nil,
-- clock() -> seconds.

local host, temporary = ...
local dt = { widgets = {}, printed = {}, errors = {}, jobs = {}, applied = {}, events = {} }
local threads = {}

dt.configuration = {
  api_version_string = "9.4.0",
  version = "5.0.1",
  running_os = "linux",
  config_dir = temporary .. "/config",
  tmp_dir = temporary .. "/tmp",
}
dt.gettext = { bindtextdomain = function() end, dgettext = function(_, text) return text end }

function dt.print(text) dt.printed[#dt.printed + 1] = text end
function dt.print_error(text) dt.errors[#dt.errors + 1] = text end

-- Sliders hold 32-bit floats and clip to their hard limits, as darktable's do.
local function single(value) return (string.unpack("f", string.pack("f", value))) end

local slider = {
  __index = function(self, name) return rawget(self, "fields")[name] end,
  __newindex = function(self, name, value)
    local fields = rawget(self, "fields")
    if name == "value" then
      value = single(math.min(math.max(value, fields.hard_min), fields.hard_max))
    end
    fields[name] = value
  end,
}

function dt.new_widget(kind)
  return function(fields)
    local widget = kind == "slider" and setmetatable({ fields = {} }, slider) or fields
    widget.kind = kind
    if kind == "combobox" then widget.selected = 1 end
    dt.widgets[#dt.widgets + 1] = widget
    return widget
  end
end

local stored = {}
dt.preferences = {
  register = function(_, name, _, _, _, default) stored[name] = stored[name] or default end,
  read = function(_, name) return stored[name] or "" end,
  write = function(_, name, _, value) stored[name] = value end,
}

local lighttable, darkroom = { id = "lighttable" }, { id = "darkroom" }
dt.shown, dt.selected, dt.view = nil, {}, lighttable
darkroom.display_image = function() return dt.shown end
dt.gui = {
  views = { lighttable = lighttable, darkroom = darkroom },
  libs = {},
  current_view = function() return dt.view end,
  selection = function() return dt.selected end,
  create_job = function(title, _, cancel)
    local job = { title = title, cancel = cancel, valid = true }
    dt.jobs[#dt.jobs + 1] = job
    return job
  end,
}

-- The sliders of darktable's own modules; a value that is no number asks for the present one.
dt.actions = {}
function dt.gui.action(path, _, _, value)
  local name = path:match("^global/styles/(.*)")
  for _, style in ipairs(name and dt.styles or {}) do
    if style.name == name then return dt.styles.apply(style, dt.shown) end
  end
  if value == value then dt.actions[path] = value end
  return dt.actions[path] or 0
end

-- dispatch: a coroutine; sleep and execute give the turn to the others.
dt.control = { ending = false }
function dt.control.dispatch(work) threads[#threads + 1] = coroutine.create(work) end
function dt.control.sleep(milliseconds)
  local finish = host.clock() + milliseconds / 1000
  repeat coroutine.yield() until host.clock() >= finish
end
function dt.control.execute(command)
  local id = host.spawn(command)
  while host.status(id) == nil do coroutine.yield() end
  return host.status(id)
end

-- Give each thread one turn; return how many go on.
function dt.turn()
  local going = {}
  for _, thread in ipairs(threads) do
    local fine, message = coroutine.resume(thread)
    if not fine then dt.errors[#dt.errors + 1] = message end
    if coroutine.status(thread) ~= "dead" then going[#going + 1] = thread end
  end
  for index = #going + 1, #threads do threads[index] = nil end
  table.move(going, 1, #going, 1, threads)
  return #threads
end

-- Styles: the text of each that is applied is kept beside its picture.
local styles = {}
dt.styles = setmetatable({
  import = function(path)
    local file = io.open(path, "rb")
    if not file then return end
    local text = file:read("a")
    file:close()
    local style = { name = text:match("<name>(.-)</name>"), text = text }
    function style.delete() for i, one in ipairs(styles) do if one == style then table.remove(styles, i) end end end
    styles[#styles + 1] = style
  end,
  apply = function(style, image) dt.applied[#dt.applied + 1] = { image = image, text = style.text } end,
  create = function(image, name)
    if not image.history then return nil end
    return {
      delete = function() end,
      export = function(_, folder)
        local file = io.open(folder .. "/" .. name .. ".dtstyle", "wb")
        file:write(image.history)
        file:close()
      end,
    }
  end,
}, { __len = function() return #styles end, __index = function(_, index) return styles[index] end })

local count = 0
function dt.new_image(path)
  count = count + 1
  local folder, name = path:match("^(.*)/([^/]*)$")
  local image = { id = count, path = folder, filename = name, tags = {} }
  function image:group_with(other) self.group = other end
  function image:make_group_leader() self.leader = true end
  return image
end

dt.imported = {}
dt.database = {
  import = function(path)
    local image = dt.new_image(path)
    dt.imported[#dt.imported + 1] = image
    return image
  end,
}
dt.tags = {
  create = function(name) return { name = name } end,
  attach = function(tag, image) image.tags[#image.tags + 1] = tag end,
  get_tags = function(image) return image.tags end,
}

function dt.register_lib(id) dt.gui.libs[id] = { visible = true } end
function dt.register_storage(name, label, store, finalize, supported, initialize, widget)
  dt.storage = {
    name = name, label = label, store = store, finalize = finalize,
    supported = supported, initialize = initialize, widget = widget,
  }
end
function dt.destroy_storage() dt.storage = nil end
function dt.register_event(_, event, called) dt.events[event] = called end
function dt.destroy_event(_, event) dt.events[event] = nil end

return dt
