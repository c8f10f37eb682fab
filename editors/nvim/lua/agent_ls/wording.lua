---Jobs in words. Titles, questions and paths are data: one line each, never a command to the screen.

local M = {}

---How a list is grouped, what wants the user first: the words and their order are those of the other faces.
M.GROUPS = {
  { name = "Waiting for you", states = { "waiting" } },
  { name = "Ready", states = { "ready", "partly_applied" } },
  { name = "Running", states = { "running", "checking", "queued" } },
  { name = "Paused", states = { "interrupted", "out_of_budget" } },
  { name = "Done", states = { "applied", "undone", "discarded", "failed", "cancelled" } },
}

---Text as one line without anything that acts.
---@param text string
---@return string
function M.plain(text)
  return vim.trim((text:gsub("[%s%c]+", " ")))
end

---One line of at most so many cells.
---@param text string
---@param room integer
---@return string
function M.cut(text, room)
  text = M.plain(text)
  if vim.fn.strdisplaywidth(text) <= room then
    return text
  end
  local length = math.min(vim.fn.strchars(text), room)
  while length > 0 and vim.fn.strdisplaywidth(vim.fn.strcharpart(text, 0, length)) > room - 1 do
    length = length - 1
  end
  return vim.fn.strcharpart(text, 0, length) .. "…"
end

---@param jobs agent_ls.Job[]
---@return { name: string, jobs: agent_ls.Job[] }[] the groups that have some
function M.grouped(jobs)
  local groups = {}
  for _, group in ipairs(M.GROUPS) do
    local own = vim.tbl_filter(function(job)
      return vim.tbl_contains(group.states, job.state)
    end, jobs)
    if #own > 0 then
      groups[#groups + 1] = { name = group.name, jobs = own }
    end
  end
  return groups
end

---@param files { added: integer, removed: integer }[]
---@return string
function M.size(files)
  local added, removed = 0, 0
  for _, file in ipairs(files) do
    added, removed = added + file.added, removed + file.removed
  end
  return ("%d %s +%d −%d"):format(#files, #files == 1 and "file" or "files", added, removed)
end

---@param usd? number
---@return string
function M.cost(usd)
  return usd and usd > 0 and ("$%.2f"):format(usd) or ""
end

---What a question offers: `Which name? (sum / total)`.
---@param question { text: string, choices: string[] }
---@return string
function M.question(question)
  local choices = #question.choices > 0 and (" (%s)"):format(table.concat(question.choices, " / ")) or ""
  return M.plain(question.text .. choices)
end

---@param parts (string|nil)[]
---@param count integer
---@return string
local function joined(parts, count)
  local told = {}
  for place = 1, count do -- an absent one is a hole in the list
    if parts[place] and parts[place] ~= "" then
      told[#told + 1] = parts[place]
    end
  end
  return table.concat(told, " · ")
end

---Where a job stands, without what the heading of its group says.
---@param job agent_ls.Job
---@return string
function M.stands(job)
  local state = job.state:gsub("_", " ")
  if job.question then
    return M.question(job.question)
  end
  local step = job.step or ""
  if step ~= "" and (job.total or 0) > 0 then
    step = ("%d/%d %s"):format(job.done, job.total, step)
  end
  local plan = job.files and #job.files > 0
  local said = vim.tbl_contains({ "ready", "running", "waiting" }, job.state)
  return M.plain(joined({
    not said and state or nil,
    step,
    plan and M.size(job.files) or nil,
    plan and job.verdict or nil,
    not plan and job.problem or nil,
  }, 5))
end

---One line for lists: `ready · Delegate: retries · 2 files +12 −3 · verified · $0.04`.
---@param job agent_ls.Job
---@return string
function M.line(job)
  local state = job.state:gsub("_", " ")
  local stands = M.stands(job)
  if vim.startswith(stands, state) then
    stands = stands:sub(#state + 1):gsub("^ · ", "")
  end
  return joined({ state, M.plain(job.title), stands, M.cost(job.costUsd) }, 4)
end

---`1 waiting, 2 running, 3 ready · $0.12`, or nothing where no job is under way or wants the user.
---The cost is that of the jobs that are counted.
---@param jobs agent_ls.Job[]
---@return string
function M.summary(jobs)
  local counts, cost, parts = {}, 0, {}
  local shown = { "waiting", "running", "checking", "queued", "ready", "interrupted" }
  for _, job in ipairs(jobs) do
    if vim.tbl_contains(shown, job.state) then
      counts[job.state] = (counts[job.state] or 0) + 1
      cost = cost + (job.costUsd or 0)
    end
  end
  for _, state in ipairs(shown) do
    if counts[state] then
      parts[#parts + 1] = ("%d %s"):format(counts[state], state)
    end
  end
  return joined({ table.concat(parts, ", "), M.cost(cost) }, 2)
end

return M
