---Which server belongs to a buffer, and how it is started.

local config = require("agent_ls.config")

local M = {}

M.NAME = "agent_ls"

---The workspace a buffer belongs to, or nil with a sentence that says why there is none.
---@param bufnr integer
---@return string? root
---@return string? reason
function M.root(bufnr)
  local file = vim.api.nvim_buf_get_name(bufnr)
  if vim.bo[bufnr].buftype ~= "" or file == "" or file:match("^%a[%w+.-]+://") then
    return nil, "this buffer is no file"
  end
  local markers = config.get().root_markers
  local root = vim.fs.root(bufnr, markers)
  -- A marker in the home folder (dotfiles under version control) must not make everything a workspace.
  if root and vim.uv.fs_realpath(root) ~= vim.uv.fs_realpath(vim.env.HOME or "/") then
    return root
  end
  return nil,
    ("no workspace found above %s: create .agent-ls.toml or .git in its folder"):format(vim.fn.fnamemodify(file, ":~"))
end

---The client's configuration without its root.
---@return vim.lsp.ClientConfig
function M.client_config()
  local options = config.get()
  return {
    name = M.NAME,
    cmd = options.cmd,
    -- Not the workspace: a file planted there must never be found by the server's own start.
    cmd_cwd = vim.fn.stdpath("state"),
    init_options = vim.tbl_extend("force", options.init_options, {
      events = true,
      prompts = true,
      questions = true,
      review = true,
    }),
    settings = { agentLs = options.settings },
    -- Neovim holds changes back for 150 ms and, before a command, sends those of one buffer only. The
    -- server's picture of every buffer must be the text of now when it merges a plan onto it.
    flags = { debounce_text_changes = 0 },
    handlers = require("agent_ls.handlers").table(),
    commands = require("agent_ls.menu").table(),
    on_init = function(client)
      require("agent_ls.keys").map()
      require("agent_ls.jobs").refresh(client)
    end,
    on_exit = function(code, signal, client_id)
      require("agent_ls.jobs").forget(client_id)
      if code ~= 0 and signal == 0 then
        vim.schedule(function()
          require("agent_ls.notice").say(
            ("agent-ls ended with code %d; :checkhealth agent_ls says more, :edit starts it again"):format(code),
            vim.log.levels.ERROR
          )
        end)
      end
    end,
  }
end

---Ours, with what a 0.11 user said in `vim.lsp.config("agent_ls", …)` laid over it.
---@return table
function M.settled()
  return vim.tbl_deep_extend("force", M.client_config(), vim.lsp.config and vim.lsp.config[M.NAME] or {})
end

---The server's program can be started.
---@param cmd string[]|function
---@return boolean
function M.available(cmd)
  return type(cmd) == "function" or vim.fn.executable(cmd[1]) == 1
end

---Start or reuse the buffer's server.
---@param bufnr integer
---@return integer? client_id
---@return string? reason
function M.start(bufnr)
  local root, reason = M.root(bufnr)
  if not root then
    return nil, reason
  end
  local settled = M.settled()
  if not M.available(settled.cmd) then
    return nil,
      ("%s was not found: install it with `pipx install agent-ls`, or name it in vim.g.agent_ls.cmd"):format(
        settled.cmd[1]
      )
  end
  settled.root_dir = root
  return vim.lsp.start(settled, { bufnr = bufnr, reuse_client = M.same })
end

---One server per workspace folder.
---@param client vim.lsp.Client
---@param wanted table
---@return boolean
function M.same(client, wanted)
  return client.name == M.NAME and client.config.root_dir == wanted.root_dir
end

---Attach to files as they are opened.
function M.enable()
  if vim.lsp.config then
    local settled = M.settled()
    settled.reuse_client = M.same
    settled.root_dir = function(bufnr, done)
      local root = M.available(settled.cmd) and M.root(bufnr)
      if root then
        done(root)
      end
    end
    vim.lsp.config(M.NAME, settled)
    vim.lsp.enable(M.NAME)
    return
  end
  local function attach(bufnr)
    if M.root(bufnr) and M.available(config.get().cmd) then
      M.start(bufnr)
    end
  end
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("agent_ls_attach", {}),
    desc = "agent-ls: start the server of this file's workspace",
    callback = function(event)
      attach(event.buf)
    end,
  })
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.bo[bufnr].filetype ~= "" then
      attach(bufnr)
    end
  end
end

return M
