import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const mostMs = 100;

/** Loads and activates the packed extension in a process of its own, and prints the CPU time of it in ms. */
const measure = `
const Module = require("node:module");
const anything = new Proxy(class {}, {
  get: (made, key) => key === "prototype" ? made.prototype
    : key === "then" || typeof key === "symbol" ? undefined : anything,
  apply: () => anything,
  construct: (_made, _given, made) => Object.create(made === anything ? anything : made.prototype),
  set: () => true,
});
const load = Module._load;
Module._load = (name, ...rest) => name === "vscode" ? Object.create(anything) : load(name, ...rest);
const [, extension, folder] = process.argv;
const begun = process.cpuUsage();
require(extension).activate({
  subscriptions: [],
  globalStorageUri: { fsPath: folder },
  extension: { packageJSON: { version: "0.1.0" } },
  secrets: { get: async () => undefined },
  workspaceState: {},
});
const spent = process.cpuUsage(begun);
process.stdout.write(String((spent.user + spent.system) / 1000), () => process.exit(0));
`;

test(`activation takes at most ${mostMs} ms of the extension host`, (context) => {
  const folder = mkdtempSync(join(tmpdir(), "agent-ls-"));
  const once = (): number =>
    Number(execFileSync(process.execPath, ["-e", measure, join(__dirname, "../extension.js"), folder]));
  // CPU time, and the best of five: what else the machine does is not measured.
  const best = Math.min(...[1, 2, 3, 4, 5].map(once));
  context.diagnostic(`activation: ${best.toFixed(1)} ms of CPU time`);
  assert.ok(best > 0 && best <= mostMs, `${best} ms`);
});
