// A user at VS Code: menu → Delegate … → type meanwhile → Apply → preview → save → Jobs → Undo → save.
// The bytes on the disk are asserted; a screenshot of every step is kept, but proves nothing.
//   CODE_SERVER=… NODE_DIR=… CHROMIUM=… PYTHON=… node vscode-loop.mjs FOLDER
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const project = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = resolve(process.argv[2] ?? "build/vscode");
const patienceMs = 60_000;

const before =
  '"""Sums 😀."""\n\n\ndef add(a, b):\n    return a - b\n\n\ndef main():\n    print(add(1, 2))\n';
const after = before.replace("a - b", "a + b");
const typed = "# typed meanwhile";

const call = (name, input) => ({ type: "tool_use", name, input });
const script = {
  note: "scripted turns, no model was called",
  turns: [
    { content: [call("read_file", { path: "calc.py", start_line: null, end_line: null })] },
    {
      expect: [{ contains: "return a - b" }],
      pause_s: 4, // time to type
      content: [
        call("edit_file", {
          path: "calc.py",
          edits: [{ old_str: "return a - b", new_str: "return a + b", replace_all: false }],
        }),
        call("write_file", { path: "extra.py", content: "X = 1\n" }),
      ],
    },
    {
      expect: [{ contains: "calc.py" }, { contains: "extra.py" }],
      content: [call("finish", { summary: "add() adds now." })],
    },
  ],
};

/** A workspace, a user's folders, and a program that starts the server of this project. */
function furnish() {
  rmSync(folder, { recursive: true, force: true });
  for (const room of ["work/.git", "data/User", "extensions", "home", "shots"]) {
    mkdirSync(join(folder, room), { recursive: true });
  }
  writeFileSync(join(folder, "work/calc.py"), before);
  writeFileSync(join(folder, "script.json"), JSON.stringify(script));
  const program = join(folder, "agent-ls");
  const run = `exec "${process.env.PYTHON}" -P -m agent_ls "$@"`;
  writeFileSync(program, `#!/bin/sh\nexport PYTHONPATH="${project}"\n${run}\n`);
  chmodSync(program, 0o755);
  const settings = {
    "agentLs.serverPath": program,
    "workbench.startupEditor": "none",
    "files.autoSave": "off",
    "telemetry.telemetryLevel": "off",
  };
  writeFileSync(join(folder, "data/User/settings.json"), JSON.stringify(settings));
  return {
    ...process.env,
    HOME: join(folder, "home"),
    PATH: `${process.env.NODE_DIR}:${process.env.PATH}`,
    AGENT_LS_SCRIPT: join(folder, "script.json"),
    AGENT_LS_STATE_DIR: join(folder, "home/state"),
    AGENT_LS_CONFIG_DIR: join(folder, "home/config"),
    AGENT_LS_CACHE_DIR: join(folder, "home/cache"),
  };
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

async function until(condition, what) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

const disk = (path) => {
  const file = join(folder, "work", path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
};

class Window {
  #shots = 0;
  constructor(page) {
    this.page = page;
  }

  async shot(name) {
    this.#shots += 1;
    const file = `${String(this.#shots).padStart(2, "0")}-${name}.png`;
    await this.page.screenshot({ path: join(folder, "shots", file) });
  }

  async openFile(name) {
    await this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).dblclick();
    await this.page.locator(".monaco-editor .view-line", { hasText: "a - b" }).click();
  }

  /** An entry of the code-action menu, once it is offered. */
  async choose(title) {
    const entry = this.page.locator(".action-widget .monaco-list-row", { hasText: title }).first();
    await until(async () => {
      await this.page.keyboard.press("Control+.");
      return entry.waitFor({ timeout: 3000 }).then(
        () => true,
        () => this.page.keyboard.press("Escape"),
      );
    }, `the menu's entry ${title}`);
    await this.shot("menu");
    await entry.click();
  }

  async answer(words) {
    const input = this.page.locator(".quick-input-widget:visible input[type=text]").first();
    await input.fill(words);
    await this.shot("input");
    await this.page.keyboard.press("Enter");
  }

  async typeAtTheEnd(text) {
    await this.page.locator(".monaco-editor .view-line").first().click();
    await this.page.keyboard.press("Control+End");
    await this.page.keyboard.type(text);
  }

  async status(text) {
    await this.page.locator("[id*='agentLs']", { hasText: text }).first().waitFor();
  }

  async press(button) {
    await this.page.locator(".notifications-toasts .monaco-button", { hasText: button }).first().click();
  }

  async toast(text) {
    await this.page
      .locator(".notifications-toasts .notification-list-item", { hasText: text })
      .first()
      .waitFor();
  }

  /** The rows of the Refactor Preview with whether they are ticked, and then its Apply. */
  async acceptPreview() {
    const apply = this.page.locator(".bulk-edit-panel .monaco-button, .refactor-preview .monaco-button", {
      hasText: "Apply",
    });
    await apply.first().waitFor();
    await this.shot("preview");
    await apply.first().click();
  }

  async saveAll() {
    await this.page.keyboard.press("Control+K");
    await this.page.keyboard.press("s");
  }

  async command(title) {
    await this.page.keyboard.press("F1");
    await this.page.locator(".quick-input-widget:visible input[type=text]").first().fill(`>${title}`);
    await this.pick(title);
  }

  async pick(row) {
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: row }).first().click();
  }
}

