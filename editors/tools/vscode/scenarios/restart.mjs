// The server ends with a job running, once because the user restarts it and once because it is killed: the job
// is paused with its work kept, is listed, goes on by one action, and lands on what was typed meanwhile.
import assert from "node:assert/strict";
import { call, edit, finish, readFile, script, turn } from "../script.mjs";
import { until } from "../waiting.mjs";

const before = "def add(a, b):\n    return a - b\n";
const turns = (pause_s) =>
  script(
    turn([], [readFile("calc.py")]),
    turn(["a - b"], [call("edit_file", { path: "calc.py", edits: [edit("a - b", "a + b")] })]),
    turn(["calc.py"], [finish("Done.")], { pause_s }),
  );

export const furniture = () => ({ files: { "calc.py": before }, script: turns(60) });

export async function play(world) {
  const { window } = world;
  const title = "make it add";
  const becomes = (state) =>
    until(async () => (await jobs(world))?.[0]?.state === state, `${title}: ${state}`);
  await world.ask("open", { path: "calc.py", line: 1, character: 4 });
  await window.command("Agent: Delegate …");
  await window.answer(/^Delegate$/, title);
  await window.status("running");
  await window.showJobs();
  await becomes("running");
  await until(async () => (await jobs(world))[0].turns >= 2, "the edit's turn");

  await window.command("Agent: Restart the Server");
  await becomes("interrupted");
  await window.shot("restarted");
  assert.equal(world.disk("calc.py"), before);
  await window.act(title, "Resume");
  await becomes("running");

  const first = await status(world);
  process.kill(first.pid, "SIGKILL");
  await window.toast("agent-ls ended unexpectedly and was started again");
  await until(async () => ((await status(world)) ?? first).pid !== first.pid, "another server");
  await window.shot("revived");
  await becomes("interrupted");
  await window.clearNotices();

  await world.ask("type", { path: "calc.py", line: 0, character: 0, text: "# mine 😀\n" });
  world.play(turns(0));
  await window.act(title, "Resume");
  await becomes("ready");
  assert.equal(await world.buffer("calc.py"), `# mine 😀\n${before}`);
  await window.act(title, "Apply");
  await window.acceptPreview();
  await world.landed("calc.py", "# mine 😀\ndef add(a, b):\n    return a + b\n", "landed");
  await becomes("applied");
  await window.shot("applied");
}

/** Nothing while there is no server. */
const status = (world) => world.server("status", {}).catch(() => undefined);

const jobs = (world) => world.ask("command", { name: "agentLs.ui.jobs.refresh" });
