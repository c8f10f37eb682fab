-- A fake server inside Neovim: records what the plugin sends, answers as a spec tells it.
-- Everything goes through JSON as Neovim itself reads and writes it: an empty list and an empty
-- object stay different things, and null is what this version makes of it.

local M = {}

local CAPABILITIES = {
  positionEncoding = "utf-16",
  textDocumentSync = { openClose = true, change = 2 },
  executeCommandProvider = { commands = { "agentLs.apply" } },
}

local function through_json(value)
  return vim.json.decode(vim.json.encode(value), vim.fn.has("nvim-0.12") == 0 and { luanil = { object = true } } or {})
end

function M.new()
  local fake = {
    sent = {}, -- { method, params (decoded), json }
    answers = {}, -- command or method → function(argument) returning result, error
    capabilities = vim.deepcopy(CAPABILITIES),
  }

  local function record(method, params)
    fake.sent[#fake.sent + 1] = {
      method = method,
      params = through_json(params or vim.empty_dict()),
      json = vim.json.encode(params or vim.empty_dict()),
    }
    return fake.sent[#fake.sent]
  end

  local function answer(method, params)
    if method == "initialize" then
      return { capabilities = fake.capabilities, serverInfo = { name = "fake" } }
    elseif method == "workspace/executeCommand" then
      local made = fake.answers[params.command]
      if made then
        return made(params.arguments[1])
      elseif params.command == "agentLs.jobs" then
        return { jobs = {} }
      end
      return {}
    end
    return fake.answers[method] and fake.answers[method](params) or vim.NIL
  end

  function fake.cmd(dispatchers)
    fake.dispatchers = dispatchers
    local closing, number = false, 0
    return {
      request = function(method, params, callback)
        number = number + 1
        local result, problem = answer(method, record(method, params).params)
        vim.schedule(function()
          callback(problem, not problem and through_json(result) or nil)
        end)
        return true, number
      end,
      notify = function(method, params)
        record(method, params)
        if method == "exit" then
          closing = true
          dispatchers.on_exit(0, 15)
        end
        return true
      end,
      is_closing = function()
        return closing
      end,
      terminate = function()
        closing = true
      end,
    }
  end

  -- A notification of the server.
  function fake.push(method, params)
    fake.dispatchers.notification(method, through_json(params))
  end

  -- A request of the server; the returned table holds its answer once there is one.
  function fake.ask(method, params)
    local held = {}
    coroutine.wrap(function()
      local result, problem = fake.dispatchers.server_request(method, through_json(params))
      held.result, held.problem, held.done = result, problem, true
    end)()
    return held
  end

  -- The arguments of a command's calls, oldest first.
  function fake.calls(command)
    return vim
      .iter(fake.sent)
      :filter(function(message)
        return message.method == "workspace/executeCommand" and message.params.command == command
      end)
      :map(function(message)
        return message.params.arguments[1]
      end)
      :totable()
  end

  return fake
end

return M
