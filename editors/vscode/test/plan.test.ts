import assert from "node:assert/strict";
import { test } from "node:test";
import type { Preview, PreviewHunk } from "../src/lsp_ext";
import { about, headline, Plan } from "../src/plan";

function hunk(id: string, oldStartLine: number, newStartLine: number, excerpt = "-x\n+y"): PreviewHunk {
  const size = { oldLines: 1, newLines: 1, added: 1, removed: 1 };
  return {
    id,
    path: "a.py",
    op: "edit",
    oldStartLine,
    newStartLine,
    ...size,
    excerpt,
    landed: false,
    chosen: true,
  };
}

function preview(...hunks: PreviewHunk[]): Preview {
  const file = {
    path: "a.py",
    uri: "file:///a.py",
    op: "edit" as const,
    before: "b",
    after: "a",
    conflicts: [],
    hunks,
  };
  const checks = [{ name: "tests", status: "passed" }];
  const told = {
    title: "t",
    state: "ready" as const,
    plan: "",
    verdict: "verified" as const,
    verdictNote: "",
  };
  return { jobId: "j", ...told, checks, files: [file] };
}

test("before anything is known everything is asked for; afterwards what is ticked", () => {
  const plan = new Plan("j");
  assert.equal(plan.chosen, undefined);
  plan.update(preview(hunk("1", 1, 1), hunk("2", 9, 12)));
  plan.take(["1"], false);
  assert.deepEqual(plan.chosen, ["2"]);
  assert.equal(plan.summary(), "1 of 2 hunks · verified · tests passed");
  plan.take(["1"], true);
  assert.deepEqual(plan.chosen, ["1", "2"]);
});

test("a rejected hunk stays rejected when the others have landed", () => {
  const plan = new Plan("j");
  plan.update(preview(hunk("1", 1, 1), hunk("2", 9, 12)));
  plan.take(["2"], false);
  plan.update(preview(hunk("2", 9, 12)));
  assert.deepEqual(plan.chosen, []);
});

test("the hunk at a line is the nearest above it on that side", () => {
  const plan = new Plan("j");
  plan.update(preview(hunk("1", 5, 5), hunk("2", 9, 12)));
  assert.equal(plan.hunkAt("a.py", "now", 10)?.id, "2");
  assert.equal(plan.hunkAt("a.py", "plan", 10)?.id, "1");
  assert.equal(plan.hunkAt("a.py", "plan", 0)?.id, "1");
  assert.equal(plan.hunkAt("b.py", "plan", 0), undefined);
});

test("a hunk is told by what it adds, else by what it removes", () => {
  assert.equal(headline(hunk("1", 0, 0, "-old\n+\n+  new()")), "new()");
  assert.equal(headline(hunk("1", 0, 0, "-  old()")), "old()");
  assert.equal(headline(hunk("1", 0, 0, "+")), "+");
});

test("a hunk says what it is for and which check covers it, as far as that is known", () => {
  const known = {
    ...hunk("1", 0, 0),
    reason: "callers pass seconds",
    check: { name: "pytest", status: "passed" },
  };
  assert.equal(about(known), "callers pass seconds · pytest passed");
  const near = { ...known, check: { ...known.check, test: "tests/test_a.py" } };
  assert.equal(about(near), "callers pass seconds · pytest tests/test_a.py passed");
  assert.equal(about({ ...hunk("1", 0, 0), reason: null, check: null }), "");
  assert.equal(about(hunk("1", 0, 0)), "");
});
