local equal = require("support").equal
local command = require("agent_ls.command")

local function parse(text)
  local said = command.parse(text, function(id)
    return id == "j1"
  end)
  return { said.verb, said.job or "", said.words }
end

return {
  {
    "verbs take only what they can use; everything else is a task",
    function()
      local table_ = {
        [""] = { "delegate", "", "" },
        ["make it faster"] = { "delegate", "", "make it faster" },
        ["delegate apply"] = { "delegate", "", "apply" },
        ["apply"] = { "apply", "", "" },
        ["apply j1"] = { "apply", "j1", "" },
        ["apply the new style everywhere"] = { "delegate", "", "apply the new style everywhere" },
        ["apply j1 and more"] = { "delegate", "", "apply j1 and more" },
        ["explain"] = { "explain", "", "" },
        ["explain the cache in a comment"] = { "delegate", "", "explain the cache in a comment" },
        ["answer yes, both"] = { "answer", "", "yes, both" },
        ["answer j1 yes"] = { "answer", "j1", "yes" },
        ["tell j1 keep the tests"] = { "tell", "j1", "keep the tests" },
        ["retry j1"] = { "retry", "j1", "" },
        ["retry on timeouts"] = { "delegate", "", "retry on timeouts" },
      }
      for text, expected in pairs(table_) do
        equal(expected, parse(text), text)
      end
    end,
  },
  {
    "completion: verbs first, then the jobs they fit, by id or by what their title says",
    function()
      local function fitting(verb)
        local jobs = { { jobId = "j1", title = "Retry on timeouts" }, { jobId = "j2", title = "Rename it" } }
        return verb == "apply" and jobs or {}
      end
      equal({ "answer", "apply" }, command.complete("a", "Agent a", fitting))
      equal({ "j1", "j2" }, command.complete("", "'<,'>Agent apply ", fitting))
      equal({ "j2" }, command.complete("j2", "Agent apply j2", fitting))
      equal({ "j1" }, command.complete("timeOUT", "Agent! apply timeOUT", fitting))
      equal({}, command.complete("", "Agent undo ", fitting))
      equal({}, command.complete("", "Agent delegate ", fitting))
    end,
  },
}
