// What a job has made is marked until it is committed: in a trusted folder a check proves the plan, each hunk says
// so, the lens above the landed lines has the verdict and takes them back; a commit ends it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { call, edit, finish, readFile, script, turn } from "../script.mjs";
import { until } from "../waiting.mjs";

const before = "def add(a, b):\n    return a - b\n\n\ndef main():\n    print(add(1, 2))\n";
const after = before.replace("a - b", "a + b");
const check = "from calc import add\n\nassert add(1, 2) == 3, add(1, 2)\n";
const title = "make add really add";

export const furniture = () => ({
  files: { "calc.py": before, "check.py": check },
  settings: { "agentLs.checks": { commands: [["python3", "check.py"]] } },
  script: script(
    turn([], [readFile("calc.py")]),
    turn(
      ["a - b"],
      [
        { type: "text", text: "add() subtracted" },
        call("edit_file", { path: "calc.py", edits: [edit("a - b", "a + b")] }),
      ],
      { pause_s: 3 }, // time to look at what is being worked on
    ),
    turn(["calc.py"], [finish("add() adds now.")]),
  ),
});

export async function play(world) {
  const { window } = world;
  const git = (...words) =>
    execFileSync("git", ["-c", "user.name=u", "-c", "user.email=u@example.org", ...words], {
      cwd: world.work,
      stdio: "ignore",
      timeout: 60_000,
    });
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "begin");
  await until(() => world.server("status", {}).catch(() => false), "the server");
  await world.server("trust", { uri: `file://${world.work}`, trusted: true });
  const lens = (text) => window.page.locator(".codelens-decoration a", { hasText: text }).first();
  const marks = async () => (await world.server("marks", { uri: `file://${world.work}/calc.py` })).marks;
  const kinds = async () => (await marks()).map(({ kind }) => kind);

  await world.ask("open", { path: "calc.py", line: 1, character: 6 });
  await window.choose("Delegate: change add");
  await window.answer(/^Delegate$/, title);
  await lens("Cancel: Delegate").waitFor();
  assert.deepEqual(await kinds(), ["work"]);
  await window.shot("at-work");

  await window.status("ready");
  await lens("Review plan").waitFor();
  await window.clearNotices();
  await window.shot("plan");
  await lens("Review plan").click();
  const hunk = window.row("Plan", "return a + b");
  await hunk.waitFor();
  assert.match(await hunk.textContent(), /add.. subtracted · .*check\.py.* passed/, "what proved the hunk");
  await window.shot("proven");
  await window.command("Agent: Apply What Is Ticked");
  await window.toast("Applied to 1 file");
  await world.landed("calc.py", after, "applied");
  await world.ask("command", { name: "workbench.action.closeAllEditors" });
  await window.clearNotices();

  await world.ask("open", { path: "calc.py", line: 3, character: 0 });
  await lens("· verified").waitFor();
  const [{ ranges, verdict }] = await until(async () => {
    const all = await marks();
    return all.length === 1 && all;
  }, "one mark");
  assert.deepEqual([ranges[0].start.line, ranges[0].end.line, verdict], [1, 2, "verified"]);
  // Typing shifts it, and nothing of it is the user's.
  await world.ask("type", { path: "calc.py", line: 0, character: 0, text: "# mine\n" });
  await until(async () => (await marks())[0].ranges[0].start.line === 2, "the mark below what was typed");
  await lens("Undo").waitFor();
  await window.shot("made");
  await lens("· verified").click();
  await window.page.locator(".tab", { hasText: title }).first().waitFor();
  await world.ask("command", { name: "workbench.action.closeEditorsInOtherGroups" });

  await world.ask("saveAll");
  git("commit", "-qam", "add adds");
  await lens("· verified").waitFor({ state: "detached" });
  assert.deepEqual(await kinds(), []);
  await window.shot("committed");

  git("reset", "-q", "--soft", "HEAD~1");
  await lens("Undo").click();
  await window.acceptPreview();
  await window.toast("Taken back");
  await world.landed("calc.py", `# mine\n${before}`, "taken back, with what was typed");
}
