// Formats Lua files with StyLua (as WebAssembly, so that npm alone brings it); --check only looks.
// The settings are those of editors/nvim/stylua.toml.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Config, formatCode, IndentType, OutputVerification, QuoteStyle } from "@johnnymorganz/stylua";

const check = process.argv.includes("--check");
const folders = process.argv.slice(2).filter((argument) => argument !== "--check");

function* luaFiles(path) {
  if (statSync(path).isDirectory()) {
    for (const name of readdirSync(path).sort()) yield* luaFiles(join(path, name));
  } else if (path.endsWith(".lua")) {
    yield path;
  }
}

function settings() {
  const config = Config.new();
  config.column_width = 120;
  config.indent_type = IndentType.Spaces;
  config.indent_width = 2;
  config.quote_style = QuoteStyle.AutoPreferDouble;
  return config;
}

let different = 0;
for (const file of folders.flatMap((folder) => [...luaFiles(folder)])) {
  const text = readFileSync(file, "utf8");
  const formatted = formatCode(text, settings(), undefined, OutputVerification.Full);
  if (formatted !== text) {
    different += 1;
    process.stdout.write(`${check ? "not formatted" : "formatted"}: ${file}\n`);
    if (!check) writeFileSync(file, formatted);
  }
}
process.exitCode = check && different > 0 ? 1 : 0;
