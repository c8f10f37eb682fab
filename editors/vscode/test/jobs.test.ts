import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, describeInGroup, groups, Jobs, size, verbsFor } from "../src/jobs";
import type { Job, JobState } from "../src/lsp_ext";

function job(jobId: string, state: JobState, more: Partial<Job> = {}): Job {
  const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  const none = { step: "", done: 0, total: 0, usage, costUsd: null, verdict: "unverified" as const };
  return { jobId, state, title: `Job ${jobId}`, ...none, ...more };
}

test("the newest job comes first, and news keep what they do not mention", () => {
  let changes = 0;
  const jobs = new Jobs(() => {
    changes += 1;
  });
  const question = { questionId: "q", text: "?", choices: [], default: "" };
  jobs.reset([job("a", "running", { createdAt: 1 }), job("b", "waiting", { createdAt: 2, question })]);
  jobs.update(job("a", "ready"));
  assert.deepEqual(
    jobs.list().map((j) => [j.jobId, j.state]),
    [
      ["b", "waiting"],
      ["a", "ready"],
    ],
  );
  assert.equal(jobs.get("b")?.question?.text, "?");
  jobs.update(job("b", "running"));
  assert.equal(jobs.get("b")?.question, null, "a question ends with the waiting");
  assert.equal(changes, 3);
});

test("the status bar counts what wants attention and is silent about the rest", () => {
  const jobs = new Jobs(() => undefined);
  assert.equal(jobs.summary(), "");
  jobs.reset([job("a", "ready"), job("b", "running"), job("c", "ready"), job("d", "applied")]);
  assert.equal(jobs.summary(), "1 running, 2 ready");
});

test("verbs fit the state", () => {
  assert.deepEqual(verbsFor(job("a", "running")), ["tell", "cancel"]);
  assert.deepEqual(verbsFor(job("a", "applied")), ["review", "undo"]);
  assert.equal(verbsFor(job("a", "waiting"))[0], "answer");
});

test("one line says where a job stands", () => {
  const file = { path: "a", op: "edit" as const, added: 12, removed: 3, landed: false };
  assert.equal(size([file, file]), "2 files +24 −6");
  assert.equal(
    describe(
      job("a", "out_of_budget", { step: "editing a", done: 3, total: 8, files: [file], costUsd: 1.004 }),
    ),
    "out of budget · 3/8 editing a · 1 file +12 −3 · unverified · $1.00",
  );
});

test("every state has its group; what wants the user comes first, and groups without jobs are left out", () => {
  const jobs = new Jobs(() => undefined);
  const states = groups.flatMap((group) => group.states);
  assert.equal(new Set(states).size, 13);
  jobs.reset([
    job("a", "running", { createdAt: 1 }),
    job("b", "waiting"),
    job("c", "queued", { createdAt: 2 }),
    job("d", "failed"),
  ]);
  assert.deepEqual(
    jobs.grouped().map((group) => [group.name, group.jobs.map((one) => one.jobId)]),
    [
      ["Waiting for you", ["b"]],
      ["Running", ["c", "a"]],
      ["Done", ["d"]],
    ],
  );
  assert.equal(jobs.wanting, 1);
});

test("in a group its name is not said again", () => {
  assert.equal(describeInGroup(job("a", "ready", { costUsd: 1 })), "$1.00");
  assert.equal(describeInGroup(job("a", "queued")), "queued");
  assert.equal(describeInGroup(job("a", "running")), "running");
});
