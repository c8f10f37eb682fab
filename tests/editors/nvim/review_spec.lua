local support = require("support")
local equal, eventually = support.equal, support.eventually

local fake = require("fake_server").new()
vim.g.agent_ls = { cmd = fake.cmd }

local BEFORE = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven\ntwelve\n"
local root = support.workspace({ ["a.py"] = BEFORE, ["dos.txt"] = "x\r\ny\r\n" })

local PATCH = [[
diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,4 +1,4 @@
 one
-two
+TWO
 three
 four
@@ -9,4 +9,5 @@
 nine
 ten
 eleven
-twelve
+TWELVE
+13
diff --git a/dos.txt b/dos.txt
--- a/dos.txt
+++ b/dos.txt
@@ -1,2 +1,2 @@
 x]] .. "\r" .. [[

-y]] .. "\r" .. [[

+Y]] .. "\r" .. [[

diff --git a/new.py b/new.py
new file mode 100644
--- /dev/null
+++ b/new.py
@@ -0,0 +1 @@
+created
]]

local function hunk(id, path, old_line, removed, new_line, added, op)
  return {
    id = id,
    path = path,
    op = op or "edit",
    oldStartLine = old_line,
    oldLines = removed,
    newStartLine = new_line,
    newLines = added,
    landed = false,
  }
end

fake.answers["agentLs.job"] = function()
  return {
    jobId = "j1",
    state = "ready",
    title = "Delegate: 100% louder",
    verdict = "verified",
    files = {},
    patch = PATCH,
    hunks = {
      hunk("h1", "a.py", 1, 1, 1, 1),
      hunk("h2", "a.py", 11, 1, 11, 2),
      hunk("h3", "dos.txt", 1, 1, 1, 1),
      hunk("h4", "new.py", 0, 0, 0, 1, "create"),
    },
  }
end
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
      equal(BEFORE:gsub("two", "TWO"):gsub("twelve\n", "TWELVE\n13"), support.text(right))
      for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
        equal(true, vim.wo[window].diff)
      end
      equal(false, vim.bo[right].modifiable)
      assert(vim.wo[0].winbar:find("100%%%% louder · 1/3 a.py · verified", 1), vim.wo[0].winbar)
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
      assert(support.text(0):find("TWO", 1, true))
      support.type("[f[f")
      equal("x\nY", support.text(0))
      support.type("q")
      equal(1, #vim.api.nvim_list_tabpages())
      equal(BEFORE, support.text(bufnr) .. "\n")
      equal(false, vim.wo[0].diff)
    end,
  },
  {
    "a hunk that is left out is not asked for",
    function()
      local _, right = open()
      vim.api.nvim_win_set_cursor(0, { 12, 0 })
      support.type("x")
      equal({ { 11, "  left out" } }, marks(right))
      support.type("x")
      equal({}, marks(right))
      support.type("x")
      support.type("a")
      eventually(function()
        return #fake.calls("agentLs.apply") == 1
      end)
      equal({ jobId = "j1", hunks = { "h1", "h3", "h4" } }, fake.calls("agentLs.apply")[1])
      equal(1, #vim.api.nvim_list_tabpages())
    end,
  },
  {
    "lines typed above move the plan; a line typed into it shows the patch and says why",
    function()
      vim.api.nvim_buf_set_lines(bufnr, 0, 0, false, { "zero" })
      local _, right = open()
      assert(support.text(right):find("^zero\none\nTWO\n"), support.text(right))
      support.type("q")
      vim.api.nvim_buf_set_lines(bufnr, 2, 3, false, { "two, mine" })
      _, right = open()
      equal("diff", vim.bo[right].filetype)
      assert(vim.wo[0].winbar:find("applying merges", 1, true), vim.wo[0].winbar)
      support.type("D")
      eventually(function()
        return #fake.calls("agentLs.discard") == 1
      end)
      equal("two, mine", vim.api.nvim_buf_get_lines(bufnr, 2, 3, false)[1])
    end,
  },
  {
    "what has landed is marked and not asked for again",
    function()
      vim.api.nvim_buf_set_lines(bufnr, 0, 3, false, { "one", "two" })
      local whole = fake.answers["agentLs.job"]
      fake.answers["agentLs.job"] = function()
        local job = whole()
        job.hunks[1].landed = true
        return job
      end
      local _, right = open()
      equal({ { 1, "  landed" } }, marks(right))
      vim.api.nvim_win_set_cursor(0, { 12, 0 })
      support.type("x")
      support.type("a")
      eventually(function()
        return #fake.calls("agentLs.apply") == 2
      end)
      equal({ jobId = "j1", hunks = { "h3", "h4" } }, fake.calls("agentLs.apply")[2])
    end,
  },
  {
    "a job without a plan has nothing to show",
    function()
      fake.answers["agentLs.job"] = function()
        return { jobId = "j1", state = "running", title = "Early", patch = "", hunks = {} }
      end
      vim.cmd("Agent review")
      eventually(function()
        return support.noticed("Early has no plan")
      end)
      equal(1, #vim.api.nvim_list_tabpages())
    end,
  },
}
