-- The loop without any plugin, in a Neovim as old as 0.7: what the standard protocol alone gives.
-- The task is written as a comment; everything else is chosen from the code-action menu.
-- In: AGENT_LS_PYTHON, AGENT_LS_ROOT, AGENT_LS_SEEN, AGENT_LS_PLAIN (the client's configuration).

local root = vim.env.AGENT_LS_ROOT
local seen = { states = {}, menus = {}, messages = {} }
local file = root .. "/calc.py"
local bufnr

local function eventually(condition, what)
  if not vim.wait(60000, condition, 20) then
    error("never: " .. what, 2)
  end
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n")
end

local function disk(path)
  local handle = io.open(root .. "/" .. path, "rb")
  local bytes = handle and handle:read("*a")
  if handle then
    handle:close()
  end
  return bytes or false
end

local function keys(typed)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(typed, true, false, true), "mtx", false)
end

local function jobs()
  local params = { command = "agentLs.jobs", arguments = { vim.empty_dict() } }
  local answers = vim.lsp.buf_request_sync(bufnr, "workspace/executeCommand", params, 10000)
  local _, answer = next(answers or {})
  return answer and answer.result and answer.result.jobs or {}
end

local function reach(state)
  eventually(function()
    local job = jobs()[1]
    if job and seen.states[#seen.states] ~= job.state then
      seen.states[#seen.states + 1] = job.state
    end
    return job and job.state == state
  end, state)
end

local function menu(beginning)
  local chosen, asked
  vim.ui.select = function(items, _, done)
    asked = {}
    local pick
    for _, item in ipairs(items) do
      asked[#asked + 1] = item[2].title
      if vim.startswith(item[2].title, beginning) then
        pick = item
      end
    end
    chosen = pick ~= nil
    done(pick)
  end
  eventually(function()
    asked = nil
    vim.lsp.buf.code_action()
    vim.wait(2000, function()
      return asked ~= nil
    end)
    seen.menus[#seen.menus + 1] = asked or {}
    return chosen
  end, "an entry that begins with " .. beginning)
end

local function play()
  vim.g.agent_ls_cmd = { vim.env.AGENT_LS_PYTHON, "-P", "-m", "agent_ls" }
  vim.cmd("luafile " .. vim.env.AGENT_LS_PLAIN)
  vim.lsp.handlers["window/showMessage"] = function(_, params)
    seen.messages[#seen.messages + 1] = params.message
    return params
  end
  vim.cmd("edit " .. vim.fn.fnameescape(file))
  bufnr = vim.api.nvim_get_current_buf()
  eventually(function()
    return next(vim.lsp.buf_get_clients(bufnr)) ~= nil
  end, "a client")
  vim.fn.search("return a - b")
  keys("O# agent: make add really add<Esc>")
  menu("Do: make add")
  reach("running")
  keys("Go# typed meanwhile<Esc>")
  reach("ready")
  vim.fn.search("return a - b")
  menu("Apply plan")
  reach("applied")
  seen.applied = { buffer = text(), disk = disk("calc.py") }
  vim.cmd("silent wall")
  seen.saved = disk("extra.py")
  menu("Undo")
  reach("undone")
  seen.undone = { buffer = text(), extra = disk("extra.py") }
  vim.lsp.stop_client(vim.lsp.get_active_clients())
end

local ok, problem = xpcall(play, debug.traceback)
if not ok then
  seen.problem = problem
end
vim.fn.writefile({ vim.fn.json_encode(seen) }, vim.env.AGENT_LS_SEEN)
vim.cmd("qall!")