async function play(window) {
  await window.openFile("calc.py");
  await window.choose("Delegate");
  await window.answer("make add really add");
  await window.status("running");
  await window.typeAtTheEnd(typed);
  await window.shot("typed");
  await window.status("ready");
  assert.equal(disk("calc.py"), before, "nothing but the editor writes");
  await window.press("Apply");
  await window.acceptPreview();
  await window.toast("Applied to 2 files");
  await window.shot("applied");
  await window.saveAll();
  await until(() => disk("calc.py") === after + typed, "calc.py with the plan and what was typed");
  assert.equal(disk("extra.py"), "X = 1\n");

  await window.command("Agent: Jobs");
  await window.pick("make add really add");
  await window.shot("verbs");
  await window.pick("Undo");
  await window.acceptPreview();
  await window.toast("Taken back in 2 files");
  await window.saveAll();
  await until(() => disk("calc.py") === before + typed, "calc.py as it was, with what was typed");
  assert.equal(disk("extra.py"), undefined);
  await window.shot("undone");
}

const env = furnish();
const rooms = ["--user-data-dir", join(folder, "data"), "--extensions-dir", join(folder, "extensions")];
const vsix = join(project, "editors/vscode/dist/agent-ls.vsix");
execFileSync(process.env.CODE_SERVER, [...rooms, "--install-extension", vsix], { env, stdio: "ignore" });
const port = await freePort();
const quiet = [
  "--auth",
  "none",
  "--disable-telemetry",
  "--disable-update-check",
  "--disable-workspace-trust",
];
const address = ["--bind-addr", `127.0.0.1:${port}`];
const server = spawn(process.env.CODE_SERVER, [...rooms, ...quiet, ...address], { env, stdio: "ignore" });
let browser;
let window;
try {
  const home = `http://127.0.0.1:${port}`;
  await until(
    () =>
      fetch(`${home}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      ),
    "code-server",
  );
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  window = new Window(await browser.newPage({ viewport: { width: 1280, height: 800 } }));
  window.page.setDefaultTimeout(patienceMs);
  await window.page.goto(`${home}/?folder=${encodeURIComponent(join(folder, "work"))}`);
  await play(window);
  process.stdout.write(`VS Code: the loop holds; pictures in ${join(folder, "shots")}\n`);
} catch (error) {
  await window?.shot("failed");
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
} finally {
  await browser?.close();
  server.kill("SIGTERM");
}
