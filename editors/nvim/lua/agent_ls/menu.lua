---The server's commands as they come out of a menu, a lens or a notice, where Neovim can do better
---than send them on: ask for the words that are missing, show a plan, an explanation, a list.

local client_of = require("agent_ls.client")
local protocol = require("agent_ls.protocol")

local M = {}

---Ask for the missing word of a command and send it; an empty answer does nothing.
---@param client vim.lsp.Client
---@param name string
---@param argument table
---@param field string
---@param input table options of `vim.ui.input`
local function complete(client, name, argument, field, input)
  if (argument[field] or "") ~= "" then
    return client_of.execute(client, name, argument)
  end
  vim.ui.input(input, function(words)
    if words and vim.trim(words) ~= "" then
      client_of.execute(client, name, vim.tbl_extend("force", argument, { [field] = vim.trim(words) }))
    end
  end)
end

local better = {}

better[protocol.command.delegate] = function(client, argument)
  complete(client, protocol.command.delegate, argument, "task", { prompt = "Delegate: " })
end

better[protocol.command.rename] = function(client, argument)
  complete(client, protocol.command.rename, argument, "newName", {
    prompt = "Rename everywhere to: ",
    default = vim.fn.expand("<cword>"),
  })
end

better[protocol.command.moveSymbol] = function(client, argument)
  complete(client, protocol.command.moveSymbol, argument, "target", {
    prompt = "Move to the file (from the folder's root): ",
    default = vim.fn.fnamemodify(vim.uri_to_fname(argument.uri), ":."),
    completion = "file",
  })
end

better[protocol.command.review] = function(client, argument)
  require("agent_ls.review").open(client, argument.jobId)
end

better[protocol.command.explain] = function(client, argument)
  require("agent_ls.explain").about(client, vim.uri_to_bufnr(argument.uri), argument)
end

better[protocol.command.jobs] = function(client, argument)
  -- With a place it is the rest of the menu, which the server asks about.
  if argument.more then
    return client_of.execute(client, protocol.command.jobs, argument)
  end
  require("agent_ls.actions").on_client(client, "jobs")
end

better[protocol.command.answer] = function(client, argument)
  if argument.answer then
    return client_of.execute(client, protocol.command.answer, argument)
  end
  require("agent_ls.actions").on_client(client, "answer", argument.jobId)
end

---For the client's `commands`.
---@return table<string, fun(command: lsp.Command, ctx: table)>
function M.table()
  return vim.tbl_map(function(act)
    return function(command, ctx)
      local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
      act(client, client_of.plain(vim.deepcopy((command.arguments or {})[1] or {})))
    end
  end, better)
end

return M
