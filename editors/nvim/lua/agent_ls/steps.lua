---The steps that a job proposes before it edits anything, in a float: read them, change them as any
---text, approve or reject them. Nothing is decided by closing it.

local client_of = require("agent_ls.client")
local float = require("agent_ls.float")
local notice = require("agent_ls.notice")
local protocol = require("agent_ls.protocol")
local wording = require("agent_ls.wording")

local M = {}

---@class agent_ls.Step
---@field text string
---@field files string[]

---@class agent_ls.Proposal
---@field client vim.lsp.Client
---@field job table the answer of `agentLs.job`
---@field bufnr integer
---@field window integer
---@field stop fun()

local FOOTER = "<CR> or :w approves what stands here · gx rejects · gw words · q later · g? help"

local HELP = {
  "- a step; delete, add, reword or move steps as any text",
  "    @a/file/of/it  one line for each file or folder that the step may touch",
  "<CR>, :w   approve what stands here",
  "gx         reject: the job ends, no file was changed",
  "gw         say something about it: the plan is proposed anew",
  "q          decide later; what you changed here is kept",
}

---@param steps agent_ls.Step[]
---@return string[] lines
function M.text(steps)
  local lines = {}
  for _, step in ipairs(steps) do
    lines[#lines + 1] = "- " .. wording.plain(step.text)
    for _, file in ipairs(step.files) do
      lines[#lines + 1] = "    @" .. file
    end
  end
  return lines
end

---What such a text means. A line without a mark goes on with the step above it, or begins the first.
---@param lines string[]
---@return agent_ls.Step[]
function M.read(lines)
  local steps = {}
  for _, line in ipairs(lines) do
    local file = line:match("^%s+@(.+)$")
    local begun = line:match("^%s*[-*]%s+(.*)$") or line:match("^%s*%d+[.)]%s+(.*)$")
    if file and steps[#steps] then
      table.insert(steps[#steps].files, vim.trim(file))
    elseif line:match("%S") then
      if begun or not steps[#steps] then
        steps[#steps + 1] = { text = vim.trim(begun or line), files = {} }
      else
        steps[#steps].text = vim.trim(steps[#steps].text .. " " .. vim.trim(line))
      end
    end
  end
  return vim.tbl_filter(function(step)
    return step.text ~= ""
  end, steps)
end

---job id → the proposal that is under the user's hands, its window open or not
---@type table<string, agent_ls.Proposal>
local proposals = {}

---@param proposal agent_ls.Proposal
local function gone(proposal)
  proposal.stop()
  proposals[proposal.job.jobId] = nil
  if vim.api.nvim_buf_is_valid(proposal.bufnr) then
    vim.bo[proposal.bufnr].modified = false
    vim.api.nvim_buf_delete(proposal.bufnr, { force = true })
  end
end

---What stands here has not been taken: as long as it is modified it is not thrown away.
---@param proposal agent_ls.Proposal
local function unsent(proposal)
  if vim.api.nvim_buf_is_valid(proposal.bufnr) then
    local lines = vim.api.nvim_buf_get_lines(proposal.bufnr, 0, -1, false)
    vim.bo[proposal.bufnr].modified = not vim.deep_equal(lines, M.text(proposal.job.steps))
  end
end

---@param proposal agent_ls.Proposal
---@param argument { action: string, steps?: agent_ls.Step[] }
local function decide(proposal, argument)
  argument.jobId = proposal.job.jobId
  client_of.execute(proposal.client, protocol.command.plan, argument, function()
    gone(proposal)
  end, function()
    unsent(proposal)
  end)
end

---@param proposal agent_ls.Proposal
local function approve(proposal)
  local lines = vim.api.nvim_buf_get_lines(proposal.bufnr, 0, -1, false)
  if vim.deep_equal(lines, M.text(proposal.job.steps)) then
    return decide(proposal, { action = "approve" })
  end
  local steps = M.read(lines)
  if #steps == 0 then
    unsent(proposal)
    return notice.say("agent-ls: a plan without steps cannot be approved; gx rejects it", vim.log.levels.WARN)
  end
  decide(proposal, { action = "edit", steps = steps })
end

---@param proposal agent_ls.Proposal
local function say_words(proposal)
  vim.ui.input({ prompt = "What should be different: " }, function(words)
    if not words or vim.trim(words) == "" then
      return
    end
    client_of.execute(proposal.client, protocol.command.answer, {
      jobId = proposal.job.jobId,
      questionId = proposal.job.question.questionId,
      answer = vim.trim(words),
    }, function()
      gone(proposal)
    end)
  end)
end

---@param proposal agent_ls.Proposal
local function map_keys(proposal)
  local function map(key, act, what)
    vim.keymap.set("n", key, act, { buffer = proposal.bufnr, nowait = true, desc = "agent-ls: " .. what })
  end
  map("<CR>", function()
    approve(proposal)
  end, "approve what stands here")
  map("gx", function()
    decide(proposal, { action = "reject" })
  end, "reject the plan")
  map("gw", function()
    say_words(proposal)
  end, "say something about the plan")
  map("q", function()
    float.close(proposal.window)
  end, "decide later")
  map("g?", function()
    vim.notify(table.concat(HELP, "\n"), vim.log.levels.INFO, { title = "agent-ls plan" })
  end, "help")
  vim.api.nvim_create_autocmd("BufWriteCmd", {
    buffer = proposal.bufnr,
    desc = "agent-ls: approve what stands here",
    callback = function()
      vim.bo[proposal.bufnr].modified = false
      approve(proposal)
    end,
  })
  vim.api.nvim_create_autocmd({ "TextChanged", "TextChangedI" }, {
    buffer = proposal.bufnr,
    desc = "agent-ls: as high as its text",
    callback = function()
      if vim.api.nvim_win_is_valid(proposal.window) and vim.api.nvim_win_get_buf(proposal.window) == proposal.bufnr then
        float.fit(proposal.window)
      end
    end,
  })
end

---The plan went its way without the user: what was changed here and not sent is not thrown away.
---@param proposal agent_ls.Proposal
local function settled(proposal)
  if not vim.api.nvim_buf_is_valid(proposal.bufnr) then
    return
  elseif not vim.bo[proposal.bufnr].modified then
    return gone(proposal)
  end
  proposals[proposal.job.jobId] = nil
  float.close(proposal.window)
  vim.bo[proposal.bufnr].modified = false
  vim.bo[proposal.bufnr].buftype = "nofile"
  vim.bo[proposal.bufnr].buflisted = true
  notice.say(
    ("agent-ls: %s waits no more for its plan; your changes to it are in buffer %d"):format(
      wording.plain(proposal.job.title),
      proposal.bufnr
    ),
    vim.log.levels.WARN
  )
end

---@param client vim.lsp.Client
---@param job table the answer of `agentLs.job`, with a proposal
function M.open(client, job)
  local spec = { title = job.title, footer = FOOTER }
  local known = proposals[job.jobId]
  if known and vim.api.nvim_buf_is_valid(known.bufnr) and known.job.question.questionId == job.question.questionId then
    float.close(known.window)
    known.window = float.open(known.bufnr, spec)
    return
  end
  local bufnr = vim.api.nvim_create_buf(false, false)
  vim.api.nvim_buf_set_name(bufnr, ("agent-ls://plan/%s/%s"):format(job.jobId, job.question.questionId))
  vim.bo[bufnr].bufhidden = "hide"
  vim.bo[bufnr].buftype = "acwrite"
  vim.bo[bufnr].swapfile = false
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, M.text(job.steps))
  vim.bo[bufnr].modified = false
  local proposal = { client = client, job = job, bufnr = bufnr }
  proposals[job.jobId] = proposal
  proposal.window = float.open(bufnr, spec)
  proposal.stop = float.when_settled(client.id, job.jobId, job.question.questionId, function()
    settled(proposal)
  end)
  map_keys(proposal)
end

return M
