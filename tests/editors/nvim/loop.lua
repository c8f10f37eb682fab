-- The whole loop as a user of the plugin plays it, against the real server: menu → Delegate … → type
-- meanwhile → review → apply → undo. Writes what it saw as JSON; the Python side judges it.
-- In: AGENT_LS_PYTHON, AGENT_LS_ROOT, AGENT_LS_SEEN. A failure is written there as well. With
-- AGENT_LS_THEN it does something else while the job runs: `cancel` it, `answer` its question, `tell` it
-- something, decide about its `steps`,
-- `hold` until it is killed, apply its `hunks` in two parts, or `share` it with a second Neovim,
-- whose session is `second`.

package.path = vim.fs.dirname(debug.getinfo(1, "S").source:sub(2)) .. "/?.lua;" .. package.path
local support = require("support")
local eventually = support.eventually

local root = vim.env.AGENT_LS_ROOT
local seen = { states = {}, notices = {}, menus = {} }

support.catch_notices()
vim.g.agent_ls = { cmd = { vim.env.AGENT_LS_PYTHON, "-P", "-m", "agent_ls" } }
vim.api.nvim_create_autocmd("User", {
  pattern = "AgentLsJobChanged",
  callback = function(event)
    local state = event.data.job.state
    if seen.states[#seen.states] ~= state then
      seen.states[#seen.states + 1] = state
    end
    seen.job = event.data.job.jobId
  end,
})

vim.api.nvim_create_autocmd("LspProgress", {
  callback = function(event)
    local value = (event.data.params or event.data.result or {}).value or {}
    seen.progress = vim.list_extend(seen.progress or {}, { { value.kind, value.title or value.message or "" } })
  end,
})

local function disk(path)
  local handle = io.open(root .. "/" .. path, "rb")
  local text = handle and handle:read("*a")
  if handle then
    handle:close()
  end
  return text or false
end

local function buffer(path)
  local bufnr = vim.fn.bufnr(root .. "/" .. path)
  return bufnr ~= -1 and vim.api.nvim_buf_is_loaded(bufnr) and support.text(bufnr) or false
end

local function now()
  local texts = {}
  local paths = { "calc.py", "extra.py" }
  for _, path in ipairs({ "new_name.py", "old_name.py" }) do
    paths[#paths + 1] = (disk(path) or buffer(path)) and path or nil
  end
  for _, path in ipairs(paths) do
    texts[path] = { buffer = buffer(path), disk = disk(path) }
  end
  return texts
end

local function state()
  return seen.states[#seen.states]
end

-- Choose an entry of Neovim's own code-action menu by its beginning, once it is offered.
local function menu(beginning)
  local chosen
  eventually(function()
    local asked = support.choose(function(items)
      for number, item in ipairs(items) do
        if vim.startswith(item.action.title, beginning) then
          chosen = item.action.title
          return number
        end
      end
    end)
    vim.lsp.buf.code_action()
    vim.wait(2000, function()
      return asked.items ~= nil
    end)
    seen.menus[#seen.menus + 1] = asked.lines or {}
    return chosen
  end, "an entry that begins with " .. beginning)
end

local function reach(wanted)
  eventually(function()
    return state() == wanted
  end, wanted)
end

local function review()
  vim.cmd("Agent review " .. seen.job)
  eventually(function()
    return #vim.api.nvim_list_tabpages() == 2 and #vim.api.nvim_tabpage_list_wins(0) == 2
  end, "the review")
end

local function is_float()
  return vim.api.nvim_win_get_config(0).relative ~= ""
end

-- The session goes another way once the job runs.
local otherwise = {
  hunks = function()
    support.type("Go# typed meanwhile<Esc>")
    reach("ready")
    review()
    support.type("]hx")
    eventually(function()
      return vim.wo[0].winbar:find("5 of 6 hunks", 1, true)
    end, "a rejected hunk")
    seen.review = support.text(0)
    support.type("a")
    reach("partly_applied")
    vim.cmd("silent wall")
    seen.partly = now()
    review()
    seen.rest = support.text(0)
    support.type("a")
    reach("applied")
    vim.cmd("silent wall")
    seen.whole = now()
    vim.cmd("Agent undo " .. seen.job)
    reach("undone")
    vim.cmd("silent wall")
    seen.undone = now()
    vim.cmd("Agent stop")
  end,
  share = function()
    reach("ready")
    support.type("Go# unsaved here<Esc>")
    vim.fn.writefile({ seen.job }, vim.env.AGENT_LS_JOB)
    eventually(function()
      return vim.tbl_contains(seen.states, "applied")
    end, "an applied plan")
    seen.applied = now()
    reach("undone")
    seen.undone = now()
    vim.cmd("Agent stop")
  end,
  cancel = function()
    vim.cmd("Agent cancel")
    eventually(function()
      return state() == "cancelled"
    end, "a cancelled job")
    seen.cancelled = now()
    vim.cmd("Agent stop")
  end,
  answer = function()
    eventually(function()
      return state() == "waiting"
    end, "a question")
    eventually(function()
      return support.noticed("agent%-ls asks")
    end, "a notice")
    support.type("Go# typed while it asks<Esc>")
    seen.windows = #vim.api.nvim_list_wins()
    support.type("grj")
    eventually(is_float, "the question")
    seen.question = support.text(0)
    support.type("2")
    reach("ready")
    seen.answered = now()
    vim.cmd("Agent stop")
  end,
  tell = function()
    vim.cmd("Agent tell be brief")
    reach("ready")
    vim.cmd("Agent jobs")
    eventually(function()
      return support.text(0):find("2 files", 1, true)
    end, "the plan's size")
    seen.window = support.text(0)
    support.type("jK")
    eventually(is_float, "all about the job")
    seen.details = support.text(0)
    vim.cmd("Agent stop")
  end,
  steps = function()
    eventually(function()
      return support.noticed("agent%-ls asks")
    end, "a notice")
    seen.before = now()
    vim.cmd("Agent jobs")
    support.type("j<CR>")
    eventually(is_float, "the steps")
    seen.steps = support.text(0)
    support.type("A, carefully<Esc>Gdd")
    support.type("<CR>")
    reach("ready")
    eventually(function()
      return not is_float()
    end, "no float")
    local asked = support.choose(function()
      return 1
    end)
    support.type("a")
    reach("applied")
    seen.asked = asked.prompt
    vim.cmd("silent wall")
    seen.applied = now()
    vim.cmd("Agent stop")
  end,
  hold = function()
    vim.fn.writefile({ "{}" }, vim.env.AGENT_LS_SEEN)
    vim.wait(600000, function()
      return false
    end)
  end,
}

-- Another Neovim owns the job: its texts are the ones that change.
local function second(bufnr)
  local client = vim.lsp.get_clients({ name = "agent_ls", bufnr = bufnr })[1]
  local id = vim.fn.readfile(vim.env.AGENT_LS_JOB)[1]
  local function is(wanted)
    eventually(function()
      local told
      require("agent_ls.client").execute(client, "agentLs.job", { jobId = id }, function(job)
        told = job.state
      end)
      vim.wait(5000, function()
        return told
      end, 5)
      return told == wanted
    end, wanted)
  end
  is("ready")
  seen.job = id
  vim.cmd("Agent jobs")
  eventually(function()
    return support.text(0):find("2 files", 1, true)
  end, "the other one's job")
  seen.window = support.text(0)
  support.type("jd")
  eventually(function()
    return #vim.api.nvim_list_tabpages() == 2
  end, "the review")
  seen.review = support.text(0)
  support.type("a")
  is("applied")
  seen.applied = now()
  -- Jobs of another process send no news here: entering the window asks for them.
  vim.cmd("wincmd p | wincmd p")
  eventually(function()
    return support.text(0):find("applied", 1, true)
  end, "an applied job in the window")
  support.type("ggju")
  is("undone")
  vim.cmd("Agent stop")
end

local function play()
  local bufnr = support.edit(root, "calc.py")
  eventually(function()
    return #vim.lsp.get_clients({ name = "agent_ls", bufnr = bufnr }) == 1
  end, "a client")
  if vim.env.AGENT_LS_THEN == "second" then
    return second(bufnr)
  end
  vim.fn.search("return a - b")
  if vim.env.AGENT_LS_THEN == "steps" then
    vim.cmd("Agent! make add really add")
  else
    support.input("make add really add")
    menu("Delegate")
  end
  eventually(function()
    return vim.tbl_contains(seen.states, "running")
  end, "a running job")
  if otherwise[vim.env.AGENT_LS_THEN] then
    return otherwise[vim.env.AGENT_LS_THEN]()
  end
  support.type("Go# typed 😀 meanwhile<Esc>")
  seen.state_when_typed = state()
  eventually(function()
    return state() == "ready"
  end, "a plan")
  seen.ready = now()

  vim.cmd("Agent review")
  eventually(function()
    return #vim.api.nvim_list_tabpages() == 2 and #vim.api.nvim_tabpage_list_wins(0) == 2
  end, "the review")
  seen.review = { text = support.text(0), bar = vim.wo[0].winbar }
  support.type("a")
  eventually(function()
    return state() == "applied"
  end, "an applied plan")
  seen.applied = now()
  vim.cmd("silent wall")
  seen.saved = now()

  vim.fn.search("def main")
  support.type("O# later<Esc>")
  vim.cmd("Agent undo " .. seen.job)
  eventually(function()
    return state() == "undone"
  end, "an undone plan")
  seen.undone = now()

  vim.cmd("Agent apply " .. seen.job)
  eventually(function()
    return state() == "applied"
  end, "a plan applied again")
  seen.again = now()
  vim.cmd("Agent undo " .. seen.job)
  eventually(function()
    return state() == "undone"
  end, "a plan undone before anything was saved")
  seen.undone_again = now()
  vim.cmd("Agent stop")
end

local ok, problem = xpcall(play, debug.traceback)
seen.problem = not ok and problem or nil
seen.notices = vim.tbl_map(function(notice)
  return notice.text
end, support.notices())
vim.fn.writefile({ vim.json.encode(seen) }, vim.env.AGENT_LS_SEEN)
vim.cmd("qall!")
