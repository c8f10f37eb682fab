-- Sessions without any plugin, in Neovims from 0.7 on: what the standard protocol alone gives.
-- Everything is chosen from the code-action menu, or sent as one of the documented commands.
-- In: AGENT_LS_PYTHON, AGENT_LS_ROOT, AGENT_LS_SEEN, AGENT_LS_PLAIN (the client's configuration),
-- AGENT_LS_THEN (which session). What it saw is written as JSON; the Python side judges it.

local root = vim.env.AGENT_LS_ROOT
local seen = { states = {}, menus = {}, messages = {} }
local paths = vim.split(vim.env.AGENT_LS_PATHS or "calc.py,extra.py", ",")
local bufnr

local function eventually(condition, what)
  if not vim.wait(60000, condition, 20) then
    error("never: " .. what, 2)
  end
end

local function text(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer or bufnr, 0, -1, false), "\n")
end

local function disk(path)
  local handle = io.open(root .. "/" .. path, "rb")
  local bytes = handle and handle:read("*a")
  if handle then
    handle:close()
  end
  return bytes or false
end

-- What the buffers and the disk hold.
local function now()
  local texts = {}
  for _, path in ipairs(paths) do
    local buffer = vim.fn.bufnr(root .. "/" .. path)
    local loaded = buffer ~= -1 and vim.api.nvim_buf_is_loaded(buffer)
    texts[path] = { buffer = loaded and text(buffer) or false, disk = disk(path) }
  end
  return texts
end

local function keys(typed)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(typed, true, false, true), "mtx", false)
end

