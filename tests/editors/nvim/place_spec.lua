local support = require("support")
local place = require("agent_ls.place")
local equal = support.equal

local function buffer(lines)
  vim.cmd("enew!")
  vim.api.nvim_buf_set_lines(0, 0, -1, false, lines)
  return vim.api.nvim_get_current_buf()
end

return {
  {
    "columns are counted as the encoding counts, past the end is the end",
    function()
      local bufnr = buffer({ "aä😀b" })
      local characters = {}
      for _, encoding in ipairs({ "utf-8", "utf-16", "utf-32" }) do
        characters[encoding] = {
          place.position(bufnr, 0, 3, encoding).character, -- behind ä
          place.position(bufnr, 0, 7, encoding).character, -- behind the emoji
          place.position(bufnr, 0, 99, encoding).character,
        }
      end
      equal({ ["utf-8"] = { 3, 7, 8 }, ["utf-16"] = { 2, 4, 5 }, ["utf-32"] = { 2, 3, 4 } }, characters)
    end,
  },
  {
    "without a range it is the cursor",
    function()
      local bufnr = buffer({ "one", "two" })
      vim.api.nvim_win_set_cursor(0, { 2, 1 })
      equal({ row = 1, column = 1, end_row = 1, end_column = 1 }, place.chosen(bufnr, { range = 0 }))
    end,
  },
  {
    "a range of lines is whole lines",
    function()
      local bufnr = buffer({ "one", "two", "three" })
      equal(
        { row = 0, column = 0, end_row = 1, end_column = 3 },
        place.chosen(bufnr, { range = 2, line1 = 1, line2 = 2 })
      )
    end,
  },
  {
    "a visual selection of characters is those characters, the last one whole",
    function()
      local bufnr = buffer({ "one", "aä😀b" })
      support.type("gg0lvjl<Esc>") -- from "n" to the "ä" below
      vim.api.nvim_buf_set_mark(bufnr, ">", 2, 1, {})
      equal(
        { row = 0, column = 1, end_row = 1, end_column = 3 },
        place.chosen(bufnr, { range = 2, line1 = 1, line2 = 2 })
      )
    end,
  },
  {
    "a selection of whole lines, made before one of characters, stays whole lines",
    function()
      local bufnr = buffer({ "one", "two" })
      support.type("ggVj<Esc>")
      equal(
        { row = 0, column = 0, end_row = 1, end_column = 3 },
        place.chosen(bufnr, { range = 2, line1 = 1, line2 = 2 })
      )
    end,
  },
}
