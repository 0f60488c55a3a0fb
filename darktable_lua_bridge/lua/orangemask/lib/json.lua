--- Writes JSON (RFC 8259), which darktable's Lua cannot. Replies come as Lua, so nothing reads it.

local json = {}

local encode

local function quoted(text)
  return '"' .. text:gsub('[%c"\\\127]', function(character)
    return string.format("\\u%04x", character:byte())
  end) .. '"'
end

local function number(value)
  if value ~= value or value == math.huge or value == -math.huge then
    error("JSON has no number for " .. tostring(value))
  end
  local text = math.type(value) == "integer" and "%d" or "%.17g"
  -- darktable runs in the user's locale, which may write a decimal comma.
  return (string.format(text, value):gsub(",", "."))
end

local function list(values)
  local parts = {}
  for index, value in ipairs(values) do
    parts[index] = encode(value)
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function object(members)
  local names = {}
  for name in pairs(members) do
    if type(name) ~= "string" then
      error("a JSON object has a member named by a " .. type(name))
    end
    names[#names + 1] = name
  end
  table.sort(names)
  for index, name in ipairs(names) do
    names[index] = quoted(name) .. ":" .. encode(members[name])
  end
  return "{" .. table.concat(names, ",") .. "}"
end

--- Return `value` as JSON: nil, booleans, finite numbers, texts, and tables of them.
-- A table with a first element is a list, any other an object, its members sorted.
-- Raises an error for anything else.
function encode(value)
  local kind = type(value)
  if kind == "nil" then
    return "null"
  elseif kind == "boolean" then
    return tostring(value)
  elseif kind == "number" then
    return number(value)
  elseif kind == "string" then
    return quoted(value)
  elseif kind == "table" then
    return value[1] ~= nil and list(value) or object(value)
  end
  error("JSON has no " .. kind)
end

json.encode = encode

return json
