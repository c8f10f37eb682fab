-- Costs next to nothing at start: one command, and one autocommand that loads the rest with the first file.
if vim.g.loaded_agent_ls then
  return
end
vim.g.loaded_agent_ls = true

if vim.fn.has("nvim-0.10") == 0 then
  vim.notify("agent-ls needs Neovim 0.10 or newer; see editors/README.md for older ones", vim.log.levels.WARN)
  return
end

vim.api.nvim_create_user_command("Agent", function(options)
  require("agent_ls.actions").run(options)
end, {
  nargs = "*",
  bang = true,
  range = true,
  desc = "agent-ls: delegate a task (! plan first), or jobs, review, apply, undo, …",
  complete = function(...)
    return require("agent_ls.actions").complete(...)
  end,
})

vim.api.nvim_create_autocmd("FileType", {
  group = vim.api.nvim_create_augroup("agent_ls_start", {}),
  once = true,
  desc = "agent-ls: attach to files from now on",
  callback = function()
    require("agent_ls").start()
  end,
})
