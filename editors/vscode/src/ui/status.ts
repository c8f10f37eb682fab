/** The item in the status bar; gone while there is nothing to say. */
import * as vscode from "vscode";
import type { Jobs } from "../jobs";

export class Status implements vscode.Disposable {
  readonly #item: vscode.StatusBarItem;

  constructor() {
    this.#item = vscode.window.createStatusBarItem("agentLs.ui.status", vscode.StatusBarAlignment.Left, 0);
    this.#item.name = "Agent jobs";
    this.#item.command = "agentLs.ui.jobs";
  }

  show(jobs: Jobs): void {
    const summary = jobs.summary();
    if (summary === "") {
      this.#item.hide();
      return;
    }
    const waits = jobs.list().some((job) => job.state === "waiting");
    this.#item.text = `$(${waits ? "question" : "checklist"}) agent: ${summary}`;
    this.#item.tooltip = "Agent jobs: review, apply, undo, cancel …";
    this.#item.backgroundColor = waits ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}
