// Two files for the extension host, the second of which is loaded later; --tests: the tests as files for `node --test`.
import { copyFileSync, readdirSync } from "node:fs";
import { build } from "esbuild";

const tests = process.argv.includes("--tests");
copyFileSync("../../LICENSE", "LICENSE"); // the package must bring it along
await build({
  entryPoints: tests
    ? readdirSync("test").map((name) => `test/${name}`)
    : ["src/extension.ts", "src/client.ts"],
  outdir: tests ? "dist/test" : "dist",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode", "./client.js"],
  minify: !tests,
  sourcemap: tests ? "inline" : false,
  logLevel: "warning",
});
