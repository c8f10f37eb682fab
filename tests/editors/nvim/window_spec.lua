-- The jobs window: what stands in it, that it keeps up, and that each key does its one thing.

local support = require("support")
local equal, eventually = support.equal, support.eventually

local fake = require("fake_server").new()
vim.g.agent_ls = { cmd = fake.cmd }
vim.o.columns, vim.o.lines = 100, 40

local root = support.workspace({ ["a.py"] = "x = 1\n" })

local function job(number, state, extra)
  return vim.tbl_extend("force", {
    jobId = "j" .. number,
    state = state,
    title = "Delegate: task " .. number,
    step = "",
    done = 0,
    total = 0,
    costUsd = vim.NIL,
    verdict = "verified",
    verdictNote = "",
    warnings = {},
    overlaps = {},
    problem = "",
    question = vim.NIL,
    files = {},
    owner = "here",
    createdAt = number,
  }, extra or {})
end

local FILES = { { path = "a.py", op = "edit", added = 12, removed = 3 } }
local QUESTION = { questionId = "q1", text = "Which\nname?", choices = { "sum", "total" }, default = "sum" }

local all = {}
fake.answers["agentLs.jobs"] = function()
  return { jobs = all }
end

local function client()
  return vim.lsp.get_clients({ name = "agent_ls" })[1]
end

local function window()
  return vim.iter(vim.api.nvim_list_wins()):find(function(one)
    return vim.bo[vim.api.nvim_win_get_buf(one)].filetype == "agent-ls-jobs"
  end)
end

local function shown()
  return vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window()), 0, -1, false)
end

local function shows(expected)
  eventually(function()
    return vim.deep_equal(expected, shown())
  end, vim.inspect(expected) .. "\ngot " .. vim.inspect(window() and shown()))
end

local function stand_on(text)
  vim.api.nvim_set_current_win(window())
  for number, line in ipairs(shown()) do
    if line:find(text, 1, true) then
      return vim.api.nvim_win_set_cursor(0, { number, 0 })
    end
  end
  error("no line with " .. text)
end

local function floats()
  return vim.iter(vim.api.nvim_list_wins()):filter(function(one)
    return vim.api.nvim_win_get_config(one).relative ~= ""
  end)
end

