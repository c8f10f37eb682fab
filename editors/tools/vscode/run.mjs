// Users at VS Code, one scenario after the other. The bytes of buffers (asked of the extension host) and of the
// disk are asserted; a screenshot of every step is kept, but proves nothing.
//   CODE_SERVER=… NODE_DIR=… CHROMIUM=… PYTHON=… node run.mjs FOLDER [SCENARIO…]
import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { installExtensions, World } from "./world.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [given = "build/vscode", ...wanted] = process.argv.slice(2);
const folder = resolve(given);
const all = readdirSync(join(here, "scenarios")).map((name) => name.replace(/\.mjs$/, ""));
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) throw new Error(`no such scenario: ${unknown}; there are ${all}`);

async function play(name, browser, place = name) {
  const { furniture, play: run } = await import(`./scenarios/${name}.mjs`);
  const world = new World(join(folder, place), furniture());
  const begun = Date.now();
  try {
    await world.start(folder, browser);
    await run(world);
    process.stdout.write(`ok      ${name} (${Math.round((Date.now() - begun) / 1000)} s)\n`);
    return true;
  } catch (error) {
    await world.window?.shot("failed");
    await world.ask("command", { name: "notifications.showList" }).catch(() => undefined);
    await world.window?.shot("notices");
    process.stdout.write(`FAILED  ${name}; pictures in ${join(folder, place, "shots")}\n${error.stack}\n`);
    return false;
  } finally {
    await world.stop();
  }
}

installExtensions(folder);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
try {
  const failed = [];
  for (const name of wanted.length > 0 ? wanted : all) {
    if (!(await play(name, browser))) failed.push(name);
  }
  // A browser and a server on a busy machine: what failed is played once more, and was named above.
  for (const name of failed) {
    if (!(await play(name, browser, `${name}-again`))) process.exitCode = 1;
  }
} finally {
  await browser.close();
}
