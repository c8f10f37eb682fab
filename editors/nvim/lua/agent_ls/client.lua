---Talking to the running server.

local notice = require("agent_ls.notice")
local server = require("agent_ls.server")

local M = {}

---The buffer's server; for a buffer that belongs to no workspace, the only one that runs.
---@param bufnr? integer
---@return vim.lsp.Client?
function M.find(bufnr)
  bufnr = bufnr or vim.api.nvim_get_current_buf()
  local here = vim.lsp.get_clients({ name = server.NAME, bufnr = bufnr })
  if here[1] or server.root(bufnr) then
    return here[1]
  end
  local all = vim.lsp.get_clients({ name = server.NAME })
  return #all == 1 and all[1] or nil
end

---The buffer's server, started where there is none; calls back when it is initialized.
---@param bufnr integer
---@param ready fun(client: vim.lsp.Client)
function M.with(bufnr, ready)
  local client = M.find(bufnr)
  if client then
    return ready(client)
  end
  local id, reason = server.start(bufnr)
  if not id then
    return notice.say(("agent-ls: %s"):format(reason or "the server did not start"), vim.log.levels.WARN)
  end
  local started = assert(vim.lsp.get_client_by_id(id))
  if started.initialized then
    return ready(started)
  end
  vim.api.nvim_create_autocmd("LspAttach", {
    desc = "agent-ls: go on once the server is there",
    callback = function(event)
      if event.data.client_id ~= id then
        return false
      end
      ready(started)
      return true
    end,
  })
end

---Without JSON nulls: Neovim 0.12 hands them on as a value that counts as true, older ones drop them.
---@param value any
---@return any
function M.plain(value)
  if value == vim.NIL then
    return nil
  elseif type(value) ~= "table" then
    return value
  end
  for key, inner in pairs(value) do
    value[key] = M.plain(inner)
  end
  return value
end

---@param client vim.lsp.Client
---@param method string
---@param params table
---@param answer fun(err: table?, result: any)
---@param bufnr? integer its pending changes are sent first
function M.request(client, method, params, answer, bufnr)
  if vim.fn.has("nvim-0.11") == 1 then
    client:request(method, params, answer, bufnr)
  else
    client.request(method, params, answer, bufnr)
  end
end

---@param client vim.lsp.Client
function M.stop(client)
  if vim.fn.has("nvim-0.11") == 1 then
    client:stop()
  else
    client.stop()
  end
end

---Run one of the server's commands.
---@param client vim.lsp.Client
---@param command string a name of `agent_ls.protocol`
---@param argument table the command's one object
---@param done? fun(result: any) not called when the server refused: the reason is shown instead
---@param refused? fun()
function M.execute(client, command, argument, done, refused)
  -- An empty Lua table would go over the wire as a list.
  local object = next(argument) and argument or vim.empty_dict()
  -- What was typed in this buffer is sent first; Neovim holds changes back for a moment.
  local current = vim.api.nvim_get_current_buf()
  local bufnr = client.attached_buffers[current] and current or next(client.attached_buffers)
  M.request(client, "workspace/executeCommand", { command = command, arguments = { object } }, function(err, result)
    if err then
      notice.say(("agent-ls: %s"):format(err.message or vim.inspect(err)), vim.log.levels.ERROR)
      if refused then
        refused()
      end
    elseif done then
      done(M.plain(result))
    end
  end, bufnr)
end

return M
