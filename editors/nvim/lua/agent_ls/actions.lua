---What `:Agent` does: each verb asks the server for one thing.

local client_of = require("agent_ls.client")
local command = require("agent_ls.command")
local jobs = require("agent_ls.jobs")
local notice = require("agent_ls.notice")
local place = require("agent_ls.place")
local protocol = require("agent_ls.protocol")
local wording = require("agent_ls.wording")

local M = {}

---@class agent_ls.Call
---@field client vim.lsp.Client
---@field bufnr integer
---@field range agent_ls.Range taken before anything was asked: the cursor may have moved since
---@field said agent_ls.Said
---@field plan_first? boolean nothing is edited before the user has approved the steps

local function say(text, level)
  notice.say("agent-ls: " .. text, level)
end

---Find the job a verb is meant for: the named one, the only one that fits, or the user's choice.
---@param call agent_ls.Call
---@param chosen fun(job_id: string, job: agent_ls.Job?)
local function with_job(call, chosen)
  local said = call.said
  if said.job then
    return chosen(said.job, jobs.get(call.client.id, said.job))
  end
  jobs.refresh(call.client, function()
    local fitting = jobs.fitting(call.client.id, said.verb)
    if #fitting == 0 then
      say(("there is no job to %s"):format(said.verb))
    elseif #fitting == 1 then
      chosen(fitting[1].jobId, fitting[1])
    else
      vim.ui.select(fitting, { prompt = ("Job to %s"):format(said.verb), format_item = wording.line }, function(job)
        if job then
          chosen(job.jobId, job)
        end
      end)
    end
  end)
end

---Words that were given, else typed now; nothing happens where none are.
---@param call agent_ls.Call
---@param prompt string
---@param use fun(words: string)
local function with_words(call, prompt, use)
  if call.said.words ~= "" then
    return use(call.said.words)
  end
  vim.ui.input({ prompt = prompt }, function(words)
    if words and vim.trim(words) ~= "" then
      use(vim.trim(words))
    end
  end)
end

---A verb that is one command with a job's id.
---@param name string
local function on_job(name)
  return function(call)
    with_job(call, function(job_id)
      client_of.execute(call.client, name, { jobId = job_id })
    end)
  end
end

local verbs = {
  apply = on_job(protocol.command.apply),
  cancel = on_job(protocol.command.cancel),
  discard = on_job(protocol.command.discard),
  resume = on_job(protocol.command.resume),
  undo = on_job(protocol.command.undo),
}

function verbs.delegate(call)
  with_words(call, "Delegate: ", function(task)
    local argument = place.argument(call.bufnr, call.range, call.client.offset_encoding)
    argument.task, argument.planFirst = task, call.plan_first or nil
    client_of.execute(call.client, protocol.command.delegate, argument)
  end)
end

function verbs.review(call)
  with_job(call, function(job_id)
    require("agent_ls.review").open(call.client, job_id)
  end)
end

function verbs.retry(call)
  with_job(call, function(job_id)
    local words = call.said.words
    client_of.execute(
      call.client,
      protocol.command.retry,
      { jobId = job_id, instruction = words ~= "" and words or nil }
    )
  end)
end

function verbs.tell(call)
  with_job(call, function(job_id)
    with_words(call, "Tell the agent: ", function(text)
      client_of.execute(call.client, protocol.command.tell, { jobId = job_id, text = text })
    end)
  end)
end

---@param client vim.lsp.Client
---@param job_id string
local function open_question(client, job_id)
  client_of.execute(client, protocol.command.job, { jobId = job_id }, function(job)
    if not job.question then
      say(("%s asks nothing"):format(wording.plain(job.title)))
    elseif job.planState == "proposed" then
      require("agent_ls.steps").open(client, job)
    else
      require("agent_ls.question").open(client, job)
    end
  end)
end

---Words are the answer itself; without any, the question or the proposed steps open in a float.
function verbs.answer(call)
  -- The question itself is not in the notification: the list has it.
  jobs.refresh(call.client, function()
    with_job(call, function(job_id)
      if call.said.words == "" then
        return open_question(call.client, job_id)
      end
      local job = jobs.get(call.client.id, job_id)
      if not job or not job.question then
        return say(("%s asks nothing"):format(job and wording.plain(job.title) or job_id))
      end
      client_of.execute(call.client, protocol.command.answer, {
        jobId = job_id,
        questionId = job.question.questionId,
        answer = call.said.words,
      })
    end)
  end)
end

---What wants the user: the one question or plan there is, else the list of all jobs.
function verbs.open(call)
  jobs.refresh(call.client, function()
    for _, verb in ipairs({ "answer", "apply" }) do
      local wanting = vim.tbl_filter(function(job)
        return job.state == "waiting" or job.state == "ready"
      end, jobs.fitting(call.client.id, verb))
      if #wanting == 1 then
        return M.on_client(call.client, verb == "apply" and "review" or verb, wanting[1].jobId)
      elseif #wanting > 1 then
        break
      end
    end
    verbs.jobs(call)
  end)
end

function verbs.jobs(call)
  require("agent_ls.window").open(call.client)
end

function verbs.details(call)
  with_job(call, function(job_id)
    require("agent_ls.details").open(call.client, job_id)
  end)
end

function verbs.explain(call)
  local range, encoding = call.range, call.client.offset_encoding
  require("agent_ls.explain").at(call.client, call.bufnr, place.position(call.bufnr, range.row, range.column, encoding))
end

function verbs.status(call)
  client_of.execute(call.client, protocol.command.status, {}, function(status)
    say(vim.inspect(status))
  end)
end

function verbs.trust(call)
  local root = call.client.config.root_dir
  vim.ui.select({ "Trust: checks and engines may run here", "Do not trust" }, {
    prompt = ("May agent-ls run programs of %s in its sandbox?"):format(vim.fn.fnamemodify(root, ":~")),
  }, function(_, number)
    if number then
      client_of.execute(call.client, protocol.command.trust, { uri = vim.uri_from_fname(root), trusted = number == 1 })
    end
  end)
end

function verbs.stop(call)
  client_of.stop(call.client)
end

---A verb asked for by something else than the command line.
---@param client vim.lsp.Client
---@param verb string
---@param job? string
function M.on_client(client, verb, job)
  local bufnr = vim.api.nvim_get_current_buf()
  local said = { verb = verb, job = job, words = "" }
  verbs[verb]({ client = client, bufnr = bufnr, range = place.chosen(bufnr, { range = 0 }), said = said })
end

---@param options { args: string, bang: boolean, range: integer, line1: integer, line2: integer }
function M.run(options)
  local bufnr = vim.api.nvim_get_current_buf()
  local range = place.chosen(bufnr, options)
  local function act(client)
    local said = command.parse(options.args, function(id)
      return jobs.get(client.id, id) ~= nil
    end)
    verbs[said.verb]({ client = client, bufnr = bufnr, range = range, said = said, plan_first = options.bang })
  end
  client_of.with(bufnr, function(client)
    -- A job that another Neovim started is not known here yet; its id must not be taken for a task.
    if command.names_a_job(options.args) then
      return jobs.refresh(client, function()
        act(client)
      end)
    end
    act(client)
  end)
end

---@return string[]
function M.complete(lead, line, cursor)
  local client = client_of.find()
  return command.complete(lead, line:sub(1, cursor), function(verb)
    return client and jobs.fitting(client.id, verb) or {}
  end)
end

return M
