---One file of a plan, drawn over the text of now.

local patch = require("agent_ls.patch")

local M = {}

---The server's hunk that a run of the patch belongs to.
---@param job table
---@param path string
---@param run agent_ls.Run
---@return table?
local function hunk_of(job, path, run)
  for _, hunk in ipairs(job.hunks or {}) do
    if
      hunk.path == path
      and hunk.op ~= "move"
      and hunk.oldStartLine <= run.old_line
      and run.old_line + run.removed <= hunk.oldStartLine + hunk.oldLines
      and hunk.newStartLine <= run.new_line
      and run.new_line + run.added <= hunk.newStartLine + hunk.newLines
    then
      return hunk
    end
  end
end

---The patch's lines as a buffer holds them: without carriage returns and byte order mark.
---@param file agent_ls.PatchFile
---@param bufnr integer
local function as_buffer(file, bufnr)
  local dos, bom = vim.bo[bufnr].fileformat == "dos", vim.bo[bufnr].bomb
  local function stripped(lines)
    return vim.tbl_map(function(line)
      line = dos and line:gsub("\r$", "") or line
      return bom and line:gsub("^\239\187\191", "") or line
    end, lines)
  end
  local copy = vim.deepcopy(file)
  for _, hunk in ipairs(copy.hunks) do
    hunk.old, hunk.new = stripped(hunk.old), stripped(hunk.new)
  end
  return copy
end

---@return integer bufnr gone when it is not shown any more
function M.scratch()
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = "wipe"
  return bufnr
end

---The text of now as lines, and a buffer that shows it. A file that the plan creates has none.
---@param root string
---@param file agent_ls.PatchFile
---@return integer bufnr
---@return string[] lines
local function now(root, file)
  if file.op == "create" then
    local bufnr = M.scratch()
    vim.bo[bufnr].modifiable = false
    return bufnr, {}
  end
  local bufnr = vim.fn.bufadd(vim.fs.joinpath(root, file.moved_from or file.path))
  vim.fn.bufload(bufnr)
  vim.bo[bufnr].buflisted = true
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  return bufnr, vim.deep_equal(lines, { "" }) and {} or lines
end

---@class agent_ls.Drawn
---@field bufnr integer the text of now
---@field lines? string[] the plan's text; nil where the plan does not stand in the text of now
---@field first? integer row of the first change
---@field marks { row: integer, hunk: table }[] where the server's hunks begin

---@param root string the workspace folder
---@param job table the answer of `agentLs.job`
---@param file agent_ls.PatchFile
---@return agent_ls.Drawn
function M.draw(root, job, file)
  local bufnr, lines = now(root, file)
  local proposed, runs = patch.apply(lines, as_buffer(file, bufnr))
  local marks = {}
  for _, mark in ipairs(runs) do
    local hunk = hunk_of(job, file.path, mark.run)
    if hunk then
      marks[#marks + 1] = { row = mark.row, hunk = hunk }
    end
  end
  return { bufnr = bufnr, lines = proposed, first = runs[1] and runs[1].row, marks = marks }
end

return M
