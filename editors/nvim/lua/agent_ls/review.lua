---A plan in a tab: the text of now on the left (the real buffer), the plan on the right. The texts come
---from the server, which merges the accepted hunks onto the text of now and looks again before it applies.

local notice = require("agent_ls.notice")
local protocol = require("agent_ls.protocol")

local M = {}

local marks_of = vim.api.nvim_create_namespace("agent_ls_review")

local KEYS = {
  { "a", "apply", "apply what is accepted" },
  { "x", "toggle", "reject the hunk here, or accept it again" },
  { "r", "rework", "say what is wrong with the hunk here: only it is done anew" },
  { "A", "accept_all", "accept every hunk" },
  { "X", "reject_all", "reject every hunk" },
  { "D", "discard", "discard the plan" },
  { "]h", "next_hunk", "next hunk, rejected ones included" },
  { "[h", "previous_hunk", "previous hunk" },
  { "]f", "next_file", "next file" },
  { "[f", "previous_file", "previous file" },
  { "q", "close", "close" },
  { "g?", "help", "these keys" },
}

---@class agent_ls.Review
---@field client vim.lsp.Client
---@field plan table the answer of `agentLs.preview`
---@field at integer
---@field rejected table<string, true> ids of hunks
---@field tab integer
---@field plan_buf integer the right side
---@field now_buf integer the left side

---@param text string
---@return string
local function escaped(text)
  return (text:gsub("%%", "%%%%"))
end

---@param review agent_ls.Review
---@return table file
local function file_of(review)
  return review.plan.files[review.at]
end

