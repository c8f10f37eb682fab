/** What each hunk is for and which check covers it, at the end of its first line in the diff. */
import * as vscode from "vscode";
import { about, type Plan } from "../plan";
import { placeOf } from "./place";

const most = 120;

export class Notes implements vscode.Disposable {
  readonly #type = vscode.window.createTextEditorDecorationType({
    after: {
      color: new vscode.ThemeColor("editorCodeLens.foreground"),
      fontStyle: "italic",
      margin: "0 0 0 3em",
    },
    isWholeLine: true,
  });
  readonly #listener: vscode.Disposable;
  #plan: Plan | undefined;

  constructor() {
    this.#listener = vscode.window.onDidChangeVisibleTextEditors(() => this.draw(this.#plan));
  }

  draw(plan: Plan | undefined): void {
    this.#plan = plan;
    for (const editor of vscode.window.visibleTextEditors) {
      const place = placeOf(editor.document.uri);
      if (place?.side === "plan") {
        editor.setDecorations(this.#type, plan === undefined ? [] : notes(plan, place.path));
      }
    }
  }

  dispose(): void {
    this.#listener.dispose();
    this.#type.dispose();
  }
}

function notes(plan: Plan, path: string): vscode.DecorationOptions[] {
  const file = plan.files.find((one) => one.path === path);
  return (file?.hunks ?? []).flatMap((hunk) => {
    const told = [plan.has(hunk.id) ? "" : "left out", about(hunk)].filter((part) => part !== "").join(" · ");
    const range = new vscode.Range(hunk.newStartLine, 0, hunk.newStartLine, 0);
    const contentText = told.length > most ? `${told.slice(0, most - 1)}…` : told;
    return told === "" ? [] : [{ range, renderOptions: { after: { contentText } } }];
  });
}
