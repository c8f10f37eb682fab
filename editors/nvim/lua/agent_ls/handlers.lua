---What the server sends without being asked.

local notice = require("agent_ls.notice")
local protocol = require("agent_ls.protocol")

local M = {}

---@param params lsp.ApplyWorkspaceEditParams
local function apply_edit(_, params, ctx)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
  return require("agent_ls.edits").apply(params.edit, client.offset_encoding)
end

local LEVELS = {
  vim.log.levels.ERROR,
  vim.log.levels.WARN,
  vim.log.levels.INFO,
  vim.log.levels.INFO,
  vim.log.levels.DEBUG,
}

local function show_message(_, params)
  notice.say(params.message, LEVELS[params.type])
end

local function show_message_request(_, params)
  local actions = params.actions or {}
  if #actions == 0 then
    show_message(nil, params)
    return vim.NIL
  end
  local waiting = assert(coroutine.running(), "requests of a server run in a coroutine")
  local function answer(choice)
    vim.schedule(function()
      coroutine.resume(waiting, choice or vim.NIL)
    end)
  end
  notice.when_idle(function()
    vim.ui.select(actions, {
      prompt = params.message,
      kind = "agent_ls_question",
      format_item = function(action)
        return (action.title:gsub("%s+", " "))
      end,
    }, answer)
  end)
  return coroutine.yield()
end

local function job_changed(_, params, ctx)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
  require("agent_ls.jobs").update(client, require("agent_ls.client").plain(params))
end

local function show_plan(_, params, ctx)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
  notice.when_idle(function()
    require("agent_ls.review").open(client, params.jobId)
  end)
end

---@return table<string, function>
function M.table()
  return {
    [protocol.job_changed] = job_changed,
    [protocol.show_plan] = show_plan,
    ["workspace/applyEdit"] = apply_edit,
    ["window/showMessage"] = show_message,
    ["window/showMessageRequest"] = show_message_request,
  }
end

return M
