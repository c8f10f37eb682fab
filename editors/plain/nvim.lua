-- agent-ls in Neovim 0.7 or newer, without the plugin: `:luafile` this, or put it into init.lua.
local servers = {} -- workspace folder → client id

-- The server merges plans onto the text of now, not of 150 ms ago.
local flags = { debounce_text_changes = 0 }

local function attach(bufnr, root)
  local cmd = vim.g.agent_ls_cmd or { "agent-ls" }
  if vim.lsp.start then -- 0.8 and newer
    vim.lsp.start({ name = "agent_ls", cmd = cmd, root_dir = root, flags = flags }, { bufnr = bufnr })
    return
  end
  if not servers[root] or vim.lsp.client_is_stopped(servers[root]) then
    servers[root] = vim.lsp.start_client({ name = "agent_ls", cmd = cmd, root_dir = root, flags = flags })
  end
  if servers[root] then
    vim.lsp.buf_attach_client(bufnr, servers[root])
  end
end

vim.api.nvim_create_autocmd("FileType", {
  desc = "agent-ls: attach to files below a .git",
  callback = function(event)
    local git = vim.fn.finddir(".git", vim.fn.expand("<afile>:p:h") .. ";")
    if git ~= "" and vim.bo[event.buf].buftype == "" then
      attach(event.buf, vim.fn.fnamemodify(git, ":p:h:h"))
    end
  end,
})
