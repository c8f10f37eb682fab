---Reading the server's patch and drawing it over the text of now. Only for the eye: what lands is
---merged by the server, which knows the text that the plan was made from.

local M = {}

---@class agent_ls.Run a stretch of changed lines; 0-based lines of the texts before and after
---@field old_line integer
---@field new_line integer
---@field removed integer
---@field added integer

---@class agent_ls.PatchHunk
---@field at integer 0-based line of its first line in the text before
---@field old string[] context and removed lines
---@field new string[] context and added lines
---@field runs agent_ls.Run[]

---@class agent_ls.PatchFile
---@field path string
---@field op "edit"|"create"|"delete"|"move"
---@field moved_from? string
---@field hunks agent_ls.PatchHunk[]
---@field text string[] the lines of the patch itself

local ESCAPES = { a = "\a", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", v = "\v", ['"'] = '"', ["\\"] = "\\" }

---A file name as git writes it: quoted with C's escapes where it must be.
---@param name string
---@return string
local function unquoted(name)
  local inner = name:match('^"(.*)"$')
  if not inner then
    return (name:gsub("\t$", ""))
  end
  local out, at = {}, 1
  while at <= #inner do
    local plain, octal = inner:match("^[^\\]+", at), inner:match("^\\([0-7][0-7][0-7])", at)
    if plain then
      out[#out + 1], at = plain, at + #plain
    elseif octal then
      out[#out + 1], at = string.char(tonumber(octal, 8)), at + 4
    else
      out[#out + 1], at = ESCAPES[inner:sub(at + 1, at + 1)] or "", at + 2
    end
  end
  return table.concat(out)
end

---@param name string
---@return string? nil for /dev/null
local function named(name)
  name = unquoted(name)
  return name ~= "/dev/null" and name:sub(3) or nil
end

---@param file agent_ls.PatchFile
---@param line string
local function read_head(file, line)
  local before, after = line:match("^%-%-%- (.*)$"), line:match("^%+%+%+ (.*)$")
  local from, to = line:match("^rename from (.*)$"), line:match("^rename to (.*)$")
  if before then
    file.path = named(before) or file.path
  elseif after then
    file.path = named(after) or file.path
  elseif from then
    file.moved_from, file.op = unquoted(from), "move"
  elseif to then
    file.path = unquoted(to)
  elseif line:match("^new file") then
    file.op = "create"
  elseif line:match("^deleted file") then
    file.op = "delete"
  end
end

---@param line string the `@@` line
---@return agent_ls.PatchHunk
---@return { old: integer, new: integer, old_left: integer, new_left: integer } where reading stands
local function begin_hunk(line)
  local old, old_count, new, new_count = line:match("^@@ %-(%d+),?(%d*) %+(%d+),?(%d*) @@")
  local old_left, new_left = tonumber(old_count) or 1, tonumber(new_count) or 1
  local at = old_left == 0 and tonumber(old) or tonumber(old) - 1
  local new_at = new_left == 0 and tonumber(new) or tonumber(new) - 1
  return { at = at, old = {}, new = {}, runs = {} }, {
    old = at,
    new = new_at,
    old_left = old_left,
    new_left = new_left,
  }
end

---@param hunk agent_ls.PatchHunk
---@param state table as `begin_hunk` made it
---@param sign string
---@param text string
local function read_line(hunk, state, sign, text)
  if sign == " " then
    hunk.old[#hunk.old + 1], hunk.new[#hunk.new + 1] = text, text
    state.run = nil
  else
    if not state.run then
      state.run = { old_line = state.old, new_line = state.new, removed = 0, added = 0 }
      hunk.runs[#hunk.runs + 1] = state.run
    end
    local side, count = sign == "-" and "old" or "new", sign == "-" and "removed" or "added"
    hunk[side][#hunk[side] + 1] = text
    state.run[count] = state.run[count] + 1
  end
  for side, skipped in pairs({ old = "+", new = "-" }) do
    if sign ~= skipped then
      state[side], state[side .. "_left"] = state[side] + 1, state[side .. "_left"] - 1
    end
  end
end

---@param patch string
---@return agent_ls.PatchFile[]
function M.parse(patch)
  local files, hunk, state = {}, nil, nil
  local lines = vim.split(patch, "\n", { plain = true })
  if lines[#lines] == "" then
    table.remove(lines)
  end
  for _, line in ipairs(lines) do
    local inside = state and (state.old_left > 0 or state.new_left > 0)
    local file = files[#files]
    if inside and line:match("^[ +-]") then
      read_line(hunk, state, line:sub(1, 1), line:sub(2))
    elseif line:match("^diff %-%-git ") then
      file, state = { path = "", op = "edit", hunks = {}, text = {} }, nil
      files[#files + 1] = file
    elseif line:match("^@@ ") then
      hunk, state = begin_hunk(line)
      file.hunks[#file.hunks + 1] = hunk
    elseif not state then
      read_head(file, line)
    end
    file.text[#file.text + 1] = line
  end
  return files
end

---@param lines string[]
---@param block string[]
---@param at integer 0-based
---@return boolean
local function matches(lines, block, at)
  for offset, line in ipairs(block) do
    if lines[at + offset] ~= line then
      return false
    end
  end
  return true
end

---The only place at or after `from` where a block stands; nil where there is none or more than one.
---@param lines string[]
---@param block string[]
---@param from integer
---@return integer?
local function only_place(lines, block, from)
  local found
  for at = from, #lines - #block do
    if matches(lines, block, at) then
      if found then
        return nil
      end
      found = at
    end
  end
  return #block > 0 and found or nil
end

---Where each hunk stands in a text: at its own lines if all do, else each at its only place.
---@param lines string[]
---@param hunks agent_ls.PatchHunk[]
---@return integer[]? places 0-based
local function places(lines, hunks)
  local own, found = true, {}
  for i, hunk in ipairs(hunks) do
    found[i] = hunk.at
    own = own and hunk.at + #hunk.old <= #lines and matches(lines, hunk.old, hunk.at)
  end
  if own then
    return found
  end
  local from = 0
  for i, hunk in ipairs(hunks) do
    found[i] = only_place(lines, hunk.old, from)
    if not found[i] then
      return nil
    end
    from = found[i] + #hunk.old
  end
  return found
end

---The text with a file's hunks done.
---@param lines string[] the text of now
---@param file agent_ls.PatchFile
---@return string[]? proposed nil where a hunk does not stand in the text, or in several places
---@return { row: integer, run: agent_ls.Run }[] where each run begins in the proposed text
function M.apply(lines, file)
  local found = places(lines, file.hunks)
  if not found then
    return nil, {}
  end
  local out, marks, at = {}, {}, 0
  for i, hunk in ipairs(file.hunks) do
    vim.list_extend(out, lines, at + 1, found[i])
    local first_new = hunk.runs[1] and hunk.runs[1].new_line - (hunk.runs[1].old_line - hunk.at) or 0
    for _, run in ipairs(hunk.runs) do
      marks[#marks + 1] = { row = #out + run.new_line - first_new, run = run }
    end
    vim.list_extend(out, hunk.new)
    at = found[i] + #hunk.old
  end
  vim.list_extend(out, lines, at + 1)
  return out, marks
end

return M
