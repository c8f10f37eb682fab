---Whether this plugin and the server can talk.

local M = {}

---The version of this plugin: that of the server it comes with.
M.PLUGIN = "0.1.0"

---A sentence where they do not fit: the first two numbers must agree.
---@param told string a text that holds the server's version
---@return string?
function M.misfit(told)
  local server = vim.version.parse(told:match("%d+%.%d+[%w.+-]*") or "")
  local ours = assert(vim.version.parse(M.PLUGIN))
  if not server then
    return "the server does not say its version: it is older than this plugin; update it"
  elseif server.major == ours.major and server.minor == ours.minor then
    return nil
  end
  local older = vim.version.lt({ server.major, server.minor }, { ours.major, ours.minor })
  return ("agent-ls %s and this plugin %s do not fit: update the %s"):format(
    tostring(server),
    M.PLUGIN,
    older and "server (`pipx upgrade agent-ls`)" or "plugin"
  )
end

return M
