---A window over the others, opened by the user's own key and closed when what it shows is settled.

local jobs = require("agent_ls.jobs")
local wording = require("agent_ls.wording")

local M = {}

local WIDEST = 90

---@class agent_ls.Float
---@field title string
---@field footer string
---@field wrap_at? integer

---@param bufnr integer
---@param float agent_ls.Float
---@return integer window
function M.open(bufnr, float)
  local width = math.max(20, math.min(WIDEST, vim.o.columns - 6))
  local window = vim.api.nvim_open_win(bufnr, true, {
    relative = "editor",
    row = 1,
    col = math.floor((vim.o.columns - width) / 2),
    width = width,
    height = 1,
    style = "minimal",
    border = "rounded",
    title = " " .. wording.cut(float.title, width - 4) .. " ",
    footer = " " .. wording.cut(float.footer, width - 4) .. " ",
    footer_pos = "right",
  })
  vim.wo[window].wrap = true
  vim.wo[window].linebreak = true
  vim.wo[window].breakindent = true
  M.fit(window)
  return window
end

---As high as its text, within the screen.
---@param window integer
function M.fit(window)
  local most = math.max(1, vim.o.lines - vim.o.cmdheight - 4)
  local height = math.max(1, math.min(most, vim.api.nvim_win_text_height(window, {}).all))
  vim.api.nvim_win_set_config(window, {
    relative = "editor",
    row = math.max(0, math.floor((most - height) / 2)),
    col = vim.api.nvim_win_get_config(window).col,
    height = height,
  })
end

---@param window integer
function M.close(window)
  if vim.api.nvim_win_is_valid(window) then
    vim.api.nvim_win_close(window, true)
  end
end

---Act once the question that a window is about is answered, wherever that was.
---@param client_id integer
---@param job_id string
---@param question_id string
---@param settled fun()
---@return fun() stop
function M.when_settled(client_id, job_id, question_id, settled)
  local stop
  stop = jobs.watch(function()
    local job = jobs.get(client_id, job_id)
    if not job or job.state ~= "waiting" or (job.question and job.question.questionId ~= question_id) then
      stop()
      settled()
    end
  end)
  return stop
end

return M
