---The jobs window: every job of a server in one look, one key for each thing to do. It is drawn anew
---when the server tells of a change, and asks for the list when it is entered (jobs of other processes
---send no news here).

local jobs = require("agent_ls.jobs")
local notice = require("agent_ls.notice")
local rows_of = require("agent_ls.rows")
local wording = require("agent_ls.wording")

local M = {}

local DRAW_MS = 80
local HIGHEST = 0.4

local marks_of = vim.api.nvim_create_namespace("agent_ls_jobs")

local KEYS = {
  { "<CR>", "open", "open: its question, its plan, or all about it" },
  { "d", "review", "look at the plan, hunk by hunk" },
  { "r", "answer", "answer its question, approve its steps" },
  { "a", "apply", "apply the plan" },
  { "u", "undo", "take back what landed" },
  { "x", "discard", "put the plan aside" },
  { "c", "cancel", "stop; the work so far is kept" },
  { "t", "tell", "say something to the running job" },
  { "s", "resume", "go on where it stopped" },
  { "o", "retry", "once more, on the text of now" },
  { "K", "details", "all about it" },
  { "<Tab>", "fold", "fold or unfold the group" },
  { "]g", "next_group", "next group" },
  { "[g", "previous_group", "previous group" },
  { "R", "refresh", "ask the server again" },
  { "q", "close", "close" },
  { "?", "help", "these keys" },
}

---@class agent_ls.Window
---@field client vim.lsp.Client
---@field bufnr integer
---@field rows agent_ls.Row[]
---@field folded table<string, boolean>
---@field drawing boolean
---@field stop fun()

---client id → its window
---@type table<integer, agent_ls.Window>
local open = {}

---@param window agent_ls.Window
---@return integer? the window that shows it
local function shown(window)
  return vim.fn.win_findbuf(window.bufnr)[1]
end

---@param window agent_ls.Window
---@param row integer 1-based
---@return agent_ls.Row?
local function at(window, row)
  return window.rows[row]
end

