-- What the specs share: equality with a readable complaint, waiting for a condition, notices, files.

local M = {}

function M.equal(expected, actual, what)
  if not vim.deep_equal(expected, actual) then
    error(("%sexpected %s\ngot %s"):format(what and what .. ": " or "", vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

-- A deadline, not a measure: generous, because the machine may be busy.
function M.eventually(condition, what)
  if not vim.wait(20000, condition, 5) then
    error("never: " .. (what or "the condition"), 2)
  end
end

local notices = {}

function M.catch_notices()
  vim.notify = function(text, level)
    notices[#notices + 1] = { text = text, level = level }
  end
  return {
    all = M.notices,
    clear = function()
      notices = {}
    end,
  }
end

function M.notices()
  return notices
end

function M.noticed(pattern)
  return vim.iter(notices):any(function(notice)
    return notice.text:find(pattern) ~= nil
  end)
end

-- A workspace: a folder with a marker and files. Returns its path as the file system spells it.
function M.workspace(files)
  local root = vim.fn.tempname()
  vim.fn.mkdir(root .. "/.git", "p")
  for path, text in pairs(files) do
    local file = root .. "/" .. path
    vim.fn.mkdir(vim.fs.dirname(file), "p")
    local handle = assert(io.open(file, "wb"))
    handle:write(text)
    handle:close()
  end
  return vim.uv.fs_realpath(root)
end

function M.edit(root, path)
  vim.cmd.edit(vim.fn.fnameescape(root .. "/" .. path))
  return vim.api.nvim_get_current_buf()
end

function M.text(bufnr)
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n")
end

-- Keys as a user types them, mappings included; returns when they have been worked off.
function M.type(keys)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, false, true), "mtx", false)
end

-- The next vim.ui.select or vim.ui.input is answered with this; returns what was asked.
function M.choose(pick)
  local asked = {}
  local original = vim.ui.select
  vim.ui.select = function(items, options, done)
    vim.ui.select = original
    asked.items, asked.prompt = items, options.prompt
    asked.lines = vim.tbl_map(options.format_item or tostring, items)
    local number = pick(items)
    done(number and items[number], number)
  end
  return asked
end

function M.input(words)
  local asked = {}
  local original = vim.ui.input
  vim.ui.input = function(options, done)
    vim.ui.input = original
    asked.prompt = options.prompt
    done(words)
  end
  return asked
end

return M
