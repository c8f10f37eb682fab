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
---@field verdictNote? string
---@field warnings? string[]
---@field problem? string
---@field owner? string
---@field overlaps? { title: string, path: string, line: integer }[]
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

---client id → ids of questions that the user was told of
---@type table<integer, table<string, true>>
local asked = {}

---client id → who waits for a list that was asked for
---@type table<integer, fun(jobs: agent_ls.Job[])[]>
local asking = {}

---@type table<fun(client_id: integer, gone: boolean), true>
local watchers = {}

local function event(pattern, client_id, job)
  vim.api.nvim_exec_autocmds("User", {
    pattern = pattern,
    modeline = false,
    data = { client_id = client_id, job = job },
  })
end

local redrawing = false

---Fifty jobs that change at once are drawn once.
---@param client_id integer
---@param gone? boolean
local function redraw(client_id, gone)
  for watcher in pairs(watchers) do
    watcher(client_id, gone == true)
  end
  if not redrawing then
    redrawing = true
    vim.schedule(function()
      redrawing = false
      vim.cmd.redrawstatus({ bang = true })
    end)
  end
end

---Hear of every change, and when a server is gone; called often, so a watcher that draws puts it off.
---@param watcher fun(client_id: integer, gone: boolean)
---@return fun() stop
function M.watch(watcher)
  watchers[watcher] = true
  return function()
    watchers[watcher] = nil
  end
end

---Take in what a notification said of a job. It does not say all: on a new state the list is asked for.
---@param client vim.lsp.Client
---@param news table parameters of `agentLs/jobChanged`
function M.update(client, news)
  known[client.id] = known[client.id] or {}
  local before = known[client.id][news.jobId]
  local job = vim.tbl_extend("force", before or {}, news)
  if job.state ~= "waiting" then
    job.question = nil
  end
  known[client.id][news.jobId] = job
  event("AgentLsJobChanged", client.id, job)
  redraw(client.id)
  if not before or before.state ~= news.state then
    M.refresh(client)
  end
end

---Questions that the user has not heard of.
---@param client_id integer
local function announce_questions(client_id)
  local told = asked[client_id]
  asked[client_id] = told or {}
  for _, job in ipairs(M.list(client_id)) do
    local id = job.question and job.jobId .. "/" .. job.question.questionId
    if id and not asked[client_id][id] then
      asked[client_id][id] = true
      -- Those of before this Neovim wait in the job list.
      if told then
        event("AgentLsQuestion", client_id, job)
      end
    end
  end
end

---@param client vim.lsp.Client
---@param all agent_ls.Job[]
local function replace(client, all)
  local before = known[client.id] or {}
  known[client.id] = {}
  for _, job in ipairs(all) do
    known[client.id][job.jobId] = job
  end
  for _, job in ipairs(all) do
    if not vim.deep_equal(before[job.jobId], job) then
      event("AgentLsJobChanged", client.id, job)
    end
  end
  redraw(client.id)
  announce_questions(client.id)
end

---Ask the server for all jobs; those who ask meanwhile get the next answer.
---@param client vim.lsp.Client
---@param done? fun(jobs: agent_ls.Job[])
function M.refresh(client, done)
  local under_way = asking[client.id]
  if under_way then
    under_way[#under_way + 1] = done or function() end
    return
  end
  asking[client.id] = {}
  require("agent_ls.client").execute(client, protocol.command.jobs, {}, function(result)
    local later = asking[client.id]
    asking[client.id] = nil
    replace(client, result.jobs)
    if done then
      done(M.list(client.id))
    end
    if later and #later > 0 then
      M.refresh(client, function(jobs)
        for _, waiter in ipairs(later) do
          waiter(jobs)
        end
      end)
    end
  end, function()
    asking[client.id] = nil
  end)
end

---@param client_id integer
function M.forget(client_id)
  known[client_id], asked[client_id], asking[client_id] = nil, nil, nil
  redraw(client_id, true)
end

---Newest first, as ids sort by time.
---@param client_id? integer of one server, or of all
---@return agent_ls.Job[]
function M.list(client_id)
  local jobs = {}
  for id, theirs in pairs(known) do
    if client_id == nil or id == client_id then
      vim.list_extend(jobs, vim.tbl_values(theirs))
    end
  end
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

---Whether a verb makes sense for a job as it stands.
---@param verb string
---@param job agent_ls.Job
---@return boolean
function M.fits(verb, job)
  return FIT[verb] == nil or FIT[verb][job.state] == true
end

---The jobs for which a verb makes sense, newest first.
---@param client_id integer
---@param verb string
---@return agent_ls.Job[]
function M.fitting(client_id, verb)
  return vim.tbl_filter(function(job)
    return M.fits(verb, job)
  end, M.list(client_id))
end

return M