---Which line to stand on when the lines change: that of the same job, else a heading. Never that of
---another job: the key that the user is about to press is meant for the one that is gone.
---@param window agent_ls.Window
---@param before? agent_ls.Row
---@param row integer
---@return integer
local function kept(window, before, row)
  if not before then
    return math.max(1, math.min(row, #window.rows))
  end
  local heading, above = nil, 1
  for number, now in ipairs(window.rows) do
    if now.job and before.job and now.job.jobId == before.job.jobId then
      return number
    elseif not now.job then
      heading = now.group == before.group and number or heading
      above = number <= row and number or above
    end
  end
  return heading or above
end

---What the user folded; what is over is folded from the start where there is anything else.
---@param window agent_ls.Window
---@return table<string, boolean>
local function folded(window)
  return vim.tbl_extend("keep", window.folded, { Done = #wording.grouped(jobs.list(window.client.id)) > 1 })
end

---@param window agent_ls.Window
---@return string
local function bar(window)
  local told = { vim.fs.basename(window.client.config.root_dir or "") }
  local summary = wording.summary(jobs.list(window.client.id))
  told[2] = summary ~= "" and summary or "nothing under way"
  told[3] = "? keys"
  return " " .. table.concat(told, " · "):gsub("%%", "%%%%")
end

---@param window agent_ls.Window
local function draw(window)
  window.drawing = false
  local here = vim.api.nvim_buf_is_valid(window.bufnr) and shown(window)
  if not here then
    return
  end
  local cursor = vim.api.nvim_win_get_cursor(here)
  local before = at(window, cursor[1])
  local info = vim.fn.getwininfo(here)[1]
  window.rows = rows_of.of(jobs.list(window.client.id), info.width - info.textoff, folded(window))
  local lines = vim.tbl_map(function(row)
    return row.text
  end, window.rows)
  if #lines == 0 then
    lines = { "No jobs yet; :Agent delegates the first one." }
  end
  vim.bo[window.bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(window.bufnr, 0, -1, false, lines)
  vim.bo[window.bufnr].modifiable = false
  vim.api.nvim_buf_clear_namespace(window.bufnr, marks_of, 0, -1)
  for number, row in ipairs(window.rows) do
    for _, mark in ipairs(row.marks) do
      vim.api.nvim_buf_set_extmark(window.bufnr, marks_of, number - 1, math.min(mark.from, #row.text), {
        end_col = math.min(mark.to, #row.text),
        hl_group = mark.group,
      })
    end
  end
  vim.wo[here][0].winbar = bar(window)
  vim.api.nvim_win_set_cursor(here, { kept(window, before, cursor[1]), cursor[2] })
end

---Soon: fifty jobs that change at once are drawn once.
---@param window agent_ls.Window
local function draw_soon(window)
  if not window.drawing then
    window.drawing = true
    vim.defer_fn(function()
      draw(window)
    end, DRAW_MS)
  end
end

---@param window agent_ls.Window
---@return agent_ls.Row?
local function row_here(window)
  return at(window, vim.api.nvim_win_get_cursor(0)[1])
end

---@param window agent_ls.Window
---@param verb string
local function act(window, verb)
  local row = row_here(window)
  -- As it is now: it may have gone on since it was drawn.
  local job = row and row.job and jobs.get(window.client.id, row.job.jobId)
  if not job then
    return notice.say("agent-ls: there is no job on this line")
  end
  if verb == "open" then
    verb = job.state == "waiting" and "answer" or jobs.fits("review", job) and "review" or "details"
  end
  if not jobs.fits(verb, job) then
    return notice.say(("agent-ls: %s is %s: nothing to %s"):format(rows_of.title(job), job.state:gsub("_", " "), verb))
  end
  require("agent_ls.actions").on_client(window.client, verb, job.jobId)
end

---@param window agent_ls.Window
---@param step 1|-1
local function jump(window, step)
  local row = vim.api.nvim_win_get_cursor(0)[1] + step
  while window.rows[row] do
    if not window.rows[row].job then
      return vim.api.nvim_win_set_cursor(0, { row, 0 })
    end
    row = row + step
  end
end

---Keys that are not about one job.
local own = {
  fold = function(window)
    local row = row_here(window)
    if row then
      window.folded[row.group] = not folded(window)[row.group]
      draw(window)
      for number, now in ipairs(window.rows) do
        if now.group == row.group and not now.job then
          vim.api.nvim_win_set_cursor(0, { number, 0 })
        end
      end
    end
  end,
  next_group = function(window)
    jump(window, 1)
  end,
  previous_group = function(window)
    jump(window, -1)
  end,
  refresh = function(window)
    jobs.refresh(window.client)
  end,
  close = function(window)
    local here = shown(window)
    if here and #vim.api.nvim_list_wins() > 1 then
      vim.api.nvim_win_close(here, true)
    end
  end,
  help = function()
    local lines = vim.tbl_map(function(key)
      return ("%-6s %s"):format(key[1], key[3])
    end, KEYS)
    for _, sign in ipairs(rows_of.SIGNS) do
      lines[#lines + 1] = ("%-6s %s"):format(sign[1], sign[2])
    end
    vim.notify(table.concat(lines, "\n"), vim.log.levels.INFO, { title = "agent-ls jobs" })
  end,
}

---@param window agent_ls.Window
local function map_keys(window)
  for _, key in ipairs(KEYS) do
    vim.keymap.set("n", key[1], function()
      if own[key[2]] then
        own[key[2]](window)
      else
        act(window, key[2])
      end
    end, { buffer = window.bufnr, nowait = true, desc = "agent-ls: " .. key[3] })
  end
end

---@param window agent_ls.Window
local function follow(window)
  window.stop = jobs.watch(function(client_id, gone)
    if client_id == window.client.id and gone then
      vim.schedule(function()
        if vim.api.nvim_buf_is_valid(window.bufnr) then
          vim.api.nvim_buf_delete(window.bufnr, { force = true })
        end
      end)
    elseif client_id == window.client.id then
      draw_soon(window)
    end
  end)
  vim.api.nvim_create_autocmd({ "WinEnter", "FocusGained" }, {
    buffer = window.bufnr,
    desc = "agent-ls: jobs of other processes",
    callback = function()
      jobs.refresh(window.client)
    end,
  })
  vim.api.nvim_create_autocmd("WinResized", {
    desc = "agent-ls: lines as wide as the window",
    callback = function()
      if open[window.client.id] ~= window then
        return true
      end
      draw_soon(window)
    end,
  })
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = window.bufnr,
    callback = function()
      window.stop()
      open[window.client.id] = nil
    end,
  })
end

---@param client vim.lsp.Client
function M.open(client)
  local window = open[client.id]
  local here = window and shown(window)
  if here then
    return vim.api.nvim_set_current_win(here)
  end
  for group, link in pairs(rows_of.HIGHLIGHTS) do
    vim.api.nvim_set_hl(0, group, { link = link, default = true })
  end
  window = { client = client, rows = {}, folded = {}, drawing = false }
  window.bufnr = vim.api.nvim_create_buf(false, true)
  open[client.id] = window
  local name = "agent-ls://jobs/" .. vim.fs.basename(client.config.root_dir or "")
  vim.api.nvim_buf_set_name(window.bufnr, vim.fn.bufexists(name) == 1 and ("%s/%d"):format(name, client.id) or name)
  vim.bo[window.bufnr].bufhidden = "wipe"
  vim.bo[window.bufnr].filetype = "agent-ls-jobs"
  local lines = #jobs.list(client.id) + #wording.GROUPS
  vim.cmd(("botright %dsplit"):format(math.max(6, math.min(lines, math.floor(vim.o.lines * HIGHEST)))))
  vim.api.nvim_win_set_buf(0, window.bufnr)
  for option, value in pairs({
    cursorline = true,
    list = false,
    number = false,
    relativenumber = false,
    signcolumn = "no",
    spell = false,
    winfixheight = true,
    wrap = false,
  }) do
    vim.wo[0][0][option] = value
  end
  map_keys(window)
  follow(window)
  draw(window)
  jobs.refresh(client)
end

return M
