local log = require("lib.log")
local M = {}

M.limit = 100
local count = 0

--- Puts an item at the end.
function M.push(queue, item)
  if #queue >= M.limit then
    error("full")
  end
  queue[#queue + 1] = item
  count = count + 1
end

-- agent: return several
function M:pop()
  log.debug("pop")
  return table.remove(self, 1)
end

local function helper(a, b)
  return a .. b
end

M.size = function(queue)
  return #queue
end

return M
