---`:checkhealth agent_ls`

local M = {}

local config = require("agent_ls.config")
local health = vim.health

local function check_version()
  if vim.fn.has("nvim-0.10") == 1 then
    health.ok(("Neovim %s"):format(tostring(vim.version())))
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
  local argv = vim.list_extend(vim.list_slice(command), { "--version" })
  local ok, done = pcall(function()
    return vim.system(argv, { text = true, cwd = vim.fn.stdpath("state"), timeout = 20000 }):wait()
  end)
  if ok and done.code == 0 then
    health.ok(("%s (%s)"):format(vim.trim(done.stdout), vim.fn.exepath(command[1])))
  else
    local reason = ok and vim.trim(done.stderr or "") or tostring(done)
    health.error(("%s --version failed: %s"):format(table.concat(command, " "), reason), "agent-ls doctor")
  end
end

local function check_clients()
  local server = require("agent_ls.server")
  local clients = vim.lsp.get_clients({ name = server.NAME })
  if #clients == 0 then
    local _, reason = server.root(vim.api.nvim_get_current_buf())
    return health.info("no server is running" .. (reason and (": %s"):format(reason) or ""))
  end
  for _, client in ipairs(clients) do
    health.ok(
      ("running for %s, positions in %s, %d jobs"):format(
        client.config.root_dir,
        client.offset_encoding,
        #require("agent_ls.jobs").list(client.id)
      )
    )
  end
end

function M.check()
  health.start("agent-ls")
  check_version()
  check_options()
  check_program()
  check_clients()
  health.info("model, sandbox, index and trust: run `agent-ls doctor` in the workspace")
end

return M
