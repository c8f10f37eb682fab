---agent-ls for Neovim: see `:h agent-ls`.

local M = {}

local config = require("agent_ls.config")

---Options instead of, or over, `vim.g.agent_ls`. Needs no call: everything has a default.
---@param opts? table
function M.setup(opts)
  config.set(opts or {})
  for _, problem in ipairs(config.problems(config.asked())) do
    require("agent_ls.notice").say("agent-ls: " .. problem, vim.log.levels.WARN)
  end
  M.start()
end

---Attach from now on, unless `autostart` is off.
function M.start()
  if config.get().autostart then
    require("agent_ls.server").enable()
  end
end

local told, line = false, ""

---For the statusline: `agent: 1 waiting, 2 running, 3 ready · $0.12`, or nothing. Costs nothing between
---two changes of a job.
---@return string
function M.statusline()
  local jobs = require("agent_ls.jobs")
  local function count()
    local summary = require("agent_ls.wording").summary(jobs.list())
    line = summary ~= "" and "agent: " .. summary or ""
  end
  if not told then
    told = true
    jobs.watch(count)
    count()
  end
  return line
end

return M
