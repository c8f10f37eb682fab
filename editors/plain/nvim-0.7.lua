-- agent-ls in Neovim 0.7 to 0.9, without the plugin: `:luafile` this, or put it into init.lua.
local servers = {} -- workspace folder → client id

vim.api.nvim_create_autocmd("FileType", {
  desc = "agent-ls: attach to files below a .git",
  callback = function(event)
    local git = vim.fn.finddir(".git", vim.fn.expand("<afile>:p:h") .. ";")
    if git == "" or vim.bo[event.buf].buftype ~= "" then
      return
    end
    local root = vim.fn.fnamemodify(git, ":p:h:h")
    if not servers[root] or vim.lsp.client_is_stopped(servers[root]) then
      servers[root] = vim.lsp.start_client({
        name = "agent_ls",
        cmd = vim.g.agent_ls_cmd or { "agent-ls" },
        root_dir = root,
        flags = { debounce_text_changes = 0 }, -- the server merges plans onto the text of now, not of 150 ms ago
      })
    end
    if servers[root] then
      vim.lsp.buf_attach_client(event.buf, servers[root])
    end
  end,
})
