---What the server said last about its jobs. It decides; this is only remembered for drawing.

local protocol = require("agent_ls.protocol")

local M = {}

---@class agent_ls.Job
---@field jobId string
---@field state string
---@field title string
---@field step string
---@field done integer
---@field total integer
---@field costUsd? number
---@field verdict? string
---@field question? { questionId: string, text: string, choices: string[], default: string }
---@field files? { path: string, op: string, added: integer, removed: integer }[]

---The states in which a verb makes sense: what to offer where no job was named.
local FIT = {
  answer = { waiting = true },
  apply = { ready = true, partly_applied = true, undone = true, discarded = true },
  cancel = { queued = true, running = true, waiting = true, checking = true },
  discard = { ready = true, partly_applied = true, failed = true, out_of_budget = true, interrupted = true },
  resume = { interrupted = true, out_of_budget = true, failed = true, cancelled = true },
  retry = { failed = true, cancelled = true, discarded = true, undone = true, ready = true },
  review = { ready = true, partly_applied = true, applied = true, undone = true, discarded = true },
  tell = { running = true, waiting = true, checking = true, queued = true },
  undo = { applied = true, partly_applied = true },
}

---client id → job id → job
---@type table<integer, table<string, agent_ls.Job>>
local known = {}

local function announce(client_id, job)
  vim.api.nvim_exec_autocmds("User", {
    pattern = "AgentLsJobChanged",
    modeline = false,
    data = { client_id = client_id, job = job },
  })
  vim.cmd.redrawstatus({ bang = true })
end

---Take in a job as the server sent it, whole or in part.
---@param client_id integer
---@param news table parameters of `agentLs/jobChanged`, or an entry of `agentLs.jobs`
function M.update(client_id, news)
  local jobs = known[client_id] or {}
  known[client_id] = jobs
  local job = vim.tbl_extend("force", jobs[news.jobId] or {}, news)
  if job.state ~= "waiting" then
    job.question = nil
  end
  jobs[news.jobId] = job
  announce(client_id, job)
end

---Ask the server for all jobs.
---@param client vim.lsp.Client
---@param done? fun(jobs: agent_ls.Job[])
function M.refresh(client, done)
  require("agent_ls.client").execute(client, protocol.command.jobs, {}, function(result)
    known[client.id] = {}
    for _, job in ipairs(result.jobs) do
      M.update(client.id, job)
    end
    if done then
      done(M.list(client.id))
    end
  end)
end

---@param client_id integer
function M.forget(client_id)
  known[client_id] = nil
end

---Newest first, as ids sort by time.
---@param client_id integer
---@return agent_ls.Job[]
function M.list(client_id)
  local jobs = vim.tbl_values(known[client_id] or {})
  table.sort(jobs, function(a, b)
    return (a.createdAt or 0) == (b.createdAt or 0) and a.jobId > b.jobId or (a.createdAt or 0) > (b.createdAt or 0)
  end)
  return jobs
end

---@param client_id integer
---@param job_id string
---@return agent_ls.Job?
function M.get(client_id, job_id)
  return (known[client_id] or {})[job_id]
end

---The jobs for which a verb makes sense, newest first.
---@param client_id integer
---@param verb string
---@return agent_ls.Job[]
function M.fitting(client_id, verb)
  return vim.tbl_filter(function(job)
    return FIT[verb] == nil or FIT[verb][job.state] == true
  end, M.list(client_id))
end

---How many jobs are in which state, of one server or of all.
---@param client_id? integer
---@return table<string, integer>
function M.counts(client_id)
  local counts = {}
  for id, jobs in pairs(known) do
    if client_id == nil or id == client_id then
      for _, job in pairs(jobs) do
        counts[job.state] = (counts[job.state] or 0) + 1
      end
    end
  end
  return counts
end

---One line for lists: `ready · Delegate: retries · 2 files +12 −3 · verified · $0.04`.
---@param job agent_ls.Job
---@return string
function M.line(job)
  local parts = { (job.state:gsub("_", " ")), job.title }
  if job.step and job.step ~= "" then
    parts[#parts + 1] = (job.total or 0) > 0 and ("%d/%d %s"):format(job.done, job.total, job.step) or job.step
  end
  if job.files and #job.files > 0 then
    parts[#parts + 1] = M.size(job.files)
    parts[#parts + 1] = job.verdict
  end
  if job.costUsd then
    parts[#parts + 1] = ("$%.2f"):format(job.costUsd)
  end
  return table.concat(parts, " · ")
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

return M
