import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { findServer } from "../src/find";

function scene(): { root: string; program: (folder: string) => string } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "agent-ls-")));
  return {
    root,
    program: (folder) => {
      mkdirSync(join(root, folder), { recursive: true });
      const path = join(root, folder, "agent-ls");
      writeFileSync(path, "#!/bin/sh\n");
      chmodSync(path, 0o755);
      return path;
    },
  };
}

test("the setting wins, must be absolute and must be there", () => {
  const { root, program } = scene();
  const own = program("own");
  program("bin");
  const places = { path: join(root, "bin"), folders: [] };
  assert.deepEqual(findServer({ ...places, setting: own }), { program: own });
  assert.match(
    JSON.stringify(findServer({ ...places, setting: "own/agent-ls" })),
    /must be an absolute path/,
  );
  assert.match(JSON.stringify(findServer({ ...places, setting: join(root, "none") })), /cannot be run/);
});

test("a program that the workspace planted is passed over, linked or not", () => {
  const { root, program } = scene();
  program("work/bin");
  const real = program("bin");
  mkdirSync(join(root, "links"));
  symlinkSync(join(root, "work/bin/agent-ls"), join(root, "links/agent-ls"));
  const path = ["", ".", "bin", join(root, "work/bin"), join(root, "links"), join(root, "bin")].join(
    delimiter,
  );
  assert.deepEqual(findServer({ setting: "", path, folders: [join(root, "work")] }), { program: real });
});

test("a file that cannot be run is no program", () => {
  const { root, program } = scene();
  chmodSync(program("bin"), 0o644);
  assert.match(
    JSON.stringify(findServer({ setting: "", path: join(root, "bin"), folders: [] })),
    /not found/,
  );
});

test("what the user had us install comes before what is on PATH", () => {
  const { root, program } = scene();
  const own = program("own");
  const other = program("bin");
  const places = { setting: "", path: join(root, "bin"), folders: [] };
  assert.deepEqual(findServer({ ...places, own }), { program: own });
  assert.deepEqual(findServer({ ...places, own: join(root, "gone") }), { program: other });
});