local function command(name, argument)
  local params = { command = "agentLs." .. name, arguments = { argument or vim.empty_dict() } }
  local answers = vim.lsp.buf_request_sync(bufnr, "workspace/executeCommand", params, 10000)
  local _, answer = next(answers or {})
  if answer and (answer.err or answer.error) then
    seen.messages[#seen.messages + 1] = (answer.err or answer.error).message
  end
  return answer and answer.result
end

local function job()
  local told = command("jobs")
  return told and told.jobs[1]
end

local function reach(state)
  eventually(function()
    local newest = job()
    if newest and seen.states[#seen.states] ~= newest.state then
      seen.states[#seen.states + 1] = newest.state
    end
    return newest and newest.state == state and newest.landing == ""
  end, state)
end

local function told(part)
  eventually(function()
    for _, message in ipairs(seen.messages) do
      if message:find(part, 1, true) then
        return true
      end
    end
  end, part)
end

-- Every question and menu of Neovim is answered here: an entry by its beginning, a button "Apply".
local wanted, chosen, asked
vim.ui.select = function(items, _, done)
  for number, item in ipairs(items) do
    if item.title == "Apply" then
      return done(item, number)
    end
  end
  asked = {}
  local pick, at
  for number, item in ipairs(items) do
    local title = item.action and item.action.title or (item[2] or item).title
    asked[#asked + 1] = title
    if wanted and title:find(wanted, 1, true) == 1 then
      pick, at = item, number
    end
  end
  chosen = pick ~= nil
  done(pick, at)
end

local function menu(beginning)
  wanted = beginning
  eventually(function()
    asked, chosen = nil, false
    vim.lsp.buf.code_action()
    vim.wait(2000, function()
      return asked ~= nil
    end)
    seen.menus[#seen.menus + 1] = asked or {}
    return chosen
  end, "an entry that begins with " .. beginning)
  wanted = nil
end

local function undo_all()
  command("undo", { jobId = job().jobId })
  reach("undone")
end

local function delegate()
  vim.fn.search("return a - b")
  keys("O# agent: make add really add<Esc>")
  menu("Do: make add")
  reach("running")
end

local sessions = {}

-- The whole loop, an unsaved text included.
function sessions.loop()
  delegate()
  keys("Go# typed meanwhile<Esc>")
  reach("ready")
  vim.fn.search("return a - b")
  menu("Apply plan")
  reach("applied")
  seen.applied = now()
  vim.cmd("silent wall")
  seen.saved = now()
  menu("Undo")
  reach("undone")
  vim.cmd("silent wall")
  seen.undone = now()
end

-- One hunk by the menu, two by the command, the rest as a whole; all of it is taken back.
function sessions.hunks()
  command("delegate", { task = "many", uri = vim.uri_from_bufnr(bufnr) })
  reach("ready")
  keys("Go# typed 😀 meanwhile<Esc>")
  vim.fn.search("SIGNS")
  menu("Apply only this change")
  reach("partly_applied")
  seen.one = now()
  local ids = {}
  for _, hunk in ipairs(command("job", { jobId = job().jobId }).hunks) do
    seen.hunks = seen.hunks or {}
    seen.hunks[#seen.hunks + 1] = { path = hunk.path, op = hunk.op, reason = hunk.reason, landed = hunk.landed }
    if not hunk.landed and (hunk.path == "extra.py" or hunk.path == "new_name.py" and hunk.op == "edit") then
      ids[#ids + 1] = hunk.id
    end
  end
  command("apply", { jobId = job().jobId, hunks = ids })
  eventually(function()
    return now()["extra.py"].buffer
  end, "the created file")
  reach("partly_applied")
  vim.cmd("silent wall")
  seen.two = now()
  menu("Apply plan")
  reach("applied")
  vim.cmd("silent wall")
  seen.whole = now()
  undo_all()
  vim.cmd("silent wall")
  seen.undone = now()
end

-- The planned lines are typed over before the plan is applied, then mended.
function sessions.clash()
  delegate()
  reach("ready")
  vim.fn.search("return a - b")
  keys("A  # mine<Esc>")
  seen.typed = text()
  menu("Apply plan")
  told("Nothing was changed: it clashes with your text at calc.py")
  seen.clash = now()
  seen.state = job().state
  keys("u")
  menu("Apply plan")
  reach("applied")
  seen.applied = now()
end

-- A key is typed into the planned lines after the server has sent its edit, before Neovim does it.
function sessions.race()
  delegate()
  reach("ready")
  local original = vim.lsp.handlers["workspace/applyEdit"]
  vim.lsp.handlers["workspace/applyEdit"] = function(...)
    vim.lsp.handlers["workspace/applyEdit"] = original
    vim.api.nvim_win_set_cursor(0, { vim.fn.search("return a - b", "w"), 0 })
    keys("A  # mine<Esc>")
    seen.typed = text()
    return original(...)
  end
  vim.fn.search("return a - b")
  menu("Apply plan")
  eventually(function()
    return seen.typed and #seen.messages > 0 and job().landing == ""
  end, "an end of the landing")
  vim.wait(500)
  seen.raced = now()
  seen.state = job().state
end

-- Created files with other line ends.
function sessions.ends()
  command("trust", { uri = vim.uri_from_fname(root), trusted = true })
  menu("Make ends")
  reach("ready")
  menu("Apply plan")
  reach("applied")
  vim.cmd("silent wall")
  seen.applied = now()
  undo_all()
  vim.cmd("silent wall")
  seen.undone = now()
end

-- The agent asks; the answer stands in the menu. What is told meanwhile arrives with it.
function sessions.answer()
  command("delegate", { task = "ask", uri = vim.uri_from_bufnr(bufnr) })
  reach("waiting")
  told("Which name?")
  command("tell", { jobId = job().jobId, text = "be brief" })
  menu("Answer “total”")
  reach("ready")
  seen.events = vim.tbl_map(function(event)
    return event.text
  end, command("job", { jobId = job().jobId }).events)
end

local function play()
  vim.g.agent_ls_cmd = { vim.env.AGENT_LS_PYTHON, "-P", "-m", "agent_ls" }
  vim.cmd("luafile " .. vim.env.AGENT_LS_PLAIN)
  vim.lsp.handlers["window/showMessage"] = function(_, params)
    seen.messages[#seen.messages + 1] = params.message
    return params
  end
  vim.cmd("edit " .. vim.fn.fnameescape(root .. "/calc.py"))
  bufnr = vim.api.nvim_get_current_buf()
  local clients = vim.lsp.get_clients or vim.lsp.get_active_clients
  eventually(function()
    return clients()[1] and job() == nil and command("status")
  end, "a client")
  sessions[vim.env.AGENT_LS_THEN]()
  for _, client in ipairs(clients()) do
    vim.lsp.stop_client(client.id)
  end
end

local ok, problem = xpcall(play, debug.traceback)
if not ok then
  seen.problem = problem
end
vim.fn.writefile({ vim.fn.json_encode(seen) }, vim.env.AGENT_LS_SEEN)
vim.cmd("qall!")
