// The language service of TypeScript over one folder in memory, asked by JSON lines.
// node actions_tsserver.cjs FOLDER PATH-OF-TYPESCRIPT
const fs = require("fs");
const path = require("path");
const readline = require("readline");

const [root, library] = process.argv.slice(2);
const ts = require(library);

const texts = new Map();
let versions = 0;
const version = new Map();
const skipped = new Set(["node_modules", ".git", "dist", "target"]);
(function walk(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory() && !skipped.has(entry.name)) walk(full);
    else if (entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name)) texts.set(full, fs.readFileSync(full, "utf8"));
  }
})(root);

const config = ts.readConfigFile(path.join(root, "tsconfig.json"), ts.sys.readFile).config ?? {};
const parsed = ts.convertCompilerOptionsFromJson(config.compilerOptions ?? {}, root).options;
const options = {
  target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  jsx: ts.JsxEmit.Preserve, ...parsed, noEmit: true, skipLibCheck: true, allowJs: true, types: [], isolatedDeclarations: false,
  allowImportingTsExtensions: true, noUnusedLocals: false, composite: false, declaration: false, incremental: false,
};
const inside = (file) => file.startsWith(root + path.sep);
const host = {
  getCompilationSettings: () => options,
  getScriptFileNames: () => [...texts.keys()],
  getScriptVersion: (file) => String(version.get(file) ?? 0),
  getScriptSnapshot: (file) => {
    const text = texts.get(file) ?? (inside(file) ? undefined : ts.sys.readFile(file));
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: () => root,
  getDefaultLibFileName: (o) => ts.getDefaultLibFilePath(o),
  fileExists: (file) => texts.has(file) || (ts.sys.fileExists(file) && !/\.[cm]?[jt]sx?$/.test(file)) || (!inside(file) && ts.sys.fileExists(file)),
  readFile: (file) => texts.get(file) ?? ts.sys.readFile(file),
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
  readDirectory: ts.sys.readDirectory,
};
const service = ts.createLanguageService(host);

function laid(after) {
  const before = [];
  for (const [file, text] of Object.entries(after)) {
    const full = path.join(root, file);
    before.push([full, texts.get(full)]);
    if (text === null) texts.delete(full);
    else texts.set(full, text);
    version.set(full, ++versions);
  }
  return () => {
    for (const [full, text] of before) {
      if (text === undefined) texts.delete(full);
      else texts.set(full, text);
      version.set(full, ++versions);
    }
  };
}

function errors(files) {
  const found = [];
  for (const file of files ?? [...texts.keys()]) {
    const full = path.isAbsolute(file) ? file : path.join(root, file);
    if (!texts.has(full)) continue;
    for (const d of [...service.getSyntacticDiagnostics(full), ...service.getSemanticDiagnostics(full)])
      if (d.category === ts.DiagnosticCategory.Error)
        found.push(`${path.relative(root, full)}: ${d.code} ${ts.flattenDiagnosticMessageText(d.messageText, " ")}`);
  }
  return found;
}

function applied(changes) {
  const after = {};
  for (const change of changes) {
    const name = path.relative(root, change.fileName);
    let text = texts.get(change.fileName) ?? "";
    for (const edit of [...change.textChanges].sort((a, b) => b.span.start - a.span.start))
      text = text.slice(0, edit.span.start) + edit.newText + text.slice(edit.span.start + edit.span.length);
    after[name] = text;
  }
  return after;
}

const acts = {
  rename({ file, offset, name }) {
    const found = service.findRenameLocations(path.join(root, file), offset, false, false, {});
    if (!found) return null;
    const changes = new Map();
    for (const at of found) {
      const edit = { span: at.textSpan, newText: (at.prefixText ?? "") + name + (at.suffixText ?? "") };
      changes.set(at.fileName, [...(changes.get(at.fileName) ?? []), edit]);
    }
    return applied([...changes].map(([fileName, textChanges]) => ({ fileName, textChanges })));
  },
  move({ file, start, end, target }) {
    const edits = service.getEditsForRefactor(
      path.join(root, file), ts.getDefaultFormatCodeSettings("\n"), { pos: start, end }, "Move to file", "Move to file",
      {}, { targetFile: path.join(root, target) });
    return edits && edits.edits.length ? applied(edits.edits) : null;
  },
  errors({ after, files }) {
    const undo = laid(after);
    try {
      return errors(files);
    } finally {
      undo();
    }
  },
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  let answer = null;
  try {
    answer = acts[asked.act](asked);
  } catch (error) {
    process.stderr.write(`tsserver: ${String(error).slice(0, 200)}\n`);
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
