---`:checkhealth agent_ls`: this plugin, the server, and what the server's own `doctor` finds (model and
---key, sandbox, index, trust), each failure with its remedy.

local M = {}

local config = require("agent_ls.config")
local health = vim.health

local RUN_MS = 60000
local ASK_MS = 5000

local function check_version()
  if vim.fn.has("nvim-0.10") == 1 then
    health.ok(("Neovim %s, plugin %s"):format(tostring(vim.version()), require("agent_ls.version").PLUGIN))
  else
    health.error(
      "Neovim 0.10 or newer is needed",
      "older ones can use the server as a plain LSP client: see editors/README.md"
    )
  end
end

local function check_options()
  for _, problem in ipairs(config.problems(config.asked())) do
    health.warn(problem)
  end
end

---The server's program without what makes it serve.
---@param command string[]
---@return string[]
local function program(command)
  local words = { command[1] }
  for place = 2, #command do
    if command[place] == "serve" or vim.startswith(command[place], "--") then
      break
    end
    words[place] = command[place]
  end
  return words
end

---@param command string[]
---@param ... string
---@return { code: integer, stdout: string, stderr: string }
local function run(command, ...)
  local argv = vim.list_extend(program(command), { ... })
  local ok, done = pcall(function()
    return vim.system(argv, { text = true, cwd = vim.fn.stdpath("state"), timeout = RUN_MS }):wait()
  end)
  return ok and done or { code = -1, stdout = "", stderr = tostring(done) }
end

---@return string[]? command that can be run
local function check_program()
  local server = require("agent_ls.server")
  local command = server.settled().cmd
  if type(command) == "function" then
    return health.info("the server is started by a function of yours")
  end
  if not server.available(command) then
    return health.error(
      ("%s was not found"):format(command[1]),
      { "pipx install agent-ls", "or set vim.g.agent_ls = { cmd = { '/path/to/agent-ls' } }" }
    )
  end
  local done = run(command, "--version")
  if done.code ~= 0 then
    health.error(("%s --version failed: %s"):format(table.concat(command, " "), vim.trim(done.stderr or "")))
    return nil
  end
  local misfit = require("agent_ls.version").misfit(done.stdout)
  if misfit then
    health.error(misfit)
  else
    health.ok(("%s (%s)"):format(vim.trim(done.stdout), vim.fn.exepath(command[1])))
  end
  return command
end

---@param client vim.lsp.Client
---@return table? status what `agentLs.status` says
local function status_of(client)
  local status
  require("agent_ls.client").execute(client, require("agent_ls.protocol").command.status, {}, function(told)
    status = told
  end)
  vim.wait(ASK_MS, function()
    return status ~= nil
  end, 10)
  return status
end

local function check_clients()
  local server = require("agent_ls.server")
  local clients = vim.lsp.get_clients({ name = server.NAME })
  if #clients == 0 then
    local _, reason = server.root(vim.api.nvim_get_current_buf())
    return health.info("no server is running" .. (reason and (": %s"):format(reason) or ""))
  end
  for _, client in ipairs(clients) do
    local status = status_of(client)
    local place = ("%s, positions in %s"):format(client.config.root_dir, client.offset_encoding)
    if not status then
      health.error(("the server for %s does not answer"):format(place), ":Agent stop, then :edit starts it again")
    else
      local version, pid = tostring(status.version or "?"), tostring(status.pid or "?")
      local count = #require("agent_ls.jobs").list(client.id)
      health.ok(("running for %s: version %s, process %s, %d jobs"):format(place, version, pid, count))
    end
  end
end

---What `agent-ls doctor` finds for the workspace of the buffer that the user came from.
---@param command string[]
local function check_doctor(command)
  local server = require("agent_ls.server")
  local clients = vim.lsp.get_clients({ name = server.NAME })
  local root = clients[1] and clients[1].config.root_dir or server.root(vim.fn.bufnr("#")) or vim.fn.stdpath("state")
  local done = run(command, "doctor", "--json", "-C", root)
  local ok, told = pcall(vim.json.decode, done.stdout or "")
  if not ok or type(told) ~= "table" or not told.findings then
    return health.error(("`agent-ls doctor` failed: %s"):format(vim.trim(done.stderr or "")))
  end
  for _, finding in ipairs(require("agent_ls.client").plain(told.findings)) do
    local line = ("%s: %s"):format(finding.name, finding.text)
    if finding.ok == true then
      health.ok(line)
    elseif finding.ok == false then
      health.error(line, finding.remedy)
    else
      health.info(finding.remedy ~= "" and ("%s\n%s"):format(line, finding.remedy) or line)
    end
  end
end

function M.check()
  health.start("agent-ls")
  check_version()
  check_options()
  local command = check_program()
  check_clients()
  if command then
    health.start("agent-ls: model and key, sandbox, index, trust")
    check_doctor(command)
  end
end

return M
