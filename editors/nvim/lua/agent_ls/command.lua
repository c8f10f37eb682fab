---The words of `:Agent`. Anything that is not one of its verbs is a task.

local M = {}

---What a verb takes: nothing, a job, or a job and words.
M.verbs = {
  answer = "job+words",
  apply = "job",
  cancel = "job",
  delegate = "words",
  details = "job",
  discard = "job",
  explain = "nothing",
  jobs = "nothing",
  open = "nothing",
  resume = "job",
  retry = "job+words",
  review = "job",
  status = "nothing",
  stop = "nothing",
  tell = "job+words",
  trust = "nothing",
  undo = "job",
}

---@class agent_ls.Said
---@field verb string
---@field job? string
---@field words string

---Read a command line. `:Agent apply the new style everywhere` is a task, not a verb: a verb takes
---only what it can use.
---@param text string
---@param is_job fun(id: string): boolean
---@return agent_ls.Said
function M.parse(text, is_job)
  text = vim.trim(text)
  local verb, rest = text:match("^(%S+)%s*(.*)$")
  local takes = M.verbs[verb]
  local task = { verb = "delegate", words = text }
  if not takes then
    return task
  elseif takes == "words" then
    return { verb = verb, words = rest }
  elseif rest == "" then
    return { verb = verb, words = "" }
  elseif takes == "nothing" then
    return task
  end
  local job, words = rest:match("^(%S+)%s*(.*)$")
  if is_job(job) and (words == "" or takes == "job+words") then
    return { verb = verb, job = job, words = words }
  end
  if takes == "job+words" and (verb == "answer" or verb == "tell") then
    return { verb = verb, words = rest }
  end
  return task
end

---Whether a job's id may stand behind the verb.
---@param text string
---@return boolean
function M.names_a_job(text)
  local verb, second = vim.trim(text):match("^(%S+)%s+(%S+)")
  return second ~= nil and (M.verbs[verb] or ""):match("^job") ~= nil
end

---Jobs are completed by their ids, and where no id begins so by a part of their titles.
---@param lead string
---@param jobs agent_ls.Job[]
---@return string[] ids
local function ids(lead, jobs)
  local function those(fits)
    return vim.tbl_map(function(job)
      return job.jobId
    end, vim.tbl_filter(fits, jobs))
  end
  local begun = those(function(job)
    return vim.startswith(job.jobId, lead)
  end)
  return #begun > 0 and begun
    or those(function(job)
      return job.title:lower():find(lead:lower(), 1, true) ~= nil
    end)
end

---@param lead string the word that is being typed
---@param line string the command line so far
---@param fitting fun(verb: string): agent_ls.Job[]
---@return string[]
function M.complete(lead, line, fitting)
  local words = vim.split(line:gsub("^.-Agent!?%s*", "", 1), "%s+")
  if #words == 2 and (M.verbs[words[1]] or ""):match("^job") then
    return ids(lead, fitting(words[1]))
  elseif #words > 1 then
    return {}
  end
  local verbs = vim.tbl_filter(function(verb)
    return vim.startswith(verb, lead)
  end, vim.tbl_keys(M.verbs))
  table.sort(verbs)
  return verbs
end

return M
