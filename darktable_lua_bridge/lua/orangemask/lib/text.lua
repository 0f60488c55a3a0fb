--- Translation of what users read.
--
-- `local _ = require "orangemask/lib/text"`, then `_("text")`. A catalogue lies in
-- locale/LANGUAGE/LC_MESSAGES/orangemask.mo beside lib/; without one the English stays.

local dt = require "darktable"

local DOMAIN = "orangemask"
local FOLDER = dt.configuration.config_dir .. "/lua/orangemask/locale/"

dt.gettext.bindtextdomain(DOMAIN, FOLDER)

return function(text)
  return dt.gettext.dgettext(DOMAIN, text)
end
