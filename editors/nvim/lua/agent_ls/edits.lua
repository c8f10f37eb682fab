---Workspace edits, done where Neovim's own way would go wrong without saying so.

local M = {}

---The first document whose text is no longer what the edit was made for.
---
---Neovim itself compares versions only above 0, only of the first change, and answers that a stale
---edit was applied. A buffer's version follows its text at once, so that equal means untouched.
---@param edit lsp.WorkspaceEdit
---@return string? file
local function stale(edit)
  for _, change in ipairs(edit.documentChanges or {}) do
    local document = change.textDocument
    if document and type(document.version) == "number" then
      local bufnr = vim.fn.bufnr(vim.uri_to_fname(document.uri))
      local version = bufnr ~= -1 and vim.lsp.util.buf_versions[bufnr] or 0
      if version ~= document.version then
        return vim.fn.fnamemodify(vim.uri_to_fname(document.uri), ":.")
      end
    end
  end
end

---Delete a file that was created but never saved: it is a buffer only, and Neovim would fail on it.
---@param change table
---@return boolean done
local function delete_unsaved(change)
  if change.kind ~= "delete" then
    return false
  end
  local file = vim.uri_to_fname(change.uri)
  local bufnr = vim.fn.bufnr(file)
  if bufnr == -1 or vim.uv.fs_stat(file) then
    return false
  end
  vim.api.nvim_buf_delete(bufnr, { force = true })
  return true
end

---Begin a new file whose lines end in CRLF as such: Neovim would make its own line ends of them.
---
---The buffer's format must be right before it is attached, or the server is told of other text.
---@param change table
local function begin_dos_file(change)
  local document, edits = change.textDocument, change.edits
  local text = edits and #edits == 1 and edits[1].newText or ""
  local breaks, dos = select(2, text:gsub("\n", "")), select(2, text:gsub("\r\n", ""))
  if not document or dos == 0 or dos < breaks then
    return
  end
  local file = vim.uri_to_fname(document.uri)
  if vim.fn.bufloaded(file) == 1 or vim.uv.fs_stat(file) then
    return
  end
  local formats = vim.go.fileformats
  vim.go.fileformats = "dos,unix"
  vim.fn.bufload(vim.fn.bufadd(file))
  vim.go.fileformats = formats
end

---@param edit lsp.WorkspaceEdit
---@param encoding string
---@return lsp.ApplyWorkspaceEditResult
function M.apply(edit, encoding)
  local file = stale(edit)
  if file then
    return { applied = false, failureReason = ("%s was edited since this edit was made"):format(file) }
  end
  local ok, problem = pcall(function()
    if edit.documentChanges then
      edit.documentChanges = vim.tbl_filter(function(change)
        return not delete_unsaved(change)
      end, edit.documentChanges)
    end
    vim.iter(edit.documentChanges or {}):each(begin_dos_file)
    vim.lsp.util.apply_workspace_edit(edit, encoding)
  end)
  return { applied = ok, failureReason = not ok and tostring(problem) or nil }
end

return M
