-- The steps of a plan-first job in a float, and the notice that leads there.

local support = require("support")
local equal, eventually = support.equal, support.eventually
local steps = require("agent_ls.steps")

local fake = require("fake_server").new()
vim.g.agent_ls = { cmd = fake.cmd }
vim.o.columns, vim.o.lines = 100, 40

local root = support.workspace({ ["a.py"] = "x = 1\n" })
local STEPS = {
  { text = "Read the client", files = { "client.py", "util/with space.py" } },
  { text = "Write tests", files = {} },
}

local asking = {
  jobId = "j1",
  state = "waiting",
  title = "Split it",
  step = "",
  done = 0,
  total = 0,
  costUsd = vim.NIL,
  createdAt = 1,
  question = { questionId = "q1", text = "Approve this plan?", choices = { "approve", "reject" }, default = "reject" },
}
local quiet = { jobId = "j1", state = "running", title = "Split it", step = "", done = 0, total = 0, createdAt = 1 }
local now = quiet

fake.answers["agentLs.jobs"] = function()
  return { jobs = { now } }
end
fake.answers["agentLs.job"] = function()
  return vim.tbl_extend("force", now, { planState = "proposed", steps = STEPS })
end

local function tell(job)
  now = job
  fake.push(
    "agentLs/jobChanged",
    { jobId = "j1", state = job.state, title = job.title, step = "", done = 0, total = 0 }
  )
end

local function is_open()
  return vim.api.nvim_win_get_config(0).relative ~= ""
end

local function open(id)
  asking = vim.tbl_extend("force", asking, { question = vim.tbl_extend("force", asking.question, { questionId = id }) })
  tell(asking)
  eventually(function()
    return support.noticed("agent%-ls asks")
  end, "a notice")
  support.type("grj")
  eventually(is_open, "the steps")
end

local function lines()
  return vim.api.nvim_buf_get_lines(0, 0, -1, false)
end

local function decisions(count)
  eventually(function()
    return #fake.calls("agentLs.plan") == count
  end, count .. " decisions")
  return fake.calls("agentLs.plan")[count]
end

local function settled()
  tell(quiet)
  eventually(function()
    return not is_open()
  end, "no float")
end

return {
  {
    "steps as text and back, whatever the marks",
    function()
      equal(STEPS, steps.read(steps.text(STEPS)))
      equal(
        { { text = "one and more", files = { "a" } }, { text = "two", files = {} } },
        steps.read({ "", "1. one", "   and more", "  @a", "* two", "- " })
      )
      equal({}, steps.read({ "", "  " }))
    end,
  },
  {
    "a question is told, never opened unasked: what is being typed goes on",
    function()
      local bufnr = support.edit(root, "a.py")
      eventually(function()
        return support.noticed("") or #fake.calls("agentLs.jobs") > 0
      end)
      vim.wait(100)
      local floats_while_typing
      vim.keymap.set("i", "<F5>", function()
        tell(asking)
        eventually(function()
          return support.noticed("agent%-ls asks %(grj answers%)")
        end, "a notice")
        vim.wait(100)
        floats_while_typing = #vim.api.nvim_list_wins()
      end)
      support.type("ofree <F5>text<Esc>")
      equal(1, floats_while_typing)
      equal("x = 1\nfree text", support.text(bufnr))
      assert(not is_open())
      support.type("grj")
      eventually(is_open, "the steps")
      equal({ "- Read the client", "    @client.py", "    @util/with space.py", "- Write tests" }, lines())
    end,
  },
  {
    "approved as it stands with one key",
    function()
      support.type("<CR>")
      equal({ jobId = "j1", action = "approve" }, decisions(1))
      eventually(function()
        return not is_open()
      end, "no float")
      settled()
    end,
  },
  {
    "edited as text, kept over a close, and approved with :w",
    function()
      open("q2")
      support.type("Gcc- Write no tests<Esc>")
      support.type("ggjdd")
      support.type("q")
      assert(not is_open())
      support.type("grj")
      eventually(is_open, "the steps again")
      equal({ "- Read the client", "    @util/with space.py", "- Write no tests" }, lines())
      vim.cmd("write")
      equal({
        jobId = "j1",
        action = "edit",
        steps = {
          { text = "Read the client", files = { "util/with space.py" } },
          { text = "Write no tests", files = {} },
        },
      }, decisions(2))
      -- A step without files is still a list of files, not an object.
      assert(fake.sent[#fake.sent].json:find('"files":[]', 1, true), fake.sent[#fake.sent].json)
      settled()
    end,
  },
  {
    "nothing left is no plan",
    function()
      open("q3")
      support.type("ggdG<CR>")
      assert(support.noticed("without steps cannot be approved"))
      vim.cmd("write")
      assert(vim.bo.modified, "what was not taken is not thrown away")
      equal(2, #fake.calls("agentLs.plan"))
      support.type("u")
    end,
  },
  {
    "words about it go to the agent, and a rejection is one key",
    function()
      support.input("smaller, please")
      support.type("gw")
      eventually(function()
        return #fake.calls("agentLs.answer") == 1
      end)
      equal({ jobId = "j1", questionId = "q3", answer = "smaller, please" }, fake.calls("agentLs.answer")[1])
      settled()
      open("q4")
      support.type("gx")
      equal({ jobId = "j1", action = "reject" }, decisions(3))
      settled()
    end,
  },
  {
    "a plan that was decided elsewhere closes, and changes that were not sent are kept",
    function()
      open("q5")
      support.type("A, twice<Esc>")
      settled()
      local kept = vim.iter(vim.api.nvim_list_bufs()):find(function(bufnr)
        return vim.bo[bufnr].buflisted and support.text(bufnr):find("Read the client, twice", 1, true) ~= nil
      end)
      assert(kept, "the buffer is listed")
      assert(support.noticed("your changes to it are in buffer " .. kept))
      assert(not vim.bo[kept].modified, "it does not hold up :qall")
    end,
  },
}
