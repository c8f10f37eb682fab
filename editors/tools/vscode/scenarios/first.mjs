// The first start: no server → an environment of its own, by commands that are shown first → a key, which is in no
// file and goes to the server by its environment → a server of another version is told in one sentence.
import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../waiting.mjs";
import { project } from "../world.mjs";

const key = "sk-not-a-real-key-4711";
const installMs = 300_000;

export const furniture = () => ({
  files: { "a.py": "A = 1\n" },
  serverPath: false,
  env: { PATH: withoutServer(`${process.env.NODE_DIR}:${process.env.PATH}`) },
  settings: { "agentLs.package": project },
});

function withoutServer(path) {
  return path
    .split(":")
    .filter((folder) => !existsSync(join(folder, "agent-ls")))
    .join(":");
}

export async function play(world) {
  const { window } = world;
  await window.toast("The program agent-ls was not found");
  await window.showJobs();
  await window.pane("Jobs").locator(".monaco-button", { hasText: "Install It" }).waitFor();
  await window.shot("missing");
  await window.pane("Jobs").locator(".monaco-button", { hasText: "Install It" }).click();
  const dialog = window.page.locator(".monaco-dialog-box");
  await dialog.waitFor();
  assert.match(await dialog.textContent(), /-m venv .* && .*-m pip install .*/, "the commands are shown");
  await window.shot("commands");
  await window.dialog("Run");
  const running = await until(() => status(world), "the installed server", installMs);
  await window.shot("installed");
  const program = programOf(running.pid);
  assert.ok(program.startsWith(world.folder), `the server of its own environment, not ${program}`);

  await window.command("Agent: Connect a Model");
  await window.pick("API key");
  await window.answer("Goes to the server", key);
  await window.answer("The model's id", "a-model");
  const told = await until(async () => {
    const now = await status(world);
    return now !== undefined && now.pid !== running.pid && now;
  }, "a server that was told");
  assert.ok(environment(told.pid).includes(`ANTHROPIC_API_KEY=${key}`));
  assert.deepEqual(
    [told.folders[0].model.configured, told.folders[0].model.work],
    [true, "a-model"],
    "the server has a model",
  );
  assert.deepEqual(holding(world.folder, key), [], "the key is in no file");
  await window.shot("connected");

  await window.clearNotices();
  await world.ask("setting", { name: "agentLs.serverPath", value: another(world.folder) });
  await window.toast("agent-ls 0.9.0 and this extension");
  await window.shot("another-version");
}

const status = (world) =>
  world.server("status", {}).then(
    (now) => now ?? undefined,
    () => undefined,
  );

/** As it was called. */
function programOf(pid) {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0];
}

const environment = (pid) => readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");

/** The files that hold these words, whatever they are. */
function holding(folder, words) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
    .filter((file) => readFileSync(file).includes(words));
}

/** A server that says that it is of another version. */
function another(folder) {
  const program = join(folder, "agent-ls-another");
  const code = [
    "import sys",
    `sys.path.insert(0, ${JSON.stringify(project)})`,
    "import agent_ls",
    'agent_ls.__version__ = "0.9.0"',
    "from agent_ls.app import run",
    'sys.exit(run(["serve"]))',
  ].join("\n");
  writeFileSync(program, `#!${process.env.PYTHON}\n${code}\n`);
  chmodSync(program, 0o755);
  return program;
}