return {
  {
    "groups with counts, what wants the user first; what is over is folded",
    function()
      support.edit(root, "a.py")
      eventually(client, "a client")
      all = {
        job(6, "running", { step = "editing a.py", done = 3, total = 8, costUsd = 0.04 }),
        job(5, "queued"),
        job(4, "ready", { files = FILES, costUsd = 1.5, overlaps = { { title = "t" } }, warnings = { "w" } }),
        job(3, "waiting", { question = QUESTION }),
        job(2, "applied", { files = FILES }),
        job(1, "failed", { problem = "no\tmodel" }),
      }
      vim.cmd("Agent jobs")
      shows({
        "▾ Waiting for you (1)",
        "  ? task 3        Which name? (sum / total)",
        "▾ Ready (1)",
        "  ● task 4        1 file +12 −3 · verified                                                 $1.50 !&",
        "▾ Running (2)",
        "  ▶ task 6        3/8 editing a.py                                                         $0.04",
        "  · task 5        queued",
        "▸ Done (2)",
      })
      assert(vim.wo.winbar:find("1 waiting, 1 running, 1 queued, 1 ready · $1.54", 1, true), vim.wo.winbar)
      assert(not vim.bo.modifiable and vim.fn.winheight(0) < 20)
    end,
  },
  {
    "Tab unfolds and folds a group",
    function()
      stand_on("Done (2)")
      support.type("<Tab>")
      equal("  ✓ task 2        applied · 1 file +12 −3 · verified", shown()[9])
      equal("  ✗ task 1        failed · no model", shown()[10])
      support.type("<Tab>")
      equal(8, #shown())
      support.type("[g")
      equal("▾ Running (2)", vim.api.nvim_get_current_line())
    end,
  },
  {
    "it keeps up by what the server tells; the cursor stays on its job, and the focus where it was",
    function()
      stand_on("task 6")
      vim.cmd("wincmd p")
      local here = vim.api.nvim_get_current_win()
      all[1] = job(6, "ready", { files = FILES })
      fake.push("agentLs/jobChanged", { jobId = "j6", state = "ready", title = "Delegate: task 6", step = "" })
      shows({
        "▾ Waiting for you (1)",
        "  ? task 3        Which name? (sum / total)",
        "▾ Ready (2)",
        "  ● task 6        1 file +12 −3 · verified",
        "  ● task 4        1 file +12 −3 · verified                                                 $1.50 !&",
        "▾ Running (1)",
        "  · task 5        queued",
        "▸ Done (2)",
      })
      equal(4, vim.api.nvim_win_get_cursor(window())[1])
      equal(here, vim.api.nvim_get_current_win())
      local asked = #fake.calls("agentLs.jobs")
      vim.wait(400)
      equal(asked, #fake.calls("agentLs.jobs"), "nothing is asked for while nothing happens")
    end,
  },
  {
    "where its job goes out of sight the cursor stands on a heading, where no key does anything",
    function()
      stand_on("task 4")
      local before = all
      all = vim.deepcopy(all)
      all[3] = job(4, "applied", { files = FILES })
      fake.push("agentLs/jobChanged", { jobId = "j4", state = "applied", title = "Delegate: task 4", step = "" })
      eventually(function()
        return vim.tbl_contains(shown(), "▸ Done (3)")
      end, "done")
      equal("▾ Ready (1)", vim.api.nvim_get_current_line())
      support.type("a")
      equal(0, #fake.calls("agentLs.apply"))
      all = before
      support.type("R")
      eventually(function()
        return vim.tbl_contains(shown(), "▸ Done (2)")
      end, "as before")
    end,
  },
  {
    "a second :Agent jobs goes to the window that is there",
    function()
      vim.cmd("Agent jobs")
      equal(window(), vim.api.nvim_get_current_win())
      equal(2, #vim.api.nvim_list_wins())
    end,
  },
  {
    "each key does its one thing to the job of its line",
    function()
      for _, case in ipairs({
        { "task 4", "a", "apply" },
        { "task 4", "x", "discard" },
        { "task 5", "c", "cancel" },
        { "task 4", "o", "retry" },
      }) do
        stand_on(case[1])
        support.type(case[2])
        local name = "agentLs." .. case[3]
        eventually(function()
          return #fake.calls(name) == 1
        end, name)
        equal("j" .. case[1]:sub(-1), fake.calls(name)[1].jobId)
      end
      stand_on("Done")
      support.type("<Tab>")
      stand_on("task 2")
      support.type("u")
      stand_on("task 1")
      support.type("s")
      stand_on("task 5")
      support.input("be brief")
      support.type("t")
      eventually(function()
        return #fake.calls("agentLs.undo") == 1
          and #fake.calls("agentLs.resume") == 1
          and #fake.calls("agentLs.tell") == 1
      end)
      equal({ { jobId = "j2" } }, fake.calls("agentLs.undo"))
      equal({ { jobId = "j1" } }, fake.calls("agentLs.resume"))
      equal({ { jobId = "j5", text = "be brief" } }, fake.calls("agentLs.tell"))
    end,
  },
  {
    "a key that does not fit says so and sends nothing",
    function()
      stand_on("task 5")
      support.type("a")
      assert(support.noticed("task 5 is queued: nothing to apply"))
      equal(1, #fake.calls("agentLs.apply"))
      stand_on("Ready")
      support.type("a")
      assert(support.noticed("no job on this line"))
    end,
  },
  {
    "Enter on a job that asks opens its question; a choice is one key",
    function()
      fake.answers["agentLs.job"] = function()
        return vim.tbl_extend("force", all[4], { planState = "", steps = {} })
      end
      stand_on("task 3")
      support.type("<CR>")
      eventually(function()
        return #floats():totable() == 1
      end, "a float")
      equal(
        { "Which", "name?", "", "  1  sum  (else this one)", "  2  total" },
        vim.api.nvim_buf_get_lines(0, 0, -1, false)
      )
      support.type("j<CR>")
      eventually(function()
        return #fake.calls("agentLs.answer") == 1
      end)
      equal({ jobId = "j3", questionId = "q1", answer = "total" }, fake.calls("agentLs.answer")[1])
      equal(0, #floats():totable())
    end,
  },
  {
    "own words for a question; closing it decides nothing",
    function()
      stand_on("task 3")
      support.type("r")
      eventually(function()
        return #floats():totable() == 1
      end, "a float")
      support.type("q")
      equal(0, #floats():totable())
      equal(1, #fake.calls("agentLs.answer"))
      stand_on("task 3")
      support.type("r")
      eventually(function()
        return #floats():totable() == 1
      end, "a float")
      support.input("neither")
      support.type("i")
      eventually(function()
        return #fake.calls("agentLs.answer") == 2
      end)
      equal("neither", fake.calls("agentLs.answer")[2].answer)
    end,
  },
  {
    "a question that is answered elsewhere closes",
    function()
      stand_on("task 3")
      support.type("r")
      eventually(function()
        return #floats():totable() == 1
      end, "a float")
      all[4] = job(3, "running")
      fake.push("agentLs/jobChanged", { jobId = "j3", state = "running", title = "Delegate: task 3", step = "" })
      eventually(function()
        return #floats():totable() == 0
      end, "no float")
    end,
  },
  {
    "K says all about a job, and none of it acts",
    function()
      fake.answers["agentLs.job"] = function()
        return vim.tbl_extend("force", all[3], {
          task = "do\27[2Jit",
          plan = "Did it.",
          steps = { { text = "Read", files = { "a.py" } } },
          checks = { { name = "pytest", status = "passed" } },
          evidence = {},
          warnings = { "weakens a test" },
          overlaps = { { title = "other", path = "a.py", line = 3 } },
          events = { { at = 0, text = "began" } },
        })
      end
      stand_on("task 4")
      support.type("K")
      eventually(function()
        return #floats():totable() == 1
      end, "a float")
      local text = support.text(0)
      for _, told in ipairs({ "do[2Jit", "- Read · a.py", "- pytest: passed", "- weakens a test", "- other (a.py:3)" }) do
        assert(text:find(told, 1, true), told .. " is not in\n" .. text)
      end
      support.type("q")
      equal(0, #floats():totable())
    end,
  },
  {
    "fifty jobs: one list is asked for, all are there, a filter is Neovim's own search",
    function()
      all = {}
      for number = 50, 1, -1 do
        all[#all + 1] =
          job(number, number > 45 and "running" or number > 30 and "ready" or "applied", { files = FILES })
      end
      local before = #fake.calls("agentLs.jobs")
      for number = 50, 46, -1 do
        fake.push("agentLs/jobChanged", { jobId = "j" .. number, state = "running", title = "t", step = "" })
      end
      eventually(function()
        return #shown() == 53
      end, "fifty jobs and three headings")
      assert(#fake.calls("agentLs.jobs") - before <= 2, "five changes at once ask once, and once more")
      stand_on("Ready")
      vim.fn.search("task 31\\>")
      support.type("a")
      eventually(function()
        local calls = fake.calls("agentLs.apply")
        return calls[#calls].jobId == "j31"
      end, "the job that was searched for")
    end,
  },
  {
    "? names every key; q closes; the window goes with its server",
    function()
      stand_on("Ready")
      support.type("?")
      assert(support.noticed("u      take back what landed"))
      support.type("q")
      equal(nil, window())
      vim.cmd("Agent jobs")
      assert(window())
      vim.cmd("Agent stop")
      eventually(function()
        return window() == nil
      end, "no window")
    end,
  },
}
