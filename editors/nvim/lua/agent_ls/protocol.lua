---The names shared with the server, and nothing else: `agent_ls/faces/lsp/wire.py` is the other side.
---A test compares the two.

local M = {}

---Commands of `workspace/executeCommand`; each takes one object.
M.command = {
  answer = "agentLs.answer",
  apply = "agentLs.apply",
  cancel = "agentLs.cancel",
  delegate = "agentLs.delegate",
  discard = "agentLs.discard",
  explain = "agentLs.explain",
  job = "agentLs.job",
  jobs = "agentLs.jobs",
  moveSymbol = "agentLs.moveSymbol",
  plan = "agentLs.plan",
  preview = "agentLs.preview",
  rename = "agentLs.rename",
  resume = "agentLs.resume",
  retry = "agentLs.retry",
  review = "agentLs.review",
  status = "agentLs.status",
  tell = "agentLs.tell",
  trust = "agentLs.trust",
  undo = "agentLs.undo",
}

---Server → client, to clients that asked for it with `initializationOptions.events`.
M.job_changed = "agentLs/jobChanged"

---Server → client, to clients that show plans themselves (`initializationOptions.review`).
M.show_plan = "agentLs/showPlan"

return M
