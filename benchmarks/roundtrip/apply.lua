-- Opens each case as a file, applies its edits in three encodings as Neovim's own client does, writes it.
-- ROUNDTRIP names a folder that holds cases.json, N.old, and afterwards N.<encoding>.
local folder = vim.env.ROUNDTRIP
local file = assert(io.open(folder .. "/edits.json", "rb"))
local cases = vim.json.decode(file:read("*a"))
file:close()
vim.o.swapfile = false
vim.o.undofile = false
vim.o.fixendofline = false
vim.o.fileencodings = "utf-8"
local failures = {}
for index, edits in ipairs(cases) do
  for _, encoding in ipairs({ "utf-8", "utf-16", "utf-32" }) do
    local name = ("%s/%d.%s"):format(folder, index - 1, encoding)
    vim.cmd("silent keepalt edit! " .. name)
    local buffer = vim.api.nvim_get_current_buf()
    local fine, message = pcall(vim.lsp.util.apply_text_edits, edits[encoding], buffer, encoding)
    if not fine then
      table.insert(failures, name .. ": " .. tostring(message))
    end
    vim.cmd("silent write!")
    vim.cmd("bwipeout!")
  end
end
local out = assert(io.open(folder .. "/failures", "wb"))
out:write(table.concat(failures, "\n"))
out:close()
