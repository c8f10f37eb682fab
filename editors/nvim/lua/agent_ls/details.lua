---A job as a page to read: what was asked, how it stands, what proves it, what happened.

local client_of = require("agent_ls.client")
local float = require("agent_ls.float")
local protocol = require("agent_ls.protocol")
local wording = require("agent_ls.wording")

local M = {}

local LATEST = 12

---@param lines string[]
---@param title string
---@param body string[]
local function section(lines, title, body)
  if #body > 0 then
    vim.list_extend(lines, { "", "## " .. title })
    vim.list_extend(lines, body)
  end
end

---Text of several lines, each without anything that acts.
---@param text? string
---@param mark? string before the first line
---@return string[]
local function paragraph(text, mark)
  if not text or vim.trim(text) == "" then
    return {}
  end
  local lines = vim.split(vim.trim(text), "\n", { plain = true })
  for number, line in ipairs(lines) do
    local before = number == 1 and (mark or "") or (" "):rep(#(mark or ""))
    lines[number] = before .. line:gsub("\t", "    "):gsub("%c", "")
  end
  return lines
end

---@param texts string[]
---@return string[]
local function list(texts)
  local lines = {}
  for _, text in ipairs(texts) do
    vim.list_extend(lines, paragraph(text, "- "))
  end
  return lines
end

---@param job table the answer of `agentLs.job`
---@return string[]
function M.page(job)
  local lines = { "# " .. wording.plain(job.title), wording.line(job) }
  vim.list_extend(lines, paragraph(job.problem))
  vim.list_extend(lines, paragraph(job.verdictNote))
  section(lines, "Question", job.question and { wording.question(job.question) } or {})
  section(lines, "Task", paragraph(job.task))
  section(lines, "Plan", paragraph(job.plan))
  local steps, checks = {}, {}
  for _, step in ipairs(job.steps or {}) do
    steps[#steps + 1] = step.text .. (#step.files > 0 and " · " .. table.concat(step.files, ", ") or "")
  end
  section(lines, "Steps", list(steps))
  for _, check in ipairs(job.checks or {}) do
    checks[#checks + 1] = ("%s: %s"):format(check.name, check.status)
  end
  section(lines, "Checks", list(checks))
  section(lines, "Look twice", list(vim.list_extend(vim.list_slice(job.warnings or {}), job.evidence or {})))
  local beside = vim.tbl_map(function(other)
    return ("%s (%s:%d)"):format(other.title, other.path, other.line)
  end, job.overlaps or {})
  section(lines, "At the same place", list(beside))
  local files = vim.tbl_map(function(file)
    return ("%s %s +%d −%d"):format(file.op, file.path, file.added, file.removed)
  end, job.files or {})
  section(lines, "Files", list(files))
  local events = job.events or {}
  local told = vim.tbl_map(function(event)
    return os.date("%H:%M:%S ", math.floor(event.at)) .. event.text
  end, vim.list_slice(events, math.max(1, #events - LATEST + 1)))
  section(lines, "What happened last", list(told))
  return lines
end

---@param client vim.lsp.Client
---@param job_id string
function M.open(client, job_id)
  client_of.execute(client, protocol.command.job, { jobId = job_id }, function(job)
    local bufnr = vim.api.nvim_create_buf(false, true)
    vim.bo[bufnr].bufhidden = "wipe"
    vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, M.page(job))
    vim.bo[bufnr].modifiable = false
    vim.bo[bufnr].syntax = "markdown"
    local window = float.open(bufnr, { title = job.title, footer = "q closes" })
    for _, key in ipairs({ "q", "<Esc>" }) do
      vim.keymap.set("n", key, function()
        float.close(window)
      end, { buffer = bufnr, nowait = true, desc = "agent-ls: close" })
    end
  end)
end

return M
