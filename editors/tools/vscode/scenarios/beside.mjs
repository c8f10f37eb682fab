// Beside VS Code's own servers for TypeScript and JSON: both answer, ours adds what they do not say; an
// explanation opens as a page; how long the extension's activation takes is read from VS Code itself.
import assert from "node:assert/strict";
import { call, edit, finish, readFile, script, turn } from "../script.mjs";
import { until } from "../waiting.mjs";

const mostMs = 100;
const before =
  "export function twice(n: number): number {\n  return n + n;\n}\n\nexport const four = twice(2);\n";
const after = before.replace("n + n", "2 * n");

export const furniture = () => ({
  files: { "twice.ts": before, "data.json": '{"a": 1}\n' },
  script: script(turn([], [{ type: "text", text: "`twice` doubles a **number**." }])),
});

export async function play(world) {
  const { window } = world;
  await world.ask("open", { path: "twice.ts", line: 0, character: 17 });
  const hover = () => world.ask("hover", { path: "twice.ts", line: 0, character: 17 });
  const texts = await until(async () => {
    const parts = await hover();
    return parts.some((part) => part.includes("function twice")) && parts.length > 1 && parts;
  }, "hovers of both servers");
  assert.ok(
    texts.some((part) => /reference/.test(part)),
    `what the other server does not say: ${texts}`,
  );
  await window.page.locator(".monaco-editor .view-line span", { hasText: "twice" }).first().hover();
  await window.page.locator(".monaco-hover:visible", { hasText: "reference" }).first().waitFor();
  await window.shot("hover");

  await window.choose("Explain");
  const page = await until(() => world.ask("page", { words: "agent-ls-page" }), "the explanation");
  assert.match(page, /doubles a \*\*number\*\*/);
  await window.page.locator(".tab", { hasText: "Preview Explanation.md" }).waitFor();
  await until(async () => {
    const texts = window.page.frames().map((frame) =>
      frame
        .locator("body")
        .textContent()
        .catch(() => ""),
    );
    return (await Promise.all(texts)).some((text) => text.includes("twice doubles a number."));
  }, "the rendered explanation");
  await window.shot("explained");
  await world.ask("command", { name: "workbench.action.closeEditorsInOtherGroups" });

  world.play(
    script(
      turn([], [readFile("twice.ts")]),
      turn(["n + n"], [call("edit_file", { path: "twice.ts", edits: [edit("n + n", "2 * n")] })]),
      turn(["twice.ts"], [finish("Done.")]),
    ),
  );
  await world.ask("open", { path: "twice.ts", line: 1, character: 4 });
  await window.command("Agent: Delegate …");
  await window.answer(/^Delegate$/, "multiply");
  await window.status("ready");
  await window.press("Apply");
  await window.acceptPreview();
  await world.landed("twice.ts", after, "applied");

  // The other server has followed: it finds a mistake that is typed now.
  await world.ask("type", { path: "twice.ts", line: 5, character: 0, text: 'twice("x");\n' });
  await until(
    async () => (await world.ask("diagnostics", { path: "twice.ts" })).some(({ source }) => source === "ts"),
    "TypeScript's own diagnostics",
  );
  await activation(world);
}

/** VS Code measures loading and activating by itself; the probe, which does next to nothing, is the anchor. */
async function activation({ window }) {
  await window.command("Developer: Show Running Extensions");
  const rows = window.page.locator(".runtime-extensions-editor .monaco-list-row");
  await rows.first().hover();
  // The slowest come first, and only the rows that are in sight are there.
  const msOf = (name) =>
    until(async () => {
      const told = (await rows.allTextContents()).find((text) => text.startsWith(name));
      await window.page.mouse.wheel(0, told === undefined ? 150 : -10_000);
      return /Activation: (\d+)ms/.exec(told ?? "")?.[1];
    }, `activation time of ${name}`);
  const anchor = Number(await msOf("Probe"));
  const ours = Number(await msOf("agent-ls"));
  await window.shot("activation");
  process.stdout.write(`        activation: ${ours} ms, of an extension that does nothing: ${anchor} ms\n`);
  assert.ok(ours <= anchor + mostMs, `activation took ${ours} ms`);
}
