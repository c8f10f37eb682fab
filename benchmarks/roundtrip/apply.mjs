// Applies each case's utf-16 edits with vscode-languageserver-textdocument: node apply.mjs CASES RESULTS
import { readFileSync, writeFileSync } from "node:fs";
import { TextDocument } from "vscode-languageserver-textdocument";

const [cases, results] = process.argv.slice(2);
const applied = JSON.parse(readFileSync(cases, "utf8")).map(({ old, edits }) => {
  const document = TextDocument.create("file:///case", "plaintext", 1, old);
  try {
    return TextDocument.applyEdits(document, edits["utf-16"]);
  } catch (error) {
    return `failed: ${error}`;
  }
});
writeFileSync(results, JSON.stringify(applied));
