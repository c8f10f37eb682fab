---What a job asks, in a float: its choices, or words of one's own.

local client_of = require("agent_ls.client")
local float = require("agent_ls.float")
local protocol = require("agent_ls.protocol")
local wording = require("agent_ls.wording")

local M = {}

---@class agent_ls.Asking
---@field client vim.lsp.Client
---@field job agent_ls.Job
---@field window integer
---@field rows table<integer, integer> line → number of a choice
---@field stop fun()

---@param asking agent_ls.Asking
local function close(asking)
  asking.stop()
  float.close(asking.window)
end

---@param asking agent_ls.Asking
---@param answer string
local function send(asking, answer)
  local job = asking.job
  close(asking)
  client_of.execute(asking.client, protocol.command.answer, {
    jobId = job.jobId,
    questionId = job.question.questionId,
    answer = answer,
  })
end

---@param asking agent_ls.Asking
local function own_words(asking)
  vim.ui.input({ prompt = "Answer: " }, function(words)
    if words and vim.trim(words) ~= "" then
      send(asking, vim.trim(words))
    end
  end)
end

---@param question { text: string, choices: string[], default: string }
---@return string[] lines
---@return table<integer, integer> rows
local function drawn(question)
  local lines, rows = vim.split(vim.trim(question.text), "\n", { plain = true }), {}
  lines = vim.tbl_map(wording.plain, lines)
  if #question.choices > 0 then
    lines[#lines + 1] = ""
  end
  for number, choice in ipairs(question.choices) do
    local default = choice == question.default and "  (else this one)" or ""
    lines[#lines + 1] = ("  %d  %s%s"):format(number, wording.plain(choice), default)
    rows[#lines] = number
  end
  if #question.choices == 0 and question.default ~= "" then
    vim.list_extend(lines, { "", "Without an answer: " .. wording.plain(question.default) })
  end
  return lines, rows
end

---@param asking agent_ls.Asking
---@param bufnr integer
local function map_keys(asking, bufnr)
  local choices = asking.job.question.choices
  local function map(keys, act, what)
    for _, key in ipairs(keys) do
      vim.keymap.set("n", key, act, { buffer = bufnr, nowait = true, desc = "agent-ls: " .. what })
    end
  end
  for number = 1, math.min(9, #choices) do
    map({ tostring(number) }, function()
      send(asking, choices[number])
    end, "answer " .. choices[number])
  end
  map({ "<CR>" }, function()
    local number = asking.rows[vim.api.nvim_win_get_cursor(asking.window)[1]]
    if number then
      send(asking, choices[number])
    elseif #choices == 0 then
      own_words(asking)
    end
  end, "answer with the choice here")
  map({ "i", "a", "o" }, function()
    own_words(asking)
  end, "answer in your own words")
  map({ "q", "<Esc>" }, function()
    close(asking)
  end, "answer later")
end

---@param client vim.lsp.Client
---@param job agent_ls.Job one that asks
function M.open(client, job)
  local question = job.question
  local lines, rows = drawn(question)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = "wipe"
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  local asking = { client = client, job = job, rows = rows }
  asking.window = float.open(bufnr, {
    title = job.title,
    footer = #question.choices > 0 and "number or <CR> answers · i own words · q later" or "i answers · q later",
  })
  vim.wo[asking.window].cursorline = #question.choices > 0
  local chosen = 1
  for number, choice in ipairs(question.choices) do
    chosen = choice == question.default and number or chosen
  end
  for row, number in pairs(rows) do
    if number == chosen then
      vim.api.nvim_win_set_cursor(asking.window, { row, 2 })
    end
  end
  asking.stop = float.when_settled(client.id, job.jobId, question.questionId, function()
    float.close(asking.window)
  end)
  map_keys(asking, bufnr)
end

return M
