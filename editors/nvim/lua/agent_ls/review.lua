---A plan in a tab: the text of now on the left (the real buffer), the plan on the right.

local overlay = require("agent_ls.overlay")
local patch = require("agent_ls.patch")
local protocol = require("agent_ls.protocol")

local M = {}

local marks_of = vim.api.nvim_create_namespace("agent_ls_review")

local KEYS = {
  { "a", "apply", "apply what is not left out" },
  { "x", "leave_out", "leave out / take back in the hunk here" },
  { "D", "discard", "discard the plan" },
  { "]f", "next_file", "next file" },
  { "[f", "previous_file", "previous file" },
  { "q", "close", "close" },
  { "g?", "help", "these keys" },
}

---@class agent_ls.Review
---@field client vim.lsp.Client
---@field job table the answer of `agentLs.job`
---@field files agent_ls.PatchFile[]
---@field at integer
---@field left_out table<string, true> ids of hunks
---@field tab integer
---@field marks { row: integer, hunk: table }[] of the file shown

---@param bufnr integer
---@param lines string[]
---@param filetype string
local function fill(bufnr, lines, filetype)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].filetype = filetype
end

---@param text string
---@return string
local function escaped(text)
  return (text:gsub("%%", "%%%%"))
end

---@param review agent_ls.Review
---@param note string
local function title(review, note)
  local file = review.files[review.at]
  local name = file.moved_from and ("%s → %s"):format(file.moved_from, file.path) or file.path
  local left_out = vim.tbl_count(review.left_out)
  local parts = vim.tbl_filter(function(part)
    return part ~= ""
  end, {
    review.job.title,
    ("%d/%d %s"):format(review.at, #review.files, name),
    file.op ~= "edit" and file.op or "",
    review.job.verdict or "",
    left_out > 0 and ("%d left out"):format(left_out) or "",
    note,
    "g? keys",
  })
  return " " .. escaped(table.concat(parts, " · "))
end

---@param review agent_ls.Review
---@param bufnr integer
local function draw_marks(review, bufnr)
  vim.api.nvim_buf_clear_namespace(bufnr, marks_of, 0, -1)
  local last = vim.api.nvim_buf_line_count(bufnr) - 1
  for _, mark in ipairs(review.marks) do
    local word = mark.hunk.landed and "landed" or review.left_out[mark.hunk.id] and "left out"
    if word then
      vim.api.nvim_buf_set_extmark(bufnr, marks_of, math.min(mark.row, last), 0, {
        virt_text = { { "  " .. word, "DiagnosticVirtualTextWarn" } },
      })
    end
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
local function show(review)
  local file = review.files[review.at]
  vim.api.nvim_set_current_tabpage(review.tab)
  vim.cmd("silent only")
  vim.cmd("diffoff")
  local drawn = overlay.draw(review.client.config.root_dir, review.job, file)
  local plan = overlay.scratch()
  vim.api.nvim_win_set_buf(0, drawn.bufnr)
  vim.cmd("rightbelow vertical split")
  vim.api.nvim_win_set_buf(0, plan)
  review.marks = drawn.marks
  if drawn.lines then
    fill(plan, drawn.lines, vim.filetype.match({ filename = file.path }) or "")
    vim.cmd("diffthis | wincmd p | diffthis | wincmd p")
    local last = vim.api.nvim_buf_line_count(plan)
    vim.api.nvim_win_set_cursor(0, { math.min((drawn.first or 0) + 1, last), 0 })
  else
    fill(plan, file.text, "diff")
  end
  vim.wo[0].winbar = title(review, drawn.lines and "" or "your text has changed: shown as the patch; applying merges")
  map_keys(review, plan)
  draw_marks(review, plan)
end

---@param review agent_ls.Review
---@return table? hunk the last one that begins at or above the cursor
local function hunk_here(review)
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local here = review.marks[1] and review.marks[1].hunk
  for _, mark in ipairs(review.marks) do
    if mark.row <= row then
      here = mark.hunk
    end
  end
  return here
end

---@param review agent_ls.Review
function M.leave_out(review)
  local hunk = hunk_here(review)
  if not hunk then
    return vim.notify("agent-ls: there is no hunk here", vim.log.levels.INFO)
  end
  review.left_out[hunk.id] = not review.left_out[hunk.id] or nil
  draw_marks(review, vim.api.nvim_get_current_buf())
  vim.wo[0].winbar = title(review, "")
end

---@param review agent_ls.Review
function M.apply(review)
  local argument = { jobId = review.job.jobId }
  if next(review.left_out) then
    argument.hunks = {}
    for _, hunk in ipairs(review.job.hunks) do
      if not review.left_out[hunk.id] and not hunk.landed then
        argument.hunks[#argument.hunks + 1] = hunk.id
      end
    end
    if #argument.hunks == 0 then
      return vim.notify("agent-ls: every hunk is left out; D discards the plan", vim.log.levels.INFO)
    end
  end
  M.close(review)
  require("agent_ls.client").execute(review.client, protocol.command.apply, argument)
end

---@param review agent_ls.Review
function M.discard(review)
  M.close(review)
  require("agent_ls.client").execute(review.client, protocol.command.discard, { jobId = review.job.jobId })
end

---@param review agent_ls.Review
function M.next_file(review)
  review.at = review.at % #review.files + 1
  show(review)
end

---@param review agent_ls.Review
function M.previous_file(review)
  review.at = (review.at - 2) % #review.files + 1
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

---Show a job's plan.
---@param client vim.lsp.Client
---@param job_id string
---@param shown? fun(review: agent_ls.Review)
function M.open(client, job_id, shown)
  require("agent_ls.client").execute(client, protocol.command.job, { jobId = job_id }, function(job)
    local files = patch.parse(job.patch or "")
    if #files == 0 then
      return vim.notify(("agent-ls: %s has no plan"):format(job.title), vim.log.levels.WARN)
    end
    vim.cmd("tabnew")
    vim.bo.bufhidden = "wipe"
    local review = {
      client = client,
      job = job,
      files = files,
      at = 1,
      left_out = {},
      marks = {},
      tab = vim.api.nvim_get_current_tabpage(),
    }
    show(review)
    if shown then
      shown(review)
    end
  end)
end

return M
