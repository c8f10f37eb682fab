local equal = require("support").equal
local patch = require("agent_ls.patch")

local EDIT = [[
diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -2,4 +2,5 @@
 two
-three
+THREE
+3b
 four
 five
]]

local function proposed(lines, text)
  local result, marks = patch.apply(lines, patch.parse(text)[1])
  return result, marks
end

return {
  {
    "an edit is drawn over the text it was made for",
    function()
      local lines, marks = proposed({ "one", "two", "three", "four", "five", "six" }, EDIT)
      equal({ "one", "two", "THREE", "3b", "four", "five", "six" }, lines)
      equal({ { row = 2, run = { old_line = 2, new_line = 2, removed = 1, added = 2 } } }, marks)
    end,
  },
  {
    "lines typed above move it",
    function()
      local lines, marks = proposed({ "new", "one", "two", "three", "four", "five" }, EDIT)
      equal({ "new", "one", "two", "THREE", "3b", "four", "five" }, lines)
      equal(3, marks[1].row)
    end,
  },
  {
    "a text it does not stand in is left alone",
    function()
      equal(nil, (proposed({ "one", "two", "mine", "four", "five" }, EDIT)))
    end,
  },
  {
    "two places it may stand in are one too many",
    function()
      local copy = { "two", "three", "four", "five" }
      local twice = vim.list_extend(vim.list_extend({ "x", "y" }, copy), copy)
      equal(nil, (proposed(twice, EDIT)))
    end,
  },
  {
    "lines that look like headers inside a hunk are text",
    function()
      local file = patch.parse("diff --git a/q b/q\n--- a/q\n+++ b/q\n@@ -1,2 +1,2 @@\n--- x\n+++ y\n same\n")[1]
      equal("q", file.path)
      equal({ "-- x", "same" }, file.hunks[1].old)
      equal({ "++ y", "same" }, file.hunks[1].new)
    end,
  },
  {
    "files: created, deleted, moved, with names in quotes",
    function()
      local files = patch.parse([[
diff --git a/new.py b/new.py
new file mode 100644
--- /dev/null
+++ b/new.py
@@ -0,0 +1,2 @@
+a
+b
diff --git "a/d\303\244 \\303.txt" "b/d\303\244 \\303.txt"
deleted file mode 100644
--- "a/d\303\244 \\303.txt"
+++ /dev/null
@@ -1 +0,0 @@
-gone
\ No newline at end of file
diff --git a/old.py b/sub/new name.py
similarity index 100%
rename from old.py
rename to sub/new name.py
]])
      local seen = vim.tbl_map(function(file)
        return { file.op, file.path, file.moved_from or "" }
      end, files)
      equal({
        { "create", "new.py", "" },
        { "delete", "dä \\303.txt", "" },
        { "move", "sub/new name.py", "old.py" },
      }, seen)
      equal({ "a", "b" }, (patch.apply({}, files[1])))
      equal({}, (patch.apply({ "gone" }, files[2])))
      equal({ "same" }, (patch.apply({ "same" }, files[3])))
    end,
  },
  {
    "two hunks keep their order, and each run its lines",
    function()
      local text = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n+0\n a\n b\n@@ -5,2 +6,1 @@\n-e\n f\n"
      local lines, marks = proposed({ "a", "b", "c", "d", "e", "f" }, text)
      equal({ "0", "a", "b", "c", "d", "f" }, lines)
      equal(
        { { 0, 0, 0 }, { 5, 4, 5 } },
        vim.tbl_map(function(mark)
          return { mark.row, mark.run.old_line, mark.run.new_line }
        end, marks)
      )
    end,
  },
}
