---The lines of the jobs window, as values: text, what is highlighted in it, which job it is about.

local wording = require("agent_ls.wording")

local M = {}

local LOOKS = {
  waiting = { "?", "AgentLsWaiting" },
  ready = { "●", "AgentLsReady" },
  partly_applied = { "◐", "AgentLsReady" },
  running = { "▶", "AgentLsRunning" },
  checking = { "▷", "AgentLsRunning" },
  queued = { "·", "AgentLsAbout" },
  interrupted = { "‖", "AgentLsWaiting" },
  out_of_budget = { "$", "AgentLsWaiting" },
  applied = { "✓", "AgentLsReady" },
  undone = { "↶", "AgentLsAbout" },
  discarded = { "–", "AgentLsAbout" },
  failed = { "✗", "AgentLsFailed" },
  cancelled = { "×", "AgentLsAbout" },
}

---What the highlights look like where a colour scheme does not say.
M.HIGHLIGHTS = {
  AgentLsGroup = "Title",
  AgentLsWaiting = "DiagnosticWarn",
  AgentLsReady = "DiagnosticOk",
  AgentLsRunning = "DiagnosticInfo",
  AgentLsFailed = "DiagnosticError",
  AgentLsAbout = "Comment",
  AgentLsAdded = "Added",
  AgentLsRemoved = "Removed",
}

M.SIGNS = {
  { "!", "the plan weakens what it is proven by" },
  { "&", "another job is at the same place" },
  { "@", "another editor or terminal has it" },
}

local COST, MARKS = 7, 3

---@class agent_ls.Row
---@field text string
---@field marks { from: integer, to: integer, group: string }[] bytes
---@field job? agent_ls.Job
---@field group string

---@param text string
---@param room integer
---@return string
local function filled(text, room)
  text = wording.cut(text, room)
  return text .. (" "):rep(room - vim.fn.strdisplaywidth(text))
end

---Titles begin alike: the verb says nothing in a list of jobs.
---@param job agent_ls.Job
---@return string
function M.title(job)
  return (wording.plain(job.title):gsub("^Delegate: ", ""))
end

---One job: mark, title, where it stands, cost; the signs of `M.SIGNS`.
---@param job agent_ls.Job
---@param group string
---@param width integer
---@param titles integer cells of the title
---@return agent_ls.Row
local function job_row(job, group, width, titles)
  local look = LOOKS[job.state] or { " ", "AgentLsAbout" }
  local cost = wording.cost(job.costUsd)
  local signs = (#(job.warnings or {}) > 0 and "!" or "")
    .. (#(job.overlaps or {}) > 0 and "&" or "")
    .. (job.owner == "elsewhere" and "@" or "")
  local about = math.max(0, width - 4 - titles - 2 - COST - 1 - MARKS)
  local head = ("  %s %s  "):format(look[1], filled(M.title(job), titles))
  local middle = filled(wording.stands(job), about)
  local text = head .. middle .. (" "):rep(COST - #cost) .. cost .. " " .. signs
  local marks = {
    { from = 2, to = 2 + #look[1], group = look[2] },
    { from = #head, to = #text, group = job.verdict == "worse" and "AgentLsFailed" or "AgentLsAbout" },
  }
  for pattern, name in pairs({ ["%+%d+"] = "AgentLsAdded", ["−%d+"] = "AgentLsRemoved" }) do
    local from, to = middle:find(pattern)
    if from and job.files and #job.files > 0 then
      marks[#marks + 1] = { from = #head + from - 1, to = #head + to, group = name }
    end
  end
  if signs ~= "" then
    marks[#marks + 1] = { from = #text - #signs, to = #text, group = "AgentLsWaiting" }
  end
  return { text = text:gsub("%s+$", ""), marks = marks, job = job, group = group }
end

---@param jobs agent_ls.Job[] newest first
---@param width integer
---@param folded table<string, boolean> groups of which only the heading is shown
---@return agent_ls.Row[]
function M.of(jobs, width, folded)
  local widest = 0
  for _, job in ipairs(jobs) do
    widest = math.max(widest, vim.fn.strdisplaywidth(M.title(job)))
  end
  local titles = math.max(12, math.min(widest, math.floor(width * 0.45)))
  local rows = {}
  for _, group in ipairs(wording.grouped(jobs)) do
    local text = ("%s %s (%d)"):format(folded[group.name] and "▸" or "▾", group.name, #group.jobs)
    local mark = { from = 0, to = #text, group = "AgentLsGroup" }
    rows[#rows + 1] = { text = text, marks = { mark }, group = group.name }
    for _, job in ipairs(folded[group.name] and {} or group.jobs) do
      rows[#rows + 1] = job_row(job, group.name, width, titles)
    end
  end
  return rows
end

return M
