-- The plugin as a user has it: files are opened, `:Agent` is typed, the fake server looks on.

local support = require("support")
local equal, eventually = support.equal, support.eventually

local fake = require("fake_server").new()
vim.g.agent_ls = { cmd = fake.cmd, settings = { budgets = { attemptUsd = 2 } } }

local root = support.workspace({ ["a.py"] = "x = '😀'; y = 1\n", ["b.py"] = "b = 1\n" })

local function client()
  return vim.lsp.get_clients({ name = "agent_ls" })[1]
end

local function job(id, state, extra)
  return vim.tbl_extend("force", {
    jobId = id,
    state = state,
    title = "Job " .. id,
    step = "",
    done = 0,
    total = 0,
    costUsd = vim.NIL,
    verdict = "verified",
    question = vim.NIL,
    files = { { path = "a.py", op = "edit", added = 2, removed = 1 } },
    createdAt = tonumber(id:sub(2)),
  }, extra or {})
end

local function server_has(...)
  local all = { ... }
  fake.answers["agentLs.jobs"] = function()
    return { jobs = all }
  end
end

return {
  {
    "opening a file starts the server, with events asked for and settings passed on",
    function()
      vim.cmd.cd(root)
      support.edit(root, "a.py")
      eventually(client, "a client")
      eventually(function()
        return #fake.calls("agentLs.jobs") > 0
      end, "the jobs of earlier are asked for")
      local first = fake.sent[1]
      equal("initialize", first.method)
      equal({ events = true, prompts = true, questions = true, review = true }, first.params.initializationOptions)
      equal(vim.uri_from_fname(root), first.params.rootUri)
      equal({ attemptUsd = 2 }, client().config.settings.agentLs.budgets)
      assert(
        client().config.cmd_cwd and client().config.cmd_cwd ~= root,
        "the server must not be started in the workspace"
      )
      assert(not vim.iter(fake.sent):any(function(message)
        return message.json:find('"arguments":[[]]', 1, true)
      end), "an empty argument must be an object")
    end,
  },
  {
    "a second file of the workspace uses the same server",
    function()
      support.edit(root, "b.py")
      eventually(function()
        return vim.lsp.buf_is_attached(0, client().id)
      end)
      equal(1, #vim.lsp.get_clients({ name = "agent_ls" }))
    end,
  },
  {
    "what is typed or changed in any buffer is sent at once, not only that of the current one",
    function()
      local other = vim.fn.bufnr(root .. "/a.py")
      vim.api.nvim_buf_set_lines(other, -1, -1, false, { "z = 2" })
      local last = fake.sent[#fake.sent]
      equal("textDocument/didChange", last.method)
      equal(vim.uri_from_fname(root .. "/a.py"), last.params.textDocument.uri)
      vim.api.nvim_buf_set_lines(other, -2, -1, false, {})
      vim.bo[other].modified = false
    end,
  },
  {
    "files outside of any workspace are left alone, and :Agent says why",
    function()
      local elsewhere = vim.fn.tempname() .. ".py"
      vim.cmd.edit(elsewhere)
      vim.cmd.Agent("apply")
      equal(1, #vim.lsp.get_clients({ name = "agent_ls" }))
      vim.cmd.edit(root .. "/a.py")
    end,
  },
  {
    ":Agent with words delegates at the cursor, and what was typed a moment ago is sent before",
    function()
      vim.api.nvim_win_set_cursor(0, { 1, #"x = '😀'; " })
      support.type("iz<Esc>")
      vim.cmd("Agent rename y to total")
      eventually(function()
        return #fake.calls("agentLs.delegate") == 1
      end)
      local call = fake.calls("agentLs.delegate")[1]
      equal("rename y to total", call.task)
      equal(vim.uri_from_fname(root .. "/a.py"), call.uri)
      equal({ line = 0, character = 10 }, call.range.start)
      local changes = vim
        .iter(fake.sent)
        :filter(function(message)
          return message.method == "textDocument/didChange"
        end)
        :totable()
      equal(changes[#changes].params.textDocument.version, call.version)
      equal("agentLs.delegate", fake.sent[#fake.sent].params.command, "nothing comes after it")
    end,
  },
  {
    ":Agent alone asks for the task; an empty answer delegates nothing",
    function()
      local before = #fake.calls("agentLs.delegate")
      support.input("  ")
      vim.cmd("Agent")
      equal(before, #fake.calls("agentLs.delegate"))
      local asked = support.input("add a docstring")
      vim.cmd("1Agent")
      equal("Delegate: ", asked.prompt)
      eventually(function()
        return #fake.calls("agentLs.delegate") == before + 1
      end)
      local call = fake.calls("agentLs.delegate")[before + 1]
      equal("add a docstring", call.task)
      equal({ line = 0, character = 0 }, call.range.start)
      assert(call.range["end"].character > 5)
    end,
  },
  {
    "one job fits: it is taken; several: the user chooses; none: a sentence",
    function()
      server_has(job("j1", "ready"), job("j2", "running"))
      vim.cmd("Agent apply")
      eventually(function()
        return #fake.calls("agentLs.apply") == 1
      end)
      equal({ jobId = "j1" }, fake.calls("agentLs.apply")[1])

      server_has(job("j1", "applied"), job("j2", "applied"))
      local asked = support.choose(function()
        return 2
      end)
      vim.cmd("Agent undo")
      eventually(function()
        return #fake.calls("agentLs.undo") == 1
      end)
      equal("applied · Job j2 · 1 file +2 −1 · verified", asked.lines[1])
      equal({ jobId = "j1" }, fake.calls("agentLs.undo")[1])

      vim.cmd("Agent cancel")
      eventually(function()
        return support.noticed("no job to cancel")
      end)
    end,
  },
  {
    "a job that was named is asked for without looking at its state: the server decides",
    function()
      vim.cmd("Agent cancel j1")
      eventually(function()
        return #fake.calls("agentLs.cancel") == 1
      end)
    end,
  },
  {
    "an error of the server is shown as it is worded",
    function()
      fake.answers["agentLs.discard"] = function()
        return nil, { code = -32602, message = "There is no job j9." }
      end
      server_has(job("j9", "ready"))
      vim.cmd("Agent discard")
      eventually(function()
        return support.noticed("There is no job j9%.")
      end)
    end,
  },
  {
    "words behind :Agent answer are the answer",
    function()
      local question = { questionId = "q1", text = "Which?", choices = { "both", "one" }, default = "one" }
      server_has(job("j1", "waiting", { question = question }))
      vim.cmd("Agent answer neither of them")
      eventually(function()
        return #fake.calls("agentLs.answer") == 1
      end)
      equal({ jobId = "j1", questionId = "q1", answer = "neither of them" }, fake.calls("agentLs.answer")[1])
    end,
  },
  {
    ":Agent! delegates with a plan to approve first",
    function()
      vim.cmd("Agent! split this module")
      eventually(function()
        local calls = fake.calls("agentLs.delegate")
        return #calls > 0 and calls[#calls].task == "split this module" and calls[#calls].planFirst == true
      end)
    end,
  },
  {
    "events move the statusline and are announced; a new state brings the rest of the job",
    function()
      server_has()
      local seen = {}
      vim.api.nvim_create_autocmd("User", {
        pattern = "AgentLsJobChanged",
        callback = function(event)
          seen[#seen + 1] = event.data.job.state
        end,
      })
      require("agent_ls.jobs").refresh(client())
      eventually(function()
        return require("agent_ls").statusline() == ""
      end)
      server_has(job("j7", "running", { costUsd = 0.04 }), job("j8", "ready", { costUsd = 0.5 }), job("j9", "applied"))
      fake.push("agentLs/jobChanged", { jobId = "j7", state = "queued", title = "t", step = "", done = 0, total = 0 })
      eventually(function()
        return require("agent_ls").statusline() == "agent: 1 running, 1 ready · $0.54"
      end)
      equal(
        { "queued", "applied", "ready", "running" },
        vim.fn.sort(vim.deepcopy(seen), function(a, b)
          local order = { queued = 1, applied = 2, ready = 3, running = 4 }
          return order[a] - order[b]
        end)
      )
      local asked = #fake.calls("agentLs.jobs")
      fake.push("agentLs/jobChanged", job("j7", "running", { step = "editing", costUsd = 0.06 }))
      eventually(function()
        return require("agent_ls").statusline() == "agent: 1 running, 1 ready · $0.56"
      end)
      equal(asked, #fake.calls("agentLs.jobs"), "no state is new: nothing is asked for")
    end,
  },
  {
    "an explanation is asked again while it is being written",
    function()
      local asked = 0
      fake.answers["agentLs.explain"] = function(argument)
        asked = asked + 1
        equal({ line = 0, character = 0 }, argument.position)
        return asked == 1 and { markdown = "", pending = true } or { markdown = "It **adds**.", pending = false }
      end
      vim.api.nvim_win_set_cursor(0, { 1, 0 })
      vim.cmd("Agent explain")
      eventually(function()
        return vim.iter(vim.api.nvim_list_wins()):any(function(window)
          return vim.api.nvim_win_get_config(window).relative ~= ""
            and support.text(vim.api.nvim_win_get_buf(window)):find("adds", 1, true) ~= nil
        end)
      end, "a float with the explanation")
      equal(2, asked)
    end,
  },
  {
    "health says what is running",
    function()
      fake.answers["agentLs.status"] = function()
        return { version = "9.9.9", pid = 77 }
      end
      vim.cmd("checkhealth agent_ls")
      local text = support.text(vim.api.nvim_get_current_buf())
      assert(text:find(root, 1, true) and text:find("version 9.9.9, process 77", 1, true), text)
      assert(not text:find("ERROR", 1, true), text)
      vim.cmd("tabclose")
    end,
  },
  {
    "when the server ends, its jobs leave the statusline",
    function()
      assert(require("agent_ls").statusline() ~= "")
      vim.cmd("Agent stop")
      eventually(function()
        return require("agent_ls").statusline() == ""
      end)
    end,
  },
}
