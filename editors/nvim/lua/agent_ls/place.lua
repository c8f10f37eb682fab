---Places in a buffer as the protocol counts them.

local M = {}

---A byte column as the client's encoding counts; columns past the end are the end.
---@param bufnr integer
---@param row integer 0-based
---@param column integer 0-based, bytes
---@param encoding string utf-8, utf-16 or utf-32
---@return { line: integer, character: integer }
function M.position(bufnr, row, column, encoding)
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ""
  local before = line:sub(1, column)
  if encoding == "utf-8" then
    return { line = row, character = #before }
  end
  local utf32, utf16 = vim.str_utfindex(before)
  return { line = row, character = encoding == "utf-32" and utf32 or utf16 }
end

---@class agent_ls.Range
---@field row integer 0-based
---@field column integer bytes
---@field end_row integer
---@field end_column integer bytes, exclusive

---The cursor, or what an Ex command's range means: the characters of a visual selection that the
---range repeats, else whole lines.
---@param bufnr integer
---@param command { range: integer, line1: integer, line2: integer }
---@return agent_ls.Range
function M.chosen(bufnr, command)
  if command.range == 0 then
    local cursor = vim.api.nvim_win_get_cursor(0)
    return { row = cursor[1] - 1, column = cursor[2], end_row = cursor[1] - 1, end_column = cursor[2] }
  end
  local last = vim.api.nvim_buf_get_lines(bufnr, command.line2 - 1, command.line2, false)[1] or ""
  local range = { row = command.line1 - 1, column = 0, end_row = command.line2 - 1, end_column = #last }
  local from, to = vim.api.nvim_buf_get_mark(bufnr, "<"), vim.api.nvim_buf_get_mark(bufnr, ">")
  if vim.fn.visualmode() == "v" and from[1] == command.line1 and to[1] == command.line2 then
    range.column = math.min(from[2], #vim.api.nvim_buf_get_lines(bufnr, from[1] - 1, from[1], false)[1])
    if to[2] < #last then
      range.end_column = to[2] + 1
      if vim.o.selection ~= "exclusive" then -- the mark stands on the first byte of the last character
        range.end_column = to[2] + #vim.fn.matchstr(last:sub(to[2] + 1), ".")
      end
    end
  end
  return range
end

---The object that commands take: uri, range and the version of the text that the range points into.
---@param bufnr integer
---@param range agent_ls.Range
---@param encoding string
---@return { uri: string, range: table, version: integer? }
function M.argument(bufnr, range, encoding)
  return {
    uri = vim.uri_from_bufnr(bufnr),
    range = {
      start = M.position(bufnr, range.row, range.column, encoding),
      ["end"] = M.position(bufnr, range.end_row, range.end_column, encoding),
    },
    version = vim.lsp.util.buf_versions[bufnr],
  }
end

return M
