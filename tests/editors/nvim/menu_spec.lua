-- What is chosen in Neovim's own code-action menu.

local support = require("support")
local equal, eventually = support.equal, support.eventually

local fake = require("fake_server").new()
fake.capabilities.codeActionProvider = true
vim.g.agent_ls = { cmd = fake.cmd }

local root = support.workspace({ ["a.py"] = "def total(): ...\n" })
local uri = vim.uri_from_fname(root .. "/a.py")
local RANGE = { start = { line = 0, character = 4 }, ["end"] = { line = 0, character = 9 } }

local function choose_action(command, argument)
  fake.answers["textDocument/codeAction"] = function()
    local made = { title = "it", command = command, arguments = { argument } }
    return { { title = "it", kind = "refactor.rewrite.agent", command = made } }
  end
  local before = #fake.calls(command)
  support.choose(function()
    return 1
  end)
  vim.lsp.buf.code_action()
  return function(count)
    eventually(function()
      return #fake.calls(command) == before + (count or 1)
    end, command)
    return fake.calls(command)[before + 1]
  end
end

return {
  {
    "Delegate … asks for the task, with everything else as the server gave it",
    function()
      local bufnr = support.edit(root, "a.py")
      eventually(function()
        return #vim.lsp.get_clients({ name = "agent_ls", bufnr = bufnr }) == 1
      end)
      local asked = support.input("use a cache")
      local sent = choose_action("agentLs.delegate", { task = "", uri = uri, range = RANGE, version = 0 })()
      equal("Delegate: ", asked.prompt)
      equal({ task = "use a cache", uri = uri, range = RANGE, version = 0 }, sent)
    end,
  },
  {
    "a task that is there is not asked for",
    function()
      local sent = choose_action("agentLs.delegate", { task = "Write tests", uri = uri })()
      equal({ task = "Write tests", uri = uri }, sent)
    end,
  },
  {
    "a rename asks for the new name",
    function()
      vim.api.nvim_win_set_cursor(0, { 1, 4 })
      support.input("sum")
      local sent = choose_action("agentLs.rename", { newName = "", uri = uri, range = RANGE })()
      equal("sum", sent.newName)
    end,
  },
  {
    "an explanation is asked for what the menu names, a selection too, and shown",
    function()
      fake.answers["agentLs.explain"] = function()
        return { markdown = "Sums up.", pending = false }
      end
      local sent = choose_action("agentLs.explain", { uri = uri, range = RANGE })()
      equal({ uri = uri, range = RANGE }, { uri = sent.uri, range = sent.range })
      eventually(function()
        return vim.iter(vim.api.nvim_list_wins()):any(function(window)
          return vim.api.nvim_win_get_config(window).relative ~= ""
        end)
      end)
    end,
  },
  {
    "an answer opens the question",
    function()
      local question = { questionId = "q", text = "Which?", choices = { "one", "two" }, default = "one" }
      local waiting = { jobId = "j1", state = "waiting", title = "t", step = "", done = 0, total = 0 }
      waiting.question = question
      fake.answers["agentLs.jobs"] = function()
        return { jobs = { waiting } }
      end
      fake.answers["agentLs.job"] = function()
        return waiting
      end
      fake.answers["textDocument/codeAction"] = function()
        local made = { title = "it", command = "agentLs.answer", arguments = { { jobId = "j1", questionId = "q" } } }
        return { { title = "it", command = made } }
      end
      support.choose(function()
        return 1
      end)
      vim.lsp.buf.code_action()
      eventually(function()
        return vim.api.nvim_win_get_config(0).relative ~= "" and support.text(0):find("Which?", 1, true)
      end, "the question")
      support.type("2")
      eventually(function()
        return #fake.calls("agentLs.answer") == 1
      end)
      equal({ jobId = "j1", questionId = "q", answer = "two" }, fake.calls("agentLs.answer")[1])
    end,
  },
  {
    "the rest of a menu is asked about by the server",
    function()
      local rest = { more = true, uri = uri, range = RANGE }
      equal(rest, choose_action("agentLs.jobs", rest)())
    end,
  },
  {
    "a plan is reviewed in the plugin's own tab",
    function()
      fake.answers["agentLs.preview"] = function()
        local file = { path = "a.py", uri = vim.uri_from_bufnr(0), op = "edit", after = "def sum(): ...\n" }
        file.hunks, file.conflicts = {}, {}
        return { jobId = "j1", title = "t", files = { file } }
      end
      fake.answers["textDocument/codeAction"] = function()
        local made = { title = "it", command = "agentLs.review", arguments = { { jobId = "j1" } } }
        return { { title = "it", command = made } }
      end
      support.choose(function()
        return 1
      end)
      vim.lsp.buf.code_action()
      eventually(function()
        return support.text(0) == "def sum(): ..."
      end)
      equal(0, #fake.calls("agentLs.review"))
    end,
  },
  {
    "other commands are simply sent",
    function()
      support.type("q")
      local sent = choose_action("agentLs.apply", { jobId = "j1" })()
      equal({ jobId = "j1" }, sent)
    end,
  },
}
