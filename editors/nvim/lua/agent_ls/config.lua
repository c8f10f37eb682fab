---What the user chose: `vim.g.agent_ls`, then `require("agent_ls").setup()`, over these defaults.

local M = {}

---@class agent_ls.Config
---@field cmd string[]|function the server's command line, or a transport as `vim.lsp.start` takes it
---@field autostart boolean attach to files below a root marker without being asked
---@field root_markers string[] a folder that holds one of these is a workspace
---@field open_key string|false opens what wants the user: a question, a plan, the list of jobs
---@field settings table section `agentLs` of the server's settings
---@field init_options table further initializationOptions

---@type agent_ls.Config
local defaults = {
  cmd = { "agent-ls" },
  autostart = true,
  root_markers = {
    ".agent-ls.toml",
    ".git",
    ".hg",
    "pyproject.toml",
    "package.json",
    "go.mod",
    "Cargo.toml",
  },
  open_key = "grj",
  settings = {},
  init_options = {},
}

local chosen = {}

---@param value any
---@return boolean
local function is_words(value)
  if type(value) ~= "table" then
    return false
  end
  for key, word in pairs(value) do
    if type(key) ~= "number" or type(word) ~= "string" then
      return false
    end
  end
  return true
end

local checks = {
  cmd = function(value)
    return type(value) == "function" or (is_words(value) and value[1] ~= nil), "a list of words, such as { 'agent-ls' }"
  end,
  autostart = function(value)
    return type(value) == "boolean", "true or false"
  end,
  root_markers = function(value)
    return is_words(value), "a list of file names"
  end,
  open_key = function(value)
    return value == false or (type(value) == "string" and value ~= ""), "keys, such as 'grj', or false"
  end,
  settings = function(value)
    return type(value) == "table", "a table"
  end,
  init_options = function(value)
    return type(value) == "table", "a table"
  end,
}

---A sentence for every value that cannot be used; those keep their default.
---@param opts table
---@return string[]
function M.problems(opts)
  local found = {}
  for key, value in pairs(opts) do
    local check = checks[key]
    if not check then
      found[#found + 1] = ("there is no option %q"):format(key)
    else
      local ok, expected = check(value)
      if not ok then
        found[#found + 1] = ("option %q must be %s; the default stays"):format(key, expected)
      end
    end
  end
  table.sort(found)
  return found
end

---@param opts table
function M.set(opts)
  chosen = opts
end

---What `setup()` and `vim.g.agent_ls` say together, checked or not.
---@return table
function M.asked()
  return vim.tbl_extend("force", type(vim.g.agent_ls) == "table" and vim.g.agent_ls or {}, chosen)
end

---@return agent_ls.Config
function M.get()
  local result = vim.deepcopy(defaults)
  for key, value in pairs(M.asked()) do
    if checks[key] and checks[key](value) then
      result[key] = value
    end
  end
  return result
end

return M
