-- `:checkhealth agent_ls` with a program that stands for the server: what it says, and what is said when it fails.

local support = require("support")
local version = require("agent_ls.version")

local FINDINGS = [[{"findings": [
  {"name": "model", "ok": null, "text": "No model is configured", "remedy": "Set ANTHROPIC_API_KEY"},
  {"name": "sandbox", "ok": true, "text": "bwrap: holds", "remedy": ""},
  {"name": "git", "ok": false, "text": "broken", "remedy": "Mend it"}]}]]

-- A program that answers --version and doctor, and nothing else.
local function program(told, findings)
  local file = vim.fn.tempname()
  local text = "#!/bin/sh\ncase $* in *serve*) exit 9;; --version) echo '%s';; doctor*) cat <<'END'\n%s\nEND\n;; esac\n"
  vim.fn.writefile(vim.split(text:format(told, findings), "\n"), file)
  vim.fn.setfperm(file, "rwx------")
  vim.g.agent_ls = { cmd = { file, "serve", "--debug" }, autostart = false }
end

local function page()
  vim.cmd("checkhealth agent_ls")
  local text = support.text(0)
  vim.cmd("bwipeout!")
  return text
end

local function has(text, ...)
  for _, told in ipairs({ ... }) do
    assert(text:find(told, 1, true), told .. " is not in\n" .. text)
  end
end

return {
  {
    "versions, and each finding of the doctor with its remedy",
    function()
      program("agent-ls " .. version.PLUGIN, FINDINGS)
      local text = page()
      has(text, "plugin " .. version.PLUGIN, "agent-ls " .. version.PLUGIN, "no server is running")
      has(text, "No model is configured", "Set ANTHROPIC_API_KEY", "bwrap: holds", "git: broken", "Mend it")
    end,
  },
  {
    "a server of another age is an error with what to update",
    function()
      program("agent-ls 0.0.9", FINDINGS)
      has(page(), "ERROR", "agent-ls 0.0.9 and this plugin", "update the server")
      program("agent-ls 99.1.0", FINDINGS)
      has(page(), "update the plugin")
    end,
  },
  {
    "a doctor that fails is told, and a program that is not there",
    function()
      program("agent-ls " .. version.PLUGIN, "Traceback")
      has(page(), "`agent-ls doctor` failed")
      vim.g.agent_ls = { cmd = { "/nowhere/agent-ls" }, autostart = false }
      has(page(), "/nowhere/agent-ls was not found", "pipx install agent-ls")
    end,
  },
}
