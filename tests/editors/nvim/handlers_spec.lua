local support = require("support")
local equal, eventually = support.equal, support.eventually

local fake = require("fake_server").new()
vim.g.agent_ls = { cmd = fake.cmd }

local root = support.workspace({ ["a.py"] = "one\n", ["b.py"] = "uno\n" })

local function open(path)
  local bufnr = support.edit(root, path)
  eventually(function()
    return #vim.lsp.get_clients({ name = "agent_ls", bufnr = bufnr }) == 1
  end)
  return bufnr
end

local function change(path, version, text)
  return {
    textDocument = { uri = vim.uri_from_fname(root .. "/" .. path), version = version },
    edits = {
      { range = { start = { line = 0, character = 0 }, ["end"] = { line = 0, character = 0 } }, newText = text },
    },
  }
end

local function apply(...)
  return fake.ask("workspace/applyEdit", { label = "plan", edit = { documentChanges = { ... } } })
end

local a, b

return {
  {
    "an edit for the text as it was opened (version 0) lands",
    function()
      a, b = open("a.py"), open("b.py")
      local held = apply(change("a.py", 0, "A"), change("b.py", 0, "B"))
      eventually(function()
        return held.done
      end)
      equal(true, held.result.applied)
      equal({ "Aone", "Buno" }, { support.text(a), support.text(b) })
    end,
  },
  {
    "one stale document, even behind others, and nothing lands: also below the version that Neovim checks",
    function()
      local version = vim.lsp.util.buf_versions[a]
      for _, stale in ipairs({ 0, vim.lsp.util.buf_versions[b] - 1, vim.lsp.util.buf_versions[b] + 1 }) do
        local held = apply(change("a.py", version, "X"), change("b.py", stale, "X"))
        eventually(function()
          return held.done
        end)
        equal(false, held.result.applied)
        assert(held.result.failureReason:find("b.py was edited", 1, true), held.result.failureReason)
      end
      equal({ "Aone", "Buno" }, { support.text(a), support.text(b) })
    end,
  },
  {
    "a version of null is not compared",
    function()
      local held = apply(change("a.py", vim.NIL, "n"))
      eventually(function()
        return held.done
      end)
      equal(true, held.result.applied)
      equal("nAone", support.text(a))
    end,
  },
  {
    "an edit that cannot be made answers so, with a reason",
    function()
      local held = fake.ask("workspace/applyEdit", { edit = { documentChanges = { { kind = "explode" } } } })
      eventually(function()
        return held.done
      end)
      equal(false, held.result.applied)
      assert(held.result.failureReason:find("explode", 1, true), held.result.failureReason)
    end,
  },
  {
    "a file that was created and never saved is deleted as the buffer it is",
    function()
      local new = vim.uri_from_fname(root .. "/new.py")
      local created = fake.ask("workspace/applyEdit", {
        edit = {
          documentChanges = {
            { kind = "create", uri = new, options = { ignoreIfExists = true } },
            { textDocument = { uri = new, version = vim.NIL }, edits = change("new.py", vim.NIL, "text").edits },
          },
        },
      })
      eventually(function()
        return created.done
      end)
      equal("text", support.text(vim.fn.bufnr(root .. "/new.py")))
      local deleted = fake.ask("workspace/applyEdit", {
        edit = { documentChanges = { { kind = "delete", uri = new }, change("b.py", vim.NIL, "+") } },
      })
      eventually(function()
        return deleted.done
      end)
      equal({ applied = true }, deleted.result)
      equal(-1, vim.fn.bufnr(root .. "/new.py"))
      equal("+Buno", support.text(b))
    end,
  },
  {
    "a file on the disk is deleted there; one that is nowhere is an error",
    function()
      local gone = support.workspace({ ["c.py"] = "c" }) .. "/c.py"
      local edit = { documentChanges = { { kind = "delete", uri = vim.uri_from_fname(gone) } } }
      local held = fake.ask("workspace/applyEdit", { edit = edit })
      eventually(function()
        return held.done
      end)
      equal(true, held.result.applied)
      equal(nil, (vim.uv.fs_stat(gone)))
      held = fake.ask("workspace/applyEdit", { edit = edit })
      eventually(function()
        return held.done
      end)
      equal(false, held.result.applied)
    end,
  },
  {
    "notices of the server keep their level",
    function()
      fake.push("window/showMessage", { type = 2, message = "Plan ready." })
      eventually(function()
        return support.noticed("Plan ready%.")
      end)
      equal({ text = "Plan ready.", level = vim.log.levels.WARN }, support.notices()[1])
    end,
  },
  {
    "a question comes when typing has ended, never in the middle of it",
    function()
      vim.api.nvim_set_current_buf(b)
      local asked = support.choose(function()
        return 2
      end)
      local held, in_insert
      vim.keymap.set("i", "<F5>", function()
        held = fake.ask("window/showMessageRequest", {
          type = 3,
          message = "Which file?",
          actions = { { title = "a.py" }, { title = "b.py" } },
        })
        vim.wait(50)
        in_insert = asked.prompt or "not asked"
      end)
      support.type("ohello<F5> world<Esc>")
      equal("not asked", in_insert)
      eventually(function()
        return held.done
      end)
      equal("Which file?", asked.prompt)
      equal({ title = "b.py" }, held.result)
      equal("+Buno\nhello world", support.text(b))
    end,
  },
  {
    "a dismissed question answers null",
    function()
      support.choose(function() end)
      local held = fake.ask("window/showMessageRequest", { type = 3, message = "?", actions = { { title = "yes" } } })
      eventually(function()
        return held.done
      end)
      equal(vim.NIL, held.result)
    end,
  },
  {
    "a created file with CRLF keeps its line ends, and other files keep the usual ones",
    function()
      local function create(name, text)
        local made = { kind = "create", uri = vim.uri_from_fname(root .. "/" .. name) }
        made.options = { ignoreIfExists = true }
        local held = apply(made, change(name, vim.NIL, text))
        eventually(function()
          return held.done
        end)
        equal(true, held.result.applied)
        return vim.bo[vim.fn.bufnr(root .. "/" .. name)].fileformat
      end
      equal("dos", create("made.txt", "one\r\ntwo"))
      equal("unix", create("made_too.txt", "one\ntwo"))
      vim.cmd("silent wall")
      local handle = assert(io.open(root .. "/made.txt", "rb"))
      equal("one\r\ntwo\r\n", handle:read("*a"))
      handle:close()
    end,
  },
}