---@param review agent_ls.Review
---@param wanted boolean
---@return string[] ids
local function hunks_where(review, wanted)
  local ids = {}
  for _, file in ipairs(review.plan.files) do
    for _, hunk in ipairs(file.hunks) do
      if (review.rejected[hunk.id] == nil) == wanted then
        ids[#ids + 1] = hunk.id
      end
    end
  end
  return ids
end

---@param review agent_ls.Review
---@return string
local function title(review)
  local file, plan = file_of(review), review.plan
  local name = file.movedFrom and ("%s → %s"):format(file.movedFrom, file.path) or file.path
  local accepted, rejected = #hunks_where(review, true), #hunks_where(review, false)
  local parts = vim.tbl_filter(function(part)
    return part ~= ""
  end, {
    plan.title,
    ("%d/%d %s"):format(review.at, #plan.files, name),
    file.op ~= "edit" and file.op or "",
    plan.verdict or "",
    rejected > 0 and ("%d of %d hunks"):format(accepted, accepted + rejected) or "",
    #file.conflicts > 0 and "clashes with your text, " .. table.concat(file.conflicts, ", ") or "",
    "g? keys",
  })
  return " " .. escaped(table.concat(parts, " · "))
end

---A text as a buffer holds it: without line ends.
---@param text string?
---@return string[]
local function lines_of(text)
  if not text or text == "" then
    return {}
  end
  local lines = vim.split(text:gsub("\r\n", "\n"), "\n", { plain = true })
  if lines[#lines] == "" then
    table.remove(lines)
  end
  return lines
end

---Why a hunk is there and which check stood on it.
---@param hunk table
---@return string
local function why(hunk)
  local parts = { hunk.reason ~= "" and hunk.reason or nil }
  if type(hunk.check) == "table" then
    local test = hunk.check.test ~= "" and (" (%s)"):format(hunk.check.test) or ""
    parts[#parts + 1] = hunk.check.name .. " " .. hunk.check.status .. test
  end
  return table.concat(parts, " · ")
end

---@param review agent_ls.Review
local function draw(review)
  local file, bufnr = file_of(review), review.plan_buf
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines_of(file.after))
  vim.bo[bufnr].modifiable = false
  vim.api.nvim_buf_clear_namespace(bufnr, marks_of, 0, -1)
  local last = vim.api.nvim_buf_line_count(bufnr) - 1
  for _, hunk in ipairs(file.hunks) do
    local words, text = why(hunk), {}
    if review.rejected[hunk.id] then
      text[1] = { "  rejected", "DiagnosticVirtualTextWarn" }
    end
    if words ~= "" then
      text[#text + 1] = { "  " .. words, "Comment" }
    end
    if #text > 0 then
      vim.api.nvim_buf_set_extmark(bufnr, marks_of, math.min(hunk.newStartLine, last), 0, { virt_text = text })
    end
  end
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    vim.wo[window].winbar = title(review)
    vim.api.nvim_win_call(window, function()
      vim.cmd("diffupdate")
    end)
  end
end

---@param review agent_ls.Review
---@param bufnr integer
local function map_keys(review, bufnr)
  for _, key in ipairs(KEYS) do
    vim.keymap.set("n", key[1], function()
      M[key[2]](review)
    end, { buffer = bufnr, nowait = true, desc = "agent-ls: " .. key[3] })
  end
end

---@param review agent_ls.Review
---@param done fun(plan: table)
local function ask(review, done)
  local argument = { jobId = review.plan.jobId, hunks = review.plan.files and hunks_where(review, true) or nil }
  require("agent_ls.client").execute(review.client, protocol.command.preview, argument, done)
end

---Ask again, for the hunks that are accepted now and the text that is there now.
---@param review agent_ls.Review
local function refresh(review)
  ask(review, function(plan)
    local shown = file_of(review).path
    if not vim.api.nvim_buf_is_valid(review.plan_buf) or #plan.files == 0 then
      return
    end
    review.plan = plan
    for at, file in ipairs(plan.files) do
      if file.path == shown then
        review.at = at
        return draw(review)
      end
    end
  end)
end

---@return integer bufnr gone when it is not shown any more
local function scratch()
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = "wipe"
  return bufnr
end

---A buffer with the text of now. A file that the plan creates has none.
---@param review agent_ls.Review
---@return integer bufnr
local function now(review)
  local file = file_of(review)
  if file.op == "create" then
    local bufnr = scratch()
    vim.bo[bufnr].modifiable = false
    return bufnr
  end
  local bufnr = vim.fn.bufadd(vim.uri_to_fname(file.movedFromUri or file.uri))
  vim.fn.bufload(bufnr)
  vim.bo[bufnr].buflisted = true
  vim.api.nvim_create_autocmd({ "TextChanged", "InsertLeave" }, {
    buffer = bufnr,
    desc = "agent-ls: the plan on the text of now",
    callback = function()
      if not vim.api.nvim_buf_is_valid(review.plan_buf) or review.now_buf ~= bufnr then
        return true
      end
      refresh(review)
    end,
  })
  return bufnr
end

---@param review agent_ls.Review
local function show(review)
  local file = file_of(review)
  vim.api.nvim_set_current_tabpage(review.tab)
  vim.cmd("silent only")
  vim.cmd("diffoff")
  review.plan_buf = scratch()
  local name = "agent-ls://plan/" .. file.path
  if vim.fn.bufexists(name) == 0 then
    vim.api.nvim_buf_set_name(review.plan_buf, name)
  end
  review.now_buf = now(review)
  vim.api.nvim_win_set_buf(0, review.now_buf)
  vim.cmd("rightbelow vertical split")
  vim.api.nvim_win_set_buf(0, review.plan_buf)
  vim.bo[review.plan_buf].filetype = vim.filetype.match({ filename = file.path }) or ""
  draw(review)
  vim.cmd("diffthis | wincmd p | diffthis | wincmd p")
  local first = file.hunks[1] and file.hunks[1].newStartLine or 0
  vim.api.nvim_win_set_cursor(0, { math.min(first + 1, vim.api.nvim_buf_line_count(review.plan_buf)), 0 })
  map_keys(review, review.plan_buf)
end

---@param review agent_ls.Review
---@return table? hunk the last one that begins at or above the cursor
local function hunk_here(review)
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local here = file_of(review).hunks[1]
  for _, hunk in ipairs(file_of(review).hunks) do
    if hunk.newStartLine <= row then
      here = hunk
    end
  end
  return here
end

---@param review agent_ls.Review
function M.toggle(review)
  local hunk = hunk_here(review)
  if not hunk then
    return notice.say("agent-ls: there is no hunk here", vim.log.levels.INFO)
  end
  review.rejected[hunk.id] = not review.rejected[hunk.id] or nil
  refresh(review)
end

---@param review agent_ls.Review
function M.rework(review)
  local hunk = hunk_here(review)
  if not hunk then
    return notice.say("agent-ls: there is no hunk here", vim.log.levels.INFO)
  end
  vim.ui.input({ prompt = "What should be different: " }, function(words)
    if not words or vim.trim(words) == "" then
      return
    end
    M.close(review)
    local argument = { jobId = review.plan.jobId, hunks = { hunk.id }, instruction = vim.trim(words) }
    require("agent_ls.client").execute(review.client, protocol.command.retry, argument)
  end)
end

---@param review agent_ls.Review
function M.accept_all(review)
  review.rejected = {}
  refresh(review)
end

---@param review agent_ls.Review
function M.reject_all(review)
  for _, id in ipairs(hunks_where(review, true)) do
    review.rejected[id] = true
  end
  refresh(review)
end

---The place of every hunk of the file shown, and a jump to the one that `wanted` chooses.
---@param review agent_ls.Review
---@param step 1|-1
local function jump(review, step)
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local last = vim.api.nvim_buf_line_count(review.plan_buf)
  local hunks = file_of(review).hunks
  for i = step > 0 and 1 or #hunks, step > 0 and #hunks or 1, step do
    local start = math.min(hunks[i].newStartLine, last - 1)
    if (start - row) * step > 0 then
      return vim.api.nvim_win_set_cursor(0, { start + 1, 0 })
    end
  end
  notice.say("agent-ls: no more hunks in this file; ]f and [f change the file", vim.log.levels.INFO)
end

---@param review agent_ls.Review
function M.next_hunk(review)
  jump(review, 1)
end

---@param review agent_ls.Review
function M.previous_hunk(review)
  jump(review, -1)
end

---@param review agent_ls.Review
function M.apply(review)
  local hunks = hunks_where(review, true)
  if #hunks == 0 then
    return notice.say("agent-ls: every hunk is rejected; D discards the plan", vim.log.levels.INFO)
  end
  M.close(review)
  local argument = { jobId = review.plan.jobId, reviewed = true }
  if next(review.rejected) then
    argument.hunks = hunks
  end
  require("agent_ls.client").execute(review.client, protocol.command.apply, argument)
end

---@param review agent_ls.Review
function M.discard(review)
  M.close(review)
  require("agent_ls.client").execute(review.client, protocol.command.discard, { jobId = review.plan.jobId })
end

---@param review agent_ls.Review
function M.next_file(review)
  review.at = review.at % #review.plan.files + 1
  show(review)
end

---@param review agent_ls.Review
function M.previous_file(review)
  review.at = (review.at - 2) % #review.plan.files + 1
  show(review)
end

---@param review agent_ls.Review
function M.close(review)
  if vim.api.nvim_tabpage_is_valid(review.tab) then
    vim.api.nvim_set_current_tabpage(review.tab)
    vim.cmd("diffoff!")
    if #vim.api.nvim_list_tabpages() > 1 then
      vim.cmd("tabclose")
    else
      vim.cmd("silent only")
    end
  end
end

function M.help()
  local lines = vim.tbl_map(function(key)
    return ("%-3s %s"):format(key[1], key[3])
  end, KEYS)
  vim.notify(table.concat(lines, "\n"), vim.log.levels.INFO, { title = "agent-ls review" })
end

---Show what of a job's plan has not landed.
---@param client vim.lsp.Client
---@param job_id string
---@param shown? fun(review: agent_ls.Review)
function M.open(client, job_id, shown)
  local review = { client = client, plan = { jobId = job_id }, at = 1, rejected = {} }
  ask(review, function(plan)
    if #plan.files == 0 then
      return notice.say(("agent-ls: %s has nothing to review"):format(plan.title), vim.log.levels.WARN)
    end
    vim.cmd("tabnew")
    vim.bo.bufhidden = "wipe"
    review.plan = plan
    review.tab = vim.api.nvim_get_current_tabpage()
    show(review)
    if shown then
      shown(review)
    end
  end)
end

return M
