// menu → Delegate … → type meanwhile → Review → untick hunks → Apply → apply the rest → Undo → Apply with
// VS Code's own preview, once after typing while it was open. An emoji stands before every edit point.
import assert from "node:assert/strict";
import { call, edit, finish, readFile, script, turn } from "../script.mjs";
import { until } from "../waiting.mjs";

const title = "make add really add";
const lines = (...all) => all.map((line) => `${line}\n`).join("");
const gap = Array.from({ length: 12 }, (_, number) => `# ${number}`);
/** The file in all its forms: each of the three hunks done or not. */
const calc = (first, second, third) =>
  lines(
    '"""Sums 😀."""',
    "",
    "def add(a, b):",
    first ? "    return a + b" : "    return a - b",
    ...gap,
    second ? 'SIGNS = "😀", "plus"' : 'SIGNS = "😀", "minus"',
    ...gap,
    "def main():",
    third ? "    print(add(1, 3))" : "    print(add(1, 2))",
    "",
    "main()",
  );
const before = calc(false, false, false);
const typed = "# typed meanwhile";
const reason = "add() subtracted";

export const furniture = () => ({
  files: { "calc.py": before, "old_name.py": "OLD = 1\n", "useless.py": "pass\n" },
  script: script(
    turn([], [readFile("calc.py")]),
    turn(
      ["return a - b"],
      [
        { type: "text", text: reason },
        call("edit_file", {
          path: "calc.py",
          edits: [edit("a - b", "a + b"), edit('"minus"', '"plus"'), edit("add(1, 2)", "add(1, 3)")],
        }),
        call("write_file", { path: "extra.py", content: "X = 1\n" }),
        call("move_path", { old_path: "old_name.py", new_path: "new_name.py" }),
        call("delete_file", { path: "useless.py" }),
      ],
      { pause_s: 4 }, // time to type
    ),
    turn(["calc.py", "extra.py", "new_name.py", "useless.py"], [finish("add() adds now.")]),
  ),
});

export async function play(world) {
  const { window } = world;
  await window.openFile("calc.py", "a - b");
  await window.choose("Delegate");
  await window.answer(/^Delegate$/, title);
  await window.status("running");
  await window.typeAtTheEnd(typed);
  await window.shot("typed");
  await window.status("ready");
  assert.equal(world.disk("calc.py"), before, "nothing but the editor writes");
  assert.equal(await world.buffer("calc.py"), before + typed, "what was typed, and nothing else");
  await review(world);
  await undo(world);
  await preview(world);
}

/** The review: two of the hunks stay out, and land later. */
async function review(world) {
  const { window } = world;
  await window.press("Review");
  await window.row("Plan", "new_name.py").waitFor();
  await until(() => window.page.locator(".multiDiffEntry, .monaco-diff-editor").count(), "diffs");
  assert.match(
    await window.row("Plan", "return a + b").textContent(),
    new RegExp(reason.replace("()", "..")),
  );
  await window.page.locator(".monaco-diff-editor .view-line", { hasText: "return a + b" }).first().waitFor();
  await window.shot("review");
  await window.tick("Plan", "plus");
  await window.tick("Plan", "useless.py");
  await window.shot("review-unticked");
  await window.command("Agent: Apply What Is Ticked");
  await window.toast("Applied to 3 files");
  await window.row("Plan", "return a + b").waitFor({ state: "detached" });
  await window.shot("partly-applied");
  await world.landed("calc.py", calc(true, false, true) + typed, "two of three hunks, and what was typed");
  await world.landed("extra.py", "X = 1\n", "created");
  await world.landed("new_name.py", "OLD = 1\n", "moved");
  await world.landed("old_name.py", undefined, "moved");
  await world.landed("useless.py", "pass\n", "not ticked");

  await window.command("Agent: Accept All Hunks");
  await window.shot("the-rest");
  await window.command("Agent: Apply What Is Ticked");
  await window.toast("Applied to 2 files");
  await world.landed("calc.py", calc(true, true, true) + typed, "the hunk that was left out, later");
  await world.landed("useless.py", undefined, "deleted");
  await window.shot("applied");
}

async function undo(world) {
  const { window } = world;
  await window.job(title, "Undo");
  await window.acceptPreview();
  await window.toast("Taken back in 5 files");
  await world.landed("calc.py", before + typed, "as it was, with what was typed");
  await world.landed("extra.py", undefined, "taken back");
  await world.landed("old_name.py", "OLD = 1\n", "moved back");
  await world.landed("new_name.py", undefined, "moved back");
  await world.landed("useless.py", "pass\n", "there again");
  await window.shot("undone");
}

/** VS Code's own preview: the doubtful file is not ticked; a text that changes under it is not overwritten. */
async function preview(world) {
  const { window } = world;
  await window.clearNotices();
  await window.job(title, "Apply");
  await window.previewed();
  await window.typeAtTheEnd(" and more");
  await window.acceptPreview();
  // VS Code sees it too; the server tells why and what to do.
  await window.dialog("OK");
  await window.toast("Nothing was changed: the text of calc.py changed while its preview was open");
  await window.shot("stale");
  await world.landed("calc.py", `${before + typed} and more`, "the user's text, untouched");
  await world.landed("extra.py", undefined, "not created");

  await window.clearNotices();
  await window.job(title, "Apply");
  await window.acceptPreview();
  await window.toast("Applied to 3 files");
  await world.landed("calc.py", `${calc(true, true, true) + typed} and more`, "the plan on the new text");
  await world.landed("useless.py", "pass\n", "a deletion asks for itself");
  await window.shot("partly");
}
