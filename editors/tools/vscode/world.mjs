// A workspace, a user's folders, the program that starts the server of this project, and a VS Code in a
// browser without a screen, with the packed extension and the probe in it.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { patienceMs, until } from "./waiting.mjs";
import { Window } from "./window.mjs";

export const project = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

/** Pack the probe and install it and the extension; every scenario uses the same folder of extensions. */
export function installExtensions(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "extensions"), { recursive: true });
  const probe = join(folder, "probe.vsix");
  const vsce = join(project, "editors/vscode/node_modules/.bin/vsce");
  const quiet = ["--no-dependencies", "--allow-missing-repository", "--skip-license"];
  execFileSync(vsce, ["package", ...quiet, "--out", probe], {
    cwd: join(project, "editors/tools/vscode/probe"),
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ours = join(project, "editors/vscode/dist/agent-ls.vsix");
  for (const packed of [ours, probe]) {
    execFileSync(process.env.CODE_SERVER, [...rooms(folder, folder), "--install-extension", packed], {
      env: environment(folder),
      stdio: "ignore",
    });
  }
}

const rooms = (extensions, own) => [
  "--extensions-dir",
  join(extensions, "extensions"),
  "--user-data-dir",
  join(own, "data"),
];

function environment(own) {
  return {
    ...process.env,
    HOME: join(own, "home"),
    PATH: `${process.env.NODE_DIR}:${process.env.PATH}`,
    AGENT_LS_STATE_DIR: join(own, "home/state"),
    AGENT_LS_CONFIG_DIR: join(own, "home/config"),
    AGENT_LS_CACHE_DIR: join(own, "home/cache"),
  };
}

export class World {
  #server;
  #page;

  /** `files`: the workspace; `script`: scripted turns; `trust`: VS Code asks whether the folder is trusted. */
  constructor(folder, { files, script, settings = {}, env = {}, trust = false, serverPath = true }) {
    this.folder = folder;
    this.work = join(folder, "work");
    this.trust = trust;
    rmSync(folder, { recursive: true, force: true });
    for (const room of ["work/.git", "data/User", "home", "shots"]) {
      mkdirSync(join(folder, room), { recursive: true });
    }
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.work, path)), { recursive: true });
      writeFileSync(join(this.work, path), text);
    }
    this.env = { ...environment(folder), ...env };
    if (script !== undefined) {
      this.env.AGENT_LS_SCRIPT = join(folder, "script.json");
      this.play(script);
    }
    this.program = this.#program();
    this.settings({ ...(serverPath ? { "agentLs.serverPath": this.program } : {}), ...settings });
  }

  /** Other turns from now on. */
  play(script) {
    writeFileSync(join(this.folder, "script.json"), JSON.stringify(script));
  }

  settings(more) {
    const all = {
      "workbench.startupEditor": "none",
      "files.autoSave": "off",
      "editor.stickyScroll.enabled": false,
      "workbench.secondarySideBar.defaultVisibility": "hidden",
      "telemetry.telemetryLevel": "off",
      "git.openRepositoryInParentFolders": "never",
      ...more,
    };
    writeFileSync(join(this.folder, "data/User/settings.json"), JSON.stringify(all));
  }

  async start(extensions, browser) {
    const [port, probe] = [await freePort(), await freePort()];
    this.probePort = probe;
    const quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check"];
    const address = ["--bind-addr", `127.0.0.1:${port}`];
    const trust = this.trust ? [] : ["--disable-workspace-trust"];
    this.#server = spawn(
      process.env.CODE_SERVER,
      [...rooms(extensions, this.folder), ...quiet, ...trust, ...address],
      { env: { ...this.env, PROBE_PORT: String(probe) }, stdio: "ignore" },
    );
    const home = `http://127.0.0.1:${port}`;
    await until(() => fetch(`${home}/healthz`).then((answer) => answer.ok, no), "code-server");
    this.#page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    this.#page.setDefaultTimeout(patienceMs);
    this.window = new Window(this.#page, join(this.folder, "shots"));
    await this.#page.goto(`${home}/?folder=${encodeURIComponent(this.work)}`);
    await until(() => this.ask("commands").then((names) => names.length > 0, no), "the probe");
    return this;
  }

  async stop() {
    await this.#page?.close();
    if (this.#server !== undefined) {
      const gone = new Promise((done) => this.#server.once("exit", done));
      this.#server.kill("SIGTERM");
      await gone;
    }
  }

  /** What the extension host says; see probe.js. */
  async ask(what, more = {}) {
    const answer = await fetch(`http://127.0.0.1:${this.probePort}`, {
      method: "POST",
      body: JSON.stringify({ do: what, ...more }),
    });
    const { value, error } = await answer.json();
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** One of the server's commands, as a menu runs it. */
  server(name, argument) {
    return this.ask("command", { name: `agentLs.${name}`, args: [argument] });
  }

  async buffer(path) {
    return (await this.ask("buffer", { path }))?.text;
  }

  disk(path) {
    const file = join(this.work, path);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }

  /** The buffer of an open file and, once all is saved, the disk have exactly this text; undefined: no such file. */
  async landed(path, text, what) {
    if (text !== undefined) {
      await until(
        async () => [text, undefined].includes(await this.buffer(path)),
        `${what}: buffer of ${path}`,
      );
    }
    await this.ask("saveAll");
    await until(() => this.disk(path) === text, `${what}: ${path} on the disk`);
  }

  #program() {
    const program = join(this.folder, "agent-ls");
    const run = `exec "${process.env.PYTHON}" -P -m agent_ls "$@"`;
    writeFileSync(program, `#!/bin/sh\nexport PYTHONPATH="${project}"\n${run}\n`);
    chmodSync(program, 0o755);
    return program;
  }
}

const no = () => false;

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
