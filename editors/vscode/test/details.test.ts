import assert from "node:assert/strict";
import { test } from "node:test";
import { report } from "../src/details";
import type { WholeJob } from "../src/lsp_ext";

const whole: WholeJob = {
  jobId: "j",
  state: "ready",
  title: "Delegate: retry",
  step: "",
  done: 0,
  total: 0,
  usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  costUsd: 0.04,
  verdict: "verified",
  createdAt: 1,
  question: null,
  files: [{ path: "a.py", op: "edit", added: 1, removed: 1, landed: false }],
  problem: "",
  verdictNote: "",
  plan: "Retries twice.",
  task: "retry on timeouts",
  patch: "+```\n",
  checks: [
    { name: "pytest", status: "passed", output: "many words" },
    { name: "lint", status: "failed", output: "a.py: E1" },
  ],
  evidence: ["setup.cfg is run by other programs"],
  events: [],
  steps: [{ text: "Edit a.py", files: ["a.py"] }],
  planState: "approved",
};

test("a job's page tells what proves it, at length only where something failed", () => {
  const page = report(whole);
  assert.match(page, /^# Delegate: retry\n\nready · 1 file \+1 −1 · verified · \$0\.04\n/);
  assert.match(page, /- pytest: passed\n/);
  assert.doesNotMatch(page, /many words/);
  assert.match(page, /- lint: failed\n\n```\na\.py: E1\n```/);
  assert.match(page, /## Worth a second look\n- setup\.cfg/);
  assert.doesNotMatch(page, /## Question|## What happened/, "what there is nothing of is not there");
});

test("a patch cannot end its own fence", () => {
  assert.match(report(whole), /````diff\n\+```\n````/);
});
