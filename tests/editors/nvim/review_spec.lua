local support = require("support")
local equal, eventually = support.equal, support.eventually

local fake = require("fake_server").new()
vim.g.agent_ls = { cmd = fake.cmd }

local BEFORE = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven\ntwelve\n"
local root = support.workspace({ ["a.py"] = BEFORE, ["dos.txt"] = "x\r\ny\r\n", ["old.py"] = "same\n" })

local function hunk(id, old_line, removed, new_line, added)
  return {
    id = id,
    reason = "",
    check = vim.NIL,
    oldStartLine = old_line,
    oldLines = removed,
    newStartLine = new_line,
    newLines = added,
  }
end

local function file(path, op, before, after, hunks, more)
  return vim.tbl_extend("force", {
    path = path,
    uri = vim.uri_from_fname(root .. "/" .. path),
    op = op,
    before = before,
    after = after,
    conflicts = {},
    hunks = hunks,
  }, more or {})
end

-- A server that does the accepted hunks, and nothing else.
local function preview(argument)
  local function has(id)
    return argument.hunks == nil or vim.tbl_contains(argument.hunks, id)
  end
  local after = has("h1") and BEFORE:gsub("two", "TWO") or BEFORE
  after = has("h2") and after:gsub("twelve\n", "TWELVE\n13\n") or after
  local old = { movedFrom = "old.py", movedFromUri = vim.uri_from_fname(root .. "/old.py") }
  return {
    jobId = "j1",
    title = "Delegate: 100% louder",
    verdict = "verified",
    files = {
      file("a.py", "edit", BEFORE, after, { hunk("h1", 1, 1, 1, 1), hunk("h2", 11, 1, 11, has("h2") and 2 or 1) }),
      file("dos.txt", "edit", "x\r\ny\r\n", "x\r\nY\r\n", { hunk("h3", 1, 1, 1, 1) }),
      file("new.py", "create", vim.NIL, has("h4") and "created\n" or vim.NIL, { hunk("h4", 0, 0, 0, 1) }),
      file("new_name.py", "move", "same\n", "same\n", { hunk("h5", 0, 0, 0, 0) }, old),
    },
  }
end

fake.answers["agentLs.preview"] = preview
fake.answers["agentLs.jobs"] = function()
  return { jobs = { { jobId = "j1", state = "ready", title = "Delegate: 100% louder", files = {} } } }
end

local bufnr

local function open()
  vim.cmd("Agent review")
  eventually(function()
    return #vim.api.nvim_list_tabpages() == 2 and #vim.api.nvim_tabpage_list_wins(0) == 2
  end, "a tab with two windows")
  local windows = vim.api.nvim_tabpage_list_wins(0)
  return vim.api.nvim_win_get_buf(windows[1]), vim.api.nvim_win_get_buf(windows[2])
end

local function marks(buffer)
  local space = vim.api.nvim_get_namespaces().agent_ls_review
  return vim.tbl_map(function(mark)
    return { mark[2], mark[4].virt_text[1][1] }
  end, vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { details = true }))
end

local function shows(text)
  eventually(function()
    return support.text(0) == text
  end, text)
end

local PLAN = (BEFORE:gsub("two", "TWO"):gsub("twelve\n", "TWELVE\n13"))

