--- Files, and programs: the one place that knows how a system quotes, and what ends its names.
--
-- `dt.control.execute` hands its text to the C library's `system`: to `sh -c` on POSIX, to
-- `cmd /c` on Windows. cmd drops quotes as soon as there are more than two, so that there the
-- command goes into a batch file of its own, whose name alone is executed.

local dt = require "darktable"

local system = {}

local WINDOWS = dt.configuration.running_os == "windows"
local SEPARATOR = WINDOWS and "\\" or "/"

--- Return a path for a temporary file or folder, which does not exist yet.
-- `ending` is put behind it. The names are ASCII; what lies before them is the system's.
function system.temporary_path(ending)
  local parts = { os.time(), math.random(0, 0xffffff), math.random(0, 0xffffff) }
  local name = string.format("orangemask-%x-%06x%06x", table.unpack(parts))
  return dt.configuration.tmp_dir .. SEPARATOR .. name .. (ending or "")
end

--- Return the path of `name` in `folder`.
function system.join(folder, name)
  local ends = folder:sub(-1)
  return (ends == "/" or ends == SEPARATOR) and folder .. name or folder .. SEPARATOR .. name
end

--- Return the text of a file, or nil if it cannot be read.
function system.read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("a")
  if file then
    file:close()
  end
  return text
end

--- Write a file; return true, or nil and why not.
function system.write(path, text)
  local file, message = io.open(path, "wb")
  if not file then
    return nil, message
  end
  local written, reason = file:write(text)
  local closed, cause = file:close()
  if written and closed then
    return true
  end
  os.remove(path)
  return nil, reason or cause
end

--- Tell whether there is a file that can be read.
function system.exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

--- Return the first of NAME.EXTENSION, NAME_01.EXTENSION … that is neither a file nor in `taken`.
-- So names darktable too. The name returned is put into `taken`.
function system.free_path(stem, extension, taken)
  local path, number = stem .. extension, 0
  while taken[path] or system.exists(path) do
    number = number + 1
    path = string.format("%s_%02d%s", stem, number, extension)
  end
  taken[path] = true
  return path
end

local function posix_quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function batch_quoted(text)
  return '"' .. text:gsub("%%", "%%%%") .. '"' -- in a batch file %% is one per cent sign
end

local function quoted_words(words, quoted)
  local parts = {}
  for index, word in ipairs(words) do
    parts[index] = quoted(word)
  end
  return table.concat(parts, " ")
end

--- Return the line for `sh -c` that runs `words` as `system.run` says.
function system.posix_command(words, options)
  local output = posix_quoted(options.output or "/dev/null")
  local command = quoted_words(words, posix_quoted) .. " >" .. output .. " 2>&1 </dev/null"
  if not options.folder then
    return "exec " .. command
  end
  local folder = posix_quoted(options.folder)
  return table.concat({
    "umask 077; mkdir " .. folder .. " || exit 1",
    command .. "; status=$?",
    "kill -0 $PPID 2>/dev/null || rm -r " .. folder, -- the parent is darktable
    "exit $status",
  }, "\n")
end

--- Return the text of the batch file that runs `words` as `system.run` says.
function system.batch_text(words, options)
  local output = options.output and batch_quoted(options.output) or "nul"
  local lines = { "@echo off", "chcp 65001 >nul" } -- the lines below are UTF-8
  if options.folder then
    lines[#lines + 1] = "mkdir " .. batch_quoted(options.folder) .. " || exit /b 1"
  end
  lines[#lines + 1] = quoted_words(words, batch_quoted) .. " >" .. output .. " 2>&1 <nul"
  lines[#lines + 1] = "exit /b %ERRORLEVEL%"
  return table.concat(lines, "\r\n") .. "\r\n"
end

--- Run a program and wait for its end; darktable and other callbacks go on meanwhile.
--
-- words: its path and arguments. options: `folder` to make first, for this user alone (on POSIX
-- it is removed at the end if darktable has gone by then); `output`: a file that takes both its
-- outputs, else they are dropped.
-- Returns its exit status, a number; 128 + n if signal n ended it, as shells say.
function system.run(words, options)
  if not WINDOWS then
    local status = dt.control.execute(system.posix_command(words, options))
    local signal = status & 0x7f
    return signal ~= 0 and 128 + signal or status >> 8
  end
  local batch = system.temporary_path(".bat")
  local written = system.write(batch, system.batch_text(words, options))
  local status = written and dt.control.execute('"' .. batch .. '"') or 1
  os.remove(batch)
  return status
end

--- Remove an empty folder.
function system.remove_folder(folder)
  if not WINDOWS then
    os.remove(folder) -- C's remove takes empty folders there
  else
    dt.control.execute('rmdir "' .. folder .. '"')
  end
end

return system
