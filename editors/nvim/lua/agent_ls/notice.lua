---Words for the user that never take a key away: a message that does not fit makes Neovim wait for a
---key, and the next one typed would be lost to it; a prompt that opens in the middle of typing takes more.

local M = {}

local HIGHLIGHTS = { [vim.log.levels.WARN] = "WarningMsg", [vim.log.levels.ERROR] = "ErrorMsg" }

---Run something once the user is not in the middle of typing.
---@param act fun()
function M.when_idle(act)
  local function busy()
    return vim.api.nvim_get_mode().mode:match("^[iRrtcsS\19]") ~= nil
  end
  if not busy() then
    return vim.schedule(act)
  end
  vim.api.nvim_create_autocmd({ "ModeChanged" }, {
    desc = "agent-ls: go on when typing has ended",
    callback = function()
      if busy() then
        return false
      end
      vim.schedule(act)
      return true
    end,
  })
end

---Whether nobody put something better in the place of Neovim's own `vim.notify`. What is built into
---Neovim says where it is from in one word, or (0.12) not at all; a file of the user's has its path.
---@return boolean
local function is_plain()
  local source = debug.getinfo(vim.notify, "S").source
  return source == "?" or source == "@vim/_editor.lua"
end

---Unlike `nvim_echo`, `:echomsg` cuts what is shown to one line and keeps all of it in `:messages`.
---@param text string
---@param level integer
local function echo(text, level)
  local shortmess = vim.o.shortmess
  vim.o.shortmess = shortmess .. "T"
  vim.cmd.echohl(HIGHLIGHTS[level] or "None")
  vim.cmd.echomsg(vim.fn.string((text:gsub("%s+", " "))))
  vim.cmd.echohl("None")
  vim.o.shortmess = shortmess
end

---@param text string
---@param level? integer one of `vim.log.levels`
function M.say(text, level)
  level = level or vim.log.levels.INFO
  if not is_plain() then
    return vim.notify(text, level, { title = "agent-ls" })
  end
  M.when_idle(function()
    echo(text, level)
  end)
end

return M
