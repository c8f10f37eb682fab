// The box: attached files, "plan first", an earlier task again. The steps: one reworded, one left out, approved.
import assert from "node:assert/strict";
import { call, finish, script, turn } from "../script.mjs";
import { until } from "../waiting.mjs";

const task = "give it a sibling";
const step = (text, ...files) => ({ text, files });
const steps = [step("Write b.py", "b.py"), step("Write c.py", "c.py")];

export const furniture = () => ({
  files: { "a.py": "A = 1\n", "notes.md": "Siblings are named by letters.\n" },
  script: script(
    turn([], [call("propose_plan", { steps })]),
    turn(["Write b.py with care"], [call("write_file", { path: "b.py", content: "B = 1\n" })]),
    turn(["b.py"], [finish("b.py is there.")]),
  ),
});

export async function play(world) {
  const { window } = world;
  const button = (label) =>
    window.page.locator(`.quick-input-widget:visible .action-label[aria-label*="${label}"]`).first();
  await world.ask("open", { path: "a.py" });
  await window.command("Agent: Delegate …");
  await window.input.fill(task);
  await button("Attach files").click();
  await window.pick("notes.md");
  await window.shot("attach");
  await window.page.keyboard.press("Enter");
  await window.page.locator(".quick-input-title", { hasText: "1 attached" }).waitFor();
  await button("Plan first").click();
  await window.page.locator(".quick-input-title", { hasText: "plan first" }).waitFor();
  assert.equal(await window.input.inputValue(), task, "what was typed is still there");
  await window.shot("box");
  await window.input.press("Enter");

  await window.status("waiting");
  await window.showJobs();
  await window.act(task, "Answer");
  const row = (text) =>
    window.page.locator(".quick-input-widget:visible .quick-input-list .monaco-list-row", { hasText: text });
  await row("Write c.py").waitFor();
  await window.shot("steps");
  await row("Write b.py").hover();
  await row("Write b.py").locator('.action-label[aria-label*="other words"]').click();
  await window.answer("The step", "Write b.py with care");
  await row("Write b.py with care").waitFor();
  await row("Write c.py").locator("input[type=checkbox], .monaco-custom-toggle").first().click();
  await window.shot("steps-edited");
  await window.page.locator(".quick-input-widget:visible .quick-input-action", { hasText: "OK" }).click();
  await window.status("ready");
  const [job] = await world.ask("command", { name: "agentLs.ui.jobs.refresh" });
  assert.equal(job.state, "ready", "it went on with these steps, else the script stops");
  const page = await details(world);
  assert.match(page, /## Steps\n- Write b\.py with care · b\.py\n\n/);
  await window.shot("details");
  await window.act(task, "Apply");
  await window.acceptPreview();
  await world.landed("b.py", "B = 1\n", "the approved step");

  await world.ask("open", { path: "a.py" });
  await window.command("Agent: Delegate …");
  await row(task).waitFor();
  await window.shot("history");
  await window.page.keyboard.press("Escape");
}

async function details(world) {
  const { window } = world;
  await window.job("give it a sibling", "Details");
  return until(() => world.ask("page", { words: "agent-ls-page" }), "the job's page");
}
