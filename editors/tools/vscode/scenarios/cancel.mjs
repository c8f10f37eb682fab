// A job is cancelled by the button of its progress: buffers and disk stay as they are, the job says so, and it
// can be resumed.
import assert from "node:assert/strict";
import { call, edit, finish, readFile, script, turn } from "../script.mjs";
import { until } from "../waiting.mjs";

const before = "def add(a, b):\n    return a - b\n";

export const furniture = () => ({
  files: { "calc.py": before },
  script: script(
    turn([], [readFile("calc.py")]),
    turn(["a - b"], [call("edit_file", { path: "calc.py", edits: [edit("a - b", "a + b")] })]),
    turn(["calc.py"], [finish("Done.")], { pause_s: 60 }), // long enough to be cancelled
  ),
});

export async function play(world) {
  const { window } = world;
  await world.ask("open", { path: "calc.py", line: 1, character: 4 });
  await window.command("Agent: Delegate …");
  await window.answer(/^Delegate$/, "make it add");
  await window.status("running");
  await window.typeAtTheEnd("# mine");
  // VS Code keeps it in the status bar; a click makes it a notice with a button.
  await window.page.locator(".statusbar-item", { hasText: "Delegate: make it add" }).first().click();
  await window.toast("Delegate: make it add");
  await window.shot("progress");
  await window.press("Cancel");
  await window.showJobs();
  await window.row("Jobs", "Done").click();
  await window.row("Jobs", "make it add").waitFor();
  await until(
    async () => (await window.row("Jobs", "make it add").textContent()).includes("cancelled"),
    "cancelled",
  );
  await window.shot("cancelled");
  assert.equal(await world.buffer("calc.py"), `${before}# mine`, "the buffer is the user's");
  assert.equal(world.disk("calc.py"), before, "and so is the disk");

  world.play(
    script(
      turn([], [readFile("calc.py")]),
      turn(["a - b"], [call("edit_file", { path: "calc.py", edits: [edit("a - b", "a + b")] })]),
      turn(["calc.py"], [finish("Done.")]),
    ),
  );
  await window.act("make it add", "Resume");
  await window.status("ready");
  await window.shot("resumed");
  await window.act("make it add", "Apply");
  await window.acceptPreview();
  await world.landed(
    "calc.py",
    "def add(a, b):\n    return a + b\n# mine",
    "what was kept, and what was typed",
  );
}
