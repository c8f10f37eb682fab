---The plugin's one key outside of its own windows, and the notice that names it.

local config = require("agent_ls.config")
local notice = require("agent_ls.notice")
local wording = require("agent_ls.wording")

local M = {}

local done, how = false, ":Agent answer"

---@param job agent_ls.Job
local function tell(job)
  notice.say(
    ("agent-ls asks (%s answers): %s · %s"):format(how, wording.question(job.question), wording.plain(job.title))
  )
end

---Once, with the first server: the key, unless it is taken, and a notice for every question.
function M.map()
  if done then
    return
  end
  done = true
  local key = config.get().open_key
  if key and vim.fn.maparg(key, "n") == "" then
    vim.keymap.set("n", key, "<Cmd>Agent open<CR>", { desc = "agent-ls: open what wants you" })
    how = key
  end
  vim.api.nvim_create_autocmd("User", {
    pattern = "AgentLsQuestion",
    group = vim.api.nvim_create_augroup("agent_ls_questions", {}),
    desc = "agent-ls: tell of a question, and never open it unasked",
    callback = function(event)
      tell(event.data.job)
    end,
  })
end

return M
