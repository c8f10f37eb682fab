// A user at VS Code: menu → Delegate … → type meanwhile → Review → untick hunks → Apply → apply the rest →
// Undo → Apply with VS Code's own preview, once after typing while it was open.
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

const call = (name, input) => ({ type: "tool_use", name, input });
const edit = (old_str, new_str) => ({ old_str, new_str, replace_all: false });
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
          edits: [edit("a - b", "a + b"), edit('"minus"', '"plus"'), edit("add(1, 2)", "add(1, 3)")],
        }),
        call("write_file", { path: "extra.py", content: "X = 1\n" }),
        call("move_path", { old_path: "old_name.py", new_path: "new_name.py" }),
        call("delete_file", { path: "useless.py" }),
      ],
    },
    {
      expect: [
        { contains: "calc.py" },
        { contains: "extra.py" },
        { contains: "new_name.py" },
        { contains: "useless.py" },
      ],
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
  writeFileSync(join(folder, "work/old_name.py"), "OLD = 1\n");
  writeFileSync(join(folder, "work/useless.py"), "pass\n");
  writeFileSync(join(folder, "script.json"), JSON.stringify(script));
  const program = join(folder, "agent-ls");
  const run = `exec "${process.env.PYTHON}" -P -m agent_ls "$@"`;
  writeFileSync(program, `#!/bin/sh\nexport PYTHONPATH="${project}"\n${run}\n`);
  chmodSync(program, 0o755);
  const settings = {
    "agentLs.serverPath": program,
    "workbench.startupEditor": "none",
    "files.autoSave": "off",
    "editor.stickyScroll.enabled": false,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
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

  previewButton(title) {
    return this.page
      .locator(".bulk-edit-panel .monaco-button, .refactor-preview .monaco-button", { hasText: title })
      .first();
  }

  async previewed() {
    await this.previewButton("Apply").waitFor();
    await this.shot("preview");
  }

  /** The Refactor Preview, and then its Apply. */
  async acceptPreview() {
    await this.previewed();
    await this.previewButton("Apply").click();
  }

  /** A row of a view in the side bar. */
  row(view, text) {
    return this.page
      .locator(`.pane:has(.pane-header[aria-label*="${view}"]) .monaco-list-row`, { hasText: text })
      .first();
  }

  async tick(view, text) {
    await this.row(view, text)
      .locator(".monaco-custom-toggle, .custom-view-tree-node-item-checkbox")
      .first()
      .click();
  }

  /** A verb for the first job of the list. */
  async job(verb) {
    await this.command("Agent: Jobs");
    await this.pick("make add really add");
    await this.pick(verb);
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

/** The review: two of the hunks stay out, and land later. */
async function review(window) {
  await window.press("Review");
  const row = (text) => window.row("Plan", text);
  await row("new_name.py").waitFor();
  await until(
    () => window.page.locator(".multiDiffEntry, .multi-diff-root-floating-menu, .monaco-diff-editor").count(),
    "diffs",
  );
  await window.shot("review");
  await window.tick("Plan", "plus");
  await window.tick("Plan", "useless.py");
  await window.shot("review-unticked");
  await window.command("Agent: Apply What Is Ticked");
  await window.toast("Applied to 3 files");
  await window.shot("partly-applied");
  await window.saveAll();
  await until(
    () => disk("calc.py") === calc(true, false, true) + typed,
    "two of three hunks, and what was typed",
  );
  assert.equal(disk("extra.py"), "X = 1\n");
  assert.equal(disk("new_name.py"), "OLD = 1\n");
  assert.equal(disk("old_name.py"), undefined);
  assert.equal(disk("useless.py"), "pass\n", "not ticked");

  await window.command("Agent: Accept All Hunks");
  await window.shot("the-rest");
  await window.command("Agent: Apply What Is Ticked");
  await window.toast("Applied to 2 files");
  await window.saveAll();
  await until(() => disk("calc.py") === calc(true, true, true) + typed, "the hunk that was left out, later");
  await until(() => disk("useless.py") === undefined, "the deleted file");
  await window.shot("applied");
}

async function undo(window) {
  await window.job("Undo");
  await window.acceptPreview();
  await window.toast("Taken back in 5 files");
  await window.saveAll();
  await until(() => disk("calc.py") === before + typed, "calc.py as it was, with what was typed");
  assert.equal(disk("extra.py"), undefined);
  assert.equal(disk("old_name.py"), "OLD = 1\n");
  assert.equal(disk("new_name.py"), undefined);
  assert.equal(disk("useless.py"), "pass\n");
  await window.shot("undone");
}

/** VS Code's own preview: the doubtful file is not ticked; a text that changes under it is not overwritten. */
async function preview(window) {
  await window.job("Apply");
  await window.previewed();
  await window.typeAtTheEnd(" and more");
  await window.acceptPreview();
  // VS Code sees it too; the server tells why and what to do.
  await window.page.locator(".monaco-dialog-box .monaco-button", { hasText: "OK" }).click();
  await window.toast("Nothing was changed: the text of calc.py changed while its preview was open");
  await window.shot("stale");
  await window.saveAll();
  await until(() => disk("calc.py") === `${before + typed} and more`, "the user's text, untouched");
  assert.equal(disk("extra.py"), undefined);

  await window.job("Apply");
  await window.acceptPreview();
  await window.toast("Applied to 3 files");
  await window.saveAll();
  await until(
    () => disk("calc.py") === `${calc(true, true, true) + typed} and more`,
    "the plan on the new text",
  );
  assert.equal(disk("useless.py"), "pass\n", "a deletion asks for itself");
  await window.shot("partly");
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
  await review(window);
  await undo(window);
  await preview(window);
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