return {
  {
    "left is the real buffer, right the plan, both in diff mode",
    function()
      bufnr = support.edit(root, "a.py")
      eventually(function()
        return #vim.lsp.get_clients({ name = "agent_ls", bufnr = bufnr }) == 1
      end)
      local left, right = open()
      equal(bufnr, left)
      equal(PLAN, support.text(right))
      for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
        equal(true, vim.wo[window].diff)
      end
      equal(false, vim.bo[right].modifiable)
      assert(vim.wo[0].winbar:find("100%%%% louder · 1/4 a.py · verified", 1), vim.wo[0].winbar)
    end,
  },
  {
    "files follow each other; line ends are the buffer's business; a new file stands beside nothing",
    function()
      support.type("]f")
      equal("x\nY", support.text(0))
      equal("dos", vim.bo[vim.api.nvim_win_get_buf(vim.api.nvim_tabpage_list_wins(0)[1])].fileformat)
      support.type("]f")
      equal("created", support.text(0))
      support.type("]f")
      equal("same", support.text(0))
      assert(vim.wo[0].winbar:find("old.py → new_name.py", 1, true), vim.wo[0].winbar)
      equal(
        root .. "/old.py",
        vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(vim.api.nvim_tabpage_list_wins(0)[1]))
      )
      support.type("]f")
      equal(PLAN, support.text(0))
      support.type("q")
      equal(1, #vim.api.nvim_list_tabpages())
      equal(BEFORE, support.text(bufnr) .. "\n")
      equal(false, vim.wo[0].diff)
    end,
  },
  {
    "hunks are walked, rejected and accepted one by one",
    function()
      local _, right = open()
      equal(2, vim.api.nvim_win_get_cursor(0)[1])
      support.type("]h")
      equal(12, vim.api.nvim_win_get_cursor(0)[1])
      support.type("x")
      shows((BEFORE:gsub("two", "TWO"):gsub("\n$", "")))
      equal({ { 11, "  rejected" } }, marks(right))
      assert(vim.wo[0].winbar:find("4 of 5 hunks", 1, true), vim.wo[0].winbar)
      support.type("x")
      shows(PLAN)
      equal({}, marks(right))
      support.type("[h")
      equal(2, vim.api.nvim_win_get_cursor(0)[1])
      support.type("x")
      shows((BEFORE:gsub("twelve\n", "TWELVE\n13")))
      support.type("a")
      eventually(function()
        return #fake.calls("agentLs.apply") == 1
      end)
      equal({ jobId = "j1", hunks = { "h2", "h3", "h4", "h5" }, reviewed = true }, fake.calls("agentLs.apply")[1])
      equal(1, #vim.api.nvim_list_tabpages())
    end,
  },
  {
    "all at once: nothing accepted is nothing to apply, all accepted is the whole plan",
    function()
      open()
      support.type("X")
      shows((BEFORE:gsub("\n$", "")))
      support.type("a")
      assert(support.noticed("every hunk is rejected"))
      equal(1, #fake.calls("agentLs.apply"))
      support.type("A")
      shows(PLAN)
      support.type("a")
      eventually(function()
        return #fake.calls("agentLs.apply") == 2
      end)
      equal({ jobId = "j1", reviewed = true }, fake.calls("agentLs.apply")[2])
    end,
  },
  {
    "what is typed into the left side shows on the right; a clash stands in the bar",
    function()
      local left, right = open()
      fake.answers["agentLs.preview"] = function(argument)
        local plan = preview(argument)
        plan.files[1].after = "zero\n" .. plan.files[1].after
        plan.files[1].conflicts = { "line 3: both changed these lines" }
        return plan
      end
      vim.cmd("wincmd p")
      support.type("ggOzero<Esc>")
      vim.api.nvim_exec_autocmds("TextChanged", { buffer = left })
      eventually(function()
        return support.text(right) == "zero\n" .. PLAN
      end)
      vim.cmd("wincmd p")
      assert(vim.wo[0].winbar:find("clashes with your text, line 3", 1, true), vim.wo[0].winbar)
      fake.answers["agentLs.preview"] = preview
      support.type("D")
      eventually(function()
        return #fake.calls("agentLs.discard") == 1
      end)
      equal("zero", vim.api.nvim_buf_get_lines(bufnr, 0, 1, false)[1])
    end,
  },
  {
    "each hunk says why it is there and which check stood on it",
    function()
      fake.answers["agentLs.preview"] = function(argument)
        local plan = preview(argument)
        local hunks = plan.files[1].hunks
        hunks[1].reason = "Two is too quiet."
        hunks[1].check = { name = "pytest", status = "passed", test = "tests/test_a.py" }
        hunks[2].check = { name = "ruff", status = "failed", test = "" }
        return plan
      end
      local _, right = open()
      equal({ { 1, "  Two is too quiet. · pytest passed (tests/test_a.py)" }, { 11, "  ruff failed" } }, marks(right))
      fake.answers["agentLs.preview"] = preview
      support.type("q")
    end,
  },
  {
    "words for a hunk send it back alone; no words change nothing",
    function()
      open()
      support.type("]h")
      support.input("  ")
      support.type("r")
      equal(0, #fake.calls("agentLs.retry"))
      support.input("spell it out")
      support.type("r")
      eventually(function()
        return #fake.calls("agentLs.retry") == 1
      end)
      equal({ jobId = "j1", hunks = { "h2" }, instruction = "spell it out" }, fake.calls("agentLs.retry")[1])
      equal(1, #vim.api.nvim_list_tabpages())
    end,
  },
  {
    "the server asks for a review, a button's for example",
    function()
      fake.push("agentLs/showPlan", { jobId = "j1" })
      eventually(function()
        return #vim.api.nvim_list_tabpages() == 2
      end)
      equal(PLAN, support.text(0))
      support.type("q")
    end,
  },
  {
    "a job without a plan has nothing to show",
    function()
      fake.answers["agentLs.preview"] = function()
        return { jobId = "j1", title = "Early", files = {} }
      end
      vim.cmd("Agent review")
      eventually(function()
        return support.noticed("Early has nothing to review")
      end)
      equal(1, #vim.api.nvim_list_tabpages())
    end,
  },
}
