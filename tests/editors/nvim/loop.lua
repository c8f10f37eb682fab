-- The whole loop as a user of the plugin plays it, against the real server: menu → Delegate … → type
-- meanwhile → review → apply → undo. Writes what it saw as JSON; the Python side judges it.
-- In: AGENT_LS_PYTHON, AGENT_LS_ROOT, AGENT_LS_SEEN. A failure is written there as well. With
-- AGENT_LS_THEN it does something else while the job runs: `cancel` it, `answer` its question,
-- or `hold` until it is killed.

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
  for _, path in ipairs({ "calc.py", "extra.py" }) do
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

-- The session ends early, while the job runs.
local otherwise = {
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
    local asked = support.choose(function()
      return 2
    end)
    vim.cmd("Agent answer")
    eventually(function()
      return state() == "ready"
    end, "a plan after the answer")
    seen.question = { prompt = asked.prompt, choices = asked.items }
    vim.cmd("Agent stop")
  end,
  hold = function()
    vim.fn.writefile({ "{}" }, vim.env.AGENT_LS_SEEN)
    vim.wait(600000, function()
      return false
    end)
  end,
}

local function play()
  local bufnr = support.edit(root, "calc.py")
  eventually(function()
    return #vim.lsp.get_clients({ name = "agent_ls", bufnr = bufnr }) == 1
  end, "a client")
  vim.fn.search("return a - b")
  support.input("make add really add")
  menu("Delegate")
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
