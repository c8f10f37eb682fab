// Many jobs at a glance: ten that run, wait for an answer, or are ready, then fifty; groups, badge, inline actions.
import assert from "node:assert/strict";
import { call, edit, finish, readFile, script, turn } from "../script.mjs";
import { until } from "../waiting.mjs";

const before = "def add(a, b):\n    return a - b\n";
const many = 50;
const change = [call("edit_file", { path: "calc.py", edits: [edit("a - b", "a + b")] })];
const quick = script(
  turn([], [readFile("calc.py")]),
  turn(["a - b"], change),
  turn(["calc.py"], [finish("Done.")]),
);
const slow = script(turn([], [readFile("calc.py")]), turn(["a - b"], change, { pause_s: 600 }));
const question = { question: "Which sign?", choices: ["plus", "minus"], default: "plus" };
const asking = script(
  turn([], [call("ask_user", question)]),
  turn(["times"], change),
  turn(["calc.py"], [finish("Done.")]),
);

export const furniture = () => ({
  files: { "calc.py": before },
  script: quick,
  settings: { "agentLs.jobs": { parallel: 2, answerMinutes: 60 } },
});

export async function play(world) {
  const { window } = world;
  await world.ask("open", { path: "calc.py", line: 1, character: 4 });
  const jobs = () => world.ask("command", { name: "agentLs.ui.jobs.refresh" });
  const count = async (state) => (await jobs()).filter((job) => job.state === state).length;
  const delegate = (task) =>
    world.server("delegate", {
      task,
      uri: `file://${world.work}/calc.py`,
      range: { start: { line: 1, character: 4 }, end: { line: 1, character: 4 } },
    });

  for (let number = 1; number <= 7; number += 1) await delegate(`quick task ${number}`);
  await until(async () => (await count("ready")) === 7, "seven plans");
  world.play(asking);
  await delegate("a task that asks");
  await until(async () => (await count("waiting")) === 1, "a question");
  world.play(slow);
  await delegate("a slow task");
  await delegate("a task that has its turn later");
  await until(async () => (await count("running")) === 1 && (await count("queued")) === 1, "ten jobs");
  await window.clearNotices();
  await window.showJobs();
  for (const group of ["Waiting for you", "Ready", "Running"]) await window.row("Jobs", group).waitFor();
  const badge = window.page.locator(".activitybar .action-item", {
    has: window.page.locator(".badge-content"),
  });
  assert.match((await badge.allTextContents()).join(), /8/, "one question and seven plans want the user");
  await window.page.locator(".codelens-decoration a", { hasText: "Review plan" }).first().waitFor();
  await window.shot("ten");

  // A choice is not enough: words of one's own.
  await window.act("a task that asks", "Answer");
  await window.pick("Something else");
  await window.answer("Which sign?", "times");
  await until(async () => (await count("ready")) === 8, "answered");
  await window.act("a slow task", "Cancel");
  await until(async () => (await count("cancelled")) === 1, "cancelled");
  await window.act("quick task 1", "Discard");
  await until(async () => (await count("discarded")) === 1, "discarded");

  world.play(quick);
  for (let number = 11; number <= many; number += 1) await delegate(`later task ${number}`);
  await until(async () => (await jobs()).length === many, "fifty jobs");
  await until(async () => (await count("queued")) < many - 20, "some of them done", 120_000);
  await window.row("Jobs", "Running").waitFor();
  await window.clearNotices();
  await window.shot("fifty");
  assert.equal(world.disk("calc.py"), before, "no plan lands by itself");
}
