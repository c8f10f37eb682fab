-- Runs one spec inside Neovim: `AGENT_LS_SPEC=… nvim --clean --headless … +"luafile run.lua"`.
-- A spec returns a list of { name, function }. The exit code is the number of failures.

local here = vim.fs.dirname(debug.getinfo(1, "S").source:sub(2))
package.path = here .. "/?.lua;" .. package.path

local function report(text)
  io.stdout:write(text .. "\n")
end

local failed = 0
local notified = require("support").catch_notices()
for _, case in ipairs(dofile(vim.env.AGENT_LS_SPEC)) do
  local name, run = case[1], case[2]
  notified.clear()
  local ok, problem = xpcall(run, debug.traceback)
  if ok then
    report("ok " .. name)
  else
    failed = failed + 1
    report(("FAILED %s\n%s\nnotices: %s"):format(name, problem, vim.inspect(notified.all())))
  end
end
io.stdout:flush()
if failed > 0 then
  vim.cmd("cquit " .. math.min(failed, 100))
end
vim.cmd("qall!")
