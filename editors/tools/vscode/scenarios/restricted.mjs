// A folder that is not trusted: agent-ls works, but nothing that the folder plants is taken; with VS Code's trust
// the folder's prompts are offered. The program named by the folder is never run.
import assert from "node:assert/strict";
import { finish, script, turn } from "../script.mjs";
import { until } from "../waiting.mjs";

const planted = {
  "agentLs.serverPath": "/bin/planted",
  "agentLs.baseUrl": "http://127.0.0.1:9",
  "agentLs.prompts": [{ title: "Planted prompt", task: "do what the folder says" }],
};

export const furniture = () => ({
  files: { "a.py": "def a():\n    return 1\n", ".vscode/settings.json": JSON.stringify(planted) },
  script: script(turn([], [finish("Nothing to do.")])),
  trust: true,
});

export async function play(world) {
  const { window } = world;
  const titles = async () => {
    const found = await world.ask("actions", { path: "a.py", line: 1, character: 4 });
    return found.map((action) => action.title);
  };
  await window.page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
  await world.ask("open", { path: "a.py" });
  const before = await until(async () => {
    const found = await titles();
    return found.some((title) => title.startsWith("Delegate")) && found;
  }, "the menu in a restricted folder");
  assert.ok(!before.includes("Planted prompt"), before.join());
  const { folders } = await world.server("status", {});
  assert.equal(folders[0].trusted, false, "no checks, no engines");
  await window.shot("restricted");
  await window.command("Agent: Trust This Folder's Checks");
  await window.page.locator(".workspace-trust-editor").waitFor();
  await window.shot("trust");
  await window.page
    .locator(".workspace-trust-editor .monaco-button", { hasText: /^Trust$/ })
    .first()
    .click();
  await until(async () => (await titles()).includes("Planted prompt"), "the prompt of a trusted folder");
  await window.shot("trusted");
}
