---An explanation in a float. It is asked for by a command only; while the server still writes it,
---it is asked again until the cursor moves on.

local protocol = require("agent_ls.protocol")

local M = {}

local AGAIN_MS = 700
local MOST_TRIES = 120

---@param markdown string
local function show(markdown)
  local lines = vim.split(markdown, "\n", { plain = true, trimempty = true })
  -- Neovim's float fails on markdown where a distribution left its parser out.
  local parser = vim.api.nvim_get_runtime_file("parser/markdown.*", false)[1]
  vim.lsp.util.open_floating_preview(lines, parser and "markdown" or "plaintext", {
    border = "rounded",
    focus = false,
    max_width = 90,
  })
end

---@param client vim.lsp.Client
---@param bufnr integer
---@param position { line: integer, character: integer }
function M.at(client, bufnr, position)
  M.about(client, bufnr, { uri = vim.uri_from_bufnr(bufnr), position = position })
end

---A symbol, a selection or a folder, as the server's menu says it.
---@param client vim.lsp.Client
---@param bufnr integer
---@param argument table
function M.about(client, bufnr, argument)
  local cursor = vim.api.nvim_win_get_cursor(0)
  local function still_here()
    return vim.api.nvim_get_current_buf() == bufnr and vim.deep_equal(vim.api.nvim_win_get_cursor(0), cursor)
  end
  local function ask(tries)
    require("agent_ls.client").execute(client, protocol.command.explain, argument, function(result)
      -- The model is asked anew once; every further look is for what it says.
      argument = vim.tbl_extend("force", argument, { refresh = false })
      if not still_here() then
        return
      end
      if type(result.markdown) == "string" and result.markdown ~= "" then
        show(result.markdown)
      elseif tries == 1 and result.pending then
        show("*Reading …*")
      end
      if result.pending and tries < MOST_TRIES then
        vim.defer_fn(function()
          if still_here() then
            ask(tries + 1)
          end
        end, AGAIN_MS)
      end
    end)
  end
  ask(1)
end

return M
