// Connect a model server that is found on this machine; then explain a selection, the same anew, and a folder.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { until } from "../waiting.mjs";

const usual = [11434, 1234, 8080, 8000, 4000];

export const furniture = () => ({
  files: {
    "lib/calc.py": "def add(a, b):\n    return a + b\n\n\ndef main():\n    print(add(1, 2))\n",
    "readme.txt": "calc\n",
  },
});

export async function play(world) {
  const { window } = world;
  const model = await listening();
  try {
    await connected(world);
    await window.shot("connected");
    await explained(world, model);
  } finally {
    model.server.close();
  }
}

async function explained(world, model) {
  const { window } = world;
  model.says = "The selection **adds**.";
  await world.ask("open", { path: "lib/calc.py", line: 1, character: 4 });
  await world.ask("select", { path: "lib/calc.py", from: [1, 4], to: [1, 16] });
  await window.page
    .locator(".monaco-editor .view-line", { hasText: "return a + b" })
    .first()
    .click({
      button: "right",
      position: { x: 60, y: 8 },
    });
  const entry = window.page.locator(".monaco-menu .action-label", { hasText: "Explain This" }).first();
  await entry.waitFor();
  await window.shot("context-menu");
  await entry.click();
  await page(world, /The selection \*\*adds\*\*/);
  await window.shot("selection");

  model.says = "It adds, said anew.";
  await window.command("Agent: Explain Anew");
  await page(world, /said anew/);
  await world.ask("command", { name: "workbench.action.closeEditorsInOtherGroups" });

  model.says = "A folder that calculates.";
  await window.page
    .locator(".explorer-folders-view .monaco-list-row", { hasText: "lib" })
    .first()
    .click({ button: "right" });
  const folder = window.page.locator(".monaco-menu .action-label", { hasText: "Explain the Folder" }).first();
  await folder.waitFor();
  await window.shot("explorer-menu");
  await folder.click();
  await page(world, /A folder that calculates/);
  await window.shot("folder");
}

async function connected(world) {
  const { window } = world;
  const before = await until(() => status(world), "the server");
  assert.equal(before.folders[0].model.configured, false);
  await window.command("Agent: Connect a Model");
  const found = window.page.locator(".quick-input-widget:visible .monaco-list-row", {
    hasText: "on this machine",
  });
  await found.first().waitFor();
  await window.shot("found");
  await window.pick("tiny:1b");
  await window.pick("large:9b");
  const now = await until(async () => {
    const told = await status(world);
    return told !== undefined && told.pid !== before.pid && told;
  }, "a server that was told");
  assert.deepEqual([now.folders[0].model.configured, now.folders[0].model.work], [true, "large:9b"]);
}

/** A model server at the first usual port that is free: it lists two models and says always the same. */
async function listening() {
  const model = { says: "" };
  model.server = createServer((request, response) => {
    if (request.method === "POST") {
      response.setHeader("content-type", "text/event-stream");
      response.end(streamed(model.says));
    } else {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ data: [{ id: "tiny:1b" }, { id: "large:9b" }] }));
    }
  });
  for (const port of usual) {
    const open = await new Promise((done) => {
      model.server.once("error", () => done(false)).once("listening", () => done(true));
      model.server.listen(port, "127.0.0.1");
    });
    if (open) return model;
  }
  throw new Error(`no free port of ${usual}`);
}

/** One turn of the Messages API, as a stream. */
function streamed(text) {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = {
    id: "m",
    type: "message",
    role: "assistant",
    model: "large:9b",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  const events = [
    { type: "message_start", message },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage },
    { type: "message_stop" },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

const status = (world) =>
  world.server("status", {}).then(
    (now) => now ?? undefined,
    () => undefined,
  );

async function page(world, words) {
  await until(
    async () => words.test((await world.ask("page", { words: "agent-ls-page" })) ?? ""),
    `${words}`,
  );
}
