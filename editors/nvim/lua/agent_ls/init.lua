---agent-ls for Neovim: see `:h agent-ls`.

local M = {}

local config = require("agent_ls.config")

---Options instead of, or over, `vim.g.agent_ls`. Needs no call: everything has a default.
---@param opts? table
function M.setup(opts)
  config.set(opts or {})
  for _, problem in ipairs(config.problems(config.asked())) do
    vim.notify("agent-ls: " .. problem, vim.log.levels.WARN)
  end
  M.start()
end

---Attach from now on, unless `autostart` is off.
function M.start()
  if config.get().autostart then
    require("agent_ls.server").enable()
  end
end

local SHOWN = { "running", "checking", "queued", "waiting", "ready", "interrupted" }

---For the statusline: `agent: 1 running, 2 ready`, or nothing.
---@return string
function M.status()
  local counts = require("agent_ls.jobs").counts()
  local parts = {}
  for _, state in ipairs(SHOWN) do
    if counts[state] then
      parts[#parts + 1] = ("%d %s"):format(counts[state], state)
    end
  end
  return #parts > 0 and "agent: " .. table.concat(parts, ", ") or ""
end

return M
